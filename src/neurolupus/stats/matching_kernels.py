"""Greedy nearest neighbours on a line, in O(n log n): plain loops, compiled where there are many rows.

Distances come as whole numbers (see `matching_engine.on_grid`), so that ties are ties and differences are exact.
`compiled` turns a kernel into machine code; small tables run the same lines in Python, which spares them the compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

COMPILE_FROM = 100_000  # rows; below, Python is done before numba is loaded (0.1 s against 0.3 s)
NO_LIMIT = 2**62


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
