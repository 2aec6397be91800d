"""A table against its study file: every fault at once, with row and value; what is left is the population."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from neurolupus.errors import TableError
from neurolupus.records.study_table import StudyTable
from neurolupus.records.words import suggestion
from neurolupus.study.check.cells import cell_faults
from neurolupus.study.check.population import population_faults, population_notes
from neurolupus.study.check.protocol import FLAIR_DIM, protocol_notes
from neurolupus.study.derive import derive_fields
from neurolupus.study.derive.values import as_text, convert
from neurolupus.study.grammar.evaluate import total_of
from neurolupus.study.population import Population
from neurolupus.study.population.flow import apply_flow
from neurolupus.study.schema import SYNTHETIC_COLUMN, StudyFile
from neurolupus.study.schema.columns import Column, columns_of

MOST_FAULTS_TOLD = 40


def check_table(study: StudyFile, table: StudyTable) -> Population:
    """The patients to analyse, when the table fits the study file.

    Raises
    ------
    TableError
        With every fault of the table: columns that are missing or misspelt, cells of another kind (row and value
        shown), levels that are not declared, values out of range, negative times, events without a time, patients who
        occur twice, groups with one arm, columns that are constant or empty, a table of one row.
    """
    columns = columns_of(study)
    frame = table.frame
    faults = list(_missing_columns(study, table, columns))
    converted: dict[str, pd.Series] = {}
    for column in columns.values():
        if column.name not in frame:
            continue
        found = convert(frame[column.name], column, missing=study.data.missing.codes, decimal=study.data.decimal)
        converted[column.name] = found.values
        faults += cell_faults(frame[column.name], found, column, study.data.decimal)
    faults += _repeated(study, frame)
    is_complete = all(column.name in converted for column in columns.values() if column.is_needed)
    if not is_complete:
        raise _error(table, faults)
    values = derive_fields(study, converted)
    faults += _identities(study, values)
    stays, flow = apply_flow(study, values)
    kept = values.loc[stays]
    faults += population_faults(study, kept, columns)
    if faults:
        raise _error(table, faults)
    ids = [as_text(value) for value in frame.loc[stays, study.data.id]] if study.data.id else []
    rows = frame.index.to_numpy()[stays]
    protocol = frame.loc[stays, FLAIR_DIM].tolist() if FLAIR_DIM in frame else []
    return Population(
        frame=kept.reset_index(drop=True),
        ids=np.array(ids or [str(row) for row in rows], dtype=str),
        rows=rows.astype(np.int64),
        flow=flow,
        notes=(*table.notes, *flow.notes, *population_notes(study, kept), *protocol_notes(study, protocol)),
        is_synthetic=table.is_synthetic,
    )


def _missing_columns(study: StudyFile, table: StudyTable, columns: dict[str, Column]) -> Iterator[str]:
    present = list(table.frame.columns)
    spare = [name for name in present if name not in columns and name != SYNTHETIC_COLUMN]
    for column in columns.values():
        if column.name not in present and column.is_needed:
            near = suggestion(column.name, spare) if spare else ""
            shown = near if near.startswith(". Did") else f"; it has {_some(present)}"
            yield f"column {column.name!r} ({column.used_for}, line {column.line} of {study.source}) is missing{shown}"


def _some(names: Iterable[str]) -> str:
    several = list(names)
    return ", ".join(several[:8]) + (f" and {len(several) - 8} more" if len(several) > 8 else "")


def _repeated(study: StudyFile, frame: pd.DataFrame) -> Iterator[str]:
    if not study.data.id or study.data.id not in frame:
        return
    ids = frame[study.data.id].map(as_text, na_action="ignore")
    for row in ids.index[ids.isna()][:3]:
        yield f"row {row}: {study.data.id} is empty; every patient needs a name"
    known = ids.dropna()
    for name in known[known.duplicated()].unique()[:5]:
        rows = ", ".join(str(row) for row in known.index[known == name][:5])
        yield f"{study.data.id} {name!r} stands in rows {rows}; one row per patient is needed"
    more = len(known[known.duplicated()].unique()) - 5
    if more > 0:
        yield f"{more} further values of {study.data.id} stand in several rows"


def _identities(study: StudyFile, values: pd.DataFrame) -> Iterator[str]:
    for variable in study.variables.values():
        if variable.identity is None:
            continue
        stated = values[variable.name].to_numpy(dtype=float)
        summed = total_of(variable.identity.sum, values)
        with np.errstate(invalid="ignore"):
            is_off = np.abs(stated - summed) > variable.identity.tolerance * np.maximum(np.abs(stated), np.abs(summed))
        rows = values.index[is_off]
        if len(rows):
            place = int(np.flatnonzero(is_off)[0])
            yield (
                f"row {rows[0]}: {variable.name} is {stated[place]:g}, and {variable.identity.sum.text} is "
                f"{summed[place]:g}{f'; so in {len(rows) - 1} further rows' if len(rows) > 1 else ''}"
            )


def _error(table: StudyTable, faults: list[str]) -> TableError:
    told = [f"    {fault}{'.' * (not fault.endswith(('?', '.')))}" for fault in faults[:MOST_FAULTS_TOLD]]
    if len(faults) > MOST_FAULTS_TOLD:
        told.append(f"    and {len(faults) - MOST_FAULTS_TOLD} more.")
    return TableError(
        "\n".join([f"{table.name} has {len(faults)} fault{'s' * (len(faults) != 1)}; correct them.", *told])
    )
