"""Whether an outcome is separated: coefficients that grow without bound, found exactly by linear programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurolupus.stats.complete import Matrix, Vector

MOST_ROWS = 50_000  # distinct rows for the linear programme
_ZERO = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """Which coefficients have no finite estimate.

    Attributes
    ----------
    found : bool or None
        None where there were too many distinct rows to decide.
    direction : (levels, p) float array
        Sign of the growth of each coefficient, 0 where it stays finite; the first level is the baseline, all 0.
    """

    found: bool | None
    direction: Matrix


def find_separation(codes: NDArray[np.intp], design: Matrix, levels: int) -> Separation:
    """The direction in which a (multinomial) logistic likelihood grows for ever, if there is one.

    Parameters
    ----------
    codes : (n,) int array
        Outcome of each row, 0 is the baseline.
    design : (n, p) float array
    levels : int

    Notes
    -----
    Coefficients b_k exist that never lower and somewhere raise the probability of what was observed, exactly when
    the maximum of sum x (b_y - b_k) under x (b_y - b_k) >= 0 and |b| <= 1 is positive.

    References
    ----------
    .. [1] Albert and Anderson (1984), Biometrika 71:1, doi:10.1093/biomet/71.1.1.
    .. [2] Konis (2007), Linear programming algorithms for detecting separated data, thesis, Oxford.
    """
    p = design.shape[1]
    distinct = np.unique(np.column_stack([codes, design]), axis=0)
    nothing = np.zeros((levels, p))
    if len(distinct) > MOST_ROWS:
        return Separation(None, nothing)
    seen, x = distinct[:, 0].astype(np.intp), distinct[:, 1:]
    largest = np.abs(x).max(axis=0)
    x = x / np.where(largest > 0, largest, 1.0)
    rows = []
    for k in range(levels):
        other = seen != k
        block = np.zeros((int(other.sum()), levels, p))
        block[np.arange(len(block)), seen[other]] += x[other]
        block[:, k] -= x[other]
        rows.append(block[:, 1:].reshape(len(block), -1))
    gains = np.vstack(rows)
    best = _steepest(gains)
    if best is None:
        return Separation(None, nothing)
    if float(gains.sum(axis=0) @ best) <= _ZERO * len(gains) ** 0.5:
        return Separation(False, nothing)
    direction = np.vstack([np.zeros((1, p)), best.reshape(levels - 1, p)])
    return Separation(True, np.where(np.abs(direction) > _ZERO, np.sign(direction), 0.0))


def _steepest(gains: Matrix) -> Vector | None:
    from scipy.optimize import linprog  # slow to import, rarely needed

    found = linprog(
        -gains.sum(axis=0), A_ub=sparse.csr_matrix(-gains), b_ub=np.zeros(len(gains)), bounds=(-1, 1), method="highs"
    )
    return np.asarray(found.x) if found.status == 0 else None
