"""Maximum of a concave log likelihood by Newton's steps, halved where they overshoot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.stats.complete import Matrix, Vector

CLOSE = 1e-16  # squared distance to the maximum, in standard errors
MOST_STEPS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Log likelihood, its gradient (p,) and its information, minus the Hessian (p, p), at one place."""

    value: float
    gradient: Vector
    information: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where the iterations ended."""

    coefficients: Vector
    at: Point
    iterations: int
    converged: bool


def maximise(evaluate: Callable[[Vector], Point], start: Vector, *, largest_step: float = np.inf) -> Maximum:
    """The maximum found from `start`; `converged` is False where the information became singular.

    Parameters
    ----------
    evaluate : callable
        Coefficients (p,) to a Point.
    start : (p,) float array
    largest_step : float
        No coefficient moves further in one step.
    """
    here = start.astype(np.float64)
    point = evaluate(here)
    for iteration in range(1, MOST_STEPS + 1):
        step = scaled_solve(point.information, point.gradient)
        if step is None:
            return Maximum(here, point, iteration, converged=False)
        decrement = float(point.gradient @ step)
        if decrement <= CLOSE:
            return Maximum(here, point, iteration, converged=True)
        longest = float(np.max(np.abs(step)))
        if longest > largest_step:
            step = step * (largest_step / longest)
        there = here + step
        new = evaluate(there)
        halvings = 0
        # rounding alone moves a log likelihood by some 1e-12 of itself
        slack = 1e-12 * (1 + abs(point.value))
        while not new.value >= point.value - slack and halvings < 30:
            step = step / 2
            there = here + step
            new = evaluate(there)
            halvings += 1
        if halvings == 30 or (decrement < 1e-10 and not np.any(there != here)):
            return Maximum(here, point, iteration, converged=decrement < 1e-8)
        here, point = there, new
    return Maximum(here, point, MOST_STEPS, converged=False)


def scaled_solve(information: Matrix, gradient: Vector) -> Vector | None:
    """The Newton step, columns brought to one scale first; None where the information is singular.

    Examples
    --------
    >>> scaled_solve(np.diag([1e-12, 4e12]), np.array([1e-12, 4e12]))
    array([1., 1.])
    """
    diagonal = np.diag(information)
    if not (diagonal > 0).all() or not np.isfinite(information).all():
        return None
    scale = 1 / np.sqrt(diagonal)
    try:
        factor = np.linalg.cholesky(information * np.outer(scale, scale))
    except np.linalg.LinAlgError:
        return None
    if float(np.min(np.diag(factor))) < 1e-7:
        return None
    inner = np.linalg.solve(factor, gradient * scale)
    return np.asarray(np.linalg.solve(factor.T, inner) * scale)


def inverse_information(information: Matrix) -> Matrix:
    """The covariance of the coefficients, (p, p); NaN where the information is singular."""
    diagonal = np.diag(information)
    if not (diagonal > 0).all() or not np.isfinite(information).all():
        return np.full_like(information, np.nan)
    scale = 1 / np.sqrt(diagonal)
    try:
        inner = np.linalg.inv(information * np.outer(scale, scale))
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)
    return np.asarray(inner * np.outer(scale, scale))


def limit_inverse(information: Matrix, lengths: Vector) -> Matrix:
    """A generalised inverse of the information, (p, p), where some coefficients grow for ever; finite throughout.

    Parameters
    ----------
    information : (p, p) float array
        Far along the direction of growth, where the rows it separates no longer count.
    lengths : (p,) float array
        Length of each design column, to tell what is small.

    Notes
    -----
    The information has no weight along the direction of growth; coefficients outside it are estimable, and any
    generalised inverse gives their covariance, by the model or through a sandwich. The rows and columns of those that
    grow mean nothing: `without` takes them out once the covariance is complete.
    """
    scale = 1 / np.where(lengths > 0, lengths, 1.0)
    inner = np.linalg.pinv(information * np.outer(scale, scale), rcond=1e-10, hermitian=True)
    return np.asarray(inner * np.outer(scale, scale))


def without(covariance: Matrix, diverging: NDArray[np.bool_]) -> Matrix:
    """The covariance with NaN for the coefficients that have no finite estimate."""
    kept = covariance.copy()
    kept[diverging] = np.nan
    kept[:, diverging] = np.nan
    return kept
