"""A clinic for the tests of patients: the app over a new store, and somebody who may edit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cheap import empty_store
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert

from neurolupus.store.patients import add_patient
from neurolupus.store.schema import measurements, scans
from neurolupus.store.sealing import SEAL_VOLUMES
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.trail import Writer, now
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.clinic.consensus import Meeting
from neurolupus.workflows.clinic.patient_advice import recompute

PSYCHOSIS: Mapping[str, Any] = {
    "id": "neu-1",
    "as_of": "2025-06-20",
    "patient": {"age": 29, "sex": "F"},
    "events": [{"syndrome": "psychosis", "date": "2025-06-10", "new_or_worsening": True}],
    "attribution": {
        "italian_items": {
            "onset": "within_6mo", "minor_event": False, "confounders": "one", "favouring": "none",
        },
    },
    "mri": {"done": True, "date": "2025-06-12", "wmh_ml": 7.125, "tiv_ml": 1431.5},
    "lumbar_punctures": [
        {"date": "2025-06-12", "csf": {"opening_pressure_mmH2O": 160, "protein": {"value": 35, "unit": "mg/dL"}}},
    ],
}  # fmt: skip
MEETING = Meeting(
    "2025-06-17", "attributed", "inflammatory", ("rheumatologist", "psychiatrist"), (("neurologist", "unsure"),), "no"
)


def clinic_with(folder: Path, *records: Mapping[str, Any]) -> tuple[FastAPI, TestClient, list[str]]:
    """The app, a browser on the same machine, and the store's ids of the patients put in; advice is computed."""
    app = create_app(Settings(empty_store(folder / "store")))
    with app.state.store.write("somebody") as writer:
        ids = [add_patient(writer, dict(one)) for one in records]
        for one in ids:
            recompute(writer, one)
    client = TestClient(app, base_url="http://localhost", follow_redirects=False)
    local = getattr(app.state, "local", None)
    if local is not None:
        client.headers["X-CSRF-Token"] = local.csrf
    return app, client, ids


def seal(app: FastAPI) -> None:
    """Switch the sealing of volumes on."""
    with app.state.store.write("somebody") as writer:
        set_setting(writer, SEAL_VOLUMES, True, 0)


def add_measured(
    writer: Writer, patient: str, *, acquired: str = "2025-06-12", unusable: str = "", **values: float
) -> str:
    """A measured scan of a patient with these values; `unusable` says why they must not be used."""
    found, moment = str(uuid.uuid4()), now()
    writer.connection.execute(
        insert(scans).values(
            id=found,
            patient_id=patient,
            participant="01",
            session=None,
            acquired=acquired,
            status="measured",
            message="",
            folder=f"scans/{found}",
            blinded=found[:8],
            version=1,
            created=moment,
            updated=moment,
        )
    )
    rows = [
        {"id": str(uuid.uuid4()), "scan_id": found, "name": name, "value": value, "unit": "ml", "method": "automatic"}
        for name, value in values.items()
    ]
    writer.connection.execute(insert(measurements), rows)
    words = [
        {"id": str(uuid.uuid4()), "scan_id": found, "name": name, "text": text, "unit": "", "method": "automatic"}
        for name, text in (("usable", "false"), ("unusable_reason", unusable))
        if unusable
    ]
    if words:
        writer.connection.execute(insert(measurements), words)
    return found
