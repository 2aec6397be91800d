"""Descriptions and standardised differences; numbers of R (tests/reference/tests.R) and by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats import formats
from neurolupus.stats.describe import describe_categorical, describe_continuous
from neurolupus.stats.smd import smd_binary, smd_continuous, smd_nominal

R = json.loads((Path(__file__).parents[2] / "reference" / "tests.json").read_text())
SKEWED = np.array([0.1, 0.2, 0.2, 0.4, 0.9, 1.3, 2.8, 6.5, 14.2, 30.1])
WEIGHTS = np.array([1, 2, 0.5, 1, 1, 3, 1, 0.2, 1, 2])


@pytest.mark.parametrize("kind", [6, 7])
def test_quantiles_of_r_and_spss(kind):
    s = describe_continuous(SKEWED, quantile_type=kind)
    assert (s.median, s.q1, s.q3, s.p10, s.p90) == pytest.approx(tuple(R[f"quantile{kind}"]))


def test_weighted_mean_and_variance_are_cov_wt():
    s = describe_continuous(SKEWED, weights=WEIGHTS)
    assert (s.sd**2, s.mean) == pytest.approx(tuple(R["cov_wt"]))


def test_weights_of_one_change_nothing_but_the_label():
    plain, weighted = describe_continuous(SKEWED), describe_continuous(SKEWED, weights=np.ones(10))
    assert (plain.mean, plain.sd, plain.median) == pytest.approx((weighted.mean, weighted.sd, weighted.median))


def test_whole_weights_are_rows_repeated():
    w = np.array([1, 2, 3, 1, 1, 3, 1, 2, 1, 2])
    s = describe_continuous(SKEWED, weights=w)
    repeated = np.repeat(SKEWED, w)
    wanted = np.quantile(repeated, [0.5, 0.25, 0.75, 0.1, 0.9], method="averaged_inverted_cdf")  # R's type 2
    assert (s.median, s.q1, s.q3, s.p10, s.p90) == pytest.approx(tuple(wanted))


def test_missing_values_are_counted():
    s = describe_continuous([1.0, None, np.nan, 3.0])
    assert (s.n, s.n_missing, s.mean) == (2, 2, 2.0)


def test_all_missing_and_single_values():
    assert np.isnan(describe_continuous([np.nan]).median)
    one = describe_continuous([4.0])
    assert one.median == 4
    assert np.isnan(one.sd)


def test_text_in_a_number_column_is_shown_with_its_row():
    with pytest.raises(StatsError, match=r"Row 1 holds '1,5'"):
        describe_continuous([1.0, "1,5", 2.0])


def test_counts_have_the_rows_with_a_value_as_denominator():
    s = describe_categorical(["cyc", None, "mmf", "cyc"], ["cyc", "mmf", "rtx"])
    assert (s.n, s.n_missing, s.of("cyc").count, s.of("rtx").count) == (3, 1, 2, 0)
    assert s.of("cyc").share == pytest.approx(2 / 3)
    with pytest.raises(StatsError, match="azathioprine"):
        describe_categorical(["azathioprine"], ["cyc"])


def test_smd_by_hand_with_each_denominator():
    treated, values = [1, 1, 1, 0, 0, 0], [3, 4, 8, 1, 2, 3]
    # means 5 and 2; variances 7 and 1; all six: mean 3.5, variance 5.9
    wanted = {"pooled_sd": 4.0, "treated_sd": 7.0, "control_sd": 1.0, "full_cohort_sd": 5.9}
    for denominator, variance in wanted.items():
        found = smd_continuous(values, treated, denominator=denominator)
        assert found.smd == pytest.approx(3 / np.sqrt(variance))
        assert found.denominator == denominator
        assert found.variance_ratio == pytest.approx(7)


def test_denominator_can_come_from_the_cohort_before_matching():
    found = smd_continuous([3, 4], [1, 0], reference_values=[1, 2, 3, 4], reference_treated=[0, 0, 1, 1])
    assert found.denominator_value == pytest.approx(np.sqrt(0.5))


def test_nominal_smd_of_two_levels_is_the_binary_one():
    x, group = np.array([0, 0, 1, 1, 1, 0, 1, 0, 0, 0]), np.array([1] * 5 + [0] * 5)
    levels = np.where(x == 1, "yes", "no")
    assert smd_nominal(levels, group, ["no", "yes"]).smd == pytest.approx(abs(smd_binary(x, group).smd))


def test_nominal_smd_by_hand():
    # shares (.5, .25, .25) and (.25, .25, .5): T - C without the first level (0, -.25); mean covariance
    # [[.1875, -.09375], [-.09375, .21875]]; distance² = .0625 × .1875 / (.1875 × .21875 - .09375²)
    group = [1] * 4 + [0] * 4
    found = smd_nominal(list("aabc") + list("abcc"), group, ["a", "b", "c"])
    assert found.smd == pytest.approx(np.sqrt(0.0625 * 0.1875 / (0.1875 * 0.21875 - 0.09375**2)))
    assert smd_nominal(list("aabc") + list("abcc"), group, ["c", "a", "b"]).smd == pytest.approx(found.smd)


def test_weights_of_two_equal_rows_given_twice():
    group, x, w = np.array([1, 1, 0, 0]), np.array([0, 1, 1, 0]), np.array([1, 2, 1, 1])
    doubled = np.repeat(np.arange(4), w)
    assert smd_binary(x, group, weights=w).smd == pytest.approx(smd_binary(x[doubled], group[doubled]).smd)
    levels = np.array(["a", "b", "b", "c"])
    expected = smd_nominal(levels[doubled], group[doubled], "abc").smd
    assert smd_nominal(levels, group, "abc", weights=w).smd == pytest.approx(expected)


def test_difference_without_spread_is_not_a_number():
    found = smd_continuous([1, 1, 2, 2], [0, 0, 1, 1])
    assert found.smd is None
    assert found.notes
    assert smd_continuous([1, 1, 1, 1], [0, 0, 1, 1]).smd == 0


def test_one_arm_is_refused():
    with pytest.raises(StatsError, match="treated group has no row"):
        smd_continuous([1, 2], [0, 0])


@pytest.mark.parametrize(("rounding", "text"), [("half_even", "29.0 [21.8, 40.2]"), ("half_up", "29.0 [21.8, 40.3]")])
def test_printed_quartiles(rounding, text):
    # 21.75 rounds to 21.8 either way, 40.25 to 40.2 or 40.3
    s = describe_continuous([21.75, 29, 40.25])
    s = type(s)(**{f: getattr(s, f) for f in s.__slots__} | {"q1": 21.75, "q3": 40.25})
    assert formats.median_iqr(s, rounding=rounding) == text


def test_printed_p_values():
    assert formats.formatted_p(0.0009999) == "<0.001"
    assert formats.formatted_p(0.001) == "0.001"
    assert formats.formatted_p(None) == "–"


def test_a_nominal_difference_is_divided_by_the_spread_of_the_reference() -> None:
    # Worked by hand, two levels: shares of b are 0.5 and 0.25 after, so apart by 0.25. In the reference the share of b
    # is 0.5 in both arms: variance 0.25, the root of it 0.5, and 0.25 / 0.5 = 0.5. By its own shares it would be
    # 0.25 / sqrt((0.25 + 0.1875) / 2) = 0.5345.
    after, arm = list("abab") + list("aaab"), [True] * 4 + [False] * 4
    whole, whole_arm = list("ab" * 4), [True] * 4 + [False] * 4
    own = smd_nominal(after, arm, ["a", "b"])
    found = smd_nominal(after, arm, ["a", "b"], reference_values=whole, reference_treated=whole_arm)
    assert own.smd == pytest.approx(0.25 / math.sqrt((0.25 + 0.1875) / 2))
    assert found.smd == pytest.approx(0.5)
