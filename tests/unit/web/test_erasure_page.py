"""Erasing a patient in the browser: shown before, confirmed by typing, kept in the trail with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from cheap import empty_store
from clinic import signed_in
from fastapi import FastAPI
from patients_app import MEETING, PSYCHOSIS, add_measured

from neurolupus.store.erasure import erasable
from neurolupus.store.patients import add_patient, find_patient
from neurolupus.store.trail import history, verify
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.clinic.consensus import record_consensus

WHY = "the patient asked for it"


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return create_app(Settings(empty_store(tmp_path / "store"), users=True))


@pytest.fixture
def patient(app: FastAPI) -> str:
    with app.state.store.write("anna") as writer:
        made = add_patient(writer, dict(PSYCHOSIS))
        record_consensus(writer, made, 1, 1, MEETING)
        add_measured(writer, made, wmh_ml=3.0, tiv_ml=1400.0)
        add_patient(writer, {"id": "other"})
    return made


def test_what_is_destroyed_is_counted_before(app: FastAPI, patient: str):
    with app.state.store.read() as connection:
        rows = erasable(connection, patient).rows
    assert {name: count for name, count in rows.items() if count} == {
        "events": 1, "laboratory values": rows["laboratory values"], "decisions of the meeting": 1,
        "scans with their images": 1, "measurements": 2,
    }  # fmt: skip
    page = signed_in(app, "admin").get(f"/patients/{patient}/erase").text
    assert "Decisions of the meeting" in page
    with app.state.store.read() as connection:
        assert find_patient(connection, "neu-1") is not None


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "why"), [("neu-2", WHY), ("NEU-1", WHY), ("", WHY), ("neu-1", ""), ("neu-1", "x")])
def test_nothing_is_erased_without_the_pseudonym_and_a_reason(app: FastAPI, patient: str, typed: str, why: str):
    answer = signed_in(app, "admin").post(f"/patients/{patient}/erase", data={"typed": typed, "why": why})
    assert answer.status_code == 422
    assert "Nothing was erased" in answer.text
    with app.state.store.read() as connection:
        assert find_patient(connection, "neu-1") is not None


@pytest.mark.slow
def test_it_is_done_once_and_says_why(app: FastAPI, patient: str):
    client = signed_in(app, "admin")
    answer = client.post(f"/patients/{patient}/erase", data={"typed": " neu-1", "why": WHY})
    assert (answer.status_code, "is erased" in answer.text) == (200, True)
    with app.state.store.read() as connection:
        assert find_patient(connection, "neu-1") is None
        assert find_patient(connection, "other") is not None
        entry = next(one for one in history(connection) if one.action == "patient.erased")
        assert (entry.who, entry.after) == ("admin", {"why": WHY})
        assert verify(connection).faults == ()
        assert "psychosis" not in str(list(history(connection)))
    assert client.get(f"/patients/{patient}/erase").status_code == 404


def test_only_administrators_see_the_way(app: FastAPI, patient: str):
    assert "Erase this patient" in signed_in(app, "admin").get(f"/patients/{patient}").text
    assert "Erase this patient" not in signed_in(app, "editor").get(f"/patients/{patient}").text
    for role in ("viewer", "editor"):
        for call in (signed_in(app, role).get, signed_in(app, role).post):
            assert call(f"/patients/{patient}/erase").status_code == 403
