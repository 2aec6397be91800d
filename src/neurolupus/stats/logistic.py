"""Logistic regression by maximum likelihood, separation detected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.estimate import Estimate, Notes, estimate_named
from neurolupus.stats.logistic_data import BinaryData, checked_binary, events_notes, null_log_likelihood, weight_notes
from neurolupus.stats.newton import Maximum, Point, inverse_information, limit_inverse, maximise, without
from neurolupus.stats.robust import sandwich
from neurolupus.stats.separation import find_separation
from neurolupus.stats.wald import wald_estimates

Errors = Literal["model", "robust", "hc3"]
ROWS_AT_ONCE = 8192  # a block and its weighted copy stay in the processor's cache
SUSPICIOUS = 12.0  # |log odds| of a fitted row from which separation is looked for


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """A logistic model; estimates are log odds ratios.

    Attributes
    ----------
    n_events : int
        Rows with outcome 1.
    separated : tuple of str
        Columns without a finite maximum-likelihood estimate; theirs is ±inf, its p-value NaN.
    fitted : (n,) float array
        Probabilities, the propensity score where the outcome is the treatment.
    log_likelihood, log_likelihood_null : float
        Penalised by Firth's term where `method` says so; the null model has an intercept only (NaN without one).
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
    fitted: Vector
    log_likelihood: float
    log_likelihood_null: float
    separated: tuple[str, ...]
    iterations: int
    level: float

    def estimate(self, name: str) -> Estimate:
        """The estimate of one column of the design.

        Raises
        ------
        StatsError
            There is no such column.
        """
        return estimate_named(self.estimates, name)


def logistic_regression(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    errors: Errors = "model",
    cluster: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> LogisticFit:
    """Maximum-likelihood log odds ratios, as R's `glm(family = binomial)` run to convergence.

    Parameters
    ----------
    outcome : (n,) array
        0 or 1.
    design : (n, p) float array
        With its column of ones, if there is to be an intercept.
    names : sequence of str
        One per column.
    weights : (n,) float array or None
        Counts, or sampling weights (then with robust errors). Rows of weight zero are left out.
    errors : str
        `model`: inverse information. `robust`: White's sandwich, by `cluster` where given. `hc3`: the same with each
        row's residual divided by one minus its leverage (R's `vcovHC(type = "HC3")`), not by cluster.
    cluster : (n,) array or None
        Labels of matched pairs or centres; makes the errors robust.
    n_dropped : int
        Rows the caller left out, carried along.

    Raises
    ------
    StatsError
        The outcome has one value only or others than 0 and 1; values are missing; columns are constant or dependent.

    Notes
    -----
    Where a column separates the outcome the maximum likelihood estimate does not exist: it is given as ±inf, which
    the notes say. Use `firth_logistic` then.

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [0.0, 0, 1, 1]])
    >>> fit = logistic_regression([0, 1, 0, 1], x, ["intercept", "exposure"])
    >>> round(fit.estimate("exposure").exponentiated().value, 6)
    1.0
    """
    if errors not in ("model", "robust", "hc3"):
        raise StatsError(f"Errors {errors!r} are unknown; choose model, robust or hc3.")
    if errors == "hc3" and cluster is not None:
        raise StatsError("HC3 errors are of rows, not of clusters; choose robust errors for clustered rows.")
    data, cluster_used = checked_binary(outcome, design, names, weights, cluster)
    found = maximise(lambda b: _likelihood(b, data), np.zeros(data.x.shape[1]))
    eta = data.x @ found.coefficients
    fitted = np.asarray(special.expit(eta))
    separated, notes = _separated(data, found, eta)
    growing = dict(separated)
    covariance = inverse_information(found.at.information)
    if separated:
        covariance = limit_inverse(found.at.information, np.linalg.norm(data.x, axis=0))
    robust = errors != "model" or cluster is not None
    if robust:
        residual = data.w * (data.y - fitted)
        if errors == "hc3":
            spread = data.w * fitted * (1 - fitted)
            residual /= 1 - spread * np.einsum("ij,jk,ik->i", data.x, covariance, data.x)
        scores = data.x * residual[:, None]
        covariance = sandwich(covariance, scores, cluster_used)
    if separated:  # after the sandwich, through which a missing number would reach every term
        covariance = without(covariance, np.array([name in growing for name in data.names]))
    estimates = tuple(
        unbounded(e, growing[e.name]) if e.name in growing else e
        for e in wald_estimates(data.names, found.coefficients, covariance, level=level)
    )
    kind = "HC3" if errors == "hc3" else "robust"
    told = {False: "", True: f", {kind} errors" if cluster is None else f", {kind} errors by cluster"}[robust]
    return LogisticFit(
        estimates=estimates,
        method=f"logistic regression, maximum likelihood{told}",
        n=len(data.y),
        n_dropped=n_dropped,
        notes=(*notes, *weight_notes(data, robust), *events_notes(data)),
        n_events=data.n_events,
        names=data.names,
        coefficients=found.coefficients,
        covariance=covariance,
        fitted=fitted,
        log_likelihood=found.at.value,
        log_likelihood_null=null_log_likelihood(data),
        separated=tuple(name for name, _ in separated),
        iterations=found.iterations,
        level=level,
    )


def _likelihood(b: Vector, data: BinaryData) -> Point:
    p = len(b)
    value, gradient, information = 0.0, np.zeros(p), np.zeros((p, p))
    for start in range(0, len(data.y), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        x, y, w = data.x[rows], data.y[rows], data.w[rows]
        eta = x @ b
        small = np.exp(-np.abs(eta))  # one exponential serves both the share and its logarithm
        share = np.where(eta >= 0, 1.0, small) / (1 + small)
        value += float(w @ (y * eta - np.maximum(eta, 0.0) - np.log1p(small)))
        gradient += (w * (y - share)) @ x
        information += (x * (w * share * (1 - share))[:, None]).T @ x
    return Point(value, gradient, information)


def _separated(data: BinaryData, found: Maximum, eta: Vector) -> tuple[tuple[tuple[str, float], ...], Notes]:
    """Columns without a finite estimate with the sign of their growth, and what to tell."""
    if found.converged and np.abs(eta).max() < SUSPICIOUS:
        return (), ()
    result = find_separation(data.y.astype(np.intp), data.x, 2)
    if result.found:
        growing = tuple((n, float(s)) for n, s in zip(data.names, result.direction[1], strict=True) if s)
        told = ", ".join(name for name, _ in growing)
        return growing, (f"Separation: {told} predict the outcome perfectly in some rows; no finite estimate exists.",)
    if found.converged:
        return (), ()
    if result.found is None:
        return (), ("The fit did not converge; the outcome may be separated. Do not use the estimates.",)
    return (), ("The fit did not converge. Do not use the estimates.",)


def unbounded(e: Estimate, sign: float) -> Estimate:
    """The estimate of a coefficient that grows for ever: ±inf, limits that exclude nothing, no p-value."""
    inf, nan = float("inf"), float("nan")
    return replace(e, value=sign * inf, ci_low=-inf, ci_high=inf, se=inf, statistic=nan, p_value=nan)
