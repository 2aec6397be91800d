"""The pages of patients as a browser without scripts gets them: work list, record, patient, consensus, import."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")

from patients_app import PSYCHOSIS, clinic_with, seal

from neurolupus.store.decisions import decisions_of
from neurolupus.store.patients import find_patient, patient_of
from neurolupus.store.trail import history

SCRIPT = "<script>alert(1)</script>"
DECISION = {
    "version": "1", "number": "1", "date": "2025-06-17", "attribution": "attributed", "mechanism": "uncertain",
    "atrophy": "no", "present": ["rheumatologist"], "others": "social worker", "note": SCRIPT,
    "dissent_by": "neurologist", "dissent_opinion": "unsure",
}  # fmt: skip


def section_form(client: Any, address: str) -> dict[str, Any]:
    """The fields of a page's record form as they stand."""
    text = client.get(address).text
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", text.split('class="record"')[1].split("<template>")[0]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and ("radio" not in tag or "checked" in tag):
            found[name[1]] = value[1]
    return found


def test_the_work_list_is_searched_and_filtered(tmp_path: Path) -> None:
    _, client, _ = clinic_with(tmp_path, PSYCHOSIS, {**PSYCHOSIS, "id": "abc-2", "events": []})
    assert "abc-2" in client.get("/patients").text
    assert "abc-2" not in client.get("/patients?text=NEU").text
    assert "abc-2" not in client.get("/patients?event=psychosis").text
    part = client.get("/patients?text=abc", headers={"HX-Request": "true", "HX-Target": "found"}).text
    assert "abc-2" in part
    assert "<html" not in part
    assert "Nobody fits" in client.get("/patients?text=' OR 1=1 --").text


def test_a_new_patient_is_kept_with_its_advice(tmp_path: Path) -> None:
    app, client, _ = clinic_with(tmp_path)
    answer = client.post("/patients/new", data={"id": "neu-7", "patient.age": "41", "patient.sex": "M"})
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "neu-7" in page
    assert "Italian score, both cut-offs" in page
    with app.state.store.read() as connection:
        assert find_patient(connection, "neu-7") is not None
    again = client.post("/patients/new", data={"id": "neu-7"})
    assert (again.status_code, "is kept already" in again.text) == (422, True)
    bad = client.post("/patients/new", data={"id": "Maria Rossi", "patient.age": "900"})
    assert bad.status_code == 422
    assert "0 to 125 years is needed" in bad.text
    assert 'value="900"' in bad.text


def test_a_fault_is_told_at_its_field_and_nothing_is_saved(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    address = f"/patients/{patient}/record/patient"
    answer = client.post(
        address, data={**section_form(client, address), "patient.pregnant": "true", "patient.sex": "M"}
    )
    assert answer.status_code == 422
    assert re.search(r'id="patient\.pregnant-faults"><p>patient\.pregnant is true and sex is M', answer.text)
    with app.state.store.read() as connection:
        assert patient_of(connection, patient).version == 1


def test_a_stale_edit_is_refused_with_both_versions(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    address = f"/patients/{patient}/record/patient"
    form = section_form(client, address)
    assert client.post(address, data={**form, "patient.age": "31"}).status_code == 303
    answer = client.post(address, data={**form, "patient.age": "32"})
    assert answer.status_code == 409
    assert 'value="32"' in answer.text
    assert "Kept meanwhile: <b>31</b>" in answer.text
    with app.state.store.read() as connection:
        assert patient_of(connection, patient).record["patient"]["age"] == 31
    assert client.post(address, data=section_form_of(answer.text, form) | {"patient.age": "32"}).status_code == 303


def section_form_of(text: str, form: dict[str, Any]) -> dict[str, Any]:
    version = re.search(r'name="version" value="(\d+)"', text)
    assert version is not None
    return {**form, "version": version[1]}


def test_saving_only_leaves_the_advice_stale_until_it_is_computed(tmp_path: Path) -> None:
    _, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    address = f"/patients/{patient}/record/attribution"
    form = {**section_form(client, address), "attribution.italian_items.confounders": "more"}
    client.post(address, data=form)
    stale = client.get(f"/patients/{patient}").text
    assert "<b>Stale.</b>" in stale
    client.post(f"/patients/{patient}/advice")
    fresh = client.get(f"/patients/{patient}").text
    assert "<b>Stale.</b>" not in fresh
    assert re.search(
        r"Italian attribution score</b>\s*<span class=\"was\">7</span>.*<span class=\"is\">6</span>", fresh
    )


def test_the_status_moves_without_making_the_advice_stale(tmp_path: Path) -> None:
    _, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    assert (
        client.post(f"/patients/{patient}/status", data={"version": "1", "status": "for consensus"}).status_code == 303
    )
    page = client.get(f"/patients/{patient}").text
    assert "for consensus" in page
    assert "<b>Stale.</b>" not in page
    assert client.post(f"/patients/{patient}/status", data={"version": "1", "status": "new"}).status_code == 409
    assert client.post(f"/patients/{patient}/status", data={"version": "2", "status": "gone"}).status_code == 422


@pytest.mark.slow
def test_scores_faults_and_changes_are_told_while_typing(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    address = f"/patients/{patient}/record/lupus"
    said = client.post(
        f"{address}/check", data={"sle.sledai2k_items.seizure": "true", "sle.sledai2k_items.rash": "true"}
    )
    # seizure 8, rash 2 (Gladman et al. 2002); the other 22 items are unknown
    assert re.search(r"SLEDAI-2K</span> <b>10\s+to 105", said.text)
    bad = client.post(f"/patients/{patient}/record/events/check", data={"events.7.date": "2025-06-01"}).text
    assert 'data-fault="events.7.syndrome"' in bad
    with app.state.store.read() as connection:
        assert patient_of(connection, patient).version == 1


def test_the_patient_page_shows_what_the_meeting_needs(tmp_path: Path) -> None:
    _, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    text = client.get(f"/patients/{patient}").text
    for said in (
        "29 years",
        "female",
        "from 6",
        "from 7",
        "Time line",
        "Psychosis",
        "160",
        "0.35",
        "Sources:",
        "Ask next",
    ):
        assert said in text, said
    assert " style=" not in text
    assert "<script>" not in text
    assert "onclick" not in text
    assert "7.12" in text  # a volume that the record states, beside the published groups


@pytest.mark.slow
def test_while_sealed_no_page_tells_a_volume(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    seal(app)
    one = f"/patients/{patient}"
    pages = [one, f"{one}/consensus", f"{one}/record/mri", f"{one}/history", f"{one}/downstream"]
    for address in pages:
        text = client.get(address).text
        assert "7.12" not in text, address
        assert re.search(r"(?<![\w-])1431(?![\w-])", text) is None, address  # within an identifier it may stand
    checked = client.post(f"{one}/record/mri/check", data={"mri.done": "true"}).text
    assert "7.12" not in checked
    assert client.post(f"{one}/volumes/open", data={"why": "asked"}).status_code == 303
    assert "7.12" in client.get(one).text
    with app.state.store.read() as connection:
        opened = [entry for entry in history(connection, patient=patient) if entry.action == "volumes.opened"]
    assert [entry.after for entry in opened] == [{"why": "asked"}]


def test_editing_the_mri_while_sealed_keeps_the_volumes(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    seal(app)
    address = f"/patients/{patient}/record/mri"
    assert client.post(address, data={**section_form(client, address), "mri.normal": "false"}).status_code == 303
    with app.state.store.read() as connection:
        kept = patient_of(connection, patient).record["mri"]
    assert (kept["normal"], kept["wmh_ml"]) == (False, 7.125)


def test_a_decision_is_signed_shown_and_taken_out_as_minutes(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    address = f"/patients/{patient}/consensus"
    assert client.post(address, data=DECISION).status_code == 303
    text = client.get(address).text
    assert "social worker" in text
    assert "neurologist: unsure" in text
    assert SCRIPT not in text
    assert "Why is the decision revised?" in text
    minutes = client.get(f"{address}/1/minutes.pdf")
    assert minutes.content.startswith(b"%PDF")
    assert minutes.headers["content-disposition"] == 'attachment; filename="consensus-neu-1-1.pdf"'
    assert client.get(f"{address}/2/minutes.pdf").status_code == 404
    with app.state.store.read() as connection:
        assert [entry.action for entry in history(connection, patient=patient)].count("minutes.exported") == 1


def test_a_decision_with_something_missing_loses_nothing_typed(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    answer = client.post(f"/patients/{patient}/consensus", data={**DECISION, "atrophy": ""})
    assert answer.status_code == 422
    assert "Say whether atrophy on the scan influenced the decision." in answer.text
    assert 'value="neurologist"' in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    with app.state.store.read() as connection:
        assert decisions_of(connection, patient) == ()


def test_two_meetings_at_once_sign_one_decision(tmp_path: Path) -> None:
    _, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    address = f"/patients/{patient}/consensus"
    assert client.post(address, data=DECISION).status_code == 303
    second = client.post(address, data={**DECISION, "why": "x"})
    assert second.status_code == 409
    assert "social worker" in second.text


def test_files_are_looked_at_and_then_kept(tmp_path: Path) -> None:
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    table = f"id,patient.age,note\nneu-1,30,{SCRIPT}\nnew-1,50,\nbad-1,900,\n".encode()
    shown = client.post("/patients/import", files={"files": ("a.csv", io.BytesIO(table), "text/csv")})
    assert shown.status_code == 200
    assert SCRIPT not in shown.text
    with app.state.store.read() as connection:
        assert patient_of(connection, patient).version == 1
    token = re.search(r"/patients/import/([0-9a-f]{32})", shown.text)
    assert token is not None
    kept = client.post(f"/patients/import/{token[1]}", data={"take": ["neu-1", "new-1", "bad-1"], "compute": "yes"})
    assert kept.status_code == 303
    with app.state.store.read() as connection:
        assert patient_of(connection, patient).record["patient"]["age"] == 30
        assert find_patient(connection, "new-1") is not None
        assert find_patient(connection, "bad-1") is None
    assert client.post(f"/patients/import/{token[1]}", data={"take": ["new-1"]}).status_code == 422


@pytest.mark.parametrize("name", ["../../store.sqlite", "a.exe", "a.csv\x00.yaml", ""])
def test_an_upload_that_is_no_record_is_told_and_keeps_nothing(tmp_path: Path, name: str) -> None:
    _, client, _ = clinic_with(tmp_path)
    answer = client.post("/patients/import", files={"files": (name, io.BytesIO(b"\x00\xff"), "text/csv")})
    assert answer.status_code in (200, 400, 422)
    assert "Keep what is ticked" not in answer.text or "not kept" in answer.text


def test_an_upload_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    _, client, _ = clinic_with(tmp_path)
    answer = client.post("/patients/import", content=b"x", headers={"content-length": str(2 << 30)})
    assert answer.status_code == 413


def test_nobody_is_found_at_an_address_that_is_none(tmp_path: Path) -> None:
    _, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    assert client.get("/patients/none").status_code == 404
    assert client.get(f"/patients/{patient}/record/none").status_code == 404


@pytest.mark.slow
def test_as_many_patients_as_are_read_can_be_ticked(tmp_path: Path) -> None:
    app, client, _ = clinic_with(tmp_path)
    table = "id,patient.age\n" + "\n".join(f"p{n},40" for n in range(1500))
    shown = client.post("/patients/import", files={"files": ("a.csv", io.BytesIO(table.encode()), "text/csv")})
    token = re.search(r"/patients/import/([0-9a-f]{32})", shown.text)
    assert token is not None
    assert shown.text.count("What it holds") == 100
    secret = re.search(r'name="csrf" value="([^"]+)"', shown.text)
    client.headers.pop("X-CSRF-Token", None)  # as a browser without scripts sends it
    form = {"take": [f"p{n}" for n in range(1500)], "csrf": secret[1] if secret else ""}
    assert client.post(f"/patients/import/{token[1]}", data=form).status_code == 303
    with app.state.store.read() as connection:
        assert find_patient(connection, "p1499") is not None


def test_a_file_of_several_megabytes_is_read(tmp_path: Path) -> None:
    _, client, _ = clinic_with(tmp_path)
    table = "id,patient.age,other\na,40," + "x" * (3 << 20) + "\n"
    # a cell longer than csv reads is a fault of the file, told as one
    shown = client.post("/patients/import", files={"files": ("a.csv", io.BytesIO(table.encode()), "text/csv")})
    assert shown.status_code == 200
    assert "field larger than field limit" in shown.text
