"""The API: the same verbs as the pages, by token or session, with versions and problem details."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import browser, clinic, local, signed_in
from fastapi import FastAPI
from fastapi.testclient import TestClient
from patients_app import PSYCHOSIS
from sqlalchemy import select, update

from neurolupus.errors import StoreError, UsageError
from neurolupus.store.api_tokens import make_token, revoke_token, tokens_of, user_of_token
from neurolupus.store.schema import api_tokens
from neurolupus.store.sealing import SEAL_VOLUMES, open_volumes
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.trail import history, now
from neurolupus.store.users import add_user, change_user
from neurolupus.workflows.examples import example_path

PATIENTS = "/api/v1/patients"


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return clinic(tmp_path)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with local(app) as client:
        yield client


@pytest.fixture
def patient(client: TestClient) -> str:
    answer = client.post(PATIENTS, json={"record": dict(PSYCHOSIS)})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    return str(answer.json()["id"])


def put(client: TestClient, patient: str, record: Any, version: int | None) -> Any:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    return client.put(f"{PATIENTS}/{patient}", json={"record": record}, headers=headers)


def test_a_record_comes_back_as_it_went_in(client: TestClient, patient: str):
    found = client.get(f"{PATIENTS}/{patient}").json()
    assert found["record"]["events"] == PSYCHOSIS["events"]
    assert (found["pseudonym"], found["version"], found["status"]) == ("neu-1", 1, "new")


def test_a_stale_edit_is_409_and_nothing_is_overwritten(client: TestClient, patient: str):
    assert put(client, patient, {"patient": {"age": 30}}, 1).json()["version"] == 2
    late = put(client, patient, {"patient": {"age": 99}}, 1)
    assert (late.status_code, late.headers["content-type"]) == (409, "application/problem+json")
    assert client.get(f"{PATIENTS}/{patient}").json()["record"]["patient"] == {"age": 30}


def test_an_edit_that_names_no_version_is_428(client: TestClient, patient: str):
    assert put(client, patient, {}, None).status_code == 428


def test_a_faulty_record_tells_every_fault(client: TestClient):
    answer = client.post(PATIENTS, json={"record": {"patient": {"age": -1, "sex": "X"}}})
    assert answer.status_code == 422
    assert "2 faults" in answer.json()["error"]


def test_what_is_not_kept_is_404(client: TestClient):
    for path in (f"{PATIENTS}/none", "/api/v1/scans/none", "/api/v1/studies/none", "/api/v1/knowledge/rules/none"):
        assert client.get(path).status_code == 404, path


@pytest.mark.slow
def test_advice_and_scores_say_of_which_version(client: TestClient, patient: str):
    advice = client.get(f"{PATIENTS}/{patient}/advice").json()
    assert (advice["of_version"], advice["advice"]["attribution"]["score_range"]) == (1, [7, 7])
    assert client.get(f"{PATIENTS}/{patient}/scores").json()["scores"]["italian"]["low"] == 7
    free = client.post("/api/v1/advise", json={"record": dict(PSYCHOSIS)}).json()
    assert free == {"of_version": None, "advice": advice["advice"]}


def test_a_decision_is_signed_and_stands_in_the_record(client: TestClient, patient: str):
    body = {
        "record_version": 1, "number": 1, "date": "2025-06-20", "attribution": "attributed",
        "mechanism": "inflammatory", "present": ["rheumatologist"], "atrophy": "no",
    }  # fmt: skip
    assert client.post(f"{PATIENTS}/{patient}/consensus", json=body).status_code == 201
    assert client.post(f"{PATIENTS}/{patient}/consensus", json=body).status_code in (409, 422)
    assert [one["signed_by"] for one in client.get(f"{PATIENTS}/{patient}/consensus").json()] == ["local"]
    record = client.get(f"{PATIENTS}/{patient}").json()["record"]
    assert record["attribution"]["mdt_consensus"] == "attributed"
    changed = {**record, "attribution": {**record["attribution"], "mdt_consensus": "not_attributed"}}
    assert put(client, patient, changed, 2).status_code == 403
    assert put(client, patient, {"patient": {"age": 29}}, 2).status_code == 200
    kept = client.get(f"{PATIENTS}/{patient}").json()["record"]
    assert kept["attribution"]["mdt_consensus"] == "attributed"


def test_sealed_volumes_are_neither_shown_nor_lost(app: FastAPI, client: TestClient, patient: str):
    with app.state.store.write("somebody") as writer:
        set_setting(writer, SEAL_VOLUMES, True, 0)
    shown = client.get(f"{PATIENTS}/{patient}").json()["record"]
    assert "wmh_ml" not in shown["mri"]
    assert shown["mri"]["done"] is True
    guess = {**shown, "mri": {**shown["mri"], "wmh_ml": 1}}
    assert put(client, patient, guess, 1).status_code == 403
    assert put(client, patient, shown, 1).status_code == 200
    with app.state.store.write("somebody") as writer:
        open_volumes(writer, patient, "the meeting asked")
    assert client.get(f"{PATIENTS}/{patient}").json()["record"]["mri"]["wmh_ml"] == 7.125


def test_erasing_is_for_administrators(tmp_path: Path):
    app = clinic(tmp_path, users=True)
    made = signed_in(app, "editor").post(PATIENTS, json={"record": dict(PSYCHOSIS)}).json()["id"]
    assert signed_in(app, "editor").delete(f"{PATIENTS}/{made}").status_code == 403
    assert signed_in(app, "admin").delete(f"{PATIENTS}/{made}").status_code == 204
    assert signed_in(app, "viewer", may_export=True).get(f"{PATIENTS}/{made}").status_code == 404


def test_a_token_lets_a_program_in_and_needs_no_secret_of_a_page(tmp_path: Path):
    app = clinic(tmp_path, users=True)
    with app.state.store.write("command-line") as writer:
        add_user(writer, "robot", "editor")
        token = make_token(writer, "robot", "nightly import", days=30)
    client = browser(app, headers={"Authorization": f"Bearer {token}"})
    assert client.post(PATIENTS, json={"record": dict(PSYCHOSIS)}).status_code == 201
    assert client.get("/api/v1/trail/verify").status_code == 403
    assert client.get("/patients").status_code == 303  # pages are for people
    for wrong in (token + "x", "", "nl_", token.upper()):
        asked = browser(app, headers={"Authorization": f"Bearer {wrong}"}).get(PATIENTS)
        assert asked.status_code == 401, wrong
    with app.state.store.read() as connection:
        assert token not in str(connection.execute(select(api_tokens)).all())
        assert token not in str(list(history(connection)))


@pytest.mark.slow
@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_what_a_token_reads_of_a_patient_needs_the_right_to_export_and_stands_in_the_trail(tmp_path: Path, role: str):
    app = clinic(tmp_path, users=True)
    made = signed_in(app, "editor", name="enters").post(PATIENTS, json={"record": dict(PSYCHOSIS)}).json()["id"]
    with app.state.store.write("command-line") as writer:
        add_user(writer, "robot", role)
        token = make_token(writer, "robot", "nightly table", days=30)
    client = browser(app, headers={"Authorization": f"Bearer {token}"})
    reads = {
        f"{PATIENTS}/{made}{part}": f"{action}.exported"
        for part, action in (("", "patient"), ("/advice", "advice"), ("/scores", "scores"), ("/consensus", "consensus"))
    } | {PATIENTS: "patients.exported", "/api/v1/scans": "scans.exported"}
    for path in reads:
        refused = client.get(path)
        assert refused.status_code == 403, path
        assert "psychosis" not in refused.text
    assert signed_in(app, role, name="robot").get(f"/patients/{made}").status_code == 200
    with app.state.store.write("command-line") as writer:
        change_user(writer, "robot", may_export=True)
    for path, action in reads.items():
        assert client.get(path).status_code == 200, path
        with app.state.store.read() as connection:
            last = next(iter(history(connection)))
        assert (last.who, last.action) == ("robot", action)


def test_a_token_ends_by_time_by_hand_and_with_its_user(tmp_path: Path):
    store = clinic(tmp_path, users=True).state.store
    with store.write("command-line") as writer:
        add_user(writer, "robot", "viewer")
        first, second, third = (make_token(writer, "robot", f"n{one}", days=1) for one in range(3))
        ids = [one.id for one in tokens_of(writer.connection, "robot")]
        past = now() - timedelta(seconds=1)
        writer.connection.execute(update(api_tokens).where(api_tokens.c.id == ids[0]).values(expires=past))
        revoke_token(writer, ids[1])
        assert [user_of_token(writer.connection, one) is None for one in (first, second, third)] == [True, True, False]
        change_user(writer, "robot", disabled=True)
        assert user_of_token(writer.connection, third) is None
        with pytest.raises(StoreError, match="disabled"):
            make_token(writer, "robot", "x", days=1)
        with pytest.raises(StoreError, match="No such token"):
            revoke_token(writer, ids[1])
        change_user(writer, "robot", disabled=False)
        for label, days in (("", 1), ("x", 0), ("x", 367), ("x" * 65, 1)):
            with pytest.raises(UsageError):
                make_token(writer, "robot", label, days=days)


@pytest.mark.slow
def test_a_study_is_kept_edited_checked_and_removed(client: TestClient, patient: str):
    text = example_path("clinic.study.yaml").read_text("utf-8")
    body = {"name": "One", "text": text, "criteria": {"age_from": 18}}
    made = client.post("/api/v1/studies", json=body)
    path = made.headers["location"]
    assert client.get(path).json()["cohort"] == {"criteria": {"age_from": 18}}
    assert client.put(path, json=body | {"name": "Two"}, headers={"If-Match": '"1"'}).json()["version"] == 2
    assert client.put(path, json=body, headers={"If-Match": '"1"'}).status_code == 409
    assert client.get(f"{path}/check").status_code == 422  # one patient is no cohort
    assert client.post("/api/v1/cohort", json={"age_from": 30}).json()["n"] == 0
    assert client.post("/api/v1/cohort", json={"age_from": 29, "sex": "F"}).json()["n"] == 1
    assert client.delete(path).status_code == 204
    assert client.get("/api/v1/studies").json() == []


def test_a_question_is_answered_with_statements(client: TestClient):
    found = client.post("/api/v1/ask", json={"question": "refractory seizures, aPL negative"}).json()
    assert found["found"][0]["id"] == "S3-025"
    assert found["read_as"]["ruled_out"] == ["antiphospholipid antibodies"]


@pytest.mark.slow
def test_the_routes_are_told_without_any_other_host(client: TestClient):
    text = client.get("/api/v1/docs").text
    assert "/api/v1/patients/{patient}/consensus" in text
    schema = client.get("/api/v1/openapi.json").json()
    assert all("4XX" in one["responses"] for methods in schema["paths"].values() for one in methods.values())
