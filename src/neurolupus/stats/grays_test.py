"""Gray's test of equal cumulative incidences in groups, other events competing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector
from neurolupus.stats.cumulative_incidence import CENSORED, checked_competing
from neurolupus.stats.estimate import Notes

Counts = NDArray[np.float64]  # (groups, times)


@dataclass(frozen=True, slots=True)
class GrayTest:
    """Gray's test of equal cumulative incidence in all groups.

    Attributes
    ----------
    statistic : float
        Chi-square with `df` degrees of freedom.
    groups : tuple of str
    scores : tuple of float
        Weighted observed less expected events of each group.
    n_events : tuple of int
        Of the cause, per group.
    """

    statistic: float
    df: int
    p_value: float
    groups: tuple[str, ...]
    scores: tuple[float, ...]
    n_events: tuple[int, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes


def grays_test(
    time: ArrayLike,
    status: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    cause: int = 1,
    rho: float = 0.0,
    n_dropped: int = 0,
) -> GrayTest:
    """The K-sample test that the cumulative incidence of a cause is the same in all groups.

    Parameters
    ----------
    time, status, cause, n_dropped
        As in `cumulative_incidence`.
    group : (n,) array
    strata : (n,) array or None
        Groups are compared within strata only.
    rho : float
        Weights (1 - F)^rho; 0 weighs all times alike, positive values early ones more.

    Raises
    ------
    StatsError
        There is one group only, the cause never happens, or groups never share a time at risk.

    Notes
    -----
    Equals `Tests` of R's `cmprsk::cuminc`.

    References
    ----------
    .. [1] Gray (1988), Ann Stat 16:1141, doi:10.1214/aos/1176350951.

    Examples
    --------
    >>> found = grays_test([1.0, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 1, 0, 1, 2, 0], list("aabaabbb"))
    >>> found.df
    1
    """
    t, codes = checked_competing(time, status)
    which, names = _labels(group, len(t), "group")
    stratum = np.zeros(len(t), np.int64) if strata is None else _labels(strata, len(t), "stratum")[0]
    groups = len(names)
    if groups < 2:
        raise StatsError(
            f"There is one group only ({names[0]}); two or more are needed to compare.\n"
            "    Check the group column and the filters before it."
        )
    own = (codes == cause) & (codes != CENSORED)
    if not own.any():
        raise StatsError(
            f"None of {len(t)} rows has status {cause}; at least one event of the cause is needed.\n"
            "    Check the coding of the status."
        )
    score, variance = np.zeros(groups), np.zeros((groups, groups))
    for s in np.unique(stratum):
        here = stratum == s
        part = _stratum(t[here], codes[here], which[here], groups, cause, rho)
        score += part[0]
        variance += part[1]
    df = int(np.linalg.matrix_rank(variance[:-1, :-1], tol=1e-9 * max(1e-300, float(np.trace(variance)))))
    if df < groups - 1:
        raise StatsError(
            f"The variance of the comparison of {groups} groups has rank {df}; {groups - 1} is needed: some groups are "
            "never at risk together.\n    Leave the smallest group out, or merge groups."
        )
    statistic = float(score[:-1] @ np.linalg.solve(variance[:-1, :-1], score[:-1]))
    counts = tuple(int((own & (which == g)).sum()) for g in range(groups))
    told = ", stratified" if strata is not None else ""
    notes = tuple(f"Group {n} has no event of the cause." for n, c in zip(names, counts, strict=True) if not c)
    return GrayTest(
        statistic, df, float(special.chdtrc(df, statistic)), names, tuple(float(x) for x in score), counts,
        f"Gray's test{told}" + (f", rho {rho:g}" if rho else ""), len(t), n_dropped, notes,
    )  # fmt: skip


def _labels(values: ArrayLike, n: int, what: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    codes, labels = pd.factorize(np.asarray(values), sort=True)
    if len(codes) != n or (codes < 0).any():
        raise StatsError(
            f"There are {len(codes)} {what} labels, {int((codes < 0).sum())} of them missing, for {n} rows; one per "
            "row is needed."
        )
    return codes.astype(np.int64), tuple(str(label) for label in labels)


def _stratum(
    time: Vector, codes: NDArray[np.int64], which: NDArray[np.int64], groups: int, cause: int, rho: float
) -> tuple[Vector, NDArray[np.float64]]:
    """Score (groups,) and its variance (groups, groups) of one stratum.

    The score of group k is Σ over groups r of ∫ a_kr dΓ_r, with Γ_r the subdistribution cumulative hazard and
    a_kr = R_r (δ_kr - R_k / R). An event in r at u moves it at once and by all later times, because it moves
    F_r: `direct` and `later` below; the variance sums squares of both over events of either kind. It is taken
    under the null hypothesis: the incidence of the cause is the pooled one, and 1 - F cancels from R_k / R.
    """
    at_risk, own, other = _tables(time, codes, which, groups, cause)
    live = (own + other).sum(axis=0) > 0
    at_risk, own, other = at_risk[:, live], own[:, live], other[:, live]
    if not own.any():
        return np.zeros(groups), np.zeros((groups, groups))
    present = at_risk > 0
    survival = np.cumprod(1 - _ratio(own + other, at_risk), axis=1)
    before = np.column_stack([np.ones(groups), survival[:, :-1]])
    incidence = np.cumsum(_ratio(before * own, at_risk), axis=1)
    free = 1 - np.column_stack([np.zeros(groups), incidence[:, :-1]])  # of the cause, just before
    per_survival = np.divide(at_risk, before, out=np.zeros_like(own), where=present)
    risk = per_survival * free  # R, the subdistribution's number at risk
    pooled_risk, pooled = risk.sum(axis=0), own.sum(axis=0)
    reached = per_survival.sum(axis=0)
    rise = _ratio(pooled, reached)
    pooled_incidence = np.cumsum(rise)
    pooled_free: Vector = 1 - pooled_incidence
    pooled_before: Vector = np.concatenate([[1.0], np.maximum(pooled_free[:-1], 0.0)])
    weight = pooled_before**rho
    score = np.sum(weight * (own - _ratio(risk, pooled_risk) * pooled), axis=1)

    same = np.eye(groups)[:, :, None]
    direct = weight * per_survival * (same - _ratio(per_survival, reached)[:, None, :])  # (k, r, time)
    gathered = np.cumsum(direct * _ratio(rise, pooled_before), axis=2)
    later = gathered[:, :, -1:] - gathered
    fall = _ratio(pooled_free, survival)
    kept = np.where(survival > 0, 1 - fall, 1.0)

    expected_at_risk = reached * before
    tie = np.where(pooled > 1, 1 - _ratio(pooled - 1, expected_at_risk - 1), 1.0)
    own_variance = np.where(present, tie * before * _ratio(pooled, reached * at_risk), 0.0)
    tie = np.where(other > 1, 1 - _ratio(other - 1, at_risk - 1), 1.0)
    other_variance = np.where(survival > 0, tie * before**2 * _ratio(other, at_risk**2), 0.0)
    by_own = direct + kept * later
    by_other = fall * later
    variance = np.einsum("irt,jrt,rt->ij", by_own, by_own, own_variance)
    variance += np.einsum("irt,jrt,rt->ij", by_other, by_other, other_variance)
    return score, variance


def _tables(
    time: Vector, codes: NDArray[np.int64], which: NDArray[np.int64], groups: int, cause: int
) -> tuple[Counts, Counts, Counts]:
    """Numbers at risk, with the cause and with another event, by group and time."""
    times, at = np.unique(time, return_inverse=True)
    k = len(times)

    def count(rows: NDArray[np.bool_]) -> Counts:
        return np.bincount(which[rows] * k + at[rows], minlength=groups * k).reshape(groups, k).astype(float)

    left = count(np.ones(len(time), bool))
    at_risk = left.sum(axis=1, keepdims=True) - np.cumsum(left, axis=1) + left
    return at_risk, count(codes == cause), count((codes != cause) & (codes != CENSORED))


def _ratio(above: NDArray[np.floating[Any]], below: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    a, b = np.broadcast_arrays(above, below)
    return np.asarray(np.divide(a, b, out=np.zeros(a.shape), where=b > 0))
