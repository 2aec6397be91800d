"""Log likelihood of the multinomial logistic model with gradient and information, block by block."""

from __future__ import annotations

import numpy as np

from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.multinomial_data import NominalData
from neurolupus.stats.newton import Point

ROWS_AT_ONCE = 8192  # a block and its weighted copies stay in the processor's cache


def evaluate(coefficients: Vector, data: NominalData) -> Point:
    """The likelihood at (levels - 1) × p coefficients laid out level after level."""
    p, k = data.x.shape[1], data.levels - 1
    b = coefficients.reshape(k, p)
    value, gradient = 0.0, np.zeros((k, p))
    information = np.zeros((k, k, p, p))
    for start in range(0, len(data.codes), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        x, w, codes = data.x[rows], data.w[rows], data.codes[rows]
        logs = _log_probabilities(b @ x.T)
        value += float(w @ logs[codes, np.arange(len(codes))])
        shares = np.exp(logs[1:])
        for j in range(k):
            gradient[j] += (w * ((codes == j + 1) - shares[j])) @ x
            for m in range(j, k):
                weight = w * shares[j] * ((1.0 if j == m else 0.0) - shares[m])
                information[j, m] += (x * weight[:, None]).T @ x
    for j in range(k):
        for m in range(j):
            information[j, m] = information[m, j]
    return Point(value, gradient.ravel(), information.transpose(0, 2, 1, 3).reshape(k * p, k * p))


def probabilities(coefficients: Vector, data: NominalData) -> Matrix:
    """Fitted probabilities, (n, levels), the reference first."""
    b = coefficients.reshape(data.levels - 1, -1)
    fitted = np.empty((len(data.x), data.levels))
    for start in range(0, len(data.x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        fitted[rows] = np.exp(_log_probabilities(b @ data.x[rows].T)).T
    return fitted


def _log_probabilities(eta: Matrix) -> Matrix:
    """Log probabilities of all levels, (levels, rows), from the linear predictors of all but the reference."""
    full = np.vstack([np.zeros((1, eta.shape[1])), eta])
    full -= full.max(axis=0)
    return np.asarray(full - np.log(np.exp(full).sum(axis=0)))
