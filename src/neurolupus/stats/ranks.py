"""Ranks of groups compared: Mann–Whitney with and without continuity correction, exact where R is; Kruskal–Wallis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.tests import Comparison, several_samples
from neurolupus.stats.wald import critical_value, two_sided_p

EXACT_BELOW = 50  # R's wilcox.test: exact when both groups are smaller and no values tie
MOST_PAIRS = 20_000_000  # differences held at once for Hodges and Lehmann: 160 MB


def mann_whitney(
    a: ArrayLike,
    b: ArrayLike,
    *,
    correction: bool = True,
    exact: bool | None = None,
    location: bool = False,
    level: float = 0.95,
) -> Comparison:
    """Mann–Whitney (Wilcoxon rank-sum) test; the statistic is R's W, the pairs in which a exceeds b.

    Parameters
    ----------
    a, b : (n,) and (m,) float arrays
        Complete.
    correction : bool
        Continuity correction of the normal approximation, R's default; SPSS has none.
    exact : bool or None
        None follows R: exact when both groups are smaller than 50 and no values tie. True with ties is refused.
    location : bool
        Also give the Hodges–Lehmann shift of a against b with its interval, up to 20 million pairs.

    Raises
    ------
    StatsError
        A group is empty, or an exact p-value is asked for tied values.

    References
    ----------
    .. [1] Hollander and Wolfe (1999), Nonparametric Statistical Methods, 2nd edition, pages 106–126.

    Examples
    --------
    >>> mann_whitney([1, 2, 3], [4, 5, 6]).p_value
    0.1
    """
    x, y = several_samples([a, b])
    m, n = len(x), len(y)
    ranks = stats.rankdata(np.concatenate([x, y]))
    w = float(ranks[:m].sum() - m * (m + 1) / 2)
    _, tied = np.unique(ranks, return_counts=True)
    ties = bool((tied > 1).any())
    if exact and ties:
        raise StatsError(
            f"Values of the groups of {m} and {n} tie; an exact Mann–Whitney p-value needs distinct values.\n"
            "    Use the normal approximation (exact=False)."
        )
    use_exact = exact if exact is not None else (m < EXACT_BELOW and n < EXACT_BELOW and not ties)
    sigma = float(np.sqrt(m * n / 12 * ((m + n + 1) - np.sum(tied**3.0 - tied) / ((m + n) * (m + n - 1)))))
    if use_exact:
        method, p = "Mann–Whitney test, exact", _exact_p(w, m, n)
    else:
        method = f"Mann–Whitney test, normal approximation {'with' if correction else 'without'} continuity correction"
        p = _normal_p(w - m * n / 2, sigma, correction)
    result = Comparison(method, w, None, p, m + n, (m, n))
    if sigma == 0:
        result = replace(result, notes=("All values are equal; the p-value is 1.",))
    if location and m * n > MOST_PAIRS:
        told = f"Location shift not computed: {m} × {n} differences are more than {MOST_PAIRS:,}."
        return replace(result, notes=(*result.notes, told))
    return replace(result, effect=hodges_lehmann(x, y, p, exact=use_exact, level=level)) if location else result


def hodges_lehmann(a: Vector, b: Vector, p_value: float, *, exact: bool, level: float = 0.95) -> Estimate:
    """The median of all differences a - b, with the interval that inverts the rank-sum test.

    Parameters
    ----------
    a, b : (n,) and (m,) float arrays
    p_value : float
        Of the test, carried along.
    exact : bool
        Take the interval's rank from the exact distribution; else from the normal approximation without ties, after
        Hollander and Wolfe. R solves for the shift by root-finding to 1e-4 there, so its last digits differ.

    Raises
    ------
    StatsError
        There are more than 20 million pairs.
    """
    m, n = len(a), len(b)
    if m * n > MOST_PAIRS:
        raise StatsError(f"Groups of {m} and {n} make {m * n:,} differences; at most {MOST_PAIRS:,} are held.")
    differences = np.sort(np.subtract.outer(a, b).ravel())
    if exact:
        cumulated = np.cumsum(rank_sum_counts(m, n)) / special.comb(m + n, m)
        rank = int(np.searchsorted(cumulated, (1 - level) / 2 * (1 - 1e-12)))
    else:
        rank = int(m * n / 2 - critical_value(level) * np.sqrt(m * n * (m + n + 1) / 12))
    rank = max(rank, 1)
    low, high = float(differences[rank - 1]), float(differences[m * n - rank])
    value = float(np.median(differences))
    return Estimate("location shift", value, low, high, float("nan"), float("nan"), p_value, level)


def rank_sum_counts(m: int, n: int) -> Vector:
    """How many of the choose(m + n, m) orders give W = 0, 1 … m n.

    Examples
    --------
    >>> rank_sum_counts(2, 2)
    array([1., 1., 2., 1., 1.])
    """
    # Gaussian binomial coefficient: the product of (1 - q^(n + i)) / (1 - q^i), i = 1 … m. Only additions of positive
    # numbers are used (one item at a time, W counts how many of b lie below), so nothing cancels.
    table = [np.zeros(m * n + 1) for _ in range(m + 1)]
    table[0][0] = 1.0
    for item in range(m + n):
        for chosen in range(min(m, item + 1), 0, -1):
            shift = item - (chosen - 1)  # of the items below, those that are not in a
            if shift <= n:
                table[chosen][shift:] += table[chosen - 1][: m * n + 1 - shift]
    return table[m]


def kruskal_wallis(groups: Sequence[ArrayLike]) -> Comparison:
    """Kruskal–Wallis rank test with correction for ties.

    Examples
    --------
    >>> round(kruskal_wallis([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).statistic, 6)
    7.2
    """
    samples = several_samples(groups)
    sizes = tuple(len(s) for s in samples)
    n, k = sum(sizes), len(samples)
    ranks = stats.rankdata(np.concatenate(samples))
    _, tied = np.unique(ranks, return_counts=True)
    correction = 1 - float(np.sum(tied**3.0 - tied)) / (n**3 - n)
    method = "Kruskal–Wallis test"
    if correction <= 0:
        return Comparison(method, 0.0, float(k - 1), 1.0, n, sizes, notes=("All values are equal.",))
    parts = np.split(ranks, np.cumsum(sizes)[:-1])
    h = 12 / (n * (n + 1)) * sum(p.sum() ** 2 / len(p) for p in parts) - 3 * (n + 1)
    h = float(h / correction)
    return Comparison(method, h, float(k - 1), float(special.chdtrc(k - 1, h)), n, sizes)


def _exact_p(w: float, m: int, n: int) -> float:
    counts = rank_sum_counts(m, n)
    at = round(min(w, m * n - w))
    return min(1.0, float(2 * counts[: at + 1].sum() / special.comb(m + n, m)))


def _normal_p(distance: float, sigma: float, correction: bool) -> float:
    if sigma == 0:
        return 1.0
    shift = float(np.sign(distance)) * 0.5 if correction else 0.0
    return two_sided_p((distance - shift) / sigma)
