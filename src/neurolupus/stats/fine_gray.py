"""Fine–Gray regression: subdistribution hazard ratios of one cause, other events competing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix
from neurolupus.stats.cumulative_incidence import CENSORED, checked_competing
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.matrix_checks import check_full_rank, size_notes
from neurolupus.stats.newton import Maximum, Point, inverse_information, maximise
from neurolupus.stats.robust import cluster_sums
from neurolupus.stats.wald import wald_estimates

SUSPICIOUS = 12.0  # |log ratio| across the range of a column from which no finite estimate is believed


@dataclass(frozen=True, slots=True, eq=False)
class FineGrayFit:
    """A Fine–Gray model; estimates are log subdistribution hazard ratios with robust errors.

    Attributes
    ----------
    covariance : (p, p) float array
        Robust; the estimation of the censoring weights is part of it.
    log_likelihood, log_likelihood_null : float
        Of the weighted partial likelihood; differences of two do not follow a chi-square.
    n_events, n_competing, n_censored : int
    """

    estimates: tuple[Estimate, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes
    n_events: int
    n_competing: int
    n_censored: int
    names: tuple[str, ...]
    coefficients: Vector
    covariance: Matrix
    log_likelihood: float
    log_likelihood_null: float
    iterations: int
    level: float

    def estimate(self, name: str) -> Estimate:
        """The estimate of one column of the design.

        Raises
        ------
        StatsError
            There is no such column.
        """
        for entry in self.estimates:
            if entry.name == name:
                return entry
        raise StatsError(f"{name!r} is no coefficient of the model; there are {', '.join(self.names)}.")


def fine_gray(
    time: ArrayLike,
    status: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    cause: int = 1,
    cluster: ArrayLike | None = None,
    censoring_groups: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> FineGrayFit:
    """Log subdistribution hazard ratios by the weighted partial likelihood, ties as Breslow.

    Parameters
    ----------
    time, status, cause, n_dropped
        As in `cumulative_incidence`.
    design : (n, p) float array
        Without a column of ones.
    names : sequence of str
        One per column.
    cluster : (n,) array or None
        Matched pairs or centres; errors are then robust by cluster. R's `crr` has no such option.
    censoring_groups : (n,) array or None
        The censoring distribution is estimated in each group by itself (`cengroup` of `crr`); after the last
        follow-up of a group, where it is not known, patients of the group with a competing event leave, as in `crr`.

    Raises
    ------
    StatsError
        The cause never happens, values are missing, columns are constant or dependent.

    Notes
    -----
    Patients with a competing event stay at risk with weight G(t-) / G(T-), G the Kaplan–Meier estimate of staying
    uncensored. Estimates and errors equal those of R's `cmprsk::crr` run to convergence; with censoring groups
    only the estimates do (`crr` 2.2.11 gives two equal groups other errors than one).

    References
    ----------
    .. [1] Fine and Gray (1999), JASA 94:496, doi:10.1080/01621459.1999.10474144.
    .. [2] Zhou et al. (2012), Biostatistics 13:371, doi:10.1093/biostatistics/kxr032 (clusters).

    Examples
    --------
    >>> x = [[0.0], [1.0], [1.0], [0.0], [1.0], [0.0]]
    >>> fit = fine_gray([1.0, 2, 3, 4, 5, 6], [1, 2, 1, 1, 0, 1], x, ["exposure"])
    >>> fit.n_events
    4
    """
    t, codes = checked_competing(time, status)
    x = complete_matrix(design, names, len(t))
    _check_design(x, names, codes, cause)
    data = _weighted(t, codes, x - x.mean(axis=0), cause, _groups(censoring_groups, len(t)))
    found = maximise(lambda b: _likelihood(b, data), np.zeros(x.shape[1]))
    bread = inverse_information(found.at.information)
    influence = _influence(found.coefficients, data)
    labels = None if cluster is None else np.asarray(cluster)
    if labels is not None and len(labels) == len(data.order):
        labels = labels[data.order]
    summed = influence if labels is None else cluster_sums(influence, labels)
    covariance = np.asarray(bread @ (summed.T @ summed) @ bread)
    n_events = int((codes == cause).sum())
    return FineGrayFit(
        estimates=wald_estimates(names, found.coefficients, covariance, level=level),
        method="Fine–Gray regression, robust errors" + ("" if cluster is None else " by cluster"),
        n=len(t),
        n_dropped=n_dropped,
        notes=(*_fit_notes(found, x, names), *size_notes(n_events, x.shape[1], unit="events of the cause")),
        n_events=n_events,
        n_competing=int(((codes != cause) & (codes != CENSORED)).sum()),
        n_censored=int((codes == CENSORED).sum()),
        names=tuple(names),
        coefficients=found.coefficients,
        covariance=covariance,
        log_likelihood=found.at.value,
        log_likelihood_null=_likelihood(np.zeros(x.shape[1]), data).value,
        iterations=found.iterations,
        level=level,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Weighted:
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


def _weighted(t: Vector, codes: NDArray[np.int64], x: Matrix, cause: int, group: NDArray[np.intp]) -> _Weighted:
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
    return _Weighted(
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


def _risk_sums(values: Matrix, data: _Weighted) -> Matrix:
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


def _moments(b: Vector, data: _Weighted) -> tuple[Vector, Vector, Vector, Matrix]:
    """Log risks (n,), risks e (n,) scaled to at most 1, S0 (m,) and Z̄ (m, p)."""
    eta = data.x @ b
    risk = np.exp(eta - eta.max())
    sums = _risk_sums(np.column_stack([risk, data.x * risk[:, None]]), data)
    return eta, risk, sums[:, 0], sums[:, 1:] / sums[:, :1]


def _likelihood(b: Vector, data: _Weighted) -> Point:
    p = len(b)
    eta, risk, s0, mean = _moments(b, data)
    value = float(eta[data.is_event].sum() - data.events @ (np.log(s0) + eta.max()))
    gradient = data.x[data.is_event].sum(axis=0) - data.events @ mean
    outer = (data.x[:, :, None] * data.x[:, None, :]).reshape(len(data.x), p * p)
    second = _risk_sums(outer * risk[:, None], data) / s0[:, None]
    information = (data.events @ second).reshape(p, p) - (mean * data.events[:, None]).T @ mean
    return Point(value, np.asarray(gradient), information)


def _influence(b: Vector, data: _Weighted) -> Matrix:
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
    data: _Weighted,
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


def _groups(groups: ArrayLike | None, n: int) -> NDArray[np.intp]:
    if groups is None:
        return np.zeros(n, np.intp)
    codes, _ = pd.factorize(np.asarray(groups))
    if len(codes) != n or (codes < 0).any():
        raise StatsError(
            f"There are {len(codes)} censoring groups, {int((codes < 0).sum())} of them missing, for {n} rows; one per "
            "row is needed."
        )
    return np.asarray(codes, dtype=np.intp)


def _check_design(x: Matrix, names: Sequence[str], codes: NDArray[np.int64], cause: int) -> None:
    if cause == CENSORED or not (codes == cause).any():
        raise StatsError(
            f"None of {len(codes)} rows has an event with status {cause}; at least one event of the cause is needed.\n"
            "    Check the coding of the status."
        )
    check_full_rank(np.column_stack([np.ones(len(x)), x]), ["intercept", *names])


def _fit_notes(found: Maximum, x: Matrix, names: Sequence[str]) -> Notes:
    reach = np.abs(found.coefficients) * np.ptp(x, axis=0)
    far = [name for name, r in zip(names, reach, strict=True) if r > SUSPICIOUS]
    if far:
        return (
            f"{', '.join(far)}: the estimate grows without limit, perhaps because a level has no event of the cause. "
            "Do not use it.",
        )
    return () if found.converged else ("The fit did not converge. Do not use the estimates.",)
