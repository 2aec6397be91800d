"""Correlated normal scores behind variables and labels; labels of which everybody has at least one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri

from neurolupus.errors import StudyFileError
from neurolupus.study.schema.simulate import Correlation

Floats = NDArray[np.float64]
SMALLEST_EIGENVALUE = 1e-3
MOST_REDRAWS = 1000
_CALIBRATION_DRAWS, _CALIBRATION_SEED = 40_000, 1


def correlation_matrix(names: Sequence[str], correlations: Sequence[Correlation]) -> Floats:
    """The correlation matrix with the stated correlations and zero elsewhere, moved to the nearest possible one."""
    matrix = np.eye(len(names))
    place = {name: number for number, name in enumerate(names)}
    for one in correlations:
        if one.first in place and one.second in place and one.first != one.second:
            i, j = place[one.first], place[one.second]
            matrix[i, j] = matrix[j, i] = one.value
    values, vectors = np.linalg.eigh(matrix)
    if values.size and values[0] < SMALLEST_EIGENVALUE:
        repaired = vectors @ np.diag(np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
        scale = np.sqrt(np.diag(repaired))
        matrix = repaired / np.outer(scale, scale)
    return matrix


def draw_scores(n: int, matrix: Floats, rng: Generator) -> Floats:
    """(n, p) standard normal scores with a correlation matrix."""
    return np.asarray(rng.standard_normal((n, len(matrix))) @ np.linalg.cholesky(matrix).T)


def draw_labels(
    others: Floats, matrix: Floats, n_others: int, shares: Floats, rng: Generator, *, at_least_one: bool
) -> NDArray[np.bool_]:
    """Which labels each patient has, given the scores of all other variables.

    Parameters
    ----------
    others : (n, n_others) float array
    matrix : (n_others + labels, n_others + labels) float array
        Correlations; labels come last.
    shares : (labels,) float array
        Of patients with each label.
    at_least_one : bool
        Patients without any are drawn again; thresholds are lowered beforehand so that the shares are still met.

    Raises
    ------
    StudyFileError
        The shares are so low that nearly nobody would have a label.
    """
    across, within = matrix[n_others:, :n_others], matrix[n_others:, n_others:]
    weights = np.linalg.solve(matrix[:n_others, :n_others], across.T).T if n_others else across
    left = np.linalg.cholesky(within - weights @ across.T + 1e-9 * np.eye(len(within)))
    used = _shares_before_redrawing(within, shares) if at_least_one else shares
    with np.errstate(divide="ignore"):
        limits = ndtri(1 - used)
    expected = others @ weights.T
    has = expected + rng.standard_normal((len(others), len(shares))) @ left.T > limits
    for _ in range(MOST_REDRAWS if at_least_one else 0):
        empty = np.flatnonzero(~has.any(axis=1))
        if not empty.size:
            break
        has[empty] = expected[empty] + rng.standard_normal((empty.size, len(shares))) @ left.T > limits
    return np.asarray(has)


def _shares_before_redrawing(within: Floats, shares: Floats) -> Floats:
    used = _calibrated(within.tobytes(), tuple(shares.tolist()))
    return np.array(used)


@lru_cache(maxsize=64)
def _calibrated(within: bytes, wanted: tuple[float, ...]) -> tuple[float, ...]:
    """Shares p (1 - P(none)): after those without a label are drawn again, the shares are p."""
    shares = np.array(wanted)
    if shares.sum() < 1:
        raise StudyFileError(
            f"simulate: the labels' shares add up to {shares.sum():.2f}; at_least_one: true needs at least 1.\n"
            "    Raise the shares, or leave at_least_one out."
        )
    matrix = np.frombuffer(within).reshape(len(wanted), len(wanted))
    scores = draw_scores(_CALIBRATION_DRAWS, matrix, np.random.default_rng(_CALIBRATION_SEED))
    used = shares.copy()
    for _ in range(30):
        with np.errstate(divide="ignore"):
            none = float(np.mean(~(scores > ndtri(1 - used)).any(axis=1)))
        used = shares * (1 - none)
    return tuple(used.tolist())
