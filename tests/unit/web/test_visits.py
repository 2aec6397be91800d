"""Visits on the patient's page: added, corrected from the version shown, taken out, and drawn on the time line."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")

from patients_app import PSYCHOSIS, clinic_with

from neurolupus.store.trail import history
from neurolupus.store.visits import visits_of

VISIT = {"date": "2025-06-11", "kind": "ward", "note": "<b>first</b> seen"}


def test_a_visit_is_added_corrected_and_taken_out(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    place = f"/patients/{patient}/visits"
    assert client.post(place, data=VISIT).headers["location"] == f"/patients/{patient}#visits"
    page = client.get(f"/patients/{patient}").text
    assert "&lt;b&gt;first&lt;/b&gt; seen" in page
    assert ">Visits</text>" in page.replace("\n", "")
    with app.state.store.read() as connection:
        (kept,) = visits_of(connection, patient)
    later = client.post(f"{place}/{kept.id}", data={**VISIT, "kind": "telephone", "version": "1"})
    assert later.status_code == 303
    stale = client.post(f"{place}/{kept.id}", data={**VISIT, "kind": "study", "version": "1"})
    assert (stale.status_code, "nothing was overwritten" in stale.text) == (409, True)
    assert client.post(f"{place}/{kept.id}/delete", data={"version": "2"}).status_code == 303
    with app.state.store.read() as connection:
        assert visits_of(connection, patient) == []
        done = [one.action for one in history(connection, patient=patient)]
    assert done[:3] == ["visit.deleted", "visit.edited", "visit.added"]


def test_a_visit_with_faults_is_refused_and_another_patients_is_not_found(tmp_path: Path) -> None:
    app, client, (one, other) = clinic_with(tmp_path, PSYCHOSIS, {**PSYCHOSIS, "id": "neu-2"})
    answer = client.post(f"/patients/{one}/visits", data={**VISIT, "date": "11.6.2025", "kind": "party"})
    assert (answer.status_code, "a day such as" in answer.text, "choose outpatient" in answer.text) == (422, True, True)
    client.post(f"/patients/{one}/visits", data=VISIT)
    with app.state.store.read() as connection:
        (kept,) = visits_of(connection, one)
    for last in ("", "/delete"):
        moved = client.post(f"/patients/{other}/visits/{kept.id}{last}", data={**VISIT, "version": "1"})
        assert moved.status_code == 404
    with app.state.store.read() as connection:
        assert visits_of(connection, one) == [kept]
