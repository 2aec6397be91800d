"""A Cox model of declared terms in one cohort: rows chosen, errors chosen, separation and hazards looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.cox_ph_test import HazardsTest
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.landmark import split_exposure
from neurolupus.study.derive.outcomes import Survival
from neurolupus.study.run.context import Cohort, CohortKind, Context, Rows, numbers_of
from neurolupus.study.run.cox_data import CoxData, fit_cox
from neurolupus.study.run.outcomes import groups_as_then, survival_of
from neurolupus.study.run.rows import level_texts
from neurolupus.study.run.terms import ModelTerms, model_terms
from neurolupus.study.schema.models import Cox, CoxSe

_T = TypeVar("_T", bound=np.generic)
_USUAL: dict[CohortKind, CoxSe] = {"full": "classical", "matched": "cluster_pair", "weighted": "robust"}
EVERY_COHORT = "*"  # the key of an `se:` that names no cohort


@dataclass(frozen=True, slots=True, eq=False)
class CoxModel:
    """A fitted Cox model with printed names.

    Attributes
    ----------
    labels : tuple of str
        One per estimate.
    ph : tuple of HazardsTest
        One per term; empty where they were not tested.
    separated : tuple of str
        Terms with a level without events.
    """

    estimates: tuple[Estimate, ...]
    labels: tuple[str, ...]
    terms: tuple[str, ...]
    method: str
    n: int
    n_events: int
    n_dropped: int
    notes: tuple[str, ...]
    ph: tuple[HazardsTest, ...]
    ph_global: HazardsTest | None
    is_firth: bool
    errors: CoxSe
    cohort: CohortKind
    separated: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether a term has exactly one estimate."""
        return self.terms.count(name) == 1

    def estimate(self, name: str) -> Estimate:
        """The estimate of a term with one column."""
        return self.estimates[self.terms.index(name)]

    def ph_row(self, k: int) -> HazardsTest | None:
        """The test of proportional hazards of the term of estimate k, at its first column."""
        name = self.terms[k]
        if self.terms.index(name) != k:
            return None
        return next((test for test in self.ph if test.name == name), None)

    def ph_of(self, k: int) -> float | None:
        """Its p-value."""
        test = self.ph_row(k)
        return test.p_value if test else None


def fit_terms(
    context: Context, model: Cox, cohort: Cohort, names: Sequence[str], *, since: float = 0.0,
    interactions: Sequence[tuple[str, str]] = (),
) -> CoxModel:  # fmt: skip
    """The model of these terms in one cohort.

    Parameters
    ----------
    since : float
        Count from this time on, patients still at risk then, the exposure as it was then.

    Raises
    ------
    StatsError
        It cannot be fitted.
    """
    chosen = cox_rows(context, model, cohort, names, since=since, interactions=interactions)
    data, terms, survival = chosen.data, chosen.terms, chosen.survival
    split_notes: tuple[str, ...] = ()
    if model.exposure == "time_varying":
        data, split_notes = _time_varying(context, data, chosen.frame.iloc[terms.design.rows], names)
    fitted = fit_cox(
        data, ties=model.ties, firth=model.separation == "firth_profile", ph_test=model.ph_test,
        level=context.study.study.level,
    )  # fmt: skip
    dropped = int((~survival.is_known).sum()) + terms.design.n_dropped
    notes = (*fitted.notes, *terms.notes, *split_notes)
    if terms.design.n_dropped:
        notes = (*notes, terms.dropped_words())
    if since:
        notes = (
            *notes,
            f"{int((survival.is_known & (survival.time <= since)).sum())} patients ended before {since:g}.",
        )
    return CoxModel(
        estimates=fitted.estimates,
        labels=tuple(_labels(terms, fitted.estimates)),
        terms=terms.design.terms,
        method=fitted.method,
        n=chosen.data.n,
        n_events=chosen.data.n_events,
        n_dropped=dropped,
        notes=notes,
        ph=fitted.ph,
        ph_global=fitted.ph_global,
        is_firth=fitted.is_firth,
        errors=chosen.errors,
        cohort=cohort.kind,
        separated=tuple(terms.labels.get(name, name) for name in fitted.separated),
    )


@dataclass(frozen=True, slots=True, eq=False)
class CoxRows:
    """The complete rows of a Cox model, as it is fitted to them.

    Attributes
    ----------
    data : CoxData
    terms : ModelTerms
    frame : DataFrame
        Of the patients whose time is known; `terms.design.rows` are positions in it.
    known : (n,) bool array
        Which rows of the cohort these patients are.
    survival : Survival
        Of the whole cohort.
    errors : classical, robust or cluster_pair
    """

    data: CoxData
    terms: ModelTerms
    frame: pd.DataFrame
    known: Rows
    survival: Survival
    errors: CoxSe


def cox_rows(
    context: Context, model: Cox, cohort: Cohort, names: Sequence[str], *, since: float = 0.0,
    interactions: Sequence[tuple[str, str]] = (),
) -> CoxRows:  # fmt: skip
    """The complete rows of a model of these terms in one cohort, errors and strata as the model declares.

    Raises
    ------
    StatsError
        No row is complete.
    """
    survival = survival_of(context, cohort.frame, model.outcome)
    known = survival.is_known & (survival.time > since) if since else survival.is_known
    frame = cohort.frame[_columns_needed(context, names, model.strata)].loc[known]
    time, event = survival.time[known] - since, survival.event[known]
    weights, pairs = _part(cohort.weights, known), _part(cohort.pairs, known)
    if since:
        frame = groups_as_then(context, frame, names, since)
    terms = model_terms(context, frame, names, interactions=interactions, also_complete=list(model.strata))
    rows = terms.design.rows
    strata = _strata(context, frame, model.strata, rows)
    kind = se_kind(model, cohort)
    data = CoxData(
        time=time[rows],
        event=event[rows] > 0,
        design=terms.design.matrix,
        names=terms.design.names,
        terms=terms.design.terms,
        ids=rows,
        weights=_part(weights, rows),
        cluster=_part(pairs, rows) if kind == "cluster_pair" else None,
        is_robust=kind != "classical",
        strata=strata,
    )
    return CoxRows(data, terms, frame, known, survival, kind)


def _columns_needed(context: Context, names: Sequence[str], strata: Sequence[str]) -> list[str]:
    starts = [g.starts for name in names if (g := context.study.groups.get(name)) and g.starts not in ("", "baseline")]
    return list(dict.fromkeys([*names, *strata, *starts]))


def se_kind(model: Cox, cohort: Cohort) -> CoxSe:
    """The standard errors of a model in a cohort: as declared, else by the kind of cohort."""
    declared = model.se.get(cohort.name) or model.se.get(EVERY_COHORT)
    if declared is None:
        declared = _USUAL[cohort.kind]
    if declared == "cluster_pair" and cohort.pairs is None:
        return "robust" if cohort.weights is not None else "classical"
    return declared


def _part(values: NDArray[_T] | None, rows: NDArray[Any]) -> NDArray[_T] | None:
    return None if values is None else values[rows]


def _labels(terms: ModelTerms, estimates: Sequence[Estimate]) -> list[str]:
    return [terms.labels.get(e.name, e.name) for e in estimates]


def _strata(
    context: Context, frame: pd.DataFrame, names: Sequence[str], rows: NDArray[np.intp]
) -> NDArray[np.object_] | None:
    if not names:
        return None
    columns = [level_texts(frame, context.fields[name]).to_numpy()[rows] for name in names]
    return np.array([" / ".join(map(str, values)) for values in zip(*columns, strict=True)], dtype=object)


def _time_varying(
    context: Context, data: CoxData, frame: pd.DataFrame, names: Sequence[str]
) -> tuple[CoxData, tuple[str, ...]]:
    """Each exposed patient in two rows: unexposed until the exposure began, exposed from then on.

    Raises
    ------
    StatsError
        No group of the terms says when it begins.
    """
    timed = [
        name for name in names if (g := context.study.groups.get(name)) is not None and g.starts not in ("", "baseline")
    ]
    if not timed:
        raise StatsError("No exposure of the model says when it begins; declare starts: of its group.")
    name = timed[0]
    column = list(data.terms).index(name)
    began = numbers_of(frame, context.study.groups[name].starts)
    exposed = data.design[:, column] > 0
    if (exposed & ~np.isfinite(began)).any():
        count = int((exposed & ~np.isfinite(began)).sum())
        raise StatsError(
            f"{count} exposed patients have no {context.study.groups[name].starts}; give the time it began."
        )
    follow_up = split_exposure(data.time, data.event, np.where(exposed, began, np.nan))
    return data.split(column, follow_up), follow_up.notes
