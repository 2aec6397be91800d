"""The log-rank test: are the survival curves of some groups one? Also within strata, such as matched pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_weights, shown
from neurolupus.stats.cox_likelihood import partial_likelihood
from neurolupus.stats.estimate import Notes
from neurolupus.stats.risk_sets import Indices, risk_sets
from neurolupus.stats.robust import cluster_sums
from neurolupus.stats.survival_data import FollowUp, check_any_event, complete_labels, follow_up


@dataclass(frozen=True, slots=True, eq=False)
class LogRank:
    """The test, and observed and expected events of each group in the order of `groups`."""

    statistic: float
    df: int
    p_value: float
    groups: tuple[str, ...]
    observed: Vector
    expected: Vector
    n: int
    n_events: int
    method: str
    notes: Notes = ()


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> LogRank:
    """The k-sample test of R's `survdiff`.

    Parameters
    ----------
    time, event : (n,) arrays
    group : (n,) array
        Labels; two or more different ones.
    strata : (n,) array, optional
        Groups are compared within strata only.
    rho : float
        Events are weighted by survival to this power: 0 is the log-rank test, 1 Peto and Peto's.

    Raises
    ------
    StatsError
        There is one group, no event, or no stratum in which an event could fall into either group.

    References
    ----------
    .. [1] Mantel (1966), Cancer Chemother Rep 50:163. Harrington & Fleming (1982), Biometrika 69:553: rho.
    """
    data = follow_up(time, event)
    check_any_event(data.event)
    labels, member = _groups(group, len(data.time))
    table = _death_table(data, member, len(labels), strata)
    every = np.ones(len(labels))
    by_group, deaths, at_risk = table.at_risk, table.deaths @ every, table.at_risk @ every
    scale = _survival_before(at_risk, deaths, table.stratum) ** rho if rho else np.ones(len(deaths))
    observed = scale @ table.deaths
    share = by_group / at_risk[:, None]
    expected = (deaths * scale) @ share
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(at_risk > 1, deaths * (at_risk - deaths) / (at_risk - 1), 0.0) * scale**2
    covariance = np.diag(spread @ share) - (share.T * spread) @ share
    seen = np.flatnonzero(expected > 0)
    gap = (observed - expected)[seen[:-1]]
    inner = covariance[np.ix_(seen[:-1], seen[:-1])]
    if len(seen) < 2 or np.linalg.matrix_rank(inner) < len(inner):
        raise StatsError(
            "The groups are never at risk together when an event happens; they cannot be compared.\n"
            "    Look at the follow-up of each group, and at the strata."
        )
    statistic, df = float(gap @ np.linalg.solve(inner, gap)), len(seen) - 1
    name = {0.0: "log-rank test", 1.0: "Peto–Peto test"}.get(rho, f"Harrington–Fleming test, rho {rho:g}")
    return LogRank(
        statistic, df, float(special.chdtrc(df, statistic)), labels, observed, expected,
        len(member), int(deaths.sum()), name if strata is None else f"stratified {name}",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _DeathTable:
    """At each event time of each stratum: patients at risk and deaths by group, (k, groups); the stratum, (k,)."""

    at_risk: Matrix
    deaths: Matrix
    stratum: Indices


def _death_table(data: FollowUp, member: Indices, groups: int, strata: ArrayLike | None) -> _DeathTable:
    moment, stratum = data.moment, np.zeros(len(data.known), np.intp)
    if strata is not None:
        layer = complete_labels(strata, "strata", len(moment))
        keys, moment = np.unique(layer * len(data.known) + moment, return_inverse=True)
        stratum = keys // len(data.known)
    cells, size = moment * groups + member, len(stratum) * groups
    ended = np.bincount(cells, minlength=size).reshape(-1, groups)
    died = np.bincount(cells[data.event], minlength=size).reshape(-1, groups)
    later = np.vstack([ended[::-1].cumsum(0)[::-1], np.zeros((1, groups), np.intp)])
    at = np.flatnonzero(died @ np.ones(groups, np.intp))
    beyond = np.searchsorted(stratum, stratum[at], side="right")  # where the next stratum begins
    return _DeathTable((later[at] - later[beyond]).astype(np.float64), died[at].astype(np.float64), stratum[at])


def _groups(group: ArrayLike, n: int) -> tuple[tuple[str, ...], Indices]:
    """Labels in their order, and the number of the label of each row."""
    values = np.asarray(group)
    if values.shape != (n,):
        raise StatsError(f"There are {values.size} groups for {n} times; one per row is needed.")
    codes, found = pd.factorize(values)
    if (codes < 0).any():
        raise StatsError(
            f"group is missing in {int((codes < 0).sum())} of {len(codes)} rows; every row needs one.\n"
            "    Drop these rows and report the count."
        )
    if len(found) < 2:
        raise StatsError(
            f"There is one group, {shown(found[0])}; two or more are compared.\n    Check the group column."
        )
    order = np.argsort(found.astype(str) if found.dtype == object else found, kind="stable")
    rank = np.empty(len(found), np.intp)
    rank[order] = np.arange(len(found))
    return tuple(str(label) for label in found[order]), rank[codes]


def _survival_before(at_risk: Vector, deaths: Vector, stratum: Indices) -> Vector:
    """The Kaplan–Meier estimate just before each event time, stratum by stratum."""
    before = np.empty(len(deaths))
    for one in np.unique(stratum):
        here = stratum == one
        curve = np.cumprod(1 - deaths[here] / at_risk[here])
        before[here] = np.concatenate([[1.0], curve[:-1]])
    return before


def weighted_logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    weights: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
) -> LogRank:
    """The log-rank test with case weights: the robust score test of a Cox model with the groups as its terms.

    Weights of matching or of a propensity score are no counts, so the variance is that of the weighted score
    residuals (Lin & Wei 1989), by cluster where one is given.

    Raises
    ------
    StatsError
        As `logrank`.
    """
    sets = risk_sets(time, event)
    labels, member = _groups(group, len(sets.order))
    case = complete_weights(weights, len(sets.order))
    assert case is not None
    w = case[sets.order]
    inside: Matrix = (member[sets.order][:, None] == np.arange(len(labels))).astype(np.float64)
    at = partial_likelihood(sets, np.ascontiguousarray(inside[:, 1:]), w, np.zeros(len(labels) - 1), "breslow")
    parts = at.score_residuals() * w[:, None]
    summed = parts if cluster is None else cluster_sums(parts, np.asarray(cluster)[sets.order])
    gradient = at.score()
    statistic = float(gradient @ np.linalg.solve(summed.T @ summed, gradient))
    observed = (inside * (w * sets.event)[:, None]).sum(0)
    expected = (inside * (w * at.risk * at.cumulative_hazard())[:, None]).sum(0)
    df = len(labels) - 1
    return LogRank(
        statistic, df, float(special.chdtrc(df, statistic)), labels, observed, expected,
        len(w), int(sets.event.sum()), "weighted log-rank test (robust score test)",
    )  # fmt: skip
