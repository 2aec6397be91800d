"""Advice on a patient of the store: computed, kept with the version of the record, compared with the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection

from neurolupus.guidelines.compare import Change, advice_changes
from neurolupus.io.patient_file import parse_patient
from neurolupus.store.derived import Derived, derived_of, put_derived
from neurolupus.store.patients import edit_patient, patient_of
from neurolupus.store.trail import Writer
from neurolupus.workflows.advise import advised

ADVICE = "advice"
_NOT_KEPT = ("trace",)  # how each rule was decided: large, and the explanation says it


def advice_on(record: Mapping[str, Any], *, today: date | None = None) -> dict[str, Any]:
    """The advice for a record's plain values, with its explanation.

    Raises
    ------
    PatientFileError
        The record has faults.
    """
    data = advised(parse_patient(record, today=today), today=today).data
    return {name: value for name, value in data.items() if name not in _NOT_KEPT}


def recompute(writer: Writer, patient: str) -> tuple[Change, ...]:
    """Compute the advice on a patient anew and keep it; what changed against the advice that was kept comes back.

    Raises
    ------
    StoreError
        No such patient.
    PatientFileError
        The record has faults; the advice that was kept stays, stale.
    """
    stored = patient_of(writer.connection, patient)
    before = derived_of(writer.connection, patient, ADVICE)
    data = advice_on(stored.record)
    changes = () if before is None else advice_changes(before.content["data"], data)
    content = {"data": data, "changes": [asdict(one) for one in changes], "against": before and before.of_version}
    put_derived(writer, patient, ADVICE, stored.version, content)
    return changes


def move_patient(writer: Writer, patient: str, version: int, status: str) -> None:
    """Give a patient another status in the work list; advice on the same facts still holds.

    Raises
    ------
    Conflict
        The patient was changed meanwhile.
    StoreError
        No such patient or status.
    """
    edit_patient(writer, patient, version, patient_of(writer.connection, patient).record, status=status)


def kept_advice(connection: Connection, patient: str) -> Derived | None:
    """The advice that is kept: `data`, `changes` against the one before, `against` which version; else None."""
    return derived_of(connection, patient, ADVICE)
