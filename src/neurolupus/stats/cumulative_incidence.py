"""Cumulative incidence with competing events (Aalen–Johansen), its variance and limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector
from neurolupus.stats.estimate import Notes
from neurolupus.stats.wald import critical_value

CENSORED = 0
SURELY = 1e-12  # a sum of steps this near to 1 is 1: everybody had the event
FARTHEST = 700.0  # on the log(-log) scale; exp of more overflows


@dataclass(frozen=True, slots=True)
class IncidenceAt:
    """Cumulative incidence at one time: probability, standard error, limits, number still at risk just before."""

    time: float
    value: float
    se: float
    ci_low: float
    ci_high: float
    n_at_risk: int


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeIncidence:
    """A cumulative incidence curve; arrays are (k,), one entry per time at which `cause` happened.

    Attributes
    ----------
    cause : int
        The code of the event counted; all other codes but 0 compete.
    time, value, variance, ci_low, ci_high : (k,) float arrays
    follow_up : (n,) float array
        Of all rows, sorted.
    event_time, event_variance : float arrays
        Times of all kinds of event and the variance there: it moves with the competing ones too.
    n_events, n_competing : int
    """

    cause: int
    time: Vector
    value: Vector
    variance: Vector
    ci_low: Vector
    ci_high: Vector
    follow_up: Vector
    event_time: Vector
    event_variance: Vector
    n_events: int
    n_competing: int
    method: str
    n: int
    n_dropped: int
    notes: Notes
    level: float

    @property
    def last_time(self) -> float:
        """The longest follow-up; nothing is known afterwards."""
        return float(self.follow_up[-1])

    def at(self, time: float) -> IncidenceAt | None:
        """The cumulative incidence at a time; None after the last one seen."""
        if time > self.last_time:
            return None
        at_risk = int(len(self.follow_up) - np.searchsorted(self.follow_up, time, side="left"))
        i = int(np.searchsorted(self.time, time, side="right")) - 1
        if i < 0:
            return IncidenceAt(time, 0.0, 0.0, 0.0, 0.0, at_risk)
        value = float(self.value[i])
        variance = float(self.event_variance[int(np.searchsorted(self.event_time, time, side="right")) - 1])
        low, high = log_log_limits(np.array([value]), np.array([variance]), self.level)
        return IncidenceAt(time, value, float(np.sqrt(variance)), float(low[0]), float(high[0]), at_risk)


def cumulative_incidence(
    time: ArrayLike, status: ArrayLike, *, cause: int = 1, n_dropped: int = 0, level: float = 0.95
) -> CumulativeIncidence:
    """The probability that the cause has happened by each time, other events competing (Aalen–Johansen).

    Parameters
    ----------
    time : (n,) float array
        Follow-up from time zero; none negative.
    status : (n,) int array
        0 censored, `cause` the event counted, any other code a competing event.
    cause : int
        From 1. Where it never happens the incidence is 0, which the notes say.
    n_dropped : int
        Rows the caller left out, carried along.
    level : float
        Confidence level of the limits.

    Raises
    ------
    StatsError
        Times are negative, values are missing, or a status is no whole number or not positive.

    Notes
    -----
    The variance is the delta-method one with the hypergeometric variance of tied events (as R's `cmprsk::cuminc`).
    Limits are symmetric on the log(-log) scale and stay within 0 and 1.

    References
    ----------
    .. [1] Aalen and Johansen (1978), Scand J Stat 5:141.
    .. [2] Choudhury (2002), Stat Med 21:1129, doi:10.1002/sim.1070 (limits).

    Examples
    --------
    >>> found = cumulative_incidence([1.0, 2, 3, 4], [1, 2, 1, 0])
    >>> found.value
    array([0.25, 0.5 ])
    """
    t, codes = checked_competing(time, status)
    if cause == CENSORED:
        raise StatsError("Cause 0 stands for censoring; give the code of an event, 1 or more.")
    critical_value(level)
    times, where = np.unique(t, return_inverse=True)
    k = len(times)
    at_risk = len(t) - np.concatenate([[0], np.cumsum(np.bincount(where, minlength=k))[:-1]])
    own = np.bincount(where[codes == cause], minlength=k).astype(float)
    other = np.bincount(where[(codes != cause) & (codes != CENSORED)], minlength=k).astype(float)
    survival = np.cumprod(1 - (own + other) / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    value = np.cumsum(before * own / at_risk)
    variance = _variance(value, survival, before, own, other, at_risk.astype(float))
    happened, any_event = own > 0, own + other > 0
    low, high = log_log_limits(value[happened], variance[happened], level)
    n_events = int(own.sum())
    notes: Notes = () if n_events else (f"None of {len(t)} rows has the event; its incidence is 0, without limits.",)
    return CumulativeIncidence(
        cause, times[happened], value[happened], variance[happened], low, high, np.sort(t), times[any_event],
        variance[any_event], n_events, int(other.sum()),
        "cumulative incidence (Aalen–Johansen), log-log limits", len(t), n_dropped, notes, level,
    )  # fmt: skip


def checked_competing(time: ArrayLike, status: ArrayLike) -> tuple[Vector, NDArray[np.int64]]:
    """Follow-up times (n,) and status codes (n,), checked.

    Raises
    ------
    StatsError
        Values are missing, a time is negative, a status is no whole number, lengths differ.
    """
    t = complete_vector(time, "time")
    codes = complete_vector(status, "status")
    if len(t) != len(codes):
        raise StatsError(f"There are {len(t)} times and {len(codes)} status codes; one of each per row is needed.")
    if (t < 0).any():
        first = int(np.argmax(t < 0))
        raise StatsError(
            f"{int((t < 0).sum())} times are negative (the first is {t[first]:g}, row {first + 1}); times of zero or "
            "more are needed.\n    Check the dates they come from."
        )
    if (codes % 1 != 0).any() or (codes < 0).any():
        strange = codes[(codes % 1 != 0) | (codes < 0)]
        raise StatsError(
            f"Status holds {strange[0]:g}; whole numbers are needed: 0 censored, 1 and more kinds of event.\n"
            "    Recode the status."
        )
    return t, codes.astype(np.int64)


def log_log_limits(value: Vector, variance: Vector, level: float) -> tuple[Vector, Vector]:
    """Limits of probabilities, symmetric on the log(-log) scale; 0 and 1 where the probability is 0 or 1 itself."""
    low, high = value.copy(), value.copy()
    inner = (value > 0) & (value < 1 - SURELY) & (variance > 0)
    p = value[inner]
    reach = critical_value(level) * np.sqrt(variance[inner]) / (p * np.abs(np.log(p)))
    reach = np.minimum(reach, FARTHEST)
    low[inner], high[inner] = p ** np.exp(reach), p ** np.exp(-reach)
    return low, high


def _variance(value: Vector, survival: Vector, before: Vector, own: Vector, other: Vector, at_risk: Vector) -> Vector:
    """Variance at each time, from how far an event at u moves the incidence at t.

    An event of the cause at u moves F(t) by S(u-) / Y(u) · (1 - (F(t) - F(u)) / S(u)), another one by the same
    without the leading 1; expanded in F(t) all are running sums.
    """
    inverse = np.divide(1.0, survival, out=np.zeros_like(survival), where=survival > 0)
    spread = before**2 / at_risk**2
    own_part = spread * _tied(own, at_risk)
    other_part = np.where(survival > 0, spread * _tied(other, at_risk), 0.0)
    lead, follow = 1 + value * inverse, value * inverse
    constant = np.cumsum(lead**2 * own_part + follow**2 * other_part)
    linear = np.cumsum(inverse * (lead * own_part + follow * other_part))
    square = np.cumsum(inverse**2 * (own_part + other_part))
    return np.asarray(np.maximum(0.0, constant - 2 * value * linear + value**2 * square))


def _tied(events: Vector, at_risk: Vector) -> Vector:
    """Hypergeometric variance of a number of events among those at risk (times their number squared over it)."""
    return np.asarray(events * (1 - (events - 1) / np.maximum(at_risk - 1, 1)) * (events > 0))
