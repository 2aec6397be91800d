"""Test of proportional hazards: does an effect change with time? Term by term and of all terms together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.cox_fit import CoxFit
from neurolupus.stats.risk_sets import Indices, RiskSets

Transform = Literal["km", "rank", "identity", "log"]
GLOBAL = "GLOBAL"
NOTHING_LEFT = 1e-8  # share of a term's information


@dataclass(frozen=True, slots=True)
class HazardsTest:
    """The score test of one term, or of all (`GLOBAL`)."""

    name: str
    statistic: float
    df: int
    p_value: float
    transform: Transform


def proportional_hazards_test(
    fit: CoxFit, *, terms: Sequence[str] | None = None, transform: Transform = "km"
) -> tuple[HazardsTest, ...]:
    """Score tests that each coefficient is constant, one per term, and the global one last.

    Parameters
    ----------
    fit : CoxFit
    terms : p strings, optional
        The term of each column: columns of one term (levels of a factor) are tested jointly. Each column by default.
    transform : {"km", "rank", "identity", "log"}
        Of time: one minus the Kaplan-Meier estimate before it, its rank, itself, its logarithm.

    Raises
    ------
    StatsError
        A coefficient has no finite estimate, `terms` does not name every column, or the logarithm of a time of zero
        is asked for.

    References
    ----------
    .. [1] Grambsch & Therneau (1994), Biometrika 81:515, doi:10.1093/biomet/81.3.515; the score test that R's
       `survival::cox.zph` computes since version 3.0.
    """
    labels = tuple(terms) if terms is not None else fit.names
    if len(labels) != len(fit.names):
        raise StatsError(f"{len(labels)} terms for {len(fit.names)} columns; one term per column is needed.")
    if fit.separated:
        raise StatsError(
            f"{', '.join(fit.separated)} has no finite estimate; proportional hazards cannot be tested.\n"
            "    Leave the term out, or join its levels."
        )
    at, p = fit.likelihood, len(fit.names)
    g = _transformed(at.sets, transform)
    g = g - g.mean()
    gradient = at.score(g)
    information = np.block([[at.information(), at.information(g)], [at.information(g), at.information(g**2)]])
    tests = []
    for term in dict.fromkeys(labels):
        columns = np.flatnonzero([label == term for label in labels])
        tests.append(_test(term, gradient, information, columns, p, transform))
    return (*tests, _test(GLOBAL, gradient, information, np.arange(p), p, transform))


def _test(
    name: str, gradient: Vector, information: Matrix, columns: Indices, p: int, transform: Transform
) -> HazardsTest:
    constant, varying = np.arange(p), p + columns
    across = information[np.ix_(constant, varying)]
    inner = information[np.ix_(varying, varying)]
    left = inner - across.T @ np.linalg.solve(information[np.ix_(constant, constant)], across)
    # a term that varies in no two risk sets leaves nothing to test: its direction is rounding, and counts for nothing
    scale = 1 / np.sqrt(np.maximum(np.diag(inner), np.finfo(float).tiny))
    values, directions = np.linalg.eigh(left * scale[:, None] * scale)
    along = directions.T @ (gradient[columns] * scale)
    seen = values > NOTHING_LEFT
    statistic = float((along[seen] ** 2 / values[seen]).sum())
    return HazardsTest(name, statistic, len(columns), float(stats.chi2.sf(statistic, len(columns))), transform)


def _transformed(sets: RiskSets, transform: Transform) -> Vector:
    """The time scale at each event time (k,)."""
    time = sets.event_time
    if transform == "identity":
        return time
    if transform == "log":
        if (time <= 0).any():
            raise StatsError(
                "An event at time 0 has no logarithm.\n    Choose another transform: km, rank or identity."
            )
        return np.asarray(np.log(time), np.float64)
    ends = np.sort(sets.time)  # of all strata together, as in R
    before, until = np.searchsorted(ends, time), np.searchsorted(ends, time, side="right")
    if transform == "rank":
        return np.asarray(before + (until - before + 1) / 2, np.float64)
    moments, place = np.unique(time, return_inverse=True)
    deaths = np.bincount(place, weights=sets.deaths, minlength=len(moments))
    at_risk = len(ends) - np.searchsorted(ends, moments).astype(np.float64)
    if sets.start is not None:
        starts = np.sort(sets.start)
        at_risk -= len(starts) - np.searchsorted(starts, moments)
    survival = np.cumprod(1 - deaths / at_risk)
    return np.asarray(1 - np.concatenate([[1.0], survival])[place], np.float64)
