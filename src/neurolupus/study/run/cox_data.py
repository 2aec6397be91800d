"""What a Cox model is fitted to, and the fit: errors chosen, Firth's penalty on separation, hazards tested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.cox import cox_regression
from neurolupus.stats.cox_fit import CoxFit
from neurolupus.stats.cox_likelihood import Ties
from neurolupus.stats.cox_ph_test import GLOBAL, HazardsTest, proportional_hazards_test
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.firth_cox import firth_cox
from neurolupus.stats.landmark import SplitFollowUp

Floats = NDArray[np.float64]
_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class CoxData:
    """What a Cox model is fitted to.

    Attributes
    ----------
    terms : tuple of str
        The term of each column.
    start : (n,) float array or None
        Of intervals at risk; None: from time zero.
    ids : (n,) int array
        The patient of each row.
    """

    time: Floats
    event: NDArray[np.bool_]
    design: Floats
    names: tuple[str, ...]
    terms: tuple[str, ...]
    ids: NDArray[np.intp]
    weights: Floats | None = None
    cluster: NDArray[np.int64] | None = None
    is_robust: bool = False
    strata: NDArray[np.object_] | None = None
    start: Floats | None = None

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.time)

    @property
    def n_events(self) -> int:
        """Rows with an event."""
        return int(np.count_nonzero(self.event))

    def taken(self, rows: NDArray[np.intp]) -> CoxData:
        """Some of its rows, some perhaps more than once; each drawn row is a patient of its own."""

        def again(values: NDArray[_T] | None) -> NDArray[_T] | None:
            return None if values is None else values[rows]

        return replace(
            self, time=self.time[rows], event=self.event[rows], design=self.design[rows],
            ids=np.arange(len(rows), dtype=np.intp), weights=again(self.weights), cluster=again(self.cluster),
            strata=again(self.strata), start=again(self.start),
        )  # fmt: skip

    def split(self, column: int, follow_up: SplitFollowUp) -> CoxData:
        """The same in intervals, the exposure of `column` as it was in each."""
        rows = follow_up.row
        design = self.design[rows].copy()
        design[:, column] = follow_up.exposed

        def again(values: NDArray[_T] | None) -> NDArray[_T] | None:
            return None if values is None else values[rows]

        return replace(
            self, time=follow_up.time, event=follow_up.event, start=follow_up.start, design=design, ids=self.ids[rows],
            weights=again(self.weights), cluster=again(self.cluster), strata=again(self.strata),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CoxFitted:
    """A fitted Cox model; estimates are log hazard ratios, one per column."""

    estimates: tuple[Estimate, ...]
    method: str
    notes: tuple[str, ...] = ()
    ph: tuple[HazardsTest, ...] = ()
    ph_global: HazardsTest | None = None
    is_firth: bool = False
    separated: tuple[str, ...] = ()


def fit_cox(data: CoxData, *, ties: Ties, firth: bool, ph_test: bool, level: float) -> CoxFitted:
    """The model, by Firth's penalised likelihood where a level has no event and `firth` allows it.

    Raises
    ------
    StatsError
        It cannot be fitted.
    """
    cluster = data.cluster if data.cluster is not None or not data.is_robust or data.start is None else data.ids
    with np.errstate(invalid="ignore"):  # the variance of a term without finite estimate; it is replaced or refused
        fit = cox_regression(
            data.time,
            data.event,
            data.design,
            data.names,
            start=data.start,
            strata=data.strata,
            weights=data.weights,
            ties=ties,
            errors="robust" if data.is_robust else "model",
            cluster=cluster,
            level=level,
        )
    undefined = [e.name for e in fit.estimates if np.isnan(e.se) and e.name not in fit.separated]
    if undefined and not fit.separated:
        raise StatsError(
            f"{', '.join(undefined)} cannot be told apart from the other terms; take terms out of the model."
        )
    # events per term are told by the caller, with the file's own limit
    notes = tuple(note for note in fit.notes if "per coefficient" not in note)
    if fit.separated and firth:
        return _penalised(data, fit, ties, level)
    tests = proportional_hazards_test(fit, terms=data.terms) if ph_test and not fit.separated else ()
    whole = next((test for test in tests if test.name == GLOBAL), None)
    each = tuple(test for test in tests if test.name != GLOBAL)
    return CoxFitted(fit.estimates, fit.method, notes, each, whole, separated=fit.separated)


def _penalised(data: CoxData, fit: CoxFit, ties: Ties, level: float) -> CoxFitted:
    found = firth_cox(
        data.time, data.event, data.design, data.names, start=data.start, strata=data.strata, weights=data.weights,
        ties=ties, level=level,
    )  # fmt: skip
    notes = [note for note in found.notes if "per term" not in note and "per coefficient" not in note]
    if data.is_robust:
        notes.append("Limits of the penalised likelihood are not robust to pairs or weights.")
    return CoxFitted(found.estimates, found.method, tuple(notes), is_firth=True, separated=fit.separated)
