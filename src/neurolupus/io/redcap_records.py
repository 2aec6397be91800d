"""Patients' records from a table: REDCap's export of our dictionary, or a CSV whose columns are the record's fields.

A column is the dotted name of a field (`patient.age`, `events.syndrome`) or its name in REDCap (`patient_age`); an
empty cell is unknown. One patient may have several rows: entries of lists (events, lumbar punctures ...) come one to a
row, as REDCap's repeating instruments do.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from neurolupus.errors import TableError
from neurolupus.io.redcap_dictionary import variable_name
from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import RecordField, record_fields

IDENTIFIERS = ("record_id", "id", "patient", "participant_id", "pseudonym")
MOST_ROWS, MOST_COLUMNS = 20_000, 2_000
_OF_REDCAP = ("redcap_", "_complete")
_YES, _NO = ("1", "true", "yes"), ("0", "false", "no")
_UNKNOWN = ("", "n/a", "na", "nan")


@dataclass(slots=True)
class TableRecords:
    """What a table says.

    Attributes
    ----------
    records : mapping of pseudonym to plain values
        For `parse_patient`.
    faults : mapping of pseudonym to list of str
        Cells that contradict one another.
    ignored : list of str
        Columns that are no field of the record.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


def read_record_table(text: str, source: str) -> TableRecords:
    r"""The records of CSV text; its delimiter is a comma, semicolon or tab.

    Raises
    ------
    TableError
        There is no column of pseudonyms, the rows are too many, or the text is no table.

    Examples
    --------
    >>> found = read_record_table("record_id,patient_age,events.syndrome\na,34,headache\na,,psychosis\n", "x.csv")
    >>> found.records["a"]
    {'id': 'a', 'patient': {'age': 34}, 'events': [{'syndrome': 'headache'}, {'syndrome': 'psychosis'}]}
    """
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise TableError(f"{source} is no table: {error}.\n    Save it as CSV in UTF-8.") from None
    columns = [str(one) for one in (rows[0] if rows else {}) if one]
    identifier = next((one for one in columns if one.strip().lower() in IDENTIFIERS), None)
    if identifier is None or len(rows) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        raise TableError(
            f"{source} has {len(rows)} rows and {len(columns)} columns; a table of at most {MOST_ROWS:,} rows with a "
            f"column {', '.join(IDENTIFIERS[:-1])} or {IDENTIFIERS[-1]} is needed."
        )
    cells, ignored = _known(columns, identifier)
    found = TableRecords(ignored=ignored)
    for row in rows:
        name = (row[identifier] or "").strip()
        if name:
            _take(found, name, {column: (row[column] or "").strip() for column in cells}, cells)
    return found


@dataclass(frozen=True, slots=True)
class _Cell:
    """What a column holds: a field, and of several choices the one that it says yes or no to."""

    of: RecordField
    choice: str | None = None


def _known(columns: Sequence[str], identifier: str) -> tuple[dict[str, _Cell], list[str]]:
    cells: dict[str, _Cell] = {}
    ignored = []
    for column in columns:
        name, _, code = column.strip().partition("___")
        one = _fields().get(name.lower())
        choice = (
            None if one is None else next((word for word in one.choices if variable_name(word) == code.lower()), None)
        )
        if column == identifier or any(part in column for part in _OF_REDCAP):
            continue
        if one is None or (code and choice is None):
            ignored.append(column)
        else:
            cells[column] = _Cell(one, choice)
    return cells, ignored


@cache
def _fields() -> Mapping[str, RecordField]:
    found = {}
    for one in record_fields(PatientRecord):
        if one.path != "id":
            for name in (one.path, one.path.replace("[]", ""), variable_name(one.path)):
                found[name.lower()] = one
    return found


def _take(found: TableRecords, name: str, row: Mapping[str, str], cells: Mapping[str, _Cell]) -> None:
    record = found.records.setdefault(name, {"id": name})
    entries: dict[str, dict[str, Any]] = {}
    for path, value in _values(row, cells):
        before, is_list, after = path.partition("[].")
        if is_list:
            _put(entries.setdefault(before, {}), after, value)
        elif not _put(record, path, value):
            found.faults.setdefault(name, []).append(f"{path} has different values in different rows")
    for path, entry in entries.items():
        part: dict[str, Any] = record
        for step in path.split(".")[:-1]:
            part = part.setdefault(step, {})
        part.setdefault(path.rpartition(".")[2], []).append(entry)


def _values(row: Mapping[str, str], cells: Mapping[str, _Cell]) -> Iterator[tuple[str, Any]]:
    chosen: dict[str, list[str] | None] = {}
    for column, cell in cells.items():
        text = row[column]
        if cell.choice is not None:
            kept = chosen.setdefault(cell.of.path, None)
            if text.lower() in (*_YES, *_NO, "checked", "unchecked"):
                kept = chosen[cell.of.path] = [] if kept is None else kept
                kept += [cell.choice] * (text.lower() in (*_YES, "checked"))
        elif text.lower() not in _UNKNOWN:
            yield cell.of.path, _value(cell.of, text)
    for path, words in chosen.items():
        if words or (words is not None and "[]" not in path):
            yield path, words


def _value(one: RecordField, text: str) -> Any:
    if one.kind == "yes_no":
        return True if text.lower() in _YES else False if text.lower() in _NO else text
    if one.kind == "choice":
        return next((word for word in one.choices if text in (word, variable_name(word))), text)
    if one.kind in ("choices", "texts"):
        return [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]
    if one.kind in ("number", "whole_number"):
        try:
            return int(text) if text.lstrip("+-").isdecimal() and len(text) < 16 else float(text)
        except ValueError:
            return text
    return text


def _put(part: dict[str, Any], path: str, value: Any) -> bool:
    """Whether a value fits with what is there."""
    *steps, last = path.split(".")
    for step in steps:
        part = part.setdefault(step, {})
    return bool(part.setdefault(last, value) == value)
