"""Firth's penalised logistic regression: finite estimates where an outcome is separated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.logistic import LogisticFit, logistic_regression
from neurolupus.stats.logistic_data import BinaryData, checked_binary, events_notes, weight_notes
from neurolupus.stats.matrix_checks import has_intercept
from neurolupus.stats.newton import Point, inverse_information
from neurolupus.stats.penalised import maximise_free, profile_estimate


def firth_logistic(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> LogisticFit:
    """Log odds ratios that maximise the likelihood penalised by Jeffreys' prior, with profile limits.

    Parameters
    ----------
    outcome, design, names, weights, n_dropped, level
        As in `logistic_regression`.

    Notes
    -----
    Limits are where twice the fall of the profile penalised log likelihood reaches the chi-square quantile, p-values
    from the penalised likelihood ratio; `se` is the root of the inverse information at the estimate. The penalty is
    that of the full model also where one coefficient is held fixed (as in logistf). Estimates equal those of R's
    `brglm2` with `type = "AS_mean"`.

    References
    ----------
    .. [1] Firth (1993), Biometrika 80:27, doi:10.1093/biomet/80.1.27.
    .. [2] Heinze and Schemper (2002), Stat Med 21:2409, doi:10.1002/sim.1047.

    Examples
    --------
    >>> x = np.column_stack([np.ones(6), [0.0, 0, 0, 1, 1, 1]])
    >>> fit = firth_logistic([0, 1, 0, 1, 1, 1], x, ["intercept", "exposure"])
    >>> round(fit.estimate("exposure").value, 4)  # log of (3.5 / 0.5) / (1.5 / 2.5)
    2.4567
    """
    data, _ = checked_binary(outcome, design, names, weights)
    p = data.x.shape[1]
    evaluate = partial(_penalised, data=data)
    best = maximise_free(evaluate, np.zeros(p), np.ones(p, bool))
    covariance = inverse_information(best.at.information)
    estimates = tuple(profile_estimate(evaluate, best, j, name, level) for j, name in enumerate(data.names))
    notes = () if best.converged else ("The penalised fit did not converge. Do not use the estimates.",)
    return LogisticFit(
        estimates=estimates,
        method="Firth's penalised logistic regression, profile penalised likelihood limits",
        n=len(data.y),
        n_dropped=n_dropped,
        notes=(*notes, *weight_notes(data, robust=False), *events_notes(data)),
        n_events=data.n_events,
        names=data.names,
        coefficients=best.coefficients,
        covariance=covariance,
        fitted=np.asarray(special.expit(data.x @ best.coefficients)),
        log_likelihood=best.at.value,
        log_likelihood_null=_penalised_null(data),
        separated=(),
        iterations=best.iterations,
        level=level,
    )


def logistic_or_firth(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> LogisticFit:
    """The maximum-likelihood fit, or Firth's where the outcome is separated; the notes say which columns."""
    fit = logistic_regression(outcome, design, names, weights=weights, n_dropped=n_dropped, level=level)
    if not fit.separated:
        return fit
    penalised = firth_logistic(outcome, design, names, weights=weights, n_dropped=n_dropped, level=level)
    return replace(penalised, notes=(*fit.notes[:1], *penalised.notes))


def firth_coefficients(y: Vector, x: Matrix) -> tuple[Vector, Matrix]:
    """Penalised coefficients (p,) and their covariance (p, p) of checked arrays, without limits."""
    data = BinaryData(y, x, np.ones(len(y)), tuple(str(j) for j in range(x.shape[1])), weighted=False)
    best = maximise_free(partial(_penalised, data=data), np.zeros(x.shape[1]), np.ones(x.shape[1], bool))
    return best.coefficients, inverse_information(best.at.information)


def _penalised(b: Vector, data: BinaryData) -> Point:
    x, y, w = data.x, data.y, data.w
    eta = x @ b
    share = special.expit(eta)
    variance = w * share * (1 - share)
    information = (x * variance[:, None]).T @ x
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(log_determinant):
        return Point(-np.inf, np.zeros(len(b)), information)
    value = float(w @ (y * eta - np.logaddexp(0.0, eta))) + 0.5 * float(log_determinant)
    hat = variance * np.einsum("ij,ij->i", x @ inverse_information(information), x)
    gradient = (w * (y - share) + hat * (0.5 - share)) @ x
    return Point(value, gradient, information)


def _penalised_null(data: BinaryData) -> float:
    if not has_intercept(data.x):
        return float("nan")
    ones = BinaryData(data.y, np.ones((len(data.y), 1)), data.w, ("intercept",), data.weighted)
    return maximise_free(partial(_penalised, data=ones), np.zeros(1), np.ones(1, bool)).at.value
