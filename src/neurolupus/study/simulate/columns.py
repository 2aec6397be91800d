"""Which columns of a made-up cohort are determined by effects, and how values are written into cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.columns import Column, ColumnKind, columns_of
from neurolupus.study.schema.outcomes import BinaryOutcome, Change, TimeToEvent
from neurolupus.study.schema.simulate import SimulatedVariable
from neurolupus.study.simulate.baseline import simulated_name


def simulated_columns(study: StudyFile) -> dict[str, Column]:
    """Every column of the made-up table: what the study needs, and what `simulate: variables:` adds."""
    stated = study.simulate.variables if study.simulate else {}
    found = {
        name: column
        for name, column in columns_of(study).items()
        if column.is_needed or simulated_name(column) in stated
    }
    known = {simulated_name(column) for column in found.values()}
    for name, one in stated.items():
        if name not in known and name not in found:
            found[name] = Column(name, _kind_of(one), f"simulate.variables.{name}", one.line, is_needed=False)
    return found


def _kind_of(one: SimulatedVariable) -> ColumnKind:
    if one.share:
        return "binary"
    return "text" if one.counts or one.text else "number"


def driven_columns(study: StudyFile) -> tuple[str, ...]:
    """Columns that effects and sums determine, not a distribution of their own."""
    found: list[str] = []
    effects = study.simulate.effects if study.simulate else {}
    for outcome in study.outcomes.values():
        if isinstance(outcome, TimeToEvent):
            found += [column_of(study, outcome.time), column_of(study, outcome.event)]
        elif isinstance(outcome, Change):
            found.append(column_of(study, outcome.after))
        elif isinstance(outcome, BinaryOutcome):
            name = outcome.column or outcome.name
            field = study.fields.get(name)
            if field is None or (outcome.name in effects and field.origin == "variable"):
                found.append(column_of(study, name))
        else:
            found.append(column_of(study, outcome.column or outcome.name))
    for name, one in (study.simulate.variables if study.simulate else {}).items():
        if one.value:
            found.append(column_of(study, name))
    found += [column_of(study, name) for name in effects if name in study.variables and name not in study.outcomes]
    return tuple(dict.fromkeys(found))


def column_of(study: StudyFile, name: str) -> str:
    """The column of the table of a variable, a group, or a column that is neither."""
    if name in study.variables:
        return study.variables[name].column or name
    return study.groups[name].column if name in study.groups else name


def as_cells(columns: Mapping[str, Column], values: Mapping[str, pd.Series], n: int, study: StudyFile) -> pd.DataFrame:
    """The table with values as they are written: levels by their codes, labels joined, missing as None."""
    width = max(4, len(str(n)))
    prefix = "sub-" if study.data.id == "participant_id" else "P"
    cells: dict[str, Any] = {study.data.id or "patient": [f"{prefix}{row:0{width}d}" for row in range(1, n + 1)]}
    for name, column in columns.items():
        if column.kind != "id":
            cells[name] = _cells(values[name], column)
    return pd.DataFrame(cells)


def _cells(values: pd.Series, column: Column) -> Any:
    if column.kind == "labels":
        order = [level.value for level in column.levels]
        return [
            None if cell is None else column.separator.join(name for name in order if name in cell) or column.separator
            for cell in values
        ]
    if column.kind == "binary":
        no, yes = (level.value for level in column.levels) if len(column.levels) == 2 else ("0", "1")
        return [None if np.isnan(value) else yes if value else no for value in values.to_numpy(dtype=float)]
    if column.kind == "number":
        return values.astype(object).where(values.notna(), None).map(_shortest, na_action="ignore")
    return values.where(values.notna(), None)


def _shortest(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)
