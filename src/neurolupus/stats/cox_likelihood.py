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
    """

    sets: RiskSets
    x: Matrix
    weights: Vector
    risk: Vector
    log_likelihood: float
    mean_weight: Vector
    s1: Matrix
    d1: Matrix
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
        return self.sets.over_time_at_risk(self.hazard * scale) - self.sets.at_event(self.tied_hazard * scale)

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
        cross = (s.T * (scale * self.c1)) @ d
        first = (s.T * (scale * self.c0)) @ s - cross - cross.T + (d.T * (scale * self.c2)) @ d
        return np.asarray(second - first)

    def mean_at_event(self) -> Matrix:
        """Weighted mean of the covariates in the risk set of each event time, averaged over ties, (k, p)."""
        deaths = self.sets.deaths
        return np.asarray((self.s1 * self.g0[:, None] - self.d1 * self.g1[:, None]) / deaths[:, None])

    def score_residuals(self) -> Matrix:
        """Each row's part in the gradient, without its weight, (n, p)."""
        w = self.mean_weight[:, None]
        through = w * (self.s1 * self.c0[:, None] - self.d1 * self.c1[:, None])
        off = w * (self.s1 * self.c1[:, None] - self.d1 * self.c2[:, None])
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
    linear = linear - linear.max()
    risk = np.exp(linear)
    weighted = weights * risk
    s0, s1 = sets.at_risk(weighted), sets.at_risk(x * weighted[:, None])
    d0, d1 = sets.of_events(weighted), sets.of_events(x * weighted[:, None])
    deaths = sets.deaths
    mean_weight = sets.of_events(weights) / deaths
    share = np.zeros(len(sets.group))
    if ties == "efron":
        place = np.arange(len(sets.group)) - np.searchsorted(sets.group, sets.group)  # sorted by event time
        share = place / deaths[sets.group]
    else:
        d1 = np.zeros_like(d1)
    left = s0[sets.group] - share * d0[sets.group]

    def add(values: Vector) -> Vector:
        return np.bincount(sets.group, weights=values, minlength=len(deaths)).astype(np.float64)

    value = float(weights[sets.event] @ linear[sets.event] - mean_weight @ add(np.log(left)))
    return PartialLikelihood(
        sets, x, weights, risk, value, mean_weight, s1, d1,
        add(1 / left), add(share / left), add(1 / left**2), add(share / left**2), add(share**2 / left**2),
    )  # fmt: skip
