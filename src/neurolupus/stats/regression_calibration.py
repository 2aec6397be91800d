"""Regression calibration: a measurement is replaced by its expected true value, given all else that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.measurement_error import Reliability, checked_error, reliability
from neurolupus.stats.sensitivity import FEWEST, percentile_estimate

MOST_FAILED = 0.1  # share of resampled cohorts that may fail

Rows = NDArray[np.intp]
RefitRows = Callable[[Vector, Rows], Sequence[Estimate]]


@dataclass(frozen=True, slots=True, eq=False)
class RegressionCalibration:
    """Estimates as they would be without measurement error.

    Attributes
    ----------
    naive, estimates : tuple of Estimate
        As fitted to the data, and corrected, with percentile limits; the same names in the same order.
    expected : (n,) float array
        The expected true values.
    reliability : Reliability
    n_failed : int
        Resampled cohorts that could not be fitted and were left out.
    """

    naive: tuple[Estimate, ...]
    estimates: tuple[Estimate, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes
    expected: Vector
    reliability: Reliability
    n_failed: int


def expected_true(measured: ArrayLike, error_sd: ArrayLike, others: Matrix) -> Vector:
    """The expected true value of each measurement, (n,), given what was measured and the other columns of the model.

    Parameters
    ----------
    measured, error_sd : (n,) float arrays
        On the scale of the model.
    others : (n, q) float array
        An intercept among them.

    Raises
    ------
    StatsError
        The error leaves no true variance.

    Notes
    -----
    The true value is normal around a linear model of the other columns with variance t²; t² is the residual variance
    of the measurement less the mean error variance. A value is drawn towards that model's prediction the more, the
    larger its own error: by t² / (t² + s²).

    Examples
    --------
    >>> expected_true([0.0, 1.0, 2.0, 3.0], [0.5] * 4, np.ones((4, 1))).round(3).tolist()   # 1.5 ± 0.85 times
    [0.225, 1.075, 1.925, 2.775]
    """
    w, sd = checked_error(measured, error_sd)
    found = reliability(w, sd, others)
    true = found.error_sd**2 * found.conditional / (1 - found.conditional)
    coefficients, *_ = np.linalg.lstsq(others, w, rcond=None)
    predicted = others @ coefficients
    return np.asarray(predicted + true / (true + sd**2) * (w - predicted))


def regression_calibration(
    refit: RefitRows,
    measured: ArrayLike,
    error_sd: ArrayLike,
    others: Matrix,
    rng: np.random.Generator,
    *,
    cluster: ArrayLike | None = None,
    replicates: int = 500,
    n_dropped: int = 0,
    level: float = 0.95,
) -> RegressionCalibration:
    """Estimates of a model corrected for classical error in one of its terms, limits by the bootstrap.

    Parameters
    ----------
    refit : callable
        From values of the term and the rows they belong to, (n,) each, to the estimates of the model. It may raise
        `StatsError`; such resampled cohorts are left out and counted.
    measured, error_sd : (n,) float arrays
        On the scale of the model.
    others : (n, q) float array
        The other columns of the design, an intercept among them.
    rng : Generator
    cluster : (n,) array or None
        Matched sets, drawn whole.
    replicates : int
        Cohorts drawn with replacement; calibration and model are made again in each.

    Raises
    ------
    StatsError
        The data cannot be calibrated or fitted, or more than a tenth of the resampled cohorts fail.

    Notes
    -----
    Exact for linear models; for logistic and Cox models an approximation that is good while effect × error is small
    or events are rare.

    References
    ----------
    .. [1] Rosner, Spiegelman and Willett (1990), Am J Epidemiol 132:734, doi:10.1093/oxfordjournals.aje.a115715.
    .. [2] Carroll, Ruppert, Stefanski and Crainiceanu (2006), Measurement Error in Nonlinear Models, 2nd ed., ch. 4.
    """
    w, sd = checked_error(measured, error_sd)
    if replicates < FEWEST:
        raise StatsError(f"{replicates} replicates were asked for; {FEWEST} or more are needed for an interval.")
    rows = np.arange(len(w), dtype=np.intp)
    naive = tuple(refit(w, rows))
    expected = expected_true(w, sd, others)
    main = tuple(refit(expected, rows))
    names = [e.name for e in main]
    if not np.isfinite([e.value for e in (*naive, *main)]).all():
        raise StatsError("The model has no finite estimate as measured; there is nothing to correct.")
    values = np.full((replicates, len(names)), np.nan)
    sets = _sets(cluster, len(w))
    for b, one in enumerate(rng.spawn(replicates)):
        drawn = np.concatenate([sets[i] for i in one.integers(0, len(sets), len(sets))])
        try:
            again = refit(expected_true(w[drawn], sd[drawn], others[drawn]), drawn)
        except StatsError:
            continue  # counted below: its row stays NaN
        if [e.name for e in again] == names:
            values[b] = [e.value for e in again]
    values[~np.isfinite(values).all(axis=1)] = np.nan
    failed = int(np.isnan(values).any(axis=1).sum())
    if failed > MOST_FAILED * replicates:
        raise StatsError(
            f"{failed} of {replicates} resampled cohorts could not be calibrated and fitted; at most a tenth may "
            "fail.\n    Take terms out of the model, or look at the size of the error."
        )
    estimates = tuple(percentile_estimate(e.name, e.value, values[:, j], level) for j, e in enumerate(main))
    notes = (f"{failed} of {replicates} resampled cohorts could not be fitted and were left out.",) if failed else ()
    method = f"regression calibration, percentile bootstrap of {replicates} samples"
    found = reliability(w, sd, others)
    return RegressionCalibration(naive, estimates, method, len(w), n_dropped, notes, expected, found, failed)


def _sets(cluster: ArrayLike | None, n: int) -> list[Rows]:
    """The rows that are drawn together."""
    if cluster is None:
        return [np.array([i], dtype=np.intp) for i in range(n)]
    labels = np.asarray(cluster)
    return [np.flatnonzero(labels == one) for one in np.unique(labels)]
