"""How exact a measurement is: its error's SD from what is known of it, its reliability, and what that does to results.

Error is classical throughout: the value measured is the true one plus an error of mean zero that knows nothing of the
true value nor of the outcome. On the scale of a model: a volume that enters as a logarithm has its error there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_vector
from neurolupus.stats.wald import critical_value

LEAST_TRUE = 0.05  # of the variance measured: what is true of it, where a first look at small values leaves nothing


@dataclass(frozen=True, slots=True)
class Reliability:
    """The share of a measurement's variance that is not error.

    Attributes
    ----------
    marginal : float
        Of all its variance; what is called ICC of single measurements.
    conditional : float
        Of what the other terms of a model leave of its variance: the factor by which its coefficient is attenuated.
    error_sd : float
        Root of the mean error variance.
    """

    marginal: float
    conditional: float
    error_sd: float


@dataclass(frozen=True, slots=True)
class OutcomeError:
    """What error in the outcome of a linear model does: nothing to the differences, something to their precision.

    Attributes
    ----------
    reliability : float
    r_squared, r_squared_corrected : float
        As observed, and over the reliability: what the terms explain of the true outcome.
    residual_share : float
        Of the residual variance, that which is measurement error.
    se_factor : float
        Standard errors without the error over those with it.
    """

    reliability: float
    r_squared: float
    r_squared_corrected: float
    residual_share: float
    se_factor: float


def sd_of_interval(low: ArrayLike, high: ArrayLike, *, level: float = 0.95) -> Vector:
    """Error SD of values that stand between symmetric limits, (n,).

    Raises
    ------
    StatsError
        A limit is missing, or an upper one lies below its lower one.

    Examples
    --------
    >>> sd_of_interval([1.0], [1.0 + 2 * 1.959964]).round(6).tolist()
    [1.0]
    """
    lower, upper = complete_vector(low, "the lower limit"), complete_vector(high, "the upper limit")
    if len(lower) != len(upper) or (upper < lower).any():
        raise StatsError("An upper limit lies below its lower limit; exchange the columns, or correct the rows.")
    return np.asarray((upper - lower) / (2 * critical_value(level)))


def sd_of_sdc(sdc: ArrayLike) -> Vector:
    """Error SD of one measurement from the smallest detectable change between two: SDC = 1.96 √2 SD.

    Raises
    ------
    StatsError
        A value is missing or negative.

    References
    ----------
    .. [1] de Vet et al. (2006), Health Qual Life Outcomes 4:54, doi:10.1186/1477-7525-4-54.

    Examples
    --------
    >>> sd_of_sdc([2.771808]).round(6).tolist()
    [1.0]
    """
    values = complete_vector(sdc, "the smallest detectable change")
    if (values < 0).any():
        raise StatsError(f"The smallest detectable change is {values.min():g}; zero or more is needed.")
    return np.asarray(values / (critical_value(0.95) * np.sqrt(2)))


def sd_of_logarithm(sd: ArrayLike, values: ArrayLike) -> Vector:
    """Error SD of natural logarithms, (n,), of positive values whose own error has this SD.

    √ln(1 + CV²), exact when the error is log-normal; nearly the coefficient of variation where that is small.

    Examples
    --------
    >>> sd_of_logarithm([0.1], [1.0]).round(4).tolist()
    [0.0998]
    """
    spread, at = complete_vector(sd, "the error SD"), complete_vector(values, "the values")
    if not (at > 0).all():
        raise StatsError(f"A value is {at.min():g}; positive values are needed for errors of logarithms.")
    return np.asarray(np.sqrt(np.log1p((spread / at) ** 2)))


def expected_sd_of_logarithm(sd: ArrayLike, values: ArrayLike) -> Vector:
    """Error SD of natural logarithms, (n,), each at the value that is expected of its measurement.

    A value that is low by chance seems to have a larger error than it has, and one that is high a smaller: weighted
    by such errors a correction takes back too much. So each is worked out once more at its expected true value, by a
    linear calibration with the first ones: the error a measurement was made with hangs on what is true [1]_. How the
    SD changes with the value is that of a floor and a share, sd² = floor² + (share · value)², fitted to all.

    Parameters
    ----------
    sd, values : (n,) float arrays
        In the unit of the values, which are positive.

    References
    ----------
    .. [1] Carroll, Ruppert, Stefanski and Crainiceanu (2006), Measurement Error in Nonlinear Models, 2nd ed., 4.7.

    Examples
    --------
    >>> sd_of_logarithm([0.1, 0.1, 0.1], [0.2, 1.0, 5.0]).round(3).tolist()
    [0.472, 0.1, 0.02]
    >>> expected_sd_of_logarithm([0.1, 0.1, 0.1], [0.2, 1.0, 5.0]).round(3).tolist()
    [0.419, 0.1, 0.02]
    """
    first = sd_of_logarithm(sd, values)
    spread, at = np.asarray(sd, float), np.asarray(values, float)
    w = np.log(at)
    if len(w) < 2 or not spread.any():
        return first
    whole = float(w.var(ddof=1))
    true = max(whole - float(np.mean(first**2)), LEAST_TRUE * whole)
    if true == 0:
        return first
    expected = np.exp(w.mean() + true / (true + first**2) * (w - w.mean()))
    known = spread > 0
    squares = np.column_stack([np.ones(int(known.sum())), at[known] ** 2]) / spread[known, None] ** 2
    floor, share = nnls(squares, np.ones(len(squares)))[0]
    there, here = (floor + share * value**2 for value in (expected, at))
    return sd_of_logarithm(spread * np.sqrt(there / here), expected)


def sd_of_reliability(measured: ArrayLike, reliability: float) -> float:
    """Error SD of measurements of this reliability (an ICC): √((1 − R) variance).

    Raises
    ------
    StatsError
        The reliability does not lie between 0 and 1, or there are fewer than two values.

    Examples
    --------
    >>> sd_of_reliability([0.0, 2.0], 0.5)
    1.0
    """
    values = complete_vector(measured, "the measurement", at_least=2)
    if not 0 < reliability <= 1:
        raise StatsError(f"The reliability is {reliability:g}; a number above 0, at most 1, is needed.")
    return float(np.sqrt((1 - reliability) * values.var(ddof=1)))


def checked_error(measured: ArrayLike, error_sd: ArrayLike) -> tuple[Vector, Vector]:
    """Measurements and their error SDs, one each.

    Raises
    ------
    StatsError
        Values are missing, an SD is negative, all are zero, or there are not as many.
    """
    w = complete_vector(measured, "the measurement", at_least=3)
    sd = complete_vector(error_sd, "the error SD")
    if len(sd) != len(w):
        raise StatsError(f"There are {len(sd)} error SDs for {len(w)} measurements; one each is needed.")
    if (sd < 0).any() or not sd.any():
        raise StatsError(
            f"Error SDs run from {sd.min():g} to {sd.max():g}; zero or more, not all zero, are needed.\n"
            "    Without error there is nothing to correct."
        )
    return w, sd


def reliability(measured: ArrayLike, error_sd: ArrayLike, others: Matrix) -> Reliability:
    """How reliable a measurement is, by itself and beside the other terms of a model.

    Parameters
    ----------
    measured, error_sd : (n,) float arrays
        On the scale of the model.
    others : (n, q) float array
        The other columns of the design, an intercept among them.

    Raises
    ------
    StatsError
        The error is as large as what there is to explain: no true variance would be left.

    References
    ----------
    .. [1] Carroll, Ruppert, Stefanski and Crainiceanu (2006), Measurement Error in Nonlinear Models, 2nd ed., 3.3.

    Examples
    --------
    >>> found = reliability([0.0, 1.0, 2.0, 3.0], [0.5] * 4, np.ones((4, 1)))
    >>> round(found.marginal, 4)    # variance 5/3, error 1/4
    0.85
    """
    w, sd = checked_error(measured, error_sd)
    error = float(np.mean(sd**2))
    whole = float(w.var(ddof=1))
    left = residual_variance(w, others)
    if error >= left:
        raise StatsError(
            f"The error's SD is {np.sqrt(error):.3g}, and the measurement's own, the other terms allowed for, is "
            f"{np.sqrt(left):.3g}; the error must be smaller.\n"
            "    Is the error on the scale of the model (logarithms)? Was it measured in patients like these?"
        )
    return Reliability(1 - error / whole, 1 - error / left, float(np.sqrt(error)))


def residual_variance(values: Vector, others: Matrix) -> float:
    """Variance of what a linear model of the other columns leaves of some values."""
    coefficients, *_ = np.linalg.lstsq(others, values, rcond=None)
    residuals = values - others @ coefficients
    df = len(values) - int(np.linalg.matrix_rank(others))
    if df < 1:
        raise StatsError(f"{len(values)} rows for {others.shape[1]} columns leave no residual; more rows are needed.")
    return float(residuals @ residuals / df)


def outcome_error(
    outcome: ArrayLike, error_sd: ArrayLike, *, residual_sd: float, r_squared: float, weights: ArrayLike | None = None
) -> OutcomeError:
    """What classical error in the outcome does to a linear model that was fitted to it.

    Coefficients are not biased; their errors are wider, and R² is smaller, than those of the true outcome.

    Parameters
    ----------
    outcome, error_sd : (n,) float arrays
        As the model saw the outcome.
    residual_sd, r_squared : float
        Of the fitted model.
    weights : (n,) float array or None
        Of the fitted model.

    Raises
    ------
    StatsError
        The error is larger than the residuals allow.

    Examples
    --------
    >>> found = outcome_error([0.0, 1.0, 2.0, 3.0], [0.5] * 4, residual_sd=1.0, r_squared=0.4)
    >>> round(found.r_squared_corrected, 4), found.residual_share    # 0.4 / 0.85
    (0.4706, 0.25)
    """
    y, sd = checked_error(outcome, error_sd)
    w = np.ones(len(y)) if weights is None else complete_vector(weights, "weights")
    error = float(np.average(sd**2, weights=w))
    mean = float(np.average(y, weights=w))
    variance = float(np.average((y - mean) ** 2, weights=w)) * len(y) / (len(y) - 1)
    share = error / residual_sd**2
    if share >= 1:
        raise StatsError(
            f"The error's SD is {np.sqrt(error):.3g}, and that of the residuals, which hold it, {residual_sd:.3g}; the "
            "error must be smaller.\n"
            "    Is it on the scale of the model (logarithms)? Was it measured in patients like these?"
        )
    whole = 1 - error / variance
    return OutcomeError(whole, r_squared, r_squared / whole, share, float(np.sqrt(1 - share)))
