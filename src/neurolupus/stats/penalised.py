"""Maximum of a penalised likelihood, some coefficients held, and the limits its profile gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from neurolupus.stats.complete import Vector
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.newton import Maximum, Point, inverse_information, maximise
from neurolupus.stats.wald import critical_value

LARGEST_STEP = 5.0  # of a coefficient
FARTHEST = 2.0**16  # standard errors from the estimate within which a profile limit is looked for

Penalised = Callable[[Vector], Point]  # value and gradient with the penalty, information without


def maximise_free(evaluate: Penalised, start: Vector, free: NDArray[np.bool_]) -> Maximum:
    """The maximum over the free coefficients; the others stay at `start`."""

    def of_free(part: Vector) -> Point:
        b = start.copy()
        b[free] = part
        whole = evaluate(b)
        return Point(whole.value, whole.gradient[free], whole.information[np.ix_(free, free)])

    if not free.any():
        return Maximum(start, evaluate(start), 0, converged=True)
    found = maximise(of_free, start[free], largest_step=LARGEST_STEP)
    b = start.copy()
    b[free] = found.coefficients
    at = found.at if free.all() else evaluate(b)
    return Maximum(b, at, found.iterations, found.converged)


def profile_fall(evaluate: Penalised, best: Maximum, held: NDArray[np.bool_], at: Vector) -> float:
    """Twice the fall of the profile log likelihood from its maximum, with the coefficients `held` at `at`."""
    covariance = inverse_information(best.at.information)
    shift = at - best.coefficients[held]
    towards = covariance[:, held] @ np.linalg.solve(covariance[np.ix_(held, held)], shift)
    start = best.coefficients + towards  # where a quadratic would have its maximum
    start[held] = at
    return 2 * (best.at.value - maximise_free(evaluate, start, ~held).at.value)


def profile_estimate(
    evaluate: Penalised, best: Maximum, j: int, name: str, level: float, *, spread: float = 1.0
) -> Estimate:
    """Coefficient j with profile limits and the p-value of the penalised likelihood ratio.

    Parameters
    ----------
    evaluate : callable
        Coefficients to the penalised likelihood.
    best : Maximum
        Of `evaluate`, all coefficients free.
    j : int
    name : str
    level : float
        Of the interval.
    spread : float
        What the column was divided by.

    Notes
    -----
    A limit is where twice the fall of the profile reaches the chi-square quantile; ±inf where it never does.
    """
    quantile = critical_value(level) ** 2
    centre = float(best.coefficients[j])
    se = float(np.sqrt(inverse_information(best.at.information)[j, j]))
    held = np.arange(len(best.coefficients)) == j

    def fall(at: float) -> float:
        return profile_fall(evaluate, best, held, np.array([at]))

    def limit(sign: float) -> float:
        inner, outer = 0.0, 2.0
        while fall(centre + sign * outer * se) < quantile:
            inner, outer = outer, outer * 2
            if outer > FARTHEST:
                return float(np.copysign(np.inf, sign))
        reach = optimize.brentq(lambda r: fall(centre + sign * r * se) - quantile, inner, outer, xtol=1e-10, rtol=1e-12)
        return centre + sign * float(reach) * se

    statistic = max(0.0, fall(0.0))
    return Estimate(
        name, centre / spread, limit(-1.0) / spread, limit(1.0) / spread, se / spread, statistic,
        float(special.chdtrc(1, statistic)), level,
    )  # fmt: skip
