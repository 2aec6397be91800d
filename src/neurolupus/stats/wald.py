"""Estimates with symmetric limits, value ± quantile × se, by t or by the normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.estimate import Estimate


def wald_estimate(name: str, value: float, se: float, *, df: float | None = None, level: float = 0.95) -> Estimate:
    """One estimate with its Wald limits and two-sided p-value.

    Parameters
    ----------
    name : str
    value, se : float
        On the linear scale. A standard error of zero gives a p-value of 0, or 1 where the value is zero too.
    df : float or None
        Degrees of freedom of Student's t; None is the normal distribution.
    level : float
        Confidence level of the limits.

    Examples
    --------
    >>> round(wald_estimate("age", 1.96, 1.0).p_value, 3)
    0.05
    """
    half = critical_value(level, df) * se
    statistic = value / se if se else (math.copysign(math.inf, value) if value else 0.0)
    return Estimate(name, value, value - half, value + half, se, statistic, two_sided_p(statistic, df), level)


def wald_estimates(
    names: Sequence[str], values: Vector, covariance: Matrix, *, df: float | None = None, level: float = 0.95
) -> tuple[Estimate, ...]:
    """One estimate per coefficient, standard errors from the diagonal of the (p, p) `covariance`."""
    errors = np.sqrt(np.diag(covariance))
    return tuple(
        wald_estimate(name, float(value), float(se), df=df, level=level)
        for name, value, se in zip(names, values, errors, strict=True)
    )


def critical_value(level: float, df: float | None = None) -> float:
    """The two-sided critical value: 1.96 for a level of 0.95 and the normal distribution.

    Raises
    ------
    StatsError
        `level` does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        raise StatsError(f"Confidence level {level} is not between 0 and 1; write 0.95 for 95 %.")
    upper = (1 + level) / 2
    return float(special.ndtri(upper) if df is None else special.stdtrit(df, upper))


def two_sided_p(statistic: float, df: float | None = None) -> float:
    """Probability of a |statistic| at least as large, by t with `df` degrees of freedom or the normal distribution."""
    distance = -abs(statistic)
    return float(2 * (special.ndtr(distance) if df is None else special.stdtr(df, distance)))


@dataclass(frozen=True, slots=True)
class JointTest:
    """One test of several coefficients at once: a nominal term, an interaction."""

    name: str
    statistic: float
    df: int
    p_value: float
    method: str


def joint_wald_test(name: str, values: Vector, covariance: Matrix, columns: Sequence[int]) -> JointTest:
    """Wald chi-square that the coefficients at `columns` are all zero.

    Parameters
    ----------
    name : str
    values : (p,) float array
    covariance : (p, p) float array
    columns : sequence of int

    Examples
    --------
    >>> joint_wald_test("x", np.array([2.0]), np.eye(1), [0]).statistic
    4.0
    """
    at = list(columns)
    part = values[at]
    statistic = float(part @ np.linalg.solve(covariance[np.ix_(at, at)], part))
    return JointTest(name, statistic, len(at), float(special.chdtrc(len(at), statistic)), "Wald chi-square test")


def likelihood_ratio_test(name: str, log_likelihood: float, log_likelihood_reduced: float, df: int) -> JointTest:
    """Likelihood-ratio chi-square of a model against one with `df` coefficients fewer.

    Examples
    --------
    >>> round(likelihood_ratio_test("drug", -100.0, -103.0, 2).p_value, 4)
    0.0498
    """
    statistic = max(0.0, 2 * (log_likelihood - log_likelihood_reduced))
    return JointTest(name, statistic, df, float(special.chdtrc(df, statistic)), "likelihood-ratio test")
