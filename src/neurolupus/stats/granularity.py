"""What means, standard deviations and percentages of so many whole numbers can be: GRIM, GRIMMER, roundings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from neurolupus.errors import StatsError

Rounding = Literal["half_up", "half_even", "truncated"]
ROUNDINGS: tuple[Rounding, ...] = ("half_up", "half_even", "truncated")


@dataclass(frozen=True, slots=True)
class Attainable:
    """Whether a printed mean or standard deviation of whole numbers can be.

    Attributes
    ----------
    is_possible : bool
    nearest : tuple of float
        The attainable values on either side of the printed one, at full precision; empty for standard deviations.
    method : str
    n : int
    """

    is_possible: bool
    nearest: tuple[float, ...]
    method: str
    n: int


def rounded(value: Fraction, decimals: int, rounding: Rounding) -> Fraction:
    """An exact fraction as it is printed with so many decimals.

    Examples
    --------
    >>> [float(rounded(Fraction(25, 8), 2, rounding)) for rounding in ROUNDINGS]
    [3.13, 3.12, 3.12]
    """
    scaled = abs(value) * 10**decimals
    whole = math.floor(scaled)
    rest = scaled - whole
    if rounding != "truncated":
        is_half = rest == Fraction(1, 2)
        up = rest > Fraction(1, 2) or (is_half and (rounding == "half_up" or whole % 2 == 1))
        whole += up
    return Fraction(whole, 10**decimals) * (-1 if value < 0 else 1)


def roundings_that_print(value: Fraction, printed: Fraction, decimals: int) -> tuple[Rounding, ...]:
    """The roundings under which an exact value is printed so; empty when there is none.

    Examples
    --------
    >>> roundings_that_print(Fraction(300, 38), Fraction(7), 0)
    ('truncated',)
    """
    return tuple(rounding for rounding in ROUNDINGS if rounded(value, decimals, rounding) == printed)


def grim(printed: Fraction, decimals: int, n: int, *, items: int = 1) -> Attainable:
    """Whether whole numbers can have this mean (GRIM).

    Parameters
    ----------
    printed : Fraction
        The mean as printed.
    decimals : int
        With which it is printed.
    n : int
        Persons.
    items : int
        Whole numbers that each person's value is the mean of.

    Raises
    ------
    StatsError
        `n` or `items` is below 1.

    References
    ----------
    .. [1] Brown and Heathers (2017), Soc Psychol Personal Sci 8:363, doi:10.1177/1948550616673876.

    Examples
    --------
    >>> grim(Fraction("5.19"), 2, 28).is_possible, grim(Fraction("5.18"), 2, 28).is_possible
    (False, True)
    """
    _check_size(n, items)
    grain = n * items
    below = math.floor(printed * grain)
    candidates = [Fraction(total, grain) for total in range(below - 1, below + 3)]
    is_possible = any(
        rounded(value, decimals, rounding) == printed for value in candidates for rounding in ("half_up", "half_even")
    )
    nearest = (float(Fraction(below, grain)), float(Fraction(below + 1, grain)))
    return Attainable(is_possible, nearest, "GRIM", n)


def grimmer(
    mean: Fraction, mean_decimals: int, sd: Fraction, sd_decimals: int, n: int, *, most_sums: int = 5000
) -> Attainable:
    """Whether whole numbers can have this mean and this standard deviation together (GRIMMER).

    The sum of squares of whole numbers is whole, is even or odd as their sum is, and is at least the sum's square
    divided by n. Where the printed digits leave more than `most_sums` sums, the pair counts as possible.

    References
    ----------
    .. [1] Anaya (2016), PeerJ Preprints 4:e2400v1, doi:10.7287/peerj.preprints.2400v1.

    Examples
    --------
    >>> grimmer(Fraction("3.44"), 2, Fraction("2.47"), 2, 18).is_possible
    False
    >>> grimmer(Fraction("4"), 0, Fraction("4"), 0, 117).is_possible
    True
    """
    _check_size(n, 2)
    half_mean, half_sd = Fraction(1, 2 * 10**mean_decimals), Fraction(1, 2 * 10**sd_decimals)
    first, last = math.ceil((mean - half_mean) * n), math.floor((mean + half_mean) * n)
    if n < 2 or last - first > most_sums:
        return Attainable(True, (), "GRIMMER", n)
    low_sd = max(sd - half_sd, Fraction(0))
    for total in range(first, last + 1):
        centre = Fraction(total * total, n)
        low = max(math.ceil((n - 1) * low_sd**2 + centre), math.ceil(centre))
        high = math.floor((n - 1) * (sd + half_sd) ** 2 + centre)
        low += (low - total) % 2
        if low <= high:
            return Attainable(True, (), "GRIMMER", n)
    return Attainable(False, (), "GRIMMER", n)


def largest_sd(mean: float, low: float, high: float, n: int) -> float:
    """The largest standard deviation of n values between `low` and `high` with this mean.

    All values lie at the ends then; n - 1 in the denominator.

    Raises
    ------
    StatsError
        The mean lies outside, or n is below 2.

    Examples
    --------
    >>> round(largest_sd(0.5, 0, 1, 2), 4)
    0.7071
    """
    if not low <= mean <= high or n < 2:
        raise StatsError(f"A mean of {mean:g} of {n} values between {low:g} and {high:g} cannot be; check the numbers.")
    return math.sqrt((mean - low) * (high - mean) * n / (n - 1))


def counts_that_print(percent: Fraction, decimals: int, n: int, *, rounding: Rounding | None = None) -> tuple[int, ...]:
    """The counts of n whose percentage is printed so; `rounding` None allows half up and half even.

    Examples
    --------
    >>> counts_that_print(Fraction("88.6"), 1, 194), counts_that_print(Fraction("88.6"), 1, 194, rounding="truncated")
    ((), (172,))
    """
    _check_size(n, 1)
    allowed: tuple[Rounding, ...] = ("half_up", "half_even") if rounding is None else (rounding,)
    middle = math.floor(percent * n / 100)
    reach = n // (100 * 10**decimals) + 2
    return tuple(
        count
        for count in range(max(0, middle - reach), min(n, middle + reach) + 1)
        if any(rounded(Fraction(100 * count, n), decimals, one) == percent for one in allowed)
    )


def denominators_that_print(
    count: int, percent: Fraction, decimals: int, low: int, high: int, *, most: int = 1000
) -> tuple[int, ...]:
    """The denominators from `low` to `high` of which `count` is printed as this percentage: the `most` largest of them.

    Examples
    --------
    >>> denominators_that_print(18, Fraction("9.4"), 1, 165, 197)
    (191, 192)
    """
    half = Fraction(1, 2 * 10**decimals)
    first = max(low, count, 1, math.ceil(100 * count / (percent + half)))
    last = high if percent <= half else min(high, math.floor(100 * count / (percent - half)))
    found = []
    for n in range(last, first - 1, -1):
        exact = Fraction(100 * count, n)
        if any(rounded(exact, decimals, one) == percent for one in ("half_up", "half_even")):
            found.append(n)
            if len(found) == most:
                break
    return tuple(reversed(found))


def _check_size(n: int, items: int) -> None:
    if n < 1 or items < 1:
        raise StatsError(f"{n} persons with {items} items were given; at least one of each is needed.")
