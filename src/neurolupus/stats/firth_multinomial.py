"""Firth's penalised multinomial regression: finite odds ratios where a level of the outcome is separated."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.design import INTERCEPT
from neurolupus.stats.matrix_checks import has_intercept, size_notes
from neurolupus.stats.multinomial import MultinomialFit, estimates_by_level, multinomial_regression
from neurolupus.stats.multinomial_data import NominalData, checked_nominal, ordered_levels
from neurolupus.stats.multinomial_likelihood import evaluate, probabilities
from neurolupus.stats.newton import Maximum, Point, inverse_information
from neurolupus.stats.penalised import Penalised, maximise_free, profile_estimate, profile_fall
from neurolupus.stats.wald import JointTest


def firth_multinomial(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    levels: Sequence[Hashable],
    *,
    reference: Hashable | None = None,
    terms: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> MultinomialFit:
    """Log odds ratios that maximise the likelihood penalised by Jeffreys' prior, with profile limits.

    Parameters
    ----------
    outcome, design, names, levels, reference, terms, weights, n_dropped, level
        As in `multinomial_regression`; weights are counts.

    Notes
    -----
    Limits, p-values and the tests of terms are of the penalised likelihood ratio; the penalty is that of the full
    model also where coefficients are held. In a model of the exponential family with its canonical link the penalty
    removes the first-order bias: estimates equal those of R's `brglm2::brmultinom` with `type = "AS_mean"`.

    References
    ----------
    .. [1] Firth (1993), Biometrika 80:27, doi:10.1093/biomet/80.1.27.
    .. [2] Kosmidis and Firth (2011), Biometrika 98:755, doi:10.1093/biomet/asr026.

    Examples
    --------
    >>> y = ["worse", "worse", "partial", "complete", "complete"]
    >>> fit = firth_multinomial(y, np.ones((5, 1)), ["intercept"], ["worse", "partial", "complete"])
    >>> round(fit.of("partial").estimates[0].exponentiated().value, 6)  # half a patient is added to each level
    0.6
    """
    ordered = ordered_levels(levels, reference)
    data, _ = checked_nominal(outcome, design, names, ordered, weights, None)
    p, k = data.x.shape[1], len(ordered) - 1
    spread = _spread(data.x)
    scaled = NominalData(data.codes, np.ascontiguousarray(data.x / spread), data.w, data.levels, data.weighted)
    penalised = partial(_penalised, data=scaled)
    best = maximise_free(penalised, np.zeros(k * p), np.ones(k * p, bool))
    every = np.tile(spread, k)
    full_names = [f"{lv}: {name}" for lv in ordered[1:] for name in names]
    estimates = tuple(
        profile_estimate(penalised, best, j, name, level, spread=float(every[j])) for j, name in enumerate(full_names)
    )
    counts = np.bincount(data.codes, minlength=k + 1)
    notes = () if best.converged else ("The penalised fit did not converge. Do not use the estimates.",)
    varying = p - int(has_intercept(data.x))
    return MultinomialFit(
        estimates=estimates,
        by_level=estimates_by_level(ordered, counts, estimates, names),
        reference=ordered[0],
        reference_n=int(counts[0]),
        term_tests=_term_tests(penalised, best, k, names, terms),
        method="Firth's penalised multinomial logistic regression, profile penalised likelihood limits, "
        f"reference {ordered[0]}",
        n=len(data.codes),
        n_dropped=n_dropped,
        notes=(*notes, *size_notes(int(counts.min()), varying, unit="rows of the rarest outcome")),
        coefficients=(best.coefficients / every).reshape(k, p),
        covariance=inverse_information(best.at.information) / np.outer(every, every),
        fitted=probabilities(best.coefficients, scaled),
        log_likelihood=best.at.value + float(np.log(every).sum()),  # scaled columns move the penalty by a constant
        separated=(),
        iterations=best.iterations,
        level=level,
    )


def multinomial_or_firth(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    levels: Sequence[Hashable],
    *,
    reference: Hashable | None = None,
    terms: Sequence[str] | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> MultinomialFit:
    """The maximum-likelihood fit, or Firth's where a level is separated; the notes say by which columns."""
    fit = multinomial_regression(
        outcome, design, names, levels, reference=reference, terms=terms, n_dropped=n_dropped, level=level
    )
    if not fit.separated:
        return fit
    penalised = firth_multinomial(
        outcome, design, names, levels, reference=reference, terms=terms, n_dropped=n_dropped, level=level
    )
    told = (
        f"Separation: {', '.join(fit.separated)} predict the outcome perfectly in some rows; Firth's penalty is used."
    )
    return replace(penalised, notes=(told, *penalised.notes))


def _spread(x: Matrix) -> Vector:
    """What each column is divided by, so that a step of the search means the same in all: its root mean square."""
    return np.asarray(np.sqrt((x**2).mean(axis=0)))


def _penalised(coefficients: Vector, data: NominalData) -> Point:
    """Penalised log likelihood, its gradient and the (unpenalised) information.

    With V the inverse information, H (k, k) of a row its quadratic forms x' V_ab x and C the covariance of its
    outcome indicators, the gradient of half the log determinant in the linear predictor of level j is half of
    sum_a C_aj (H_aa - 2 (H shares)_a).
    """
    plain = evaluate(coefficients, data)
    sign, log_determinant = np.linalg.slogdet(plain.information)
    if sign <= 0 or not np.isfinite(log_determinant):
        return Point(-np.inf, np.zeros(len(coefficients)), plain.information)
    p, k = data.x.shape[1], data.levels - 1
    inverse = inverse_information(plain.information).reshape(k, p, k, p)
    shares = probabilities(coefficients, data)[:, 1:]
    forms = np.einsum("np,apbq,nq->nab", data.x, inverse, data.x, optimize=True)
    inner = np.einsum("naa->na", forms) - 2 * np.einsum("nab,nb->na", forms, shares)
    moved = shares * (inner - (shares * inner).sum(axis=1, keepdims=True))  # C times inner
    gradient = plain.gradient + 0.5 * ((data.w[:, None] * moved).T @ data.x).ravel()
    return Point(plain.value + 0.5 * float(log_determinant), np.asarray(gradient), plain.information)


def _term_tests(
    penalised: Penalised, best: Maximum, k: int, names: Sequence[str], terms: Sequence[str] | None
) -> tuple[JointTest, ...]:
    if terms is None:
        return ()
    if len(terms) != len(names):
        raise StatsError(f"There are {len(terms)} terms for {len(names)} columns; one per column is needed.")
    tests = []
    for term in dict.fromkeys(terms):
        if term == INTERCEPT:
            continue
        held = np.tile([t == term for t in terms], k)
        statistic = max(0.0, profile_fall(penalised, best, held, np.zeros(int(held.sum()))))
        df = int(held.sum())
        tests.append(
            JointTest(term, statistic, df, float(special.chdtrc(df, statistic)), "penalised likelihood-ratio test")
        )
    return tuple(tests)
