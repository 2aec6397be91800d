"""Multinomial (baseline-category) logistic regression by Newton's method with the analytic Hessian."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.design import INTERCEPT
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.logistic import Errors, unbounded
from neurolupus.stats.matrix_checks import has_intercept, size_notes
from neurolupus.stats.multinomial_data import NominalData, checked_nominal, ordered_levels
from neurolupus.stats.multinomial_likelihood import evaluate, probabilities
from neurolupus.stats.newton import Maximum, inverse_information, limit_inverse, maximise, without
from neurolupus.stats.robust import sandwich
from neurolupus.stats.separation import find_separation
from neurolupus.stats.wald import JointTest, joint_wald_test, likelihood_ratio_test, wald_estimates

SUSPICIOUS = 6e-6  # a fitted probability, exp(-12), from which separation is looked for
FAR = 12.0  # log odds ratios beyond are no place to start from


@dataclass(frozen=True, slots=True)
class LevelEstimates:
    """Log odds ratios of one outcome level against the reference."""

    level: Hashable
    n: int
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MultinomialFit:
    """A multinomial logistic model; estimates are log odds ratios against the reference outcome.

    Attributes
    ----------
    by_level : tuple of LevelEstimates
        In the order declared, without the reference; estimates are named by their design column.
    estimates : tuple of Estimate
        All of them, named `level: column`.
    reference : hashable
    term_tests : tuple of JointTest
        Test of each term over all outcome levels, where terms were given: likelihood ratio; Wald with robust errors.
    coefficients : (levels - 1, p) float array
    covariance : float array
        Of the coefficients laid out row after row.
    fitted : (n, levels) float array
        Probabilities, reference first.
    separated : tuple of str
        Names (`level: column`) of the estimates that do not exist; they are ±inf, their p-value NaN.
    """

    estimates: tuple[Estimate, ...]
    by_level: tuple[LevelEstimates, ...]
    reference: Hashable
    reference_n: int
    term_tests: tuple[JointTest, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes
    coefficients: Matrix
    covariance: Matrix
    fitted: Matrix
    log_likelihood: float
    separated: tuple[str, ...]
    iterations: int
    level: float

    def of(self, level: Hashable) -> LevelEstimates:
        """The estimates of one outcome level.

        Raises
        ------
        StatsError
            There is no such level, or it is the reference.
        """
        for entry in self.by_level:
            if entry.level == level:
                return entry
        raise StatsError(f"{level!r} has no estimates; there are {[e.level for e in self.by_level]}.")


def multinomial_regression(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    levels: Sequence[Hashable],
    *,
    reference: Hashable | None = None,
    terms: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    errors: Errors = "model",
    cluster: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> MultinomialFit:
    """Maximum-likelihood log odds ratios of each outcome level against the reference.

    Parameters
    ----------
    outcome : (n,) array
        One of `levels` per row; complete.
    design : (n, p) float array
        With its column of ones, if there is to be an intercept.
    names : sequence of str
        One per column.
    levels : sequence of hashable
        All outcome levels; each must occur.
    reference : hashable or None
        None is the first level.
    terms : sequence of str or None
        The term of each column (`Design.terms`); gives a likelihood-ratio test per term, at one more fit each.
    weights, errors, cluster
        As in `logistic_regression`.

    Raises
    ------
    StatsError
        A level is undeclared or does not occur, values are missing, columns are constant or dependent.

    Notes
    -----
    R's `nnet::multinom` maximises the same likelihood but stops early (`reltol` 1e-8): its third digit can differ.
    Where a column separates a level, its estimate is ±inf, which the notes say; use `firth_multinomial` then.

    References
    ----------
    .. [1] Agresti (2013), Categorical Data Analysis, 3rd edition, section 8.1.

    Examples
    --------
    >>> y = ["worse", "partial", "complete", "worse", "partial", "complete", "complete"]
    >>> fit = multinomial_regression(y, np.ones((7, 1)), ["intercept"], ["worse", "partial", "complete"])
    >>> round(fit.of("complete").estimates[0].exponentiated().value, 6)  # 3 complete to 2 worse
    1.5
    """
    if errors not in ("model", "robust"):
        raise StatsError(f"Errors {errors!r} are unknown; choose model or robust.")
    ordered = ordered_levels(levels, reference)
    data, cluster = checked_nominal(outcome, design, names, ordered, weights, cluster)
    p, k = data.x.shape[1], len(ordered) - 1
    found = maximise(partial(evaluate, data=data), np.zeros(k * p))
    fitted = probabilities(found.coefficients, data)
    full_names = [f"{lv}: {name}" for lv in ordered[1:] for name in names]
    growth, notes = _separated(data, found, fitted)
    covariance = inverse_information(found.at.information)
    if growth.any():
        covariance = limit_inverse(found.at.information, np.tile(np.linalg.norm(data.x, axis=0), k))
    robust = errors == "robust" or cluster is not None
    if robust:
        covariance = sandwich(covariance, _scores(data, fitted), cluster)
    if growth.any():  # after the sandwich, through which a missing number would reach every term
        covariance = without(covariance, growth != 0)
    separated = tuple(name for name, sign in zip(full_names, growth, strict=True) if sign)
    if separated:
        told = ", ".join(separated)
        notes = (*notes, f"Separation: {told} predict the outcome perfectly in some rows; no finite estimate exists.")
    plain = wald_estimates(full_names, found.coefficients, covariance, level=level)
    estimates = tuple(unbounded(e, sign) if sign else e for e, sign in zip(plain, growth, strict=True))
    counts = np.bincount(data.codes, minlength=k + 1)
    rarest = int(counts.min())
    varying = p - int(has_intercept(data.x))
    if data.weighted and not robust and (data.w % 1 != 0).any():
        notes = (*notes, "Weights are no whole numbers, and the errors take them for counts: prefer robust errors.")
    words = {False: "", True: ", robust errors" if cluster is None else ", robust errors by cluster"}[robust]
    return MultinomialFit(
        estimates=estimates,
        by_level=estimates_by_level(ordered, counts, estimates, names),
        reference=ordered[0],
        reference_n=int(counts[0]),
        term_tests=_term_tests(data, found, names, terms, covariance if robust else None),
        method=f"multinomial logistic regression, maximum likelihood, reference {ordered[0]}{words}",
        n=len(data.codes),
        n_dropped=n_dropped,
        notes=(*notes, *size_notes(rarest, varying, unit="rows of the rarest outcome")),
        coefficients=found.coefficients.reshape(k, p),
        covariance=covariance,
        fitted=fitted,
        log_likelihood=found.at.value,
        separated=separated,
        iterations=found.iterations,
        level=level,
    )


def _separated(data: NominalData, found: Maximum, fitted: Matrix) -> tuple[Vector, Notes]:
    """Sign of growth of each coefficient (all 0 without separation), and what to tell of convergence."""
    none = np.zeros(len(found.coefficients))
    if found.converged and fitted.min() > SUSPICIOUS:
        return none, ()
    result = find_separation(data.codes, data.x, data.levels)
    if result.found:
        return result.direction[1:].ravel(), ()
    if found.converged:
        return none, ()
    why = "; the outcome may be separated" if result.found is None else ""
    return none, (f"The fit did not converge{why}. Do not use the estimates.",)


def _scores(data: NominalData, fitted: Matrix) -> Matrix:
    residual = -fitted[:, 1:]
    seen = data.codes > 0
    residual[np.flatnonzero(seen), data.codes[seen] - 1] += 1.0
    residual *= data.w[:, None]
    return np.asarray((residual[:, :, None] * data.x[:, None, :]).reshape(len(data.x), -1))


def estimates_by_level(
    ordered: list[Hashable], counts: NDArray[np.intp], estimates: tuple[Estimate, ...], names: Sequence[str]
) -> tuple[LevelEstimates, ...]:
    """The estimates, laid out level after level, by outcome level; `counts` are the rows of each."""
    p = len(names)
    return tuple(
        LevelEstimates(
            level,
            int(counts[i]),
            tuple(replace(e, name=name) for e, name in zip(estimates[(i - 1) * p : i * p], names, strict=True)),
        )
        for i, level in enumerate(ordered[1:], start=1)
    )


def _term_tests(
    data: NominalData, found: Maximum, names: Sequence[str], terms: Sequence[str] | None, robust: Matrix | None
) -> tuple[JointTest, ...]:
    if terms is None:
        return ()
    if len(terms) != len(names):
        raise StatsError(f"There are {len(terms)} terms for {len(names)} columns; one per column is needed.")
    k, tests = data.levels - 1, []
    for term in dict.fromkeys(terms):
        if term == INTERCEPT:
            continue
        kept = np.array([t != term for t in terms])
        if robust is not None:  # a weighted likelihood has no likelihood-ratio test
            columns = np.flatnonzero(np.tile(~kept, k))
            tests.append(joint_wald_test(term, found.coefficients, robust, list(columns)))
            continue
        df = int((~kept).sum()) * k
        if kept.any():
            start = found.coefficients.reshape(k, -1)[:, kept].ravel()
            start = start if np.abs(start).max() < FAR else np.zeros(len(start))
            rest = NominalData(data.codes, np.ascontiguousarray(data.x[:, kept]), data.w, data.levels, data.weighted)
            reduced = maximise(partial(evaluate, data=rest), start).at.value
        else:
            reduced = -float(data.w.sum()) * float(np.log(data.levels))
        tests.append(likelihood_ratio_test(term, found.at.value, reduced, df))
    return tuple(tests)
