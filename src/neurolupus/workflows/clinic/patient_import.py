"""Files of patients -> what they would change, looked at first -> kept, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from neurolupus.errors import NeurolupusError, PatientFileError, UsageError
from neurolupus.io.fhir import read_fhir
from neurolupus.io.jsonfile import JsonFault, parse_json
from neurolupus.io.patient_file import parse_patient, patient_as_data, read_patient
from neurolupus.io.redcap_records import read_record_table
from neurolupus.jobs.scratch import scratch
from neurolupus.store.decisions import is_decided
from neurolupus.store.patients import add_patient, edit_patient, find_patient
from neurolupus.store.sealing import volumes_open
from neurolupus.store.trail import Writer
from neurolupus.workflows.clinic.consensus import CONSENSUS_FIELDS, VOLUMES
from neurolupus.workflows.clinic.patient_advice import recompute
from neurolupus.workflows.clinic.patient_merge import Difference, differences, merged

TABLES, YAMLS, JSONS = (".csv", ".tsv", ".txt"), (".yaml", ".yml"), (".json",)
MOST_PATIENTS = 5000
MOST_OF_A_BUNDLE = 100  # the whole bundle is read for each of its patients
State = Literal["new", "changed", "unchanged", "faulty"]
SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Given:
    """One patient as a file states it.

    Attributes
    ----------
    source : str
        The file.
    record : mapping
        Plain values.
    faults : tuple of str
    notes : tuple of str
        What was not read, and why.
    """

    source: str
    record: Mapping[str, Any]
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be done with one patient.

    Attributes
    ----------
    pseudonym, source : str
    state : State
    patient : str or None
        The store's id; None of a new one.
    version : int
        Of the record that was looked at; 0 of a new one.
    record : mapping
        The record as it would be kept.
    differences : tuple of Difference
    faults, notes : tuple of str
    """

    pseudonym: str
    source: str
    state: State
    patient: str | None
    version: int
    record: Mapping[str, Any]
    differences: tuple[Difference, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_files(files: Sequence[tuple[str, bytes]], *, pseudonym: str = "", today: date | None = None) -> list[Given]:
    """The patients of some files: CSV or REDCap, FHIR, JSON, YAML.

    Parameters
    ----------
    files : sequence of (name, content)
        Small enough to be held: whoever calls has bounded them.
    pseudonym : str
        Of the patient of FHIR resources; their own id where none is given.
    today : date or None
    """
    found: list[Given] = []
    for name, content in files:
        try:
            found += _read(Path(name).name, content, pseudonym, today or date.today())
        except NeurolupusError as error:
            faults = getattr(error, "faults", ()) or (str(error),)
            found.append(Given(Path(name).name, {}, tuple(faults)))
    if len(found) > MOST_PATIENTS:
        raise UsageError(f"The files hold {len(found)} patients; at most {MOST_PATIENTS:,} are read at once.")
    return found


def proposals(connection: Connection, given: Sequence[Given], *, replace: bool = False) -> list[Proposal]:
    """What each patient would become.

    Parameters
    ----------
    replace : bool
        What a file leaves out becomes unknown; else it stays as it is.
    """
    found: list[Proposal] = []
    for one in given:
        proposal = _proposal(connection, one, replace=replace)
        if any(other.pseudonym == proposal.pseudonym and other.state != "faulty" for other in found):
            proposal = _faulty(one, (f"{proposal.pseudonym} stands in the files twice",))
        found.append(proposal)
    return found


def apply(writer: Writer, chosen: Sequence[Proposal], *, compute: bool) -> int:
    """Keep what was chosen, each from the version that was looked at; how many are kept comes back.

    Raises
    ------
    Conflict
        One of them was changed meanwhile; nothing is kept.
    StoreError
        A pseudonym was taken meanwhile; nothing is kept.
    """
    for one in chosen:
        patient = one.patient
        if patient is None:
            patient = add_patient(writer, dict(one.record))
        else:
            edit_patient(writer, patient, one.version, dict(one.record))
        if compute:
            recompute(writer, patient)
    return len(chosen)


def _read(name: str, content: bytes, pseudonym: str, today: date) -> Iterator[Given]:
    suffix = Path(name).suffix.lower()
    if suffix in YAMLS:
        with scratch("neurolupus-record") as folder:
            path = folder / f"record{suffix}"
            path.write_bytes(content)
            yield Given(name, patient_as_data(read_patient(path, today=today).unsettled()))
        return
    if suffix not in (*TABLES, *JSONS):
        raise UsageError(f"{name} is no .csv, .tsv, .json, .yaml or .yml file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is no text in UTF-8.\n    Save it as UTF-8.") from None
    yield from _table(name, text) if suffix in TABLES else _json(name, text, pseudonym, today)


def _table(name: str, text: str) -> Iterator[Given]:
    found = read_record_table(text, name)
    notes = (f"columns that are no field of the record: {', '.join(found.ignored[:20])}",) if found.ignored else ()
    for pseudonym, record in found.records.items():
        yield Given(name, record, tuple(found.faults.get(pseudonym, ())), notes)


def _json(name: str, text: str, pseudonym: str, today: date) -> Iterator[Given]:
    try:
        data = parse_json(text, name).data
    except JsonFault as error:
        raise PatientFileError(
            f"{name}: {error.fault.what}", (f"line {error.fault.line}: {error.fault.what}",)
        ) from None
    if isinstance(data, dict) and "resourceType" in data:
        yield from _fhir(name, data, pseudonym, today)
    else:
        for one in data if isinstance(data, list) else [data]:
            yield Given(name, one if isinstance(one, dict) else {}, () if isinstance(one, dict) else ("no record",))


def _fhir(name: str, data: Mapping[str, Any], pseudonym: str, today: date) -> Iterator[Given]:
    entries = [one.get("resource") for one in data.get("entry") or () if isinstance(one, dict)]
    whole = [data] if data["resourceType"] != "Bundle" else [one for one in entries if isinstance(one, dict)]
    people = [str(one.get("id")) for one in whole if one.get("resourceType") == "Patient"]
    if len(people) > MOST_OF_A_BUNDLE:
        raise UsageError(
            f"{name} holds {len(people)} patients; at most {MOST_OF_A_BUNDLE} are read of one bundle.\n"
            "    Give several files."
        )
    if not people:
        raise UsageError(f"{name} holds no Patient resource; whose the others are cannot be told.")
    for one in people:
        reading = read_fhir(data, today=today, patient=one)
        called = pseudonym if pseudonym and len(people) == 1 else one
        notes = tuple(f"{why}: {count}" for why, count in reading.ignored.items())
        yield Given(name, {"id": called, **reading.data}, (), notes)


def _proposal(connection: Connection, one: Given, *, replace: bool) -> Proposal:
    pseudonym = str(one.record.get("id") or "")
    if one.faults or not pseudonym:
        return _faulty(one, one.faults or ("it has no pseudonym (id)",))
    kept = find_patient(connection, pseudonym)
    before: Mapping[str, Any] = {} if kept is None else kept.record
    after = dict(one.record) if replace else merged(before, one.record)
    if kept is not None and is_decided(connection, kept.id):
        after = _with_signed(before, after)
    try:
        record = patient_as_data(parse_patient(after).unsettled())
    except PatientFileError as error:
        sealed = kept is not None and not volumes_open(connection, kept.id)
        return _faulty(one, _told(error, sealed=sealed))
    found = tuple(one for one in differences(before, record) if one.path != "id")
    if kept is None:
        return Proposal(pseudonym, one.source, "new", None, 0, record, found, (), one.notes)
    if not volumes_open(connection, kept.id):
        found = tuple(map(_sealed, found))
    state: State = "changed" if found else "unchanged"
    return Proposal(pseudonym, one.source, state, kept.id, kept.version, record, found, (), one.notes)


def _with_signed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """A record whose signed consensus no file changes."""
    kept, given = before.get("attribution") or {}, after.get("attribution") or {}
    signed = {name: kept[name] for name in CONSENSUS_FIELDS if name in kept}
    others = {name: value for name, value in given.items() if name not in CONSENSUS_FIELDS}
    return {**after, "attribution": {**others, **signed}}


def _told(error: PatientFileError, *, sealed: bool) -> tuple[str, ...]:
    """The faults; one about a volume tells no number while volumes are sealed."""
    faults = error.faults or (str(error),)
    if not sealed:
        return faults
    about = tuple(f"mri.{name}" for name in VOLUMES)
    return tuple(
        f"{one.split()[0]} does not fit with what is sealed" if one.startswith(about) else one for one in faults
    )


def _sealed(one: Difference) -> Difference:
    is_volume = one.path.startswith("mri.") and one.path.removeprefix("mri.") in VOLUMES
    return Difference(one.path, one.label, SEALED, SEALED) if is_volume else one


def _faulty(one: Given, faults: tuple[str, ...]) -> Proposal:
    return Proposal(str(one.record.get("id") or ""), one.source, "faulty", None, 0, {}, (), faults, one.notes)
