"""Patients: list, add, read, replace, erase."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from neurolupus.io.patient_file import parse_patient, patient_as_data
from neurolupus.store.erasure import erase
from neurolupus.store.patients import add_patient, edit_patient, list_patients, patient_of
from neurolupus.store.sealing import volumes_open
from neurolupus.web.access import Admin, Editor, Exporter, Kept
from neurolupus.web.api.hidden import kept_record, shown_record
from neurolupus.web.api.models import (
    PREFIX,
    PROBLEMS,
    Id,
    IfMatch,
    Made,
    PatientList,
    PatientOut,
    PatientRow,
    RecordIn,
    version_of,
)
from neurolupus.web.sections import hidden_fields

router = APIRouter(prefix=PREFIX, tags=["patients"], responses=PROBLEMS)
MOST = 500


@router.get("/patients")
def find(
    store: Kept,
    who: Exporter,
    text: Annotated[str, Query(max_length=64, description="Part of the pseudonym.")] = "",
    status: Annotated[str, Query(max_length=32)] = "",
    event: Annotated[str, Query(max_length=64, description="A neuropsychiatric syndrome.")] = "",
    offset: Annotated[int, Query(ge=0, le=10**6)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> PatientList:
    """The work list, latest change first; kept in the trail as an export."""
    with store.write(who.name) as writer:
        here = writer.connection
        rows, total = list_patients(here, text=text, status=status, event=event, offset=offset, limit=limit)
        writer.note("patients.exported", "patients", after={"rows": len(rows)})
    names = PatientRow.model_fields
    return PatientList(
        total=total, patients=[PatientRow(**{name: getattr(row, name) for name in names}) for row in rows]
    )


@router.post("/patients", status_code=201)
def add(store: Kept, who: Editor, body: RecordIn, response: Response) -> Made:
    """Keep a new patient."""
    record = patient_as_data(parse_patient(body.record))
    with store.write(who.name) as writer:
        made = add_patient(writer, record, status=body.status)
    response.headers["Location"], response.headers["ETag"] = f"/api/v1/patients/{made}", '"1"'
    return Made(id=made, version=1)


@router.get("/patients/{patient}")
def read(store: Kept, who: Exporter, patient: Id, response: Response) -> PatientOut:
    """A patient's record, without its volumes while those are sealed; the ETag is its version.

    Kept in the trail as an export.
    """
    with store.write(who.name) as writer:
        found = patient_of(writer.connection, patient)
        hidden = hidden_fields(sealed=not volumes_open(writer.connection, patient))
        writer.note("patient.exported", patient, after={"version": found.version}, patient=patient)
    response.headers["ETag"] = f'"{found.version}"'
    return PatientOut(
        id=found.id, pseudonym=found.pseudonym, status=found.status, version=found.version,
        record=shown_record(found.record, hidden), created=found.created, updated=found.updated,
    )  # fmt: skip


@router.put("/patients/{patient}")
def replace(
    store: Kept, who: Editor, patient: Id, body: RecordIn, response: Response, if_match: IfMatch = None
) -> Made:
    """Keep a record as edited from the version that If-Match names; 409 where it was changed meanwhile.

    What a meeting signed and sealed volumes stay as they are; other values for them are refused.
    """
    version = version_of(if_match)
    with store.write(who.name) as writer:
        before = patient_of(writer.connection, patient)
        hidden = hidden_fields(sealed=not volumes_open(writer.connection, patient))
        record = patient_as_data(parse_patient(kept_record(body.record, before.record, hidden)))
        later = edit_patient(writer, patient, version, record, status=body.status)
    response.headers["ETag"] = f'"{later}"'
    return Made(id=patient, version=later)


@router.delete("/patients/{patient}", status_code=204)
def remove(store: Kept, who: Admin, patient: Id) -> None:
    """Erase a patient: rows, files, and the key to what the trail says. Backups made before still hold the patient."""
    with store.read() as connection:
        found = patient_of(connection, patient)
    erase(store, found.pseudonym, who.name)
