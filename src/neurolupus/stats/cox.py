"""Cox's proportional-hazards regression: Efron or Breslow ties, weights, strata, entry times, robust errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix, complete_weights
from neurolupus.stats.cox_likelihood import PartialLikelihood, Ties, partial_likelihood
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.matrix_checks import check_full_rank
from neurolupus.stats.risk_sets import RiskSets, risk_sets
from neurolupus.stats.robust import cluster_sums, sandwich
from neurolupus.stats.wald import wald_estimates

Errors = Literal["model", "robust"]
MOST_STEPS = 40
TOLERANCE = 1e-10  # relative change of the log likelihood
LEAST_EVENTS_PER_TERM = 10
WORST_CONDITION = 1e14
RUNAWAY = 0.05  # standard deviations of a column that its coefficient still moves when the likelihood stands still


@dataclass(frozen=True, slots=True)
class CoxTest:
    """One test of all coefficients at once."""

    method: str
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class CoxFit:
    """A fitted model; estimates are log hazard ratios.

    Attributes
    ----------
    covariance : (p, p) float array
        Of the estimates as reported: the inverse information, or its sandwich.
    model_covariance : (p, p) float array
        The inverse information.
    separated : tuple of str
        Columns whose coefficient has no finite estimate (a level without events); infinite, with NaN p-value.
    likelihood : PartialLikelihood
        At the estimate: residuals, hazard.
    """

    estimates: tuple[Estimate, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes
    n_events: int
    names: tuple[str, ...]
    coefficients: Vector
    covariance: Matrix
    model_covariance: Matrix
    log_likelihood: float
    log_likelihood_null: float
    separated: tuple[str, ...]
    iterations: int
    ties: Ties
    likelihood: PartialLikelihood
    tests: tuple[CoxTest, ...]

    def estimate(self, name: str) -> Estimate:
        """The estimate of one column of the design.

        Raises
        ------
        StatsError
            There is no such column.
        """
        for entry in self.estimates:
            if entry.name == name:
                return entry
        raise StatsError(f"{name!r} is no coefficient of the model; there are {', '.join(self.names)}.")

    def residuals(self, kind: Literal["martingale", "score", "dfbeta", "schoenfeld", "scaled_schoenfeld"]) -> Matrix:
        """Residuals as R's `residuals.coxph`.

        (n,) or (n, p) in the order of the rows given; Schoenfeld's, (events, p), in the order of stratum and time.
        """
        at = self.likelihood
        if kind == "schoenfeld":
            return at.schoenfeld()
        if kind == "scaled_schoenfeld":
            return np.asarray(at.schoenfeld() @ self.model_covariance * len(at.sets.event_rows) + self.coefficients)
        if kind == "martingale":
            values = at.sets.event - at.risk * at.cumulative_hazard()
        else:
            values = at.score_residuals() * at.weights[:, None]
            values = values if kind == "score" else values @ self.model_covariance
        out = np.empty_like(values)
        out[at.sets.order] = values
        return out


def cox_regression(
    time: ArrayLike,
    event: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    ties: Ties = "efron",
    errors: Errors = "model",
    cluster: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> CoxFit:
    """Log hazard ratios that maximise the partial likelihood.

    Parameters
    ----------
    time, event : (n,) arrays
        End of follow-up and whether the event happened then.
    design : (n, p) array
        Covariates, without a column of ones.
    names : p strings
    start : (n,) array, optional
        Entry times: a row is at risk after its start.
    strata : (n,) array, optional
        Each stratum has a baseline hazard of its own.
    weights : (n,) array, optional
        Case weights; with weights that are no counts ask for robust errors.
    ties : {"efron", "breslow"}
    errors : {"model", "robust"}
        `cluster` makes them robust and sums the rows of one label (a matched pair, a patient in several rows).
    n_dropped : int
        Rows the caller left out, carried into the result.

    Raises
    ------
    StatsError
        Missing values, negative times, no events, constant or collinear columns.

    References
    ----------
    .. [1] Cox (1972), J R Stat Soc B 34:187. R's `survival::coxph` (Therneau) is the reference of the tests.
    """
    sets = risk_sets(time, event, start=start, strata=strata)
    n, columns = len(sets.order), tuple(names)
    matrix = complete_matrix(design, columns, n)
    check_full_rank(np.column_stack([np.ones(n), matrix]), ("a constant", *columns))
    case = complete_weights(weights, n)
    w = (np.ones(n) if case is None else case)[sets.order]
    # centred for precision: neither the likelihood nor any residual changes
    x = np.ascontiguousarray((matrix - np.average(matrix, axis=0, weights=case))[sets.order])
    begin = partial_likelihood(sets, x, w, np.zeros(len(columns)), ties)
    null = _point(begin, begin.information())
    best, end, iterations = _climb(sets, x, w, null, ties)
    at = end.likelihood
    runaway = np.abs(end.step) * matrix.std(axis=0) > RUNAWAY
    model: Matrix = np.asarray(np.linalg.inv(end.information), np.float64)
    covariance, kind, parts = model, "model-based errors", None
    if errors == "robust" or cluster is not None:
        labels = None if cluster is None else np.asarray(cluster)[sets.order]
        covariance = sandwich(model, at.score_residuals() * w[:, None], labels)
        parts = begin.score_residuals() * w[:, None]
        parts = parts if labels is None else cluster_sums(parts, labels)
        kind = "robust errors" if cluster is None else "robust errors by cluster"
    estimates = tuple(
        _infinite(one) if is_so else one
        for one, is_so in zip(wald_estimates(columns, best, covariance, level=level), runaway, strict=True)
    )
    separated = tuple(name for name, is_so in zip(columns, runaway, strict=True) if is_so)
    events = int(sets.event.sum())
    notes = (*_size_notes(events, len(columns)), *((_separation_note(separated),) if separated else ()))
    return CoxFit(
        estimates, f"Cox regression, {ties.capitalize()} ties, {kind}", n, n_dropped, notes, events, columns,
        np.array([one.value for one in estimates]), covariance, model, at.log_likelihood, begin.log_likelihood,
        separated, iterations, ties, at, _tests(null, end, best, covariance, parts),
    )  # fmt: skip


def _climb(sets: RiskSets, x: Matrix, weights: Vector, null: _Point, ties: Ties) -> tuple[Vector, _Point, int]:
    """Newton's method with halved steps; the last full step tells whether a coefficient runs away."""
    best: Vector = np.zeros(x.shape[1])
    at = null
    for iteration in range(1, MOST_STEPS + 1):
        step, part, before = at.step, 1.0, at.likelihood.log_likelihood
        fresh = partial_likelihood(sets, x, weights, best + step, ties)
        while not fresh.log_likelihood >= before - 1e-9 * abs(before) and part > 1e-6:
            part /= 2
            fresh = partial_likelihood(sets, x, weights, best + part * step, ties)
        best = best + part * step
        information = fresh.information()
        if not np.isfinite(information).all() or np.linalg.cond(information) > WORST_CONDITION:
            return best, _Point(fresh, information, step), iteration
        at = _point(fresh, information)
        if abs(fresh.log_likelihood - before) <= TOLERANCE * max(1.0, abs(fresh.log_likelihood)):
            return best, at, iteration
    raise StatsError(
        f"The Cox model did not converge in {MOST_STEPS} steps.\n"
        "    Look for terms that tell nearly the same, and for levels with very few events."
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """The likelihood at one place, its information (p, p) and Newton's step (p,) from there."""

    likelihood: PartialLikelihood
    information: Matrix
    step: Vector


def _point(at: PartialLikelihood, information: Matrix) -> _Point:
    return _Point(at, information, np.asarray(np.linalg.solve(information, at.score()), np.float64))


def _infinite(one: Estimate) -> Estimate:
    """An estimate without a finite value: limits that exclude nothing on its side."""
    value = math.copysign(math.inf, one.value)
    return replace(one, value=value, ci_low=-math.inf, ci_high=math.inf, statistic=math.nan, p_value=math.nan)


def _separation_note(names: Sequence[str]) -> str:
    one = len(names) == 1
    return (
        f"{', '.join(names)} {'has' if one else 'have'} no finite estimate: all or none of the events lie on one side. "
        "Use Firth's penalty."
    )


def _size_notes(events: int, terms: int) -> Notes:
    """A warning below ten events per coefficient."""
    if events >= LEAST_EVENTS_PER_TERM * terms:
        return ()
    return (
        f"{events} events for {terms} coefficients: {events / terms:.1f} per coefficient; below "
        f"{LEAST_EVENTS_PER_TERM} estimates and intervals are unreliable.",
    )


def _tests(null: _Point, end: _Point, best: Vector, covariance: Matrix, parts: Matrix | None) -> tuple[CoxTest, ...]:
    """Likelihood-ratio, Wald and score tests that all coefficients are zero; `parts` of the score by row or cluster."""
    gradient, df = null.information @ null.step, len(best)
    values = [
        ("likelihood ratio", 2 * (end.likelihood.log_likelihood - null.likelihood.log_likelihood)),
        ("Wald", _quadratic(best, covariance)),
        ("score", float(gradient @ null.step)),
    ]
    if parts is not None:
        values.append(("robust score", _quadratic(parts.sum(axis=0), parts.T @ parts)))
    return tuple(CoxTest(name, value, df, float(stats.chi2.sf(value, df))) for name, value in values)


def _quadratic(vector: Vector, matrix: Matrix) -> float:
    """Quadratic form v' M⁻¹ v; NaN where M is singular, as with fewer clusters than coefficients."""
    try:
        return float(vector @ np.linalg.solve(matrix, vector))
    except np.linalg.LinAlgError:
        return math.nan
