"""Change within patients: Wilcoxon signed-rank (as R), paired t."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.tests import Comparison
from neurolupus.stats.wald import critical_value, two_sided_p, wald_estimate

EXACT_BELOW = 50  # R's wilcox.test: exact with fewer pairs, none equal and no tied changes
MOST_PAIRS = 6000  # their Walsh averages take 144 MB


def wilcoxon_signed_rank(
    before: ArrayLike,
    after: ArrayLike,
    *,
    correction: bool = True,
    exact: bool | None = None,
    location: bool = False,
    level: float = 0.95,
) -> Comparison:
    """Wilcoxon signed-rank test of after - before; the statistic is R's V, the ranks of the rises.

    Parameters
    ----------
    before, after : (n,) float arrays
        Complete pairs. Pairs without change are left out of the ranks, as in R, and told.
    correction : bool
        Continuity correction of the normal approximation, R's default; SPSS has none.
    exact : bool or None
        None follows R: exact below 50 pairs without zero or tied changes. True with such is refused.
    location : bool
        Also give the pseudomedian change with its interval, up to 6,000 pairs.

    Raises
    ------
    StatsError
        Columns differ in length, or an exact p-value is asked for tied or zero changes.

    References
    ----------
    .. [1] Hollander and Wolfe (1999), Nonparametric Statistical Methods, 2nd edition, pages 36–49.

    Examples
    --------
    >>> wilcoxon_signed_rank([10, 20, 30, 40, 50], [9, 18, 27, 36, 45]).p_value
    0.0625
    """
    change = _changes(before, after)
    moved = change[change != 0]
    n, zeros = len(moved), len(change) - len(moved)
    ranks = stats.rankdata(np.abs(moved))
    v = float(ranks[moved > 0].sum())
    _, tied = np.unique(ranks, return_counts=True)
    uneven = zeros > 0 or bool((tied > 1).any())
    if exact and uneven:
        raise StatsError(
            f"{zeros} of {len(change)} changes are zero, or changes tie; an exact signed-rank p-value needs neither.\n"
            "    Use the normal approximation (exact=False)."
        )
    use_exact = exact if exact is not None else (n < EXACT_BELOW and not uneven)
    notes = (f"{zeros} of {len(change)} pairs did not change and were left out of the ranks.",) if zeros else ()
    if not n:
        return Comparison("Wilcoxon signed-rank test", 0.0, None, 1.0, len(change), (len(change),), notes=notes)
    if use_exact:
        method, p = "Wilcoxon signed-rank test, exact", _exact_p(v, n)
    else:
        told = "with" if correction else "without"
        method = f"Wilcoxon signed-rank test, normal approximation {told} continuity correction"
        sigma = float(np.sqrt(n * (n + 1) * (2 * n + 1) / 24 - np.sum(tied**3.0 - tied) / 48))
        distance = v - n * (n + 1) / 4
        p = two_sided_p((distance - (float(np.sign(distance)) * 0.5 if correction else 0.0)) / sigma)
    result = Comparison(method, v, None, p, len(change), (len(change),), notes=notes)
    if location and n > MOST_PAIRS:
        return replace(result, notes=(*notes, f"Pseudomedian not computed: more than {MOST_PAIRS:,} changes."))
    return replace(result, effect=pseudomedian(moved, p, exact=use_exact, level=level)) if location else result


def paired_t(before: ArrayLike, after: ArrayLike, *, level: float = 0.95) -> Comparison:
    """Paired t-test; the effect is the mean of after - before.

    Raises
    ------
    StatsError
        There are fewer than two pairs, or all changes are equal.
    """
    change = _changes(before, after)
    n = len(change)
    if n < 2 or np.ptp(change) == 0:
        raise StatsError(f"{n} pairs have no spread of changes; two pairs or more with differing changes are needed.")
    se = float(change.std(ddof=1) / np.sqrt(n))
    effect = wald_estimate("mean change", float(change.mean()), se, df=float(n - 1), level=level)
    return Comparison("paired t-test", effect.statistic, float(n - 1), effect.p_value, n, (n,), effect=effect)


def pseudomedian(change: Vector, p_value: float, *, exact: bool, level: float = 0.95) -> Estimate:
    """The median of all averages of two changes, with the interval that inverts the signed-rank test.

    Without `exact` the interval's rank comes from the normal approximation without ties; R solves for the shift by
    root-finding to 1e-4 there, so its last digits differ.

    Raises
    ------
    StatsError
        There are more than 6,000 changes.
    """
    n = len(change)
    if n > MOST_PAIRS:
        raise StatsError(f"{n} changes make {n * (n + 1) // 2:,} averages; at most {MOST_PAIRS:,} changes are taken.")
    at = np.triu_indices(n)
    averages = np.sort((change[at[0]] + change[at[1]]) / 2)
    total = len(averages)
    if exact:
        cumulated = np.cumsum(signed_rank_counts(n)) / 2.0**n
        rank = int(np.searchsorted(cumulated, (1 - level) / 2 * (1 - 1e-12)))
    else:
        rank = int(total / 2 - critical_value(level) * np.sqrt(n * (n + 1) * (2 * n + 1) / 24))
    rank = max(rank, 1)
    low, high = float(averages[rank - 1]), float(averages[total - rank])
    nan = float("nan")
    return Estimate("pseudomedian change", float(np.median(averages)), low, high, nan, nan, p_value, level)


def signed_rank_counts(n: int) -> Vector:
    """How many of the 2**n signs of n ranks give V = 0, 1 … n (n + 1) / 2.

    Examples
    --------
    >>> signed_rank_counts(3)
    array([1., 1., 1., 2., 1., 1., 1.])
    """
    counts = np.zeros(n * (n + 1) // 2 + 1)
    counts[0] = 1.0
    for rank in range(1, n + 1):
        counts[rank:] += counts[:-rank].copy()
    return counts


def _exact_p(v: float, n: int) -> float:
    at = round(min(v, n * (n + 1) / 2 - v))
    return min(1.0, float(2 * signed_rank_counts(n)[: at + 1].sum() / 2.0**n))


def _changes(before: ArrayLike, after: ArrayLike) -> Vector:
    first, second = complete_vector(before, "before"), complete_vector(after, "after")
    if len(first) != len(second):
        raise StatsError(f"There are {len(first)} values before and {len(second)} after; pairs are needed.")
    return second - first
