"""What was computed from a patient's record, and whether the record has changed since."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from neurolupus.errors import Conflict
from neurolupus.store.patients import patient_of
from neurolupus.store.schema import derived, patients
from neurolupus.store.trail import Writer, now


@dataclass(frozen=True, slots=True)
class Derived:
    """A result as kept.

    Attributes
    ----------
    content : plain values
    of_version : int
        The version of the record it was computed from.
    computed : datetime
    stale : bool
        Whether the record says something else now; another status in the work list changes nothing.
    """

    content: Any
    of_version: int
    computed: datetime
    stale: bool


def put_derived(writer: Writer, patient: str, kind: str, of_version: int, content: Any) -> None:
    """Keep a result in place of the one of its kind before.

    Raises
    ------
    Conflict
        What is kept was computed from a later version of the record, or the record is back at an earlier one.
    StoreError
        No such patient.
    """
    present = patient_of(writer.connection, patient).version
    before = derived_of(writer.connection, patient, kind)
    if of_version > present or (before is not None and before.of_version > of_version):
        raise Conflict(
            f"This {kind} was computed from version {of_version} of the record; the present one is {present}. "
            "It was not kept.\n    Compute it again from the present record."
        )
    here = (derived.c.patient_id == patient) & (derived.c.kind == kind)
    writer.connection.execute(delete(derived).where(here))
    row = {"id": str(uuid.uuid4()), "patient_id": patient, "kind": kind, "of_version": of_version}
    writer.connection.execute(insert(derived).values(**row, computed=now(), content=content))
    writer.note("derived.computed", patient, after={"kind": kind, "of_version": of_version}, patient=patient)


def derived_of(connection: Connection, patient: str, kind: str) -> Derived | None:
    """The result of a kind; None where it was never computed."""
    query = (
        select(derived, patients.c.facts)
        .join_from(derived, patients)
        .where(derived.c.patient_id == patient, derived.c.kind == kind)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Derived(row.content, row.of_version, row.computed, row.facts > row.of_version)
