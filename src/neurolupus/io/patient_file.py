"""A patient's record from YAML or JSON, and back; every fault is told with its place, and nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from neurolupus.errors import PatientFileError, StudyFileError
from neurolupus.io.yamlfile import read_yaml
from neurolupus.records.clinical import PatientRecord
from neurolupus.records.document import Document, LineFault, Place
from neurolupus.records.reader import Reader, Unreadable, shown, told

LARGEST_FILE_BYTES = 1 << 20
DEEPEST = 20
MOST_FAULTS_TOLD = 40


class _PatientReader(Reader):
    """Reads one record; what the parts refuse becomes a fault with its place."""

    OWNER: ClassVar[str] = "a patient's record"

    def _build(self, kind: Any, given: Mapping[str, tuple[Any, Place]], place: Place, name: str) -> Any:
        try:
            return super()._build(kind, given, place, name)
        except PatientFileError as error:
            where = f"{told(place)}." if place else ""
            for fault in error.faults:
                self.fault(place, f"{where}{fault}")
            raise Unreadable from error


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
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        raise PatientFileError(f"{path.name} is no .yaml, .yml or .json file; a patient's record is needed.")
    if not path.is_file():
        raise PatientFileError(
            f"{path} does not exist or is no file; a patient's record is needed.\n    Check the path."
        )
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise PatientFileError(
            f"{path.name} has {path.stat().st_size:,} bytes; a patient's record has at most {LARGEST_FILE_BYTES:,}.\n"
            "    Check that it is the record of one patient."
        )
    if path.suffix.lower() == ".json":
        return parse_patient(_json(path), path.name, today=today)
    try:
        document = read_yaml(path)
    except StudyFileError as error:
        raise PatientFileError(str(error).replace("a study file", "a patient's record")) from None
    return _record(document, today)


def parse_patient(data: Any, source: str = "the record", *, today: date | None = None) -> PatientRecord:
    """The record that plain values state, such as those of a web request.

    Raises
    ------
    PatientFileError
        With every fault.
    """
    if _depth(data) > DEEPEST:
        raise PatientFileError(f"{source} is nested more than {DEEPEST} deep; that is no patient's record.")
    texts: dict[Place, str] = {}
    return _record(Document(source, _plain(data, (), texts), {}, texts), today)


def patient_as_data(record: PatientRecord) -> dict[str, Any]:
    """The record as plain values, unknown ones left out; `parse_patient` reads them back to the same record."""
    found = _as_data(record)
    return found if isinstance(found, dict) else {}


def _record(document: Document, today: date | None) -> PatientRecord:
    if not isinstance(document.data, dict):
        raise PatientFileError(
            f"{document.source} holds {shown(document.data)}; sections such as patient:, sle:, events: are needed."
        )
    reader = _PatientReader(document, {})
    latest = today or date.today()
    record: PatientRecord | None = None
    try:
        record = reader.record(PatientRecord, document.data, ())
        if record is not None:
            replace(record, as_of=min(record.as_of or latest, latest))  # checks every date against today
            if record.as_of is not None and record.as_of > latest:
                reader.fault(("as_of",), f"as_of is {record.as_of}, after today")
    except Unreadable:
        pass
    except PatientFileError as error:
        for fault in error.faults:
            reader.fault((), fault)
    if reader.faults or record is None:
        raise _refusal(document, reader.faults)
    return record.settled()


def _refusal(document: Document, faults: list[LineFault]) -> PatientFileError:
    told_faults = sorted(set(faults), key=lambda fault: (fault.line, fault.what))
    has_lines = bool(document.lines)
    lines = [
        f"    {f'line {one.line}: ' if has_lines else ''}{one.what}{'.' * (one.what[-1:] not in '.?')}"
        for one in told_faults[:MOST_FAULTS_TOLD]
    ]
    if len(told_faults) > MOST_FAULTS_TOLD:
        lines.append(f"    and {len(told_faults) - MOST_FAULTS_TOLD} more.")
    head = f"{document.source} has {len(told_faults)} fault{'s' * (len(told_faults) != 1)}; no advice is given on it."
    return PatientFileError("\n".join([head, *lines]), tuple(one.what for one in told_faults))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes(), object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise PatientFileError(f"{path.name} is nested too deeply; that is no patient's record.") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise PatientFileError(f"{path.name} is no JSON: {error}.\n    Check brackets, quotes and commas.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} stands twice")
        found[key] = value
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _depth(data: Any) -> int:
    deepest, level = 0, [data]
    while level and deepest <= DEEPEST:
        deepest += 1
        level = [
            one
            for part in level
            if isinstance(part, (dict, list, tuple))
            for one in (part.values() if isinstance(part, dict) else part)
        ]
    return deepest


def _plain(data: Any, place: Place, texts: dict[Place, str]) -> Any:
    """Plain values with their texts, as a file would give them; dates become text."""
    if isinstance(data, Mapping):
        return {str(key): _plain(value, (*place, str(key)), texts) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value, (*place, number), texts) for number, value in enumerate(data)]
    if isinstance(data, date):
        data = data.isoformat()
    if isinstance(data, (int, float)) and not isinstance(data, bool):
        texts[place] = repr(data)
    elif isinstance(data, str):
        texts[place] = data
    return data


def _as_data(value: Any) -> Any:
    if is_dataclass(value):
        found = {one.name: _as_data(getattr(value, one.name)) for one in fields(value)}
        return {name: one for name, one in found.items() if one not in (None, {}, [])}
    if isinstance(value, tuple):
        return [_as_data(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
