"""Granularity: worked by hand, and against every set of a few whole numbers."""

from __future__ import annotations

import statistics
from fractions import Fraction
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.errors import StatsError
from neurolupus.stats.granularity import (
    ROUNDINGS,
    counts_that_print,
    denominators_that_print,
    grim,
    grimmer,
    largest_sd,
    rounded,
    roundings_that_print,
)


def test_the_example_of_brown_and_heathers() -> None:
    # Soc Psychol Personal Sci 2017;8:363, doi:10.1177/1948550616673876: 28 people, mean 5.19.
    # 145/28 = 5.1786 is printed 5.18 and 146/28 = 5.2143 is printed 5.21; nothing lies between.
    found = grim(Fraction("5.19"), 2, 28)
    assert not found.is_possible
    assert found.nearest == pytest.approx((145 / 28, 146 / 28))
    assert grim(Fraction("5.18"), 2, 28).is_possible
    assert grim(Fraction("5.21"), 2, 28).is_possible


def test_a_scale_of_several_items_has_a_finer_grain() -> None:
    # 5.19 with 28 people and four items each: 581/112 = 5.1875 is printed 5.19.
    assert grim(Fraction("5.19"), 2, 28, items=4).is_possible


def test_a_mean_may_be_a_half_rounded_either_way() -> None:
    # 21/8 = 2.625 is printed 2.63 by some programs and 2.62 by others.
    assert grim(Fraction("2.63"), 2, 8).is_possible
    assert grim(Fraction("2.62"), 2, 8).is_possible
    assert not grim(Fraction("2.64"), 2, 8).is_possible


def test_whole_numbers_with_mean_half_and_the_sd_of_two() -> None:
    # 0 and 1: mean 0.5, SD 0.7071. With n = 2 and sum 1 the next SD is that of -1 and 2, 2.12.
    assert grimmer(Fraction("0.50"), 2, Fraction("0.71"), 2, 2).is_possible
    assert not grimmer(Fraction("0.50"), 2, Fraction("1.00"), 2, 2).is_possible


def test_squares_are_even_or_odd_as_their_sum_is() -> None:
    # Three whole numbers with sum 6: sums of squares 12, 14, 18 ...; 13 would give SD 0.7071 and is odd.
    assert grimmer(Fraction("2.00"), 2, Fraction("1.00"), 2, 3).is_possible
    assert not grimmer(Fraction("2.00"), 2, Fraction("0.71"), 2, 3).is_possible


@pytest.mark.parametrize("n", [2, 3, 5])
def test_no_whole_numbers_are_called_impossible(n: int) -> None:
    for values in combinations_with_replacement(range(6), n):
        mean, sd = Fraction(sum(values), n), Fraction(statistics.stdev(values))
        printed = (rounded(mean, 2, "half_up"), rounded(sd, 2, "half_up"))
        assert grim(printed[0], 2, n).is_possible, values
        assert grimmer(printed[0], 2, printed[1], 2, n).is_possible, values


@given(st.integers(1, 400), st.integers(0, 400), st.integers(0, 3), st.sampled_from(ROUNDINGS))
def test_a_count_is_among_those_that_print_its_percentage(n: int, count: int, decimals: int, rounding: str) -> None:
    count = min(count, n)
    printed = rounded(Fraction(100 * count, n), decimals, rounding)  # type: ignore[arg-type]
    allowed = "truncated" if rounding == "truncated" else None
    assert count in counts_that_print(printed, decimals, n, rounding=allowed)
    assert rounding in roundings_that_print(Fraction(100 * count, n), printed, decimals)


def test_counts_and_denominators_of_the_intrathecal_paper() -> None:
    # 172/194 = 88.66 % and 171/194 = 88.14 %: 88.6 % only when cut off; of 508 injections it is 450.
    assert counts_that_print(Fraction("88.6"), 1, 194) == ()
    assert counts_that_print(Fraction("88.6"), 1, 194, rounding="truncated") == (172,)
    assert counts_that_print(Fraction("88.6"), 1, 508) == (450,)
    # 6/192 = 3.125 %: 3.12 % when halves go to the even digit.
    assert roundings_that_print(Fraction(600, 192), Fraction("3.12"), 2) == ("half_even", "truncated")
    # 33 (17.8 %) of 192, with some left out: 33/185 = 17.84 %, 33/186 = 17.74 %.
    assert denominators_that_print(33, Fraction("17.8"), 1, 163, 192) == (185,)


def test_the_largest_sd_is_that_of_values_at_the_ends() -> None:
    # 0, 0, 4, 4: mean 2, SD sqrt(16 / 3).
    assert largest_sd(2, 0, 4, 4) == pytest.approx((16 / 3) ** 0.5)
    for values in combinations_with_replacement(range(5), 4):
        assert statistics.stdev(values) <= largest_sd(statistics.mean(values), 0, 4, 4) + 1e-12


@pytest.mark.parametrize("call", [lambda: grim(Fraction(1), 0, 0), lambda: largest_sd(5, 0, 4, 10)])
def test_what_cannot_be_asked_is_refused(call: object) -> None:
    with pytest.raises(StatsError, match=r"needed|cannot be"):
        call()  # type: ignore[operator]
