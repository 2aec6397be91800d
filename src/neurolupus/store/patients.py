"""Patients: their records, kept with a version so that no edit overwrites another's."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from neurolupus.errors import Conflict, NotKept, StoreError
from neurolupus.store.dated_rows import dated_rows
from neurolupus.store.keys import new_key
from neurolupus.store.schema import events, labs, patient_keys, patients, scans, treatments
from neurolupus.store.trail import Writer, now

LONGEST_PSEUDONYM = 64
MOST_ROWS = 1000
STATUSES = ("new", "work-up", "for consensus", "decided", "follow-up")
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """A patient as kept.

    Attributes
    ----------
    id : str
        The store's own, random; it says nothing of the patient.
    pseudonym : str
    status : str
        One of STATUSES.
    record : dict
        Plain values, as a patient's file holds them.
    version : int
    created, updated : datetime
    """

    id: str
    pseudonym: str
    status: str
    record: Plain
    version: int
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A patient in the work list."""

    id: str
    pseudonym: str
    status: str
    sex: str | None
    age: float | None
    version: int
    updated: datetime
    events: int
    scans: int


def add_patient(writer: Writer, record: Plain, *, status: str = "new") -> str:
    """Keep a new patient; the record's `id` is the pseudonym, one is made up where it has none.

    Returns the store's id.

    Raises
    ------
    StoreError
        The pseudonym is taken or none, or the status is none.
    """
    pseudonym = _pseudonym(record.get("id") or f"P-{secrets.token_hex(4)}")
    taken = select(patients.c.id).where(patients.c.pseudonym == pseudonym)
    if writer.connection.execute(taken).first() is not None:
        raise StoreError(f"A patient {pseudonym!r} is kept already.\n    Open that one, or give another pseudonym.")
    found, moment, record = str(uuid.uuid4()), now(), {**record, "id": pseudonym}
    values = _columns(record) | {"id": found, "status": _status(status), "version": 1, "facts": 1, "created": moment}
    writer.connection.execute(insert(patients).values(**values, updated=moment))
    writer.connection.execute(insert(patient_keys).values(patient_id=found, key=new_key()))
    _project(writer.connection, found, record)
    writer.note("patient.added", found, after=record, patient=found)
    return found


def edit_patient(writer: Writer, patient: str, version: int, record: Plain, *, status: str | None = None) -> int:
    """Keep a patient's record as edited from a version; returns the new version.

    Raises
    ------
    Conflict
        Somebody has saved another version meanwhile; nothing is overwritten.
    StoreError
        No such patient, or the pseudonym is another's.
    """
    before = patient_of(writer.connection, patient)
    record = {**record, "id": _pseudonym(record.get("id") or before.pseudonym)}
    other = select(patients.c.id).where(patients.c.pseudonym == record["id"], patients.c.id != patient)
    if writer.connection.execute(other).first() is not None:
        raise StoreError(f"Another patient is {record['id']!r}.\n    Give another pseudonym.")
    values = _columns(record) | {"status": _status(status or before.status)}
    if record != before.record:
        values["facts"] = version + 1
    here = (patients.c.id == patient) & (patients.c.version == version)
    done = writer.connection.execute(update(patients).where(here).values(**values, version=version + 1, updated=now()))
    if done.rowcount != 1:
        raise Conflict(
            f"This patient was changed meanwhile (version {before.version}; yours began at {version}); "
            "nothing was overwritten.\n    Load the present one, look at what changed, and enter yours again."
        )
    _project(writer.connection, patient, record)
    after, earlier = record | {"status": values["status"]}, before.record | {"status": before.status}
    changed = [name for name in sorted({*after, *earlier}) if after.get(name) != earlier.get(name)]
    writer.note(
        "patient.edited", patient, patient=patient,
        before={name: earlier.get(name) for name in changed}, after={name: after.get(name) for name in changed},
    )  # fmt: skip
    return version + 1


def erase_patient(writer: Writer, patient: str, *, why: str = "") -> None:
    """Take a patient out: every row goes, and the key with which the trail's entries on the patient can be read.

    Files of the patient's scans are the caller's to remove, see `erasure`. Backups made before still hold the patient.
    """
    patient_of(writer.connection, patient)
    writer.connection.execute(delete(patient_keys).where(patient_keys.c.patient_id == patient))
    writer.connection.execute(delete(patients).where(patients.c.id == patient))
    writer.note("patient.erased", patient, after={"why": why} if why else None)


def patient_of(connection: Connection, patient: str) -> Stored:
    """One patient by the store's id.

    Raises
    ------
    StoreError
        None such is kept.
    """
    row = connection.execute(select(patients).where(patients.c.id == patient)).first()
    if row is None:
        raise NotKept("No such patient is kept.\n    It may have been erased; look in the list of patients.")
    return Stored(row.id, row.pseudonym, row.status, row.record, row.version, row.created, row.updated)


def find_patient(connection: Connection, pseudonym: str) -> Stored | None:
    """One patient by pseudonym."""
    found = connection.scalar(select(patients.c.id).where(patients.c.pseudonym == pseudonym))
    return None if found is None else patient_of(connection, found)


def list_patients(
    connection: Connection,
    *,
    text: str = "",
    status: str = "",
    event: str = "",
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[Row], int]:
    """The work list: those found, latest change first, and how many there are in all.

    Parameters
    ----------
    text : str
        Part of the pseudonym.
    status : str
        One of STATUSES; any where empty.
    event : str
        A neuropsychiatric syndrome; any where empty.
    offset, limit : int
        Of a page; brought into what can be.
    """
    if "\0" in f"{text}{status}{event}":
        return [], 0  # which PostgreSQL refuses as text, and which none holds
    where = []
    if text:
        where.append(patients.c.pseudonym.icontains(text, autoescape=True))
    if status:
        where.append(patients.c.status == status)
    if event:
        where.append(patients.c.id.in_(select(events.c.patient_id).where(events.c.name == event)))
    count = connection.scalar(select(func.count()).select_from(patients).where(*where)) or 0
    # the page first, so that nothing is counted for the rows before it
    order = (patients.c.updated.desc(), patients.c.pseudonym)
    names = ("id", "pseudonym", "status", "sex", "age", "version", "updated")
    here = select(*(patients.c[name] for name in names)).where(*where).order_by(*order)
    found = here.offset(min(max(0, offset), count)).limit(min(max(0, limit), MOST_ROWS)).subquery()
    counts = [
        select(func.count()).select_from(table).where(table.c.patient_id == found.c.id).scalar_subquery()
        for table in (events, scans)
    ]
    query = select(found, *counts).order_by(found.c.updated.desc(), found.c.pseudonym)
    return [Row(*row) for row in connection.execute(query)], count


def versions_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """The present version of each of some patients; those erased are missing."""
    rows = connection.execute(select(patients.c.id, patients.c.version).where(patients.c.id.in_(ids)))
    return {row.id: row.version for row in rows}


def pseudonyms_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The pseudonyms of some patients by id; one who was erased is left out."""
    wanted = set(ids)
    rows = connection.execute(select(patients.c.id, patients.c.pseudonym))
    return {row.id: row.pseudonym for row in rows if row.id in wanted}


def _columns(record: Plain) -> Plain:
    who = record.get("patient") or {}
    return {"pseudonym": record["id"], "record": record, "sex": who.get("sex"), "age": who.get("age")}


def _pseudonym(given: Any) -> str:
    if not isinstance(given, str) or len(given) > LONGEST_PSEUDONYM or not given.isprintable():
        raise StoreError(
            f"{str(given)[:LONGEST_PSEUDONYM]!r} is no pseudonym.\n"
            f"    Give at most {LONGEST_PSEUDONYM} letters, digits, points and dashes; no name."
        )
    return given


def _status(status: str) -> str:
    if status not in STATUSES:
        raise StoreError(f"{status!r} is no status of a patient; choose {', '.join(STATUSES)}.")
    return status


def _project(connection: Connection, patient: str, record: Plain) -> None:
    """The record's events, laboratory values and treatments as rows."""
    for table, rows in zip((events, labs, treatments), dated_rows(record), strict=True):
        connection.execute(delete(table).where(table.c.patient_id == patient))
        if rows:
            connection.execute(insert(table), [row | {"id": str(uuid.uuid4()), "patient_id": patient} for row in rows])
