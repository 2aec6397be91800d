"""How many subjects estimate agreement as closely as is wanted."""

from __future__ import annotations

import math

from neurolupus.errors import StatsError
from neurolupus.stats.wald import critical_value

MOST = 10_000_000
HALF_WIDTH_DICE = 0.05
HALF_WIDTH_LIMITS = 0.5  # of the standard deviation of the differences
ROUNDING = 1e-9  # of Dice coefficients and of ml


def has_spread(sd: float) -> bool:
    """Whether values vary at all, beyond rounding: those that do not vary tell nothing of how others would."""
    return sd > ROUNDING


def mean_half_width(n: int, sd: float, *, level: float = 0.95) -> float:
    """Half the interval of a mean: t with n - 1 degrees of freedom times sd / √n.

    Examples
    --------
    >>> round(mean_half_width(9, 0.15), 3)
    0.115
    """
    return critical_value(level, n - 1) * sd / math.sqrt(n)


def limit_half_width(n: int, sd: float, *, level: float = 0.95) -> float:
    """Half the interval of one limit of agreement: t times √(3 sd² / n).

    References
    ----------
    .. [1] Bland and Altman (1986), Lancet 327:307, doi:10.1016/S0140-6736(86)90837-8.
    """
    return math.sqrt(3) * mean_half_width(n, sd, level=level)


def n_for_mean(sd: float, half_width: float, *, level: float = 0.95) -> int:
    """The fewest subjects whose mean has an interval of ± `half_width`, if their standard deviation is `sd`.

    The interval is as narrow as that on average over studies, not surely in one: take some more.

    Raises
    ------
    StatsError
        The half-width is not above zero.

    Examples
    --------
    >>> n_for_mean(0.15, 0.05)
    38
    """
    return _fewest(sd, half_width, level, 1.0)


def n_for_limits(sd: float, half_width: float, *, level: float = 0.95) -> int:
    """The fewest subjects whose limits of agreement each have an interval of ± `half_width`.

    Examples
    --------
    >>> n_for_limits(1.0, 0.5)
    49
    """
    return _fewest(sd, half_width, level, math.sqrt(3))


def _fewest(sd: float, half_width: float, level: float, factor: float) -> int:
    if not half_width > 0:
        raise StatsError(f"A half-width of {half_width:g} was asked for; one above 0 is needed.\n    Give 0.05.")
    low, high = 1, 2  # low is too few, high will do
    while factor * mean_half_width(high, sd, level=level) > half_width:
        low, high = high, 2 * high
        if high > MOST:
            raise StatsError(
                f"±{half_width:g} at a standard deviation of {sd:g} needs more than {MOST:,} subjects.\n"
                "    Ask for a wider interval."
            )
    while high - low > 1:
        middle = (low + high) // 2
        if factor * mean_half_width(middle, sd, level=level) > half_width:
            low = middle
        else:
            high = middle
    return high
