"""Who gets whom, round after round: distances on a grid, rows sorted into strata, partners found by the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurolupus.stats.complete import Vector
from neurolupus.stats.matching_kernels import (
    Integers,
    closest_partners,
    greedy_partners,
    kernel_for,
    nearest_partners,
)

Order = Literal["largest", "smallest", "closest", "random", "data"]

GRAIN = 30  # distances are told apart down to 2^-30 of their standard deviation


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
