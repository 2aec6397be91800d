"""Models on a table whose gaps are filled several times, pooled by Rubin's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.design import Term
from neurolupus.stats.missing import impute
from neurolupus.stats.rubin import pool
from neurolupus.study.derive import derived_again, parents_of
from neurolupus.study.results import Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.run.cohorts import cohorts_of
from neurolupus.study.run.context import Context
from neurolupus.study.run.estimates import NamedEstimate, model_estimates
from neurolupus.study.run.outcomes import binary_of, nominal_of, outcome_label, survival_of
from neurolupus.study.run.part import Part, cautions, estimate_numbers, number
from neurolupus.study.run.rows import coded, level_texts
from neurolupus.study.schema import FULL
from neurolupus.study.schema.extras import Sensitivity
from neurolupus.study.schema.models import ChangeModel, Linear, Model
from neurolupus.study.schema.outcomes import BinaryOutcome, Change, NominalOutcome, TimeToEvent


def imputed_part(context: Context, spec: Sensitivity, title: str) -> Part:
    """The models of a sensitivity analysis pooled over imputed tables.

    Raises
    ------
    StatsError
        Nothing can be imputed, or a model cannot be fitted to a completed table.
    """
    assert spec.impute is not None
    study = context.study
    models = [study.models[name] for name in spec.rerun if name in study.models]
    names, remade = filled_names(context, models, spec)
    frame, terms = _chain_table(context, models, names)
    rng = np.random.default_rng([study.study.seed, 31])
    made = impute(frame, terms, m=spec.impute.m, rng=rng, iterations=spec.impute.iterations)
    where = f"Sensitivity: {title}"
    if not made.missing:
        return Part(warnings=cautions(where, ["No value is missing; imputation changes nothing and was left out."]))
    found: list[tuple[NamedEstimate, ...]] = []
    for completed in made.frames:
        one = _filled(context, completed, names, remade)
        needed = {c for model in models for c in model.cohort if c != FULL}
        again, _ = cohorts_of(one, needed)
        one = replace(one, cohorts={**one.cohorts, **again})
        found.append(tuple(e for model in models for e in model_estimates(one, model) if e.estimate is not None))
    return _pooled(context, spec, title, found, made.missing, (*made.notes,))


def filled_names(context: Context, models: Sequence[Model], spec: Sensitivity) -> tuple[list[str], list[str]]:
    """Columns whose gaps are filled: of the models, of the scores of their cohorts, of what is named to help.

    Returns
    -------
    filled, remade : list of str
        What is derived from columns that are filled is made again from them, so that both always agree.
    """
    assert spec.impute is not None
    frame = context.full.frame
    wanted = [name for model in models for name in _used_by(context, model)]
    wanted = [name for name in dict.fromkeys((*wanted, *spec.impute.using)) if name in frame]
    filled: list[str] = []
    remade: list[str] = []
    todo = list(reversed(wanted))
    while todo:
        name = todo.pop()
        parents = parents_of(context.study, name)
        if parents and all(_can_be_filled(context, parent) for parent in parents):
            remade.append(name)
            todo += parents
        else:
            filled.append(name)
    return list(dict.fromkeys(filled)), list(dict.fromkeys(remade))


def _can_be_filled(context: Context, name: str) -> bool:
    entry = context.fields.get(name)
    return entry is not None and name in context.full.frame and entry.kind not in ("multilabel", "text", "date")


def _used_by(context: Context, model: Model) -> list[str]:
    """Terms, strata, outcomes that are values, and the scores of the cohorts of one model."""
    study = context.study
    names = [*getattr(model, "terms", ()), *getattr(model, "strata", ())]
    names += [entry.name for entry in context.rows_of(getattr(model, "each", ()))]
    if isinstance(model, ChangeModel):
        for outcome in (study.outcomes[name] for name in model.outcomes):
            assert isinstance(outcome, Change)
            names += [outcome.before, outcome.after]
    else:
        names += getattr(model, "outcomes", ())
    if isinstance(model, Linear):
        names += [term for terms in model.adjust.values() for term in terms]
    by = getattr(model, "by", "")
    names += [by] if by else []
    for cohort in model.cohort:
        if cohort in study.weights:
            weighting = study.weights[cohort]
            match = study.match.get(weighting.from_)
            names += weighting.covariates or (match.covariates if match else ())
        elif cohort in study.match:
            names += [*study.match[cohort].covariates, *study.match[cohort].exact]
    return names


def _chain_table(context: Context, models: Sequence[Model], names: Sequence[str]) -> tuple[pd.DataFrame, list[Term]]:
    """The columns that predict one another, outcomes among them: of a time to event its status and cumulated hazard."""
    full = context.full.frame
    columns: dict[str, object] = {}
    terms: list[Term] = []
    for name in names:
        entry = context.fields.get(name)
        if entry is None or entry.kind == "continuous":
            columns[name] = pd.to_numeric(full[name]).to_numpy()
            terms.append(Term(name))
        elif entry.kind == "binary":
            columns[name] = coded(full, entry)
            terms.append(Term(name, "binary"))
        else:
            columns[name] = level_texts(full, entry).to_numpy()
            terms.append(Term(name, "nominal", tuple(v.value for v in entry.levels)))
    for outcome in dict.fromkeys(getattr(model, "outcome", "") for model in models):
        declared = context.study.outcomes.get(outcome)
        if outcome in columns or (isinstance(declared, BinaryOutcome) and declared.column in columns):
            continue  # it predicts already, as a variable
        if isinstance(declared, TimeToEvent):
            survival = survival_of(context, full, outcome)
            columns[f"{outcome}.event"] = survival.event
            columns[f"{outcome}.hazard"] = nelson_aalen(survival.time, survival.event)
            terms += [Term(f"{outcome}.event", "binary"), Term(f"{outcome}.hazard")]
        elif isinstance(declared, NominalOutcome):
            columns[f"{outcome}.level"] = nominal_of(context, full, declared).to_numpy()
            terms.append(Term(f"{outcome}.level", "nominal", tuple(v.value for v in declared.levels)))
        elif isinstance(declared, BinaryOutcome) or outcome in context.fields:
            columns[f"{outcome}.yes"] = binary_of(context, full, outcome)
            terms.append(Term(f"{outcome}.yes", "binary"))
    table = pd.DataFrame(columns, index=full.index)
    return table, [t for t in terms if table[t.name].nunique(dropna=True) > 1]


def nelson_aalen(time: NDArray[np.float64], event: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cumulated hazard at each patient's own time; NaN where the time is missing.

    Examples
    --------
    >>> nelson_aalen(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0])).round(3).tolist()
    [0.333, 0.333, 1.333]
    """
    known = np.isfinite(time) & np.isfinite(event)
    out = np.full(len(time), np.nan)
    times = np.unique(time[known])
    at_risk = np.array([(time[known] >= t).sum() for t in times])
    died = np.array([event[known][time[known] == t].sum() for t in times])
    hazard = np.cumsum(died / at_risk) if len(times) else np.empty(0)
    out[known] = hazard[np.searchsorted(times, time[known])]
    return out


def _filled(context: Context, completed: pd.DataFrame, names: Sequence[str], remade: Sequence[str]) -> Context:
    frame = context.full.frame.copy()
    for name in names:
        if name in completed:
            frame[name] = completed[name].to_numpy()
    frame = derived_again(context.study, frame, remade)
    return replace(context, cohorts={FULL: replace(context.full, frame=frame)})


def _pooled(
    context: Context, spec: Sensitivity, title: str, found: Sequence[tuple[NamedEstimate, ...]],
    missing: Sequence[object], notes: tuple[str, ...],
) -> Part:  # fmt: skip
    assert spec.impute is not None
    printer = context.printer
    rows: list[Row] = []
    numbers: list[ResultNumber] = []
    told = list(notes)
    current = ""
    by_path = [{e.path: e.estimate for e in one} for one in found]
    for first in found[0]:
        fits = [[replace(e, name=first.path)] for one in by_path if (e := one.get(first.path)) is not None]
        if len(fits) < len(found):
            told.append(f"{first.label}: estimated in {len(fits)} of {len(found)} completed tables only.")
        try:
            made = pool(fits, complete_df=first.complete_df, n=first.n, level=context.study.study.level)
        except StatsError as error:
            told.append(f"{first.label}: not pooled. {error}")
            continue
        told += made.notes
        one = made.pooled[0]
        model, cohort = first.path.split(".")[:2]
        if model + cohort != current:
            current = model + cohort
            label = context.study.models[model].label or outcome_label(
                context, getattr(context.study.models[model], "outcome", model)
            )
            where = context.cohorts[cohort].label if cohort in context.cohorts else cohort
            rows.append(Row((Cell(f"{label}, {where}"),), is_heading=True))
        e = one.estimate
        text = printer.ratio(e) if first.is_ratio else printer.difference(e, 2)
        share = f"{100 * one.fraction_missing:.0f} %"
        cells = (
            Cell(first.label),
            Cell(str(first.n), first.n),
            Cell(text, e.value),
            printer.p_cell(e.p_value),
            Cell(share, one.fraction_missing),
        )
        rows.append(Row(cells, 1))
        path = f"sensitivity.{spec.name}.{first.path}"
        numbers += estimate_numbers(path, e, first.what, made.method, first.n, ratio=first.is_ratio)
        numbers.append(number(f"{path}.fraction_missing", one.fraction_missing, "share", made.method, first.n))
    gaps = ", ".join(f"{context.label(g.column)} ({g.n_missing})" for g in missing)  # type: ignore[attr-defined]
    columns = (
        Column("", "text"),
        Column("n"),
        Column(f"estimate ({context.printer.ci})"),
        Column("p"),
        Column("information\nmissing"),
    )
    table = ResultTable(
        context.block_id("sensitivity", spec.name), f"Models pooled over {spec.impute.m} imputed tables ({title})",
        columns,
        tuple(rows),
        (f"Filled by chained equations, {spec.impute.iterations} rounds: {gaps}. Pooled by Rubin's rules.",),
    )  # fmt: skip
    words = MethodsPart(
        f"Missing values were filled by chained equations ({spec.impute.m} tables, {spec.impute.iterations} rounds, "
        "outcomes "
        "among the predictors) and estimates pooled by Rubin's rules with Barnard and Rubin's degrees of freedom.",
        ("white2011", "barnard1999"),
    )
    return Part((table,), tuple(numbers), cautions(f"Sensitivity: {title}", told), (words,))
