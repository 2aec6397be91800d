"""Kaplan–Meier survival: curve with confidence limits, median, patients at risk, restricted mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector, complete_weights
from neurolupus.stats.survival_data import FollowUp, follow_up
from neurolupus.stats.survival_variance import greenwood, robust_variance
from neurolupus.stats.wald import critical_value

Limits = Literal["log", "log-log", "plain"]
Errors = Literal["model", "robust"]


@dataclass(frozen=True, slots=True)
class SurvivalAt:
    """Survival at one time with its limits."""

    time: float
    survival: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """Mean survival time up to `until`; limits are None where the curve has robust errors."""

    until: float
    mean: float
    se: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """A survival curve at its distinct times, events and censorings.

    Attributes
    ----------
    time, at_risk, events, survival, se, ci_low, ci_high : (k,) float arrays
        `se` is that of the survival itself. After the last survivor it and the limits are NaN.
    median, median_low, median_high : float or None
        None where the curve, or its limit, never falls to a half.
    """

    time: Vector
    at_risk: Vector
    events: Vector
    survival: Vector
    se: Vector
    ci_low: Vector
    ci_high: Vector
    median: float | None
    median_low: float | None
    median_high: float | None
    n: int
    n_events: int
    method: str
    level: float
    is_robust: bool = False

    def at(self, time: float) -> SurvivalAt | None:
        """Survival at a time; None after the last time seen."""
        if not len(self.time) or time > self.time[-1]:
            return None
        i = int(np.searchsorted(self.time, time, side="right")) - 1
        if i < 0:
            return SurvivalAt(time, 1.0, 1.0, 1.0)
        return SurvivalAt(time, float(self.survival[i]), float(self.ci_low[i]), float(self.ci_high[i]))

    def restricted_mean(self, until: float) -> RestrictedMean:
        """Mean survival time up to `until`, the area under the curve, with limits by Greenwood's variance.

        Raises
        ------
        StatsError
            The curve ends before `until`.
        """
        if until > self.time[-1]:
            raise StatsError(f"Follow-up ends at {self.time[-1]:g}, before {until:g}.\n    Choose an earlier time.")
        inner = self.time < until
        edges = np.concatenate([[0.0], self.time[inner], [until]])
        areas = np.diff(edges) * np.concatenate([[1.0], self.survival[inner]])
        mean = float(areas.sum())
        if self.is_robust:
            return RestrictedMean(until, mean, None, None, None)
        still = areas[::-1].cumsum()[::-1][1:]  # area after each time
        events, at_risk = self.events[inner], self.at_risk[inner]
        counted = (events > 0) & (at_risk > events)
        parts = np.divide(
            events,
            at_risk * (at_risk - events),
            out=np.zeros(len(events)),
            where=counted,
        )
        se = float(np.sqrt(still**2 @ parts))
        half = critical_value(self.level) * se
        return RestrictedMean(until, mean, se, mean - half, mean + half)


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    start: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    errors: Errors | None = None,
    limits: Limits = "log",
    level: float = 0.95,
) -> SurvivalCurve:
    """The product-limit estimate, as R's `survfit`.

    Parameters
    ----------
    time, event : (n,) arrays
    start : (n,) array, optional
        Entry times: a row is at risk after its start.
    weights : (n,) array, optional
        Case weights: counts and numbers at risk are sums of them.
    cluster : (n,) array, optional
        Rows of one label (a matched set) are no independent observations; makes the errors robust.
    errors : {"model", "robust"}, optional
        Greenwood's variance, which takes weights for counts, or the infinitesimal jackknife. Without it robust for
        clusters and for weights that are no whole numbers, as R decides.
    limits : {"log", "log-log", "plain"}
        Scale on which the limits are symmetric; R's default is "log".

    Raises
    ------
    StatsError
        Missing values or negative times; robust errors with entry times.

    References
    ----------
    .. [1] Kaplan & Meier (1958), J Am Stat Assoc 53:457.
    """
    data = follow_up(time, event, start=start)
    n = len(data.time)
    case = complete_weights(weights, n)
    w = np.ones(n) if case is None else case
    left, events = _sums(data, case)
    ends = left > 0 if case is None else np.bincount(data.moment, minlength=len(left)) > 0  # and not entry times only
    moments, left, events = data.known[ends], left[ends], events[ends]
    at_risk = left[::-1].cumsum()[::-1]
    if data.start is not None:
        at_risk = at_risk - patients_at_risk(data.start, moments.tolist(), weights=w)
    at_risk = np.asarray(np.maximum(at_risk, events), np.float64)  # rounding of weights must not leave less
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(np.where(events > 0, 1 - events / at_risk, 1.0))
    is_robust = errors == "robust" or (errors is None and (cluster is not None or _is_fractional(case)))
    robust = robust_variance(data, events, at_risk, moments, w, cluster) if is_robust else None
    variance = greenwood(events, at_risk) if robust is None else robust
    with np.errstate(invalid="ignore"):
        se = np.where(survival > 0, survival * np.sqrt(variance), np.nan)
    low, high = _limits(survival, variance, limits, critical_value(level))
    return SurvivalCurve(
        moments, at_risk, events, survival, se, low, high,
        _crossing(moments, survival), _crossing(moments, low), _crossing(moments, high),
        n, int(data.event.sum()), f"Kaplan–Meier, {limits} limits{', robust' if is_robust else ''}", level, is_robust,
    )  # fmt: skip


def _sums(data: FollowUp, weights: Vector | None) -> tuple[Vector, Vector]:
    """Rows, or their weights, that end at each known time, and those with the event then."""
    k, with_event = len(data.known), data.moment[data.event]
    all_of, events_of = (None, None) if weights is None else (weights, weights[data.event])
    left, events = np.bincount(data.moment, all_of, k), np.bincount(with_event, events_of, k)
    return left.astype(np.float64), events.astype(np.float64)


def _is_fractional(weights: Vector | None) -> bool:
    return weights is not None and bool((weights % 1 != 0).any())


def _limits(survival: Vector, variance: Vector, kind: Limits, z: float) -> tuple[Vector, Vector]:
    """Lower and upper limits; NaN where nobody survives, 1 where nothing happened yet."""
    with np.errstate(divide="ignore", invalid="ignore"):
        half = z * np.sqrt(variance)
        if kind == "plain":
            low, high = survival - half * survival, survival + half * survival
        elif kind == "log":
            low, high = survival * np.exp(-half), survival * np.exp(half)
        else:
            centre, spread = np.log(-np.log(survival)), half / np.log(survival)
            low, high = (
                np.exp(-np.exp(centre - spread)),
                np.exp(-np.exp(centre + spread)),
            )
            low, high = (
                np.where(variance == 0, 1.0, low),
                np.where(variance == 0, 1.0, high),
            )
    gone = survival <= 0
    lower = np.where(gone, np.nan, np.maximum(low, 0.0))
    return lower, np.where(gone, np.nan, np.minimum(high, 1.0))


def _crossing(time: Vector, curve: Vector, share: float = 0.5) -> float | None:
    """When a curve falls to a share; where it stays exactly there for a while, the middle of that while, as in R."""
    tolerance = np.sqrt(np.finfo(float).eps)
    below = np.flatnonzero(~(curve > share + tolerance))  # NaN, after the last survivor, counts as below
    if not len(below) or np.isnan(curve[below[0]]):
        return None
    first = int(below[0])
    if abs(curve[first] - share) < tolerance:
        lower = np.flatnonzero(curve < share - tolerance)
        if len(lower):
            return float((time[first] + time[lower[0]]) / 2)
    return float(time[first])


def patients_at_risk(time: ArrayLike, at: Sequence[float], *, weights: ArrayLike | None = None) -> Vector:
    """Patients, or their weights, still followed at each of some times: the row under a survival curve.

    Examples
    --------
    >>> patients_at_risk([1, 2, 3], [0, 2, 4])
    array([3., 2., 0.])
    """
    ends = complete_vector(time, "time")
    case = complete_weights(weights, len(ends))
    order = np.argsort(ends, kind="stable")
    w = np.ones(len(ends)) if case is None else case[order]
    later = np.append(np.cumsum(w[::-1])[::-1], 0.0)
    return np.asarray(later[np.searchsorted(ends[order], np.asarray(at, np.float64))])
