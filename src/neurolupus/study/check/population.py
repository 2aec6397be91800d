"""Faults of the patients who are left to analyse: too few, one arm, constant or empty columns, event without time."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from neurolupus.study.derive.outcomes import survival_of
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.columns import Column
from neurolupus.study.schema.models import Model
from neurolupus.study.schema.outcomes import Change, NominalOutcome, TimeToEvent


def population_faults(study: StudyFile, frame: pd.DataFrame, columns: dict[str, Column]) -> Iterator[str]:
    """What makes the patients of a table, flow applied, impossible to analyse as the file asks."""
    if len(frame) < 2:
        rows = "no patient" if frame.empty else "one patient"
        yield f"{rows} is left to analyse; at least two are needed (see flow: and data: {{rows}} in the study file)"
        return
    used = used_fields(study)
    for column in columns.values():
        name = column.variable.name if column.variable else column.name
        if name in frame and column.is_needed and column.kind != "id" and not frame[name].notna().any():
            yield f"column {column.name!r} ({column.used_for}) is empty for all {len(frame)} patients; leave it out"
        elif name in frame and column.max_missing < 1 and frame[name].isna().mean() > column.max_missing:
            share, limit = frame[name].isna().mean(), column.max_missing
            yield f"column {column.name!r} is empty for {share:.1%} of patients; max_missing is {limit:.1%}"
    for group in study.groups.values():
        present = frame[group.name].dropna().unique()
        if len(present) == 1:
            yield f"group {group.name!r}: all patients are {present[0]!r}; two arms are needed to compare"
        elif len(present) > 1:
            absent = [level.value for level in group.levels if level.value not in present]
            if absent:
                yield f"group {group.name!r}: nobody is {', '.join(map(repr, absent))}; leave the level out of the file"
    for name in used:
        if name not in study.groups and frame[name].notna().any() and frame[name].dropna().nunique() == 1:
            value = frame[name].dropna().iloc[0]
            shown = f"{value:g}" if isinstance(value, float) else repr(value)
            yield f"{name!r} is {shown} for every patient and a term of a model; take it out of {used[name]}"
    for outcome in study.outcomes.values():
        if isinstance(outcome, TimeToEvent):
            yield from _time_faults(outcome, frame)
        elif isinstance(outcome, NominalOutcome):
            present = frame[outcome.column or outcome.name].dropna().unique()
            absent = [level.value for level in outcome.levels if level.value not in present]
            if absent:
                yield f"outcome {outcome.name!r}: nobody has {', '.join(map(repr, absent))}"


def _time_faults(outcome: TimeToEvent, frame: pd.DataFrame) -> Iterator[str]:
    survival = survival_of(outcome, frame)
    without = frame.index[(survival.event == 1) & pd.isna(survival.time)]
    if len(without):
        shown = ", ".join(str(row) for row in without[:3])
        yield f"row {shown}: {outcome.event} says that there was an event, and {outcome.time} is empty"
    if not (survival.event == 1).any():
        yield f"outcome {outcome.name!r}: no patient had an event ({outcome.event}); nothing can be estimated"


def used_fields(study: StudyFile) -> dict[str, str]:
    """Field -> the model or match in which it is a term on which everything depends."""
    found: dict[str, str] = {}
    for match in study.match.values():
        found |= {name: f"match.{match.name}" for name in match.covariates if name not in found}
    for model in study.models.values():
        for name in _terms(model):
            found.setdefault(name, f"models.{model.name}")
    return found


def _terms(model: Model) -> tuple[str, ...]:
    adjust = getattr(model, "adjust", None)
    sets = [name for names in adjust.values() for name in names] if isinstance(adjust, dict) else []
    return (*getattr(model, "terms", ()), *sets)


def population_notes(study: StudyFile, frame: pd.DataFrame) -> Iterator[str]:
    """What a reader must know: shares of missing values above the file's limit, constant rows, event counts."""
    limit = study.data.missing.flag_above
    after = {one.after for one in study.outcomes.values() if isinstance(one, Change)}
    for name, field in study.fields.items():
        if field.origin not in ("variable", "group") or name in after or field.role in ("other", "outcome"):
            continue
        share = frame[name].isna().mean()
        if share > limit:
            yield f"{field.label}: {share:.1%} missing ({int(frame[name].isna().sum())} of {len(frame)})."
    for name, field in study.fields.items():
        known = frame[name].dropna()
        if field.origin == "variable" and len(known) and known.nunique() == 1:
            yield f"{field.label}: the same in all {len(known)} patients."
    for outcome in study.outcomes.values():
        if isinstance(outcome, TimeToEvent):
            yield from _event_notes(outcome, frame)


def _event_notes(outcome: TimeToEvent, frame: pd.DataFrame) -> Iterator[str]:
    survival = survival_of(outcome, frame)
    for component in outcome.components.values():
        n = int((survival.component == component.name).sum())
        if component.expect is not None and n != component.expect:
            label = component.label or component.name
            yield f"{outcome.label or outcome.name}: {n} times {label}, and {component.expect} are expected."
    unknown = int((~survival.is_known).sum())
    if unknown:
        yield f"{outcome.label or outcome.name}: time or event is missing for {unknown} of {len(frame)} patients."
