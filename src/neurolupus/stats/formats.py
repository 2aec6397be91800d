"""Numbers as a table prints them: stated digits, stated rounding."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal

from neurolupus.stats.describe import ContinuousSummary, LevelCount

Rounding = Literal["half_even", "half_up"]
_MODES = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP}
MISSING = "–"


def formatted(value: float | None, digits: int, *, rounding: Rounding = "half_even") -> str:
    """The number with `digits` decimals; an en dash where it is not defined, never a minus before zero.

    The shortest decimal that stands for the float is what gets rounded, so that 0.125 printed by another program as
    0.125 rounds as its reader expects.

    Examples
    --------
    >>> formatted(0.125, 2), formatted(0.125, 2, rounding="half_up"), formatted(-0.001, 2), formatted(None, 1)
    ('0.12', '0.13', '0.00', '–')
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=_MODES[rounding])
    return f"{abs(rounded) if rounded.is_zero() else rounded:f}"


def formatted_p(
    p_value: float | None, *, digits: int = 3, floor: float = 0.001, rounding: Rounding = "half_even"
) -> str:
    """The p-value with `digits` decimals, or `<floor` below the floor.

    Examples
    --------
    >>> formatted_p(0.04951), formatted_p(0.00009), formatted_p(1.0)
    ('0.050', '<0.001', '1.000')
    """
    if p_value is not None and p_value < floor:
        return f"<{floor:f}".rstrip("0")
    return formatted(p_value, digits, rounding=rounding)


def n_percent(entry: LevelCount, *, digits: int = 1, rounding: Rounding = "half_even") -> str:
    """`12 (6.2)`: count and per cent.

    Examples
    --------
    >>> n_percent(LevelCount("male", 22, 22 / 194))
    '22 (11.3)'
    """
    return f"{entry.count} ({formatted(entry.share * 100, digits, rounding=rounding)})"


def mean_sd(summary: ContinuousSummary, *, digits: int = 1, rounding: Rounding = "half_even") -> str:
    """`1127.0 ± 121.3`."""
    return f"{formatted(summary.mean, digits, rounding=rounding)} ± {formatted(summary.sd, digits, rounding=rounding)}"


def median_iqr(summary: ContinuousSummary, *, digits: int = 1, rounding: Rounding = "half_even") -> str:
    """`29.0 [21.8, 40.2]`: median and quartiles."""
    middle, low, high = (formatted(x, digits, rounding=rounding) for x in (summary.median, summary.q1, summary.q3))
    return f"{middle} [{low}, {high}]"


def median_p10_p90(summary: ContinuousSummary, *, digits: int = 1, rounding: Rounding = "half_even") -> str:
    """`0.8 (0.1–9.4)`: median, 10th and 90th percentile."""
    middle, low, high = (formatted(x, digits, rounding=rounding) for x in (summary.median, summary.p10, summary.p90))
    return f"{middle} ({low}–{high})"


def with_interval(value: float, low: float, high: float, *, digits: int = 2, rounding: Rounding = "half_even") -> str:
    """`0.72 (0.54 to 0.97)`: estimate and confidence limits.

    Examples
    --------
    >>> with_interval(0.717, 0.006, float("inf"))
    '0.72 (0.01 to Inf)'
    """
    middle, lower, upper = (formatted(x, digits, rounding=rounding) for x in (value, low, high))
    return f"{middle} ({lower} to {upper})"
