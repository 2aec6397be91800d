"""One missing column drawn from a model of the others: predictive mean matching, or draws of levels."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.firth import firth_coefficients
from neurolupus.stats.multinomial_data import NominalData
from neurolupus.stats.multinomial_likelihood import evaluate, probabilities
from neurolupus.stats.newton import maximise

DONORS = 5
_RIDGE = 1e-5  # share of the diagonal added, as in van Buuren's norm.draw: dependent columns do not stop it


def match_predictive_mean(y: Vector, x: Matrix, x_missing: Matrix, rng: Generator, *, donors: int = DONORS) -> Vector:
    """Observed values of rows whose predicted mean is near that of each missing row, (m,).

    Parameters
    ----------
    y, x : (n,), (n, p) float arrays
        Rows with a value; x has its column of ones.
    x_missing : (m, p) float array
    rng : Generator
    donors : int
        One of so many nearest rows is drawn; among rows equally near any may be, not only the first ones.

    Notes
    -----
    Coefficients are drawn from their posterior for the missing rows and are the least-squares ones for the observed
    rows (type 1 matching).

    References
    ----------
    .. [1] van Buuren (2018), Flexible Imputation of Missing Data, 2nd edition, algorithm 3.3.
    .. [2] Morris, White and Royston (2014), BMC Med Res Methodol 14:75, doi:10.1186/1471-2288-14-75.
    """
    fitted, drawn = _linear_draw(y, x, rng)
    here, there = x @ fitted, x_missing @ drawn
    # rows alike in every predictor must be ties, whatever the order of summation gives them in the last digit
    here = np.round(here, _digits_of(here))
    order = np.argsort(here, kind="stable")
    sorted_here = here[order]
    k = min(donors, len(y))
    at = np.searchsorted(sorted_here, there)
    # the k nearest of a sorted list lie within k places on either side
    window = np.clip(at[:, None] + np.arange(-k, k), 0, len(y) - 1)
    distance = np.abs(sorted_here[window] - there[:, None])
    distance[:, 1:][window[:, 1:] == window[:, :-1]] = np.inf
    nearest = np.take_along_axis(window, np.argsort(distance, axis=1, kind="stable")[:, :k], axis=1)
    value = sorted_here[nearest[np.arange(len(there)), rng.integers(0, k, len(there))]]
    first, last = np.searchsorted(sorted_here, value, "left"), np.searchsorted(sorted_here, value, "right")
    return np.asarray(y[order[rng.integers(first, last)]])


def draw_binary(y: Vector, x: Matrix, x_missing: Matrix, rng: Generator) -> Vector:
    """Zeros and ones drawn from a logistic model whose coefficients are drawn first, (m,).

    Firth's penalised fit keeps coefficients finite where the observed rows are separated.
    """
    b, covariance = firth_coefficients(y, x)
    chance = 1 / (1 + np.exp(-np.clip(x_missing @ _draw(b, covariance, rng), -500, 500)))
    return (rng.random(len(chance)) < chance).astype(np.float64)


def draw_level(codes: NDArray[np.intp], x: Matrix, x_missing: Matrix, levels: int, rng: Generator) -> NDArray[np.intp]:
    """Level codes drawn from a multinomial model whose coefficients are drawn first, (m,).

    A few added rows of small weight, each level at both ends of each column, keep coefficients finite (White, Daniel
    and Royston 2010, doi:10.1016/j.csda.2010.04.005).
    """
    data = _augmented(codes, x, levels)
    found = maximise(lambda b: evaluate(b, data), np.zeros((levels - 1) * x.shape[1]))
    covariance: Matrix = np.asarray(np.linalg.pinv(found.at.information, hermitian=True))
    b = _draw(found.coefficients, covariance, rng)
    rows = NominalData(np.zeros(len(x_missing), np.intp), x_missing, np.ones(len(x_missing)), levels, False)
    cumulated = probabilities(b, rows).cumsum(axis=1)
    chosen = (rng.random(len(x_missing))[:, None] > cumulated).sum(axis=1)
    return np.asarray(np.minimum(chosen, levels - 1), dtype=np.intp)


def _digits_of(values: Vector) -> int:
    """Decimals that keep twelve digits of the largest value."""
    largest = float(np.max(np.abs(values), initial=0.0))
    return 12 - int(np.ceil(np.log10(largest))) if largest > 0 else 12


def _linear_draw(y: Vector, x: Matrix, rng: Generator) -> tuple[Vector, Vector]:
    """Least-squares coefficients, and a draw from their posterior."""
    cross = x.T @ x
    inverse: Matrix = np.asarray(np.linalg.pinv(cross + np.diag(_RIDGE * np.diag(cross)), hermitian=True))
    b = inverse @ (x.T @ y)
    residual = y - x @ b
    df = max(len(y) - x.shape[1], 1)
    sigma = float(np.sqrt(residual @ residual / rng.chisquare(df)))
    return b, _draw(b, inverse * sigma**2, rng)


def _draw(centre: Vector, covariance: Matrix, rng: Generator) -> Vector:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(centre + vectors @ (np.sqrt(np.clip(values, 0, None)) * rng.standard_normal(len(centre))))


def _augmented(codes: NDArray[np.intp], x: Matrix, levels: int) -> NominalData:
    n, p = x.shape
    varying = [j for j in range(p) if np.ptp(x[:, j]) > 0]
    mean, sd = x.mean(axis=0), x.std(axis=0)
    rows, extra = [], []
    for j in varying:
        for sign in (-1.0, 1.0):
            for level in range(levels):
                row = mean.copy()
                row[j] += sign * sd[j]
                rows.append(row)
                extra.append(level)
    if not rows:
        return NominalData(codes, x, np.ones(n), levels, False)
    weight = (p + 1) / len(rows)
    return NominalData(
        np.concatenate([codes, np.array(extra, np.intp)]),
        np.vstack([x, np.array(rows)]),
        np.concatenate([np.ones(n), np.full(len(rows), weight)]),
        levels,
        True,
    )
