"""Visits: when a patient was seen, and where."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date as Day  # noqa: N812 - a field here is called date
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from neurolupus.errors import Conflict, NotKept, StoreError
from neurolupus.store.patients import patient_of
from neurolupus.store.schema import visits
from neurolupus.store.trail import Writer

KINDS = ("outpatient", "ward", "telephone", "consensus", "study")
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as kept.

    Attributes
    ----------
    id, patient : str
        The store's own.
    date : str
        ISO 8601, such as 2025-09-01.
    kind : str
        One of KINDS.
    note : str
    version : int
    """

    id: str
    patient: str
    date: str
    kind: str
    note: str
    version: int


def add_visit(writer: Writer, patient: str, *, date: str, kind: str, note: str = "") -> Visit:
    """Keep a new visit.

    Raises
    ------
    StoreError
        No such patient; the date is none, the kind unknown or the note too long.
    """
    patient_of(writer.connection, patient)
    visit = _checked(Visit(str(uuid.uuid4()), patient, date, kind, note, 1))
    writer.connection.execute(insert(visits).values(**_columns(visit)))
    writer.note("visit.added", visit.id, after=_said(visit), patient=patient)
    return visit


def edit_visit(writer: Writer, visit: str, version: int, *, date: str, kind: str, note: str) -> Visit:
    """Keep a visit as edited from a version.

    Raises
    ------
    Conflict
        Somebody has changed it meanwhile; nothing is overwritten.
    StoreError
        No such visit, or the edit has a fault.
    """
    before = _at_version(writer.connection, visit, version)
    after = _checked(replace(before, date=date, kind=kind, note=note, version=version + 1))
    writer.connection.execute(update(visits).where(visits.c.id == visit).values(**_columns(after)))
    writer.note("visit.edited", visit, before=_said(before), after=_said(after), patient=before.patient)
    return after


def delete_visit(writer: Writer, visit: str, version: int) -> None:
    """Take a visit out; the trail keeps what it said.

    Raises
    ------
    Conflict
        Somebody has changed it meanwhile; it stays.
    StoreError
        No such visit.
    """
    before = _at_version(writer.connection, visit, version)
    writer.connection.execute(delete(visits).where(visits.c.id == visit))
    writer.note("visit.deleted", visit, before=_said(before), patient=before.patient)


def visits_of(connection: Connection, patient: str) -> list[Visit]:
    """A patient's visits, earliest first."""
    query = select(visits).where(visits.c.patient_id == patient).order_by(visits.c.date, visits.c.id)
    return [_visit(row) for row in connection.execute(query)]


def visit_of(connection: Connection, visit: str) -> Visit:
    """One visit.

    Raises
    ------
    StoreError
        None such is kept.
    """
    row = connection.execute(select(visits).where(visits.c.id == visit)).first()
    if row is None:
        raise NotKept("No such visit is kept.\n    It may have been deleted; load the patient's page again.")
    return _visit(row)


def _at_version(connection: Connection, visit: str, version: int) -> Visit:
    found = visit_of(connection, visit)
    if found.version != version:
        raise Conflict(
            f"This visit was changed meanwhile (version {found.version}; yours began at {version}); "
            "nothing was overwritten.\n    Load the patient's page again and repeat the change."
        )
    return found


def _checked(visit: Visit) -> Visit:
    faults = []
    if not _is_day(visit.date):
        faults.append(f"date is {visit.date[:32]!r}; a day such as 2025-09-01 is needed")
    if visit.kind not in KINDS:
        faults.append(f"kind is {visit.kind[:32]!r}; choose {', '.join(KINDS)}")
    if len(visit.note) > LONGEST_NOTE:
        faults.append(f"the note has {len(visit.note)} characters; at most {LONGEST_NOTE} are kept")
    if faults:
        raise StoreError(f"The visit was not kept: {'; '.join(faults)}.")
    return visit


def _is_day(text: str) -> bool:
    try:
        return Day.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _visit(row: Any) -> Visit:
    return Visit(row.id, row.patient_id, row.date, row.kind, row.note, row.version)


def _columns(visit: Visit) -> dict[str, Any]:
    return {"id": visit.id, "patient_id": visit.patient, "version": visit.version, **_said(visit)}


def _said(visit: Visit) -> dict[str, Any]:
    return {"date": visit.date, "kind": visit.kind, "note": visit.note}
