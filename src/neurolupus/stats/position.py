"""Where one person lies among a cohort, once covariates are taken into account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from neurolupus.errors import StatsError
from neurolupus.stats.regression import linear_regression

FEWEST = 20  # fewer than five persons for each of three covariates and the mean say little of a fourth


@dataclass(frozen=True, slots=True)
class Position:
    """One person's value against what the cohort predicts.

    Attributes
    ----------
    predicted, low, high : float
        The prediction and its interval, on the scale of the outcome.
    t : float
        The difference in units of its standard error of prediction.
    percentile : float
        Per cent of comparable persons below, by Student's t.
    n : int
        Of the cohort.
    n_dropped : int
        Rows of the cohort with a missing value.
    level : float
    """

    predicted: float
    low: float
    high: float
    t: float
    percentile: float
    n: int
    n_dropped: int
    level: float


def adjusted_position(
    outcome: ArrayLike, covariates: ArrayLike, own_outcome: float, own_covariates: ArrayLike, *, level: float = 0.95
) -> Position:
    """Where a person lies among a cohort of the same covariates: the linear model's prediction interval.

    Parameters
    ----------
    outcome : (n,) float array
        Of the cohort, without the person; rows with NaN are dropped and counted.
    covariates : (n, p) float array
    own_outcome : float
    own_covariates : (p,) float array
    level : float

    Raises
    ------
    StatsError
        Fewer than twenty complete rows, or a constant covariate.

    References
    ----------
    .. [1] Crawford and Howell (1998), Clin Neuropsychol 12:482, doi:10.1076/clin.12.4.482.7241, for one person
       against a small sample; with covariates, the prediction interval of a linear model.
    """
    y, x = np.asarray(outcome, float), np.asarray(covariates, float)
    own = np.concatenate([[1.0], np.asarray(own_covariates, float)])
    keep = np.isfinite(y) & np.isfinite(x).all(axis=1)
    if keep.sum() < FEWEST:
        raise StatsError(
            f"the cohort has {int(keep.sum())} complete rows; {FEWEST} are needed to place one person among it.\n"
            "    Give a larger table, or fill in age, sex and volumes."
        )
    design = np.column_stack([np.ones(int(keep.sum())), x[keep]])
    names = ["(Intercept)", *(f"x{number}" for number in range(1, design.shape[1]))]
    fit = linear_regression(y[keep], design, names, n_dropped=int((~keep).sum()))
    predicted = float(own @ fit.coefficients)
    se = float(np.sqrt(fit.residual_sd**2 + own @ fit.covariance @ own))
    t = (own_outcome - predicted) / se
    reach = float(stats.t.ppf(0.5 + level / 2, fit.df_residual)) * se
    percentile = 100 * float(stats.t.cdf(t, fit.df_residual))
    return Position(predicted, predicted - reach, predicted + reach, t, percentile, fit.n, fit.n_dropped, level)
