"""The partial likelihood of Cox's model: value, score, information and residuals, with Efron or Breslow ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.risk_sets import RiskSets

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, slots=True, eq=False)
class PartialLikelihood:
    """The likelihood at one coefficient vector; rows in the order of the risk sets.

    Efron's correction takes the share l/d of those who fail together out of the risk set of the l-th of d ties. Every
    quantity is a sum over ties of powers of that share over the risk sum, so five numbers per event time are enough.

    Attributes
    ----------
    hazard, tied_hazard : (k,) arrays
        Increment of the baseline hazard; and what of it is taken off those who fail at that time.
    s1, d1 : (k, p) arrays
        Weighted sums of the covariates over the risk set and over those who fail; `d1` is None without Efron's share.
    """

    sets: RiskSets
    x: Matrix
    weights: Vector
    risk: Vector
    log_likelihood: float
    mean_weight: Vector
    s1: Matrix
    d1: Matrix | None
    g0: Vector
    g1: Vector
    c0: Vector
    c1: Vector
    c2: Vector

    @property
    def hazard(self) -> Vector:
        """Increment of the baseline hazard at each event time, (k,)."""
        return self.mean_weight * self.g0

    @property
    def tied_hazard(self) -> Vector:
        """What of the increment is taken off those who fail at that time, (k,)."""
        return self.mean_weight * self.g1

    def cumulative_hazard(self, by: Vector | None = None) -> Vector:
        """Hazard that each row met over its time at risk, (n,); increments times `by` (k,) when given."""
        scale = 1.0 if by is None else by
        met = self.sets.over_time_at_risk(self.hazard * scale)
        return met if self.d1 is None else met - self.sets.at_event(self.tied_hazard * scale)

    def score(self, by: Vector | None = None) -> Vector:
        """Gradient (p,), or the sum of the gradients at each event time times `by` (k,)."""
        happened = self.sets.event.astype(np.float64) if by is None else self.sets.at_event(by)
        residual = self.weights * (happened - self.risk * self.cumulative_hazard(by))
        return np.asarray(self.x.T @ residual)

    def information(self, by: Vector | None = None) -> Matrix:
        """Minus the second derivative (p, p), or the sum over event times of its parts times `by` (k,)."""
        scale = self.mean_weight if by is None else self.mean_weight * by
        second = (self.x.T * (self.weights * self.risk * self.cumulative_hazard(by))) @ self.x
        s, d = self.s1, self.d1
        first = (s.T * (scale * self.c0)) @ s
        if d is not None:
            cross = (s.T * (scale * self.c1)) @ d
            first = first - cross - cross.T + (d.T * (scale * self.c2)) @ d
        return np.asarray(second - first)

    def mean_at_event(self) -> Matrix:
        """Weighted mean of the covariates in the risk set of each event time, averaged over ties, (k, p)."""
        return np.asarray(self._less_tied(self.s1, self.g0, self.g1) / self.sets.deaths[:, None])

    def _less_tied(self, s: Matrix, by: Vector, by_tied: Vector) -> Matrix:
        whole = s * by[:, None]
        return whole if self.d1 is None else np.asarray(whole - self.d1 * by_tied[:, None])

    def score_residuals(self) -> Matrix:
        """Each row's part in the gradient, without its weight, (n, p)."""
        w = self.mean_weight[:, None]
        through = w * self._less_tied(self.s1, self.c0, self.c1)
        off = w * self._less_tied(self.s1, self.c1, self.c2)
        met = self.x * self.cumulative_hazard()[:, None] - (
            self.sets.over_time_at_risk(through) - self.sets.at_event(off)
        )
        own = self.x * self.sets.event[:, None] - self.sets.at_event(self.mean_at_event())
        return np.asarray(own - self.risk[:, None] * met)

    def schoenfeld(self) -> Matrix:
        """Covariates of each event minus their mean in its risk set, (events, p)."""
        rows = self.sets.event_rows
        return np.asarray(self.x[rows] - self.mean_at_event()[self.sets.group])


def partial_likelihood(
    sets: RiskSets, x: Matrix, weights: Vector, coefficients: Vector, ties: Ties
) -> PartialLikelihood:
    """The likelihood at `coefficients`; `x` (n, p) and `weights` (n,) in the order of the risk sets.

    References
    ----------
    .. [1] Efron (1977), J Am Stat Assoc 72:557, doi:10.1080/01621459.1977.10480613.
    .. [2] Therneau & Grambsch (2000), Modeling Survival Data, chapter 3: weights.
    """
    linear = x @ coefficients
    linear -= linear.max()
    risk = np.exp(linear)
    weighted = weights * risk
    moved = x * weighted[:, None]
    s0, s1 = sets.at_risk(weighted), sets.at_risk(moved)
    mean_weight = sets.of_events(weights) / sets.deaths
    own = sets.event_rows
    likely = float(weights[own] @ linear[own])
    if ties == "efron" and sets.is_tied:
        d0, d1 = sets.of_events(weighted), sets.of_events(moved)
        share = sets.place / sets.deaths[sets.group]
        left = 1 / (s0[sets.group] - share * d0[sets.group])
        value = likely + float(mean_weight[sets.group] @ np.log(left))
        terms = (left, share * left, left**2, share * left**2, (share * left) ** 2)
        g0, g1, c0, c1, c2 = (sets.by_event_time(term) for term in terms)
        return PartialLikelihood(sets, x, weights, risk, value, mean_weight, s1, d1, g0, g1, c0, c1, c2)
    value = likely - float((mean_weight * sets.deaths) @ np.log(s0))
    none = np.zeros(len(s0))
    g0 = sets.deaths / s0
    return PartialLikelihood(sets, x, weights, risk, value, mean_weight, s1, None, g0, none, g0 / s0, none, none)
