"""Greedy nearest neighbours on a line, in O(n log n): plain loops, compiled where there are many rows.

Distances come as whole numbers (see `grid`), so that ties are ties and differences are exact. `compiled` turns a
kernel into machine code; small tables run the same lines in Python, which spares them the compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from heapq import heapify, heappop, heappush
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurolupus.stats.complete import Vector

Integers = NDArray[np.int64]
Order = Literal["largest", "smallest", "closest", "random", "data"]

COMPILE_FROM = 5000  # rows; below, Python is done before numba is imported
NO_LIMIT = 2**62
GRAIN = 30  # distances are told apart down to 2^-30 of their standard deviation


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel as machine code; kept on disk where numba finds a place it may write to."""
    from numba import njit

    try:
        return njit(cache=True)(kernel)
    except RuntimeError:  # neither the install nor the user's cache folder can be written
        return njit(kernel)  # type: ignore[no-any-return]


def kernel_for(kernel: Callable[..., Any], n: int) -> Callable[..., Any]:
    """The kernel, compiled when `n` rows are worth it."""
    return compiled(kernel) if n >= COMPILE_FROM else kernel


def grid_unit(distance: Vector) -> float:
    """The step to which distances are rounded: a power of two near 1e-9 of their standard deviation.

    Equal patients get scores that differ in their last bits, by the order in which a processor adds; rounded, they
    are tied as they should be.

    Examples
    --------
    >>> grid_unit(np.array([0.0, 4.0])) == 2.0 ** (1 - 30)
    True
    """
    sd = float(np.sort(distance).std(ddof=1)) if len(distance) > 1 else 0.0  # sorted: rows may come in any order
    return float(2.0 ** (np.floor(np.log2(sd)) - GRAIN)) if sd > 0 else 1.0


def on_grid(distance: Vector, unit: float) -> Integers:
    """Distances above the smallest, in whole units, (n,)."""
    return np.asarray(np.rint((distance - distance.min()) / unit), np.int64)


def greedy_partners(
    order: Integers,
    focal: Integers,
    low: Integers,
    high: Integers,
    pool: Integers,
    rank: Integers,
    first: Integers,
    limit: int,
) -> Integers:
    """The position in the pool that each focal row gets, -1 for none, (f,); each position is given once.

    Parameters
    ----------
    order : (f,) int array
        Focal rows in the order in which they choose.
    focal : (f,) int array
        Their distances.
    low, high : (f,) int arrays
        Each may choose positions low <= p < high: its stratum.
    pool : (m,) int array
        Distances, ascending within a stratum, equal ones by rank.
    rank : (m,) int array
        Of equally near ones the lowest is taken.
    first : (m,) int array
        Position at which the run of equal distances begins.
    limit : int
        Largest difference allowed.

    Notes
    -----
    `right` and `left` point from a taken position towards the next free one; pointers are halved on the way
    (Tarjan's disjoint sets), so that all searches together take O(m log m).
    """
    size = len(pool)
    right, left = np.arange(size + 1), np.arange(size + 1)  # left is shifted by one: 0 is before the first
    partners = np.full(len(focal), -1)
    for i in order:
        x = focal[i]
        a, b = low[i], high[i]
        while a < b:  # first position with a distance of x or more
            middle = (a + b) // 2
            if pool[middle] < x:
                a = middle + 1
            else:
                b = middle
        r = a
        while right[r] != r:
            right[r] = right[right[r]]
            r = right[r]
        at = a
        while left[at] != at:
            left[at] = left[left[at]]
            at = left[at]
        at -= 1
        best, gap = -1, limit
        if r < high[i] and pool[r] - x <= limit:
            best, gap = r, pool[r] - x
        if at >= low[i] and x - pool[at] <= gap:
            s = first[at]  # of its equals, the free one of lowest rank
            while right[s] != s:
                right[s] = right[right[s]]
                s = right[s]
            if best < 0 or x - pool[at] < gap or rank[s] < rank[best]:
                best = s
        if best >= 0:
            partners[i] = best
            right[best] = best + 1
            left[best + 1] = best
    return partners


def nearest_partners(
    focal: Integers,
    low: Integers,
    high: Integers,
    pool: Integers,
    rank: Integers,
    first: Integers,
    limit: int,
    ratio: int,
) -> Integers:
    """The `ratio` nearest positions of the pool for each focal row, nearest first, -1 for none, (f, ratio).

    Parameters are those of `greedy_partners`; a position may be given many times.
    """
    partners = np.full((len(focal), ratio), -1)
    for i in range(len(focal)):
        x = focal[i]
        a, b = low[i], high[i]
        while a < b:
            middle = (a + b) // 2
            if pool[middle] < x:
                a = middle + 1
            else:
                b = middle
        r = a
        start = a  # the run of equals on the left is [start, stop), taken up to `at`
        stop = a
        at = a
        for k in range(ratio):
            if at >= stop and start > low[i]:
                stop = start
                start = first[stop - 1]
                at = start
            best, gap = -1, limit
            if r < high[i] and pool[r] - x <= limit:
                best, gap = r, pool[r] - x
            if at < stop and x - pool[at] <= gap and (best < 0 or x - pool[at] < gap or rank[at] < rank[best]):
                best = at
            if best < 0:
                break
            partners[i, k] = best
            if best == r:
                r += 1
            else:
                at += 1
    return partners


def closest_partners(
    focal: Integers,
    focal_stratum: Integers,
    focal_rank: Integers,
    pool: Integers,
    pool_stratum: Integers,
    pool_rank: Integers,
    limit: int,
) -> Integers:
    """As `greedy_partners`, the closest of all pairs first; equally close ones by focal, then by pool rank, (f,).

    Both arms come sorted by stratum, distance and rank.

    Notes
    -----
    The closest free pair is always adjacent on the line of free distances: whoever stood between them would be
    closer to one of the two. So a heap of adjacent pairs is enough, and each removal makes at most one new pair.
    """
    nf, nc = len(focal), len(pool)
    partners = np.full(nf, -1)
    # Points of the line: rows of one distance; where both arms have it they pair at once, and one arm is left.
    point, stratum = np.empty(nf + nc, np.int64), np.empty(nf + nc, np.int64)
    is_pool = np.zeros(nf + nc, np.bool_)
    head, end = np.empty(nf + nc, np.int64), np.empty(nf + nc, np.int64)
    points, f, c = 0, 0, 0
    while f < nf or c < nc:
        from_focal = c >= nc or (
            f < nf
            and (focal_stratum[f] < pool_stratum[c] or (focal_stratum[f] == pool_stratum[c] and focal[f] <= pool[c]))
        )
        s = focal_stratum[f] if from_focal else pool_stratum[c]
        x = focal[f] if from_focal else pool[c]
        f_end, c_end = f, c
        while f_end < nf and focal_stratum[f_end] == s and focal[f_end] == x:
            f_end += 1
        while c_end < nc and pool_stratum[c_end] == s and pool[c_end] == x:
            c_end += 1
        while f < f_end and c < c_end:
            partners[f] = c
            f += 1
            c += 1
        if f < f_end or c < c_end:
            point[points], stratum[points], is_pool[points] = x, s, c < c_end
            head[points], end[points] = (c, c_end) if c < c_end else (f, f_end)
            points += 1
        f, c = f_end, c_end
    before, after = np.arange(points) - 1, np.arange(points) + 1
    heap = [(0, 0, 0, 0, 0)]  # gap, ranks of both, points of both
    heap.pop()
    for k in range(points - 1):
        gap = point[k + 1] - point[k]
        if stratum[k] == stratum[k + 1] and is_pool[k] != is_pool[k + 1] and gap <= limit:
            a, b = (k + 1, k) if is_pool[k] else (k, k + 1)
            heap.append((int(gap), int(focal_rank[head[a]]), int(pool_rank[head[b]]), a, b))
    heapify(heap)
    while len(heap) > 0:
        g, rank_a, rank_b, a, b = heappop(heap)
        if head[a] >= end[a] or head[b] >= end[b]:
            continue
        if focal_rank[head[a]] != rank_a or pool_rank[head[b]] != rank_b:  # the first of its equals is gone
            heappush(heap, (g, int(focal_rank[head[a]]), int(pool_rank[head[b]]), a, b))
            continue
        partners[head[a]] = head[b]
        head[a] += 1
        head[b] += 1
        if head[a] < end[a] and head[b] < end[b]:
            heappush(heap, (g, int(focal_rank[head[a]]), int(pool_rank[head[b]]), a, b))
        for gone in (a, b):
            if head[gone] < end[gone]:
                continue
            p, n = before[gone], after[gone]
            if p >= 0:
                after[p] = n
            if n < points:
                before[n] = p
            if p < 0 or n >= points or stratum[p] != stratum[n] or is_pool[p] == is_pool[n]:
                continue
            gap = point[n] - point[p]
            if gap <= limit and head[p] < end[p] and head[n] < end[n]:
                x, y = (n, p) if is_pool[p] else (p, n)
                heappush(heap, (int(gap), int(focal_rank[head[x]]), int(pool_rank[head[y]]), int(x), int(y)))
    return partners


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """Rows of the arm matched for (focal) and of the other (pool), with whole-number distances of all rows."""

    focal: Integers
    pool: Integers
    steps: Integers  # (n,)
    stratum: Integers  # (n,)
    rank: Integers  # (n,), who goes first among equals
    limit: int


def _sorted(rows: Integers, arms: Arms) -> Integers:
    """Rows by stratum, distance and rank."""
    keys = [arms.steps[rows]]
    if arms.rank[0] != 0 or not (np.diff(arms.rank) > 0).all():
        keys.insert(0, arms.rank[rows])
    if arms.stratum.any():
        keys.append(arms.stratum[rows])
    order = np.lexsort(keys) if len(keys) > 1 else np.argsort(keys[0], kind="stable")
    return np.asarray(rows[order])


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """Rows free to be chosen, sorted, and which of them each focal row may choose."""

    rows: Integers
    low: Integers
    high: Integers
    first: Integers


def _pool(focal: Integers, free: Integers, arms: Arms) -> _Pool:
    rows = _sorted(free, arms)
    strata, steps = arms.stratum[rows], arms.steps[rows]
    low = np.searchsorted(strata, arms.stratum[focal], "left").astype(np.int64)
    high = np.searchsorted(strata, arms.stratum[focal], "right").astype(np.int64)
    new = np.ones(len(rows), bool)
    new[1:] = (steps[1:] != steps[:-1]) | (strata[1:] != strata[:-1])
    first = np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))
    return _Pool(rows, low, high, first)


def with_replacement(arms: Arms, ratio: int) -> Integers:
    """Rows that each focal row gets, nearest first, -1 for none, (f, ratio); any row many times."""
    pool = _pool(arms.focal, arms.pool, arms)
    at = kernel_for(nearest_partners, len(arms.steps))(
        arms.steps[arms.focal], pool.low, pool.high, arms.steps[pool.rows], arms.rank[pool.rows], pool.first,
        arms.limit, ratio,
    )  # fmt: skip
    return np.where(at >= 0, pool.rows[at], -1)


def in_rounds(arms: Arms, ratio: int, order: Order, rng: np.random.Generator | None) -> Integers:
    """Rows that each focal row gets, -1 for none, (f, ratio); the first of everybody before the second of anybody."""
    columns = np.full((len(arms.focal), ratio), -1)
    shuffled = rng.permutation(len(arms.focal)) if order == "random" and rng is not None else None
    asking, free = np.arange(len(arms.focal)), arms.pool
    for k in range(ratio):
        if not len(asking) or not len(free):
            break
        focal = arms.focal[asking]
        if order == "closest":
            columns[asking, k] = _closest(focal, free, arms)
        else:
            turn = _turns(focal, order, arms) if shuffled is None else np.argsort(shuffled[asking], kind="stable")
            columns[asking, k] = _greedy(focal, free, turn, arms)
        asking = asking[columns[asking, k] >= 0]  # who found none now finds none later
        taken = np.zeros(len(arms.steps), bool)
        taken[columns[asking, k]] = True
        free = free[~taken[free]]
    return columns


def _turns(focal: Integers, order: Order, arms: Arms) -> Integers:
    steps = arms.steps[focal]
    if order == "data":
        return np.arange(len(focal))
    return np.asarray(np.lexsort([arms.rank[focal], -steps if order == "largest" else steps]))


def _greedy(focal: Integers, free: Integers, turn: Integers, arms: Arms) -> Integers:
    pool = _pool(focal, free, arms)
    at = kernel_for(greedy_partners, len(arms.steps))(
        turn, arms.steps[focal], pool.low, pool.high, arms.steps[pool.rows], arms.rank[pool.rows], pool.first,
        arms.limit,
    )  # fmt: skip
    return np.where(at >= 0, pool.rows[at], -1)


def _closest(focal: Integers, free: Integers, arms: Arms) -> Integers:
    f, c = _sorted(focal, arms), _sorted(free, arms)
    at = kernel_for(closest_partners, len(arms.steps))(
        arms.steps[f], arms.stratum[f], arms.rank[f], arms.steps[c], arms.stratum[c], arms.rank[c], arms.limit
    )
    partner = np.full(len(arms.steps), -1)
    partner[f] = np.where(at >= 0, c[at], -1)
    return np.asarray(partner[focal])
