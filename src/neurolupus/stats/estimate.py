"""One estimated number with its uncertainty: what every model of this folder returns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from neurolupus.errors import StatsError

Notes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One coefficient or contrast on the linear scale (mean difference, log odds ratio, log hazard ratio).

    Attributes
    ----------
    name : str
        The term, as it stands in the design.
    value, ci_low, ci_high : float
        Point estimate and confidence limits; limits may be infinite, never NaN where the estimate exists.
    se : float
        Standard error; NaN where the limits come from a profile likelihood only.
    statistic : float
        The z, t or chi-square the p-value comes from.
    p_value : float
        Two-sided.
    level : float
        Confidence level of the limits.
    """

    name: str
    value: float
    ci_low: float
    ci_high: float
    se: float
    statistic: float
    p_value: float
    level: float = 0.95

    def exponentiated(self) -> Estimate:
        """The same estimate as a ratio: value and limits to the power of e; `se` stays on the log scale.

        Examples
        --------
        >>> Estimate("x", 0.0, -1.0, 1.0, 0.5, 0.0, 1.0).exponentiated().value
        1.0
        """
        return replace(self, value=_exp(self.value), ci_low=_exp(self.ci_low), ci_high=_exp(self.ci_high))


def estimate_named(estimates: Sequence[Estimate], name: str) -> Estimate:
    """The estimate of one column of a design.

    Raises
    ------
    StatsError
        There is no such column.
    """
    for entry in estimates:
        if entry.name == name:
            return entry
    raise StatsError(f"{name!r} is no coefficient of the model; there are {', '.join(e.name for e in estimates)}.")


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf
