"""What each role sees of a patient: who may only look gets no form, and no file."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")

from clinic import clinic, signed_in
from patients_app import MEETING, PSYCHOSIS

from neurolupus.store.patients import add_patient, patient_of
from neurolupus.workflows.clinic.consensus import record_consensus
from neurolupus.workflows.clinic.patient_advice import recompute


@pytest.mark.slow
def test_who_may_only_look_sees_the_patient_and_no_way_to_change_it(tmp_path: Path) -> None:
    app = clinic(tmp_path, users=True)
    with app.state.store.write("command-line") as writer:
        patient = add_patient(writer, dict(PSYCHOSIS))
        recompute(writer, patient)
        record_consensus(writer, patient, 1, 1, MEETING)
    viewer, editor = signed_in(app, "viewer"), signed_in(app, "editor")
    one = f"/patients/{patient}"
    pages = {address: (viewer.get(address).text, editor.get(address).text) for address in (one, f"{one}/consensus")}
    for seen, edited in pages.values():
        assert "neu-1" in seen
        assert len([part for part in seen.split("<form") if 'method="post"' in part[:200]]) == 1  # to sign out
        assert len([part for part in edited.split("<form") if 'method="post"' in part[:200]]) > 1
    assert "minutes.pdf" not in pages[f"{one}/consensus"][0]
    for address, form in (
        (f"{one}/advice", {}), (f"{one}/record/patient", {"version": "2"}), (f"{one}/consensus", {}),
        (f"{one}/volumes/open", {}), (f"{one}/status", {"version": "2", "status": "new"}),
        ("/patients/new", {"id": "x"}),
    ):  # fmt: skip
        assert viewer.post(address, data=form).status_code == 403, address
    assert viewer.get(f"{one}/consensus/1/minutes.pdf").status_code == 403
    assert editor.get(f"{one}/consensus/1/minutes.pdf").status_code == 403
    assert signed_in(app, "viewer", may_export=True).get(f"{one}/consensus/1/minutes.pdf").status_code == 200
    with app.state.store.read() as connection:
        assert patient_of(connection, patient).version == 2


def test_a_decision_is_signed_by_who_is_signed_in(tmp_path: Path) -> None:
    app = clinic(tmp_path, users=True)
    with app.state.store.write("command-line") as writer:
        patient = add_patient(writer, dict(PSYCHOSIS))
    form = {
        "version": "1", "number": "1", "date": "2025-06-17", "attribution": "not_attributed", "mechanism": "none",
        "atrophy": "no scan was looked at", "present": "rheumatologist", "signed_by": "somebody else",
    }  # fmt: skip
    editor = signed_in(app, "editor", name="rossi")
    assert editor.post(f"/patients/{patient}/consensus", data=form).status_code == 303
    text = editor.get(f"/patients/{patient}/consensus").text
    assert "rossi, 20" in text
    assert "somebody else" not in text
