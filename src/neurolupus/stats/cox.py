"""Cox's proportional-hazards regression: Efron or Breslow ties, weights, strata, entry times, robust errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from neurolupus.errors import StatsError
from neurolupus.stats.complete import (
    Matrix,
    Vector,
    complete_matrix,
    complete_weights,
)
from neurolupus.stats.cox_fit import CoxFit, CoxTest
from neurolupus.stats.cox_likelihood import Ties
from neurolupus.stats.cox_maximum import CoxMaximum, cox_maximum
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.matrix_checks import check_full_rank
from neurolupus.stats.risk_sets import risk_sets
from neurolupus.stats.robust import cluster_sums, sandwich
from neurolupus.stats.survival_data import complete_labels
from neurolupus.stats.wald import wald_estimates

Errors = Literal["model", "robust"]
LEAST_EVENTS_PER_TERM = 10
CLEARLY_APART = 1e-8  # least eigenvalue of the columns' correlations


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
    if not columns:
        raise StatsError("The Cox model has no term; one column or more is needed.\n    Compare curves instead.")
    matrix = complete_matrix(design, columns, n)
    case = complete_weights(weights, n)
    w = np.ones(n) if case is None else case[sets.order]
    means = np.average(matrix, axis=0, weights=case)
    # centred for precision: neither the likelihood nor any residual changes
    x = matrix[sets.order]
    x -= means
    gram = x.T @ x / n
    if not _is_independent(gram, means):
        check_full_rank(np.column_stack([np.ones(n), matrix]), ("a constant", *columns))
    best = cox_maximum(sets, x, w, columns, np.sqrt(np.diag(gram)), ties)
    covariance, kind, parts = best.covariance, "model-based errors", None
    if errors == "robust" or cluster is not None:
        labels = None if cluster is None else complete_labels(cluster, "cluster", n)[sets.order]
        covariance = _sandwich(best, w, labels)
        parts = best.null.likelihood.score_residuals() * w[:, None]
        parts = parts if labels is None else cluster_sums(parts, labels)
        kind = "robust errors" if cluster is None else "robust errors by cluster"
    estimates = tuple(
        _infinite(one) if is_so else one
        for one, is_so in zip(
            wald_estimates(columns, best.coefficients, covariance, level=level),
            best.runaway,
            strict=True,
        )
    )
    separated = tuple(name for name, is_so in zip(columns, best.runaway, strict=True) if is_so)
    events = int(sets.event.sum())
    notes = (
        *_size_notes(events, len(columns)),
        *((_separation_note(separated),) if separated else ()),
    )
    return CoxFit(
        estimates, f"Cox regression, {ties.capitalize()} ties, {kind}", n, n_dropped, notes, events, columns,
        np.array([one.value for one in estimates]), covariance, best.covariance, best.end.value, best.null.value,
        separated, best.iterations, ties, best.end.likelihood, means, _tests(best, covariance, parts),
    )  # fmt: skip


def _is_independent(gram: Matrix, means: Vector) -> bool:
    """Whether centred columns are far from dependent; a quick look that spares the slow one."""
    lengths = np.sqrt(np.diag(gram))
    if not (lengths > 1e-9 * np.abs(means)).all() or not np.isfinite(gram).all():
        return False
    return float(np.linalg.eigvalsh(gram / np.outer(lengths, lengths))[0]) > CLEARLY_APART


def _sandwich(best: CoxMaximum, weights: Vector, labels: ArrayLike | None) -> Matrix:
    """The robust covariance; NaN for runaway coefficients, as in the model's."""
    known = np.where(np.isnan(best.covariance), 0.0, best.covariance)
    robust = sandwich(known, best.end.likelihood.score_residuals() * weights[:, None], labels)
    return np.where(np.isnan(best.covariance), np.nan, robust)


def _infinite(one: Estimate) -> Estimate:
    """An estimate without a finite value: limits that exclude nothing on its side."""
    value = math.copysign(math.inf, one.value)
    return replace(
        one,
        value=value,
        ci_low=-math.inf,
        ci_high=math.inf,
        se=math.inf,
        statistic=math.nan,
        p_value=math.nan,
    )


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


def _tests(best: CoxMaximum, covariance: Matrix, parts: Matrix | None) -> tuple[CoxTest, ...]:
    """Likelihood-ratio, Wald and score tests that all coefficients are zero; `parts` of the score by row or cluster."""
    null, df = best.null, len(best.coefficients)
    values = [
        ("likelihood ratio", 2 * (best.end.value - null.value)),
        ("Wald", _quadratic(best.coefficients, covariance)),
        ("score", float(null.step @ null.information @ null.step)),
    ]
    if parts is not None:
        values.append(("robust score", _quadratic(parts.sum(axis=0), parts.T @ parts)))
    return tuple(CoxTest(name, value, df, float(stats.chi2.sf(value, df))) for name, value in values)


def _quadratic(vector: Vector, matrix: Matrix) -> float:
    """Quadratic form v' M⁻¹ v; NaN where M is singular, as with fewer clusters than coefficients."""
    if not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix, hermitian=True) < len(matrix):
        return math.nan
    return float(vector @ np.linalg.solve(matrix, vector))
