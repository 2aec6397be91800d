"""A patient's record from YAML or JSON, and back; every fault is told with its place, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

from neurolupus.errors import PatientFileError
from neurolupus.io.jsonfile import JsonFault, parse_json
from neurolupus.io.nesting import fits
from neurolupus.io.patient_reader import PatientReader
from neurolupus.io.yamlfile import Wanted, read_text, read_yaml
from neurolupus.records.clinical import PatientRecord
from neurolupus.records.document import Document, LineFault, faults_told
from neurolupus.records.reader import Unreadable, shown

SUFFIXES = (".yaml", ".yml", ".json")
LARGEST_FILE_BYTES = 256 * 1024  # a full record has 10 kB
DEEPEST = 20
MOST_VALUES = 50_000
LONGEST_NUMBER_BITS = 64
PATIENT_FILE = Wanted(
    PatientFileError, "patient's record", "events: [{syndrome: ...}]", "a whole cohort", LARGEST_FILE_BYTES
)


def read_patient(path: Path, *, today: date | None = None) -> PatientRecord:
    """The record of a `.yaml`, `.yml` or `.json` file.

    Parameters
    ----------
    path : Path
    today : date or None
        No date of the record may be later; the system's date when None.

    Raises
    ------
    PatientFileError
        The file is absent, too large or no YAML or JSON, or the record has faults; all of them are told.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise PatientFileError(
            f"{path.name} is no {', '.join(SUFFIXES)} file; a patient's record is needed.\n"
            "    docs/reference/patient-file.md tells what it holds."
        )
    if suffix != ".json":
        return _record(read_yaml(path, PATIENT_FILE), today)
    text = read_text(path, PATIENT_FILE)
    try:
        return _record(parse_json(text, path.name), today)
    except JsonFault as error:
        raise PatientFileError(faults_told(path.name, [error.fault]), (error.fault.what,)) from None


def parse_patient(data: Any, source: str = "the record", *, today: date | None = None) -> PatientRecord:
    """The record that plain values state, such as those of a web request.

    Parameters
    ----------
    data : mapping
        Names as in a file; dates as text or date.
    source : str
        What to call it in errors.
    today : date or None

    Raises
    ------
    PatientFileError
        With every fault.
    """
    if not fits(data, deepest=DEEPEST, most=MOST_VALUES):
        raise PatientFileError(
            f"{source} is nested more than {DEEPEST} deep or holds more than {MOST_VALUES:,} values; "
            "one patient's record is needed."
        )
    return _record(Document(source, _plain(data)), today)


def patient_as_data(record: PatientRecord) -> dict[str, Any]:
    """The record as plain values, unknown ones left out; `parse_patient` reads them back to the same record."""
    found = _as_data(record)
    return found if isinstance(found, dict) else {}


def _record(document: Document, today: date | None) -> PatientRecord:
    if not isinstance(document.data, dict):
        raise PatientFileError(
            f"{document.source} holds {shown(document.data)}; sections such as patient:, sle:, events: are needed.\n"
            "    docs/reference/patient-file.md tells them all."
        )
    reader = PatientReader(document, today or date.today())
    record: PatientRecord | None = None
    with suppress(Unreadable):
        record = reader.record(PatientRecord, document.data, ())
    if reader.faults or record is None:
        has_lines = bool(document.lines)
        text = faults_told(document.source, reader.faults, after="; no advice is given on it", has_lines=has_lines)
        raise PatientFileError(text, _sentences(reader.faults), placed=tuple(dict.fromkeys(reader.placed)))
    return record.settled()


def _sentences(faults: list[LineFault]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fault.what for fault in sorted(faults, key=lambda one: (one.line, one.what))))


def _plain(data: Any) -> Any:
    """Values as a file would give them: keys are text, lists are lists, dates are text."""
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if isinstance(data, date):
        return data.isoformat()
    if isinstance(data, int) and data.bit_length() > LONGEST_NUMBER_BITS:
        return float("inf")  # refused as no number; Python would not even write it as text
    return data


def _as_data(value: Any) -> Any:
    if is_dataclass(value):
        found = {one.name: _as_data(getattr(value, one.name)) for one in fields(value)}
        return {name: one for name, one in found.items() if one not in (None, {}) and not _is_default(value, name, one)}
    if isinstance(value, tuple):
        return [_as_data(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _is_default(part: Any, name: str, found: Any) -> bool:
    """An empty list is left out where it is what an absent one means; elsewhere it says that there was none."""
    return bool(found == [] and type(part).__dataclass_fields__[name].default == ())
