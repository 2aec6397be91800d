"""The weighted risk sets of Fine and Gray: likelihood, and each row's part in the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.cumulative_incidence import CENSORED
from neurolupus.stats.newton import Point


@dataclass(frozen=True, slots=True, eq=False)
class CompetingRows:
    """Rows sorted by time (`order` gives their first places), and what the weights need.

    `start` and `at` are the first row at risk at, and the place among all times of, each of the m times at which the
    cause happens; `events` their number there. `free` (groups, m) is G(t-); `own_free` (n,) is G(T-).
    """

    order: NDArray[np.intp]
    x: Matrix
    is_event: NDArray[np.bool_]
    is_competing: NDArray[np.bool_]
    is_censored: NDArray[np.bool_]
    start: NDArray[np.intp]
    after: NDArray[np.intp]
    events: Vector
    group: NDArray[np.intp]
    free: Matrix
    own_free: Vector
    times: NDArray[np.intp]  # rank of each row's time among all times
    event_times: NDArray[np.intp]  # rank of the times at which the cause happens


def competing_rows(
    t: Vector, codes: NDArray[np.int64], x: Matrix, cause: int, group: NDArray[np.intp]
) -> CompetingRows:
    """Rows (any order) sorted, with their censoring weights; `group` are codes from 0."""
    order = np.argsort(t, kind="stable")
    t, codes, group = t[order], codes[order], group[order]
    is_event, is_censored = codes == cause, codes == CENSORED
    _, rank = np.unique(t, return_inverse=True)
    event_times, events = np.unique(rank[is_event], return_counts=True)
    k = int(rank[-1]) + 1
    free, own_free = np.empty((int(group.max()) + 1, len(event_times))), np.empty(len(t))
    for g in range(len(free)):
        here = group == g
        before = _uncensored_before(rank[here], is_censored[here], k)
        free[g], own_free[here] = before[event_times], before[rank[here]]
    start = np.searchsorted(rank, event_times, side="left")
    after = np.searchsorted(event_times, rank, side="right")  # times of the cause up to each row's own
    return CompetingRows(
        order, np.ascontiguousarray(x[order]), is_event, ~is_event & ~is_censored, is_censored, start, after,
        events.astype(float), group, free, own_free, rank, event_times,
    )  # fmt: skip


def _uncensored_before(rank: NDArray[np.intp], is_censored: NDArray[np.bool_], k: int) -> Vector:
    """Kaplan–Meier probability of being uncensored just before each of the k times; 0 after the last of the rows."""
    left = np.bincount(rank, minlength=k)
    at_risk = left.sum() - np.cumsum(left) + left
    censored = np.bincount(rank[is_censored], minlength=k)
    stay = 1 - np.divide(censored, at_risk, out=np.zeros(k), where=at_risk > 0)
    before = np.concatenate([[1.0], np.cumprod(stay)[:-1]])
    return np.where(at_risk > 0, before, 0.0)


def _risk_sums(values: Matrix, data: CompetingRows) -> Matrix:
    """Weighted sums, (m, columns), of `values` (n, columns) over those at risk at each time of the cause."""
    below = np.cumsum(values[::-1], axis=0)[::-1]
    sums = below[data.start]
    for g in range(len(data.free)):
        stays = data.is_competing & (data.group == g)
        share = np.zeros_like(values)
        share[stays] = values[stays] / data.own_free[stays, None]
        gone = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(share, axis=0)])
        sums = sums + data.free[g][:, None] * gone[data.start]
    return np.asarray(sums)


def _moments(b: Vector, data: CompetingRows) -> tuple[Vector, Vector, Vector, Matrix]:
    """Log risks (n,), risks e (n,) scaled to at most 1, S0 (m,) and Z̄ (m, p)."""
    eta = data.x @ b
    risk = np.exp(eta - eta.max())
    sums = _risk_sums(np.column_stack([risk, data.x * risk[:, None]]), data)
    return eta, risk, sums[:, 0], sums[:, 1:] / sums[:, :1]


def weighted_likelihood(b: Vector, data: CompetingRows) -> Point:
    """Weighted partial log likelihood, gradient and information; ties as Breslow."""
    p = len(b)
    eta, risk, s0, mean = _moments(b, data)
    value = float(eta[data.is_event].sum() - data.events @ (np.log(s0) + eta.max()))
    gradient = data.x[data.is_event].sum(axis=0) - data.events @ mean
    outer = (data.x[:, :, None] * data.x[:, None, :]).reshape(len(data.x), p * p)
    second = _risk_sums(outer * risk[:, None], data) / s0[:, None]
    information = (data.events @ second).reshape(p, p) - (mean * data.events[:, None]).T @ mean
    return Point(value, np.asarray(gradient), information)


def score_influence(b: Vector, data: CompetingRows) -> Matrix:
    """Each row's part in the score, (n, p), sorted by time: η + ψ of Fine and Gray's section 4."""
    _, risk, s0, mean = _moments(b, data)
    hazard = data.events / s0
    total = np.concatenate([[0.0], np.cumsum(hazard)])
    drawn = np.vstack([np.zeros((1, len(b))), np.cumsum(mean * hazard[:, None], axis=0)])
    eta = -risk[:, None] * (data.x * total[data.after][:, None] - drawn[data.after])
    own = np.flatnonzero(data.is_event)
    eta[own] += data.x[own] - mean[np.searchsorted(data.event_times, data.times[own])]
    psi = np.zeros_like(eta)
    for g in range(len(data.free)):
        weight = data.free[g] * hazard
        later = np.concatenate([np.cumsum(weight[::-1])[::-1], [0.0]])
        later_mean = np.vstack([np.cumsum((mean * weight[:, None])[::-1], axis=0)[::-1], np.zeros((1, len(b)))])
        stays = np.flatnonzero(data.is_competing & (data.group == g))
        share = risk[stays] / data.own_free[stays]
        ahead = data.after[stays]
        eta[stays] -= share[:, None] * (data.x[stays] * later[ahead][:, None] - later_mean[ahead])
        rows = np.flatnonzero(data.group == g)
        psi[rows] = _censoring_part(data, rows, stays, share, later, later_mean)
    return np.asarray(eta + psi)


def _censoring_part(
    data: CompetingRows,
    rows: NDArray[np.intp],
    stays: NDArray[np.intp],
    share: Vector,
    later: Vector,
    later_mean: Matrix,
) -> Matrix:
    """What the estimated censoring distribution of one group adds to the influence of its rows."""
    k = int(data.times[-1]) + 1
    left = np.bincount(data.times[rows], minlength=k)
    at_risk = np.maximum(left.sum() - np.cumsum(left) + left, 1).astype(float)
    censored = np.bincount(data.times[rows[data.is_censored[rows]]], minlength=k)
    passed = np.searchsorted(data.event_times, np.arange(k), side="left")  # times of the cause before u
    gone = _before(np.bincount(data.times[stays], weights=share, minlength=k))
    q = np.empty((k, data.x.shape[1]))
    for j in range(q.shape[1]):
        part = np.bincount(data.times[stays], weights=share * data.x[stays, j], minlength=k)
        q[:, j] = _before(part) * later[passed] - gone * later_mean[passed, j]
    per_risk = q / at_risk[:, None]
    drift = np.cumsum(per_risk * (censored / at_risk)[:, None], axis=0)
    jump = per_risk[data.times[rows]] * data.is_censored[rows, None]
    return np.asarray(jump - drift[data.times[rows]])


def _before(steps: NDArray[np.number[Any]]) -> Vector:
    """Running sums up to, not with, each step."""
    return np.asarray(np.cumsum(steps) - steps)
