"""A curve of estimates against added error, followed back to where there is no error: strength −1."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from scipy import optimize

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector

Extrapolant = Literal["linear", "quadratic", "rational"]
NO_ERROR = -1.0
STEEPEST = 0.95  # of u: the curve would have grown twentyfold between the data and no error
FLATTEST = -0.45  # of u: beyond, the curve has a pole within the strengths simulated
GRID = 141  # values of u looked at before the best one is refined: every 0.01


def extrapolate(strengths: Vector, values: Matrix, extrapolant: Extrapolant) -> Vector:
    """The values of each column at strength −1, (p,).

    Parameters
    ----------
    strengths : (k,) float array
        Added error variance in units of the error's own; the first is 0, the data as they are.
    values : (k, p) float array
        One row per strength.
    extrapolant : str
        A line, a parabola, or the quotient a + b s / (1 + u s), by least squares. The quotient is the exact curve of
        a coefficient of a linear model.

    Raises
    ------
    StatsError
        The extrapolant is unknown, there are too few strengths for it, or the quotient has no end at −1.

    Examples
    --------
    >>> strengths = np.array([0.0, 1.0, 2.0])
    >>> extrapolate(strengths, (1.0 - 0.1 * strengths)[:, None], "linear").round(6).tolist()
    [1.1]
    """
    if extrapolant not in get_args(Extrapolant):
        raise StatsError(f"Extrapolant {extrapolant!r} is unknown; choose {', '.join(get_args(Extrapolant))}.")
    if extrapolant == "rational":
        return np.array([_rational(strengths, column) for column in values.T])
    return np.asarray(polynomial_weights(strengths, extrapolant) @ values)


def polynomial_weights(strengths: Vector, extrapolant: Extrapolant) -> Vector:
    """What each row is multiplied by, (k,): a polynomial by least squares at −1 is a sum of its rows.

    Examples
    --------
    >>> polynomial_weights(np.array([0.0, 1.0]), "linear").round(6).tolist()
    [2.0, -1.0]
    """
    degree = {"linear": 1, "quadratic": 2}[extrapolant]
    if len(strengths) <= degree:
        raise StatsError(
            f"{len(strengths)} strengths were given; a {extrapolant} extrapolation needs {degree + 1} or more."
        )
    at = NO_ERROR ** np.arange(degree + 1)
    return np.asarray(at @ np.linalg.pinv(np.vander(strengths, degree + 1, increasing=True)))


def recovered(reliability: float, strengths: Vector, extrapolant: Extrapolant) -> float:
    """What an extrapolation gives of a linear model's true coefficient, whose curve against added error is known.

    Parameters
    ----------
    reliability : float
        Of the measurement beside the other terms; the coefficient as measured is this share of the true one.
    strengths : (k,) float array
        As of `extrapolate`.

    References
    ----------
    .. [1] Carroll, Ruppert, Stefanski and Crainiceanu (2006), Measurement Error in Nonlinear Models, 2nd ed., 5.3.

    Examples
    --------
    >>> strengths = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    >>> [round(recovered(0.75, strengths, kind), 3) for kind in ("linear", "quadratic", "rational")]
    [0.861, 0.949, 1.0]
    """
    if extrapolant == "rational":
        return 1.0
    curve = reliability / (reliability + (1 + strengths) * (1 - reliability))
    return float(polynomial_weights(strengths, extrapolant) @ curve)


def _rational(strengths: Vector, values: Vector) -> float:
    """The quotient's end at −1; for each u the rest is linear, so one search over u is enough."""
    if len(strengths) < 4:
        raise StatsError(f"{len(strengths)} strengths were given; a rational extrapolation needs 4 or more.")
    scale = float(np.ptp(values))
    if not scale > 1e-12 * max(1.0, float(np.abs(values).max())):
        return float(values[0])
    unit = (values - values[0]) / scale

    def fitted(u: float) -> tuple[float, float, float]:
        x = np.column_stack([np.ones_like(strengths), strengths / (1 + u * strengths)])
        (a, b), *_ = np.linalg.lstsq(x, unit, rcond=None)
        return float(np.sum((unit - x @ (a, b)) ** 2)), float(a), float(b)

    grid = np.linspace(FLATTEST, STEEPEST, GRID)
    best = int(np.argmin([fitted(u)[0] for u in grid]))
    around = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, GRID - 1)]))
    found = optimize.minimize_scalar(
        lambda u: fitted(u)[0], bounds=around, method="bounded", options={"xatol": 1e-10, "maxiter": 500}
    )
    u = float(found.x)
    if u > STEEPEST - 1e-6 or u < FLATTEST + 1e-6:
        raise StatsError(
            "The rational extrapolation has no stable end: the curve of the simulated estimates is too steep.\n"
            "    Use extrapolation: quadratic, or look at the size of the error."
        )
    _, a, b = fitted(u)
    return float(values[0] + scale * (a - b / (1 - u)))
