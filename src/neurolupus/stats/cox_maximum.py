"""Maximum of the partial likelihood by Newton's method; where there is none, the coefficients that run away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.cox_likelihood import PartialLikelihood, Ties, partial_likelihood
from neurolupus.stats.risk_sets import RiskSets

MOST_STEPS = 40
TOLERANCE = 1e-10  # relative change of the log likelihood; R's rule, at its 1e-9
WORST_CONDITION = 1e14  # of the information, columns brought to one scale
LEAST_INFORMATION = 1e-12  # per event, of a column of unit variance
FAR = 5.0  # of a log hazard in one step: a lone early event asks for n, at which no information is left
RUNAWAY = 0.05  # standard deviations of a column that its coefficient still moves when the likelihood stands still


@dataclass(frozen=True, slots=True, eq=False)
class CoxPoint:
    """The likelihood at one place, its information (p, p) and Newton's step (p,) from there."""

    likelihood: PartialLikelihood
    information: Matrix
    step: Vector

    @property
    def value(self) -> float:
        """The log likelihood."""
        return self.likelihood.log_likelihood


@dataclass(frozen=True, slots=True, eq=False)
class CoxMaximum:
    """Where the iterations ended.

    Attributes
    ----------
    covariance : (p, p) float array
        Inverse of the information; NaN in rows and columns of a runaway coefficient.
    runaway : (p,) bool array
        Coefficients that grow for ever: the likelihood has no maximum.
    """

    coefficients: Vector
    null: CoxPoint
    end: CoxPoint
    covariance: Matrix
    runaway: NDArray[np.bool_]
    iterations: int


def cox_maximum(
    sets: RiskSets, x: Matrix, weights: Vector, names: Sequence[str], scale: Vector, ties: Ties
) -> CoxMaximum:
    """Newton's method from zero, steps halved where they overshoot.

    Parameters
    ----------
    sets : RiskSets
    x : (n, p) float array
        Centred; rows, as `weights` (n,), in the order of the risk sets.
    names : p strings
    scale : (p,) float array
        Standard deviation of each column.
    ties : {"efron", "breslow"}

    Raises
    ------
    StatsError
        A column never differs among those at risk together, or the steps do not settle.
    """
    best: Vector = np.zeros(x.shape[1])
    begin = partial_likelihood(sets, x, weights, best, ties)
    information = begin.information()
    _refuse_flat(information, names, scale, int(sets.event.sum()))
    null = at = CoxPoint(begin, information, _solve(information, begin.score(), scale))
    for iteration in range(1, MOST_STEPS + 1):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            fresh, part = _advance(sets, x, weights, best, at, ties)
            information = fresh.information()
            if _condition(information, scale) > WORST_CONDITION:
                fresh, information, part = _nearer(sets, x, weights, best, at, ties, part, scale)
        if _condition(information, scale) > WORST_CONDITION:
            return _maximum(best, null, at, scale, iteration)
        best = best + part * at.step
        before, at = at, CoxPoint(fresh, information, _solve(information, fresh.score(), scale))
        if abs(at.value - before.value) <= TOLERANCE * max(1.0, abs(at.value)):
            return _maximum(best, null, at, scale, iteration)
    raise StatsError(
        f"The Cox model did not converge in {MOST_STEPS} steps.\n"
        "    Look for terms that tell nearly the same, and for levels with very few events."
    )


def _advance(
    sets: RiskSets, x: Matrix, weights: Vector, best: Vector, at: CoxPoint, ties: Ties
) -> tuple[PartialLikelihood, float]:
    """The likelihood after the step, or after the first half of it, quarter of it … that does not lower it."""
    part, lowest = 1.0, at.value - 1e-9 * abs(at.value)
    fresh = partial_likelihood(sets, x, weights, best + at.step, ties)
    while not fresh.log_likelihood >= lowest and part > 1e-6:
        part /= 2
        fresh = partial_likelihood(sets, x, weights, best + part * at.step, ties)
    return fresh, part


def _nearer(
    sets: RiskSets, x: Matrix, weights: Vector, best: Vector, at: CoxPoint, ties: Ties, part: float, scale: Vector
) -> tuple[PartialLikelihood, Matrix, float]:
    """Less of a long step that left no information, so that one runaway coefficient does not stop the others."""
    reach = float(np.abs(x @ at.step).max())
    while True:
        fresh = partial_likelihood(sets, x, weights, best + part * at.step, ties)
        information = fresh.information()
        if part * reach <= FAR or _condition(information, scale) <= WORST_CONDITION:
            return fresh, information, part
        part /= 2


def _maximum(best: Vector, null: CoxPoint, end: CoxPoint, scale: Vector, iterations: int) -> CoxMaximum:
    runaway = np.abs(end.step) * scale > RUNAWAY
    both = np.outer(scale, scale)
    covariance: Matrix = np.asarray(np.linalg.inv(end.information / both) / both, np.float64)
    covariance[runaway] = np.nan
    covariance[:, runaway] = np.nan
    return CoxMaximum(best, null, end, covariance, runaway, iterations)


def _solve(information: Matrix, gradient: Vector, scale: Vector) -> Vector:
    """Newton's step, on columns of one scale."""
    inner = 1 / scale
    return np.asarray(np.linalg.solve(information * np.outer(inner, inner), gradient * inner) * inner, np.float64)


def _condition(information: Matrix, scale: Vector) -> float:
    if not np.isfinite(information).all():
        return np.inf
    return float(np.linalg.cond(information / np.outer(scale, scale)))


def _refuse_flat(information: Matrix, names: Sequence[str], scale: Vector, events: int) -> None:
    """Raise where the data at risk together say nothing about a column, or not enough to tell columns apart."""
    least = LEAST_INFORMATION * events
    diagonal = np.diag(information) / scale**2
    flat = [name for name, own in zip(names, diagonal, strict=True) if not own > least]
    if flat:
        raise StatsError(
            f"{', '.join(flat)} never differs among those at risk together when an event happens; nothing can be "
            "estimated.\n    Take it out of the model, or look at strata, weights and entry times."
        )
    if _condition(information, scale) > WORST_CONDITION:
        raise StatsError(
            f"The terms ({', '.join(names)}) cannot be told apart among those at risk together.\n"
            "    Take terms out of the model, or look at strata, weights and entry times."
        )
