"""p-values adjusted for how many there are."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector

Adjustment = Literal["none", "bonferroni", "holm", "benjamini_hochberg"]


def adjust(p_values: ArrayLike, method: Adjustment) -> Vector:
    """Adjusted p-values in the order given, as R's `p.adjust`.

    Raises
    ------
    StatsError
        A p-value is missing or not between 0 and 1, or the method is unknown.
    """
    ways = {"none": _unchanged, "bonferroni": bonferroni, "holm": holm, "benjamini_hochberg": benjamini_hochberg}
    if method not in ways:
        raise StatsError(f"Adjustment {method!r} is unknown; choose one of {', '.join(ways)}.")
    return ways[method](p_values)


def bonferroni(p_values: ArrayLike) -> Vector:
    """Each p-value times their number, at most 1: keeps the chance of any false positive at its level."""
    p = _checked(p_values)
    return np.minimum(1.0, p * len(p))


def holm(p_values: ArrayLike) -> Vector:
    """Holm's step-down adjustment: as Bonferroni's, never less powerful.

    References
    ----------
    .. [1] Holm (1979), Scand J Stat 6:65.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return _restored(np.minimum(1.0, stepped), order)


def benjamini_hochberg(p_values: ArrayLike) -> Vector:
    """Benjamini and Hochberg's adjustment: keeps the expected share of false positives among the positives.

    References
    ----------
    .. [1] Benjamini and Hochberg (1995), J R Stat Soc B 57:289, doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.04, 0.04]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")[::-1]
    stepped = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1))
    return _restored(np.minimum(1.0, stepped), order)


def tukey(t_statistics: ArrayLike, groups: int, df: float) -> Vector:
    """p-values of all pairwise differences among `groups` means, by the studentised range (Tukey–Kramer).

    Parameters
    ----------
    t_statistics : (m,) float array
        Difference over its standard error.
    groups : int
        Number of means, not of differences.
    df : float
        Residual degrees of freedom.

    References
    ----------
    .. [1] Kramer (1956), Biometrics 12:307, doi:10.2307/3001469.
    """
    t = complete_vector(t_statistics, "t statistics")
    return np.asarray(stats.studentized_range.sf(np.abs(t) * np.sqrt(2), groups, df), dtype=np.float64)


@lru_cache(maxsize=256)  # a tenth of a second each, and every contrast of a model asks for the same
def tukey_critical_value(level: float, groups: int, df: float) -> float:
    """The multiple of the standard error that holds all pairwise differences at once at `level`."""
    return float(stats.studentized_range.ppf(level, groups, df) / np.sqrt(2))


def _unchanged(p_values: ArrayLike) -> Vector:
    return _checked(p_values).copy()


def _checked(p_values: ArrayLike) -> Vector:
    p = complete_vector(p_values, "p-values", at_least=0)
    if ((p < 0) | (p > 1)).any():
        raise StatsError(f"p-values run from {p.min():g} to {p.max():g}; they must lie between 0 and 1.")
    return p


def _restored(values: Vector, order: NDArray[np.intp]) -> Vector:
    back = np.empty_like(values)
    back[order] = values
    return back
