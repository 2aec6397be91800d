"""Studies and knowledge as pages: kept, checked, run to the end, exported by those who may, refused to others."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import clinic, local, signed_in
from fastapi import FastAPI
from fastapi.testclient import TestClient

from neurolupus.store.erasure import erase
from neurolupus.store.patients import edit_patient, patient_of, versions_of
from neurolupus.store.studies import begin_run, list_studies, run_of, runs_of
from neurolupus.store.trail import history
from neurolupus.workflows.clinic.demo_store import CLINIC, fill_demo
from neurolupus.workflows.clinic.study_store import RunningStudy

pytestmark = pytest.mark.slow

STUDY = """
study: {id: ages, title: Ages}
data: {id: patient}
variables:
  age: {label: Age, unit: years, show: mean_sd, range: [0, 110]}
groups:
  sex: {label: Sex, column: female, levels: {0: men, 1: women}}
table1:
  - {title: Patients, by: sex, rows: [age]}
"""
TABLE = "patient,age,female\n" + "".join(f"p{n},{20 + n},{n % 2}\n" for n in range(20))


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return clinic(tmp_path)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with local(app) as client:
        yield client


def keep(client: TestClient, *, text: str = STUDY, table: tuple[str, bytes] = ("ages.csv", TABLE.encode())) -> str:
    files = {"file": ("study.yaml", text.encode()), "table": table}
    answer = client.post("/studies", data={"name": "Ages", "source": "table"}, files=files)
    assert answer.status_code == 303, re.findall('told">(.*?)</p>', answer.text, re.DOTALL)
    return str(answer.headers["location"])


def run_to_the_end(client: TestClient, path: str) -> str:
    assert client.post(f"{path}/runs").status_code == 303
    until = time.monotonic() + 120
    while time.monotonic() < until:
        text = client.get(path).text
        if "/progress" not in text:
            return str(text)
        time.sleep(0.3)
    raise AssertionError("the run did not end")


def test_a_study_on_an_uploaded_table_runs_in_its_own_process(app: FastAPI, client: TestClient):
    path = keep(client)
    assert "no fault" in client.get(f"{path}/check").text
    text = run_to_the_end(client, path)
    assert "up to date" in text
    report = re.search(r'src="(/studies/[^"]+/report)"', text)
    assert report is not None
    shown = client.get(report[1])
    assert "Ages" in shown.text
    assert shown.headers["content-security-policy"].endswith("sandbox")
    assert "script" not in shown.headers["content-security-policy"]
    results = client.get(report[1].replace("/report", "/files/results.json"))
    assert results.json()["n"] == 20
    assert "attachment" in results.headers["content-disposition"]
    with app.state.store.read() as connection:
        assert next(history(connection)).action == "study.exported"


def test_no_table_of_a_cohort_stays_behind(tmp_path: Path):
    app = clinic(tmp_path)
    fill_demo(app.state.store, with_scans=False)
    with local(app) as client:
        text = client.get("/studies").text
        assert CLINIC in text
        assert "up to date" in text
        left = {path.name for path in (app.state.store.files / "studies").rglob("*") if path.is_file()}
        assert "cohort.csv" not in left
        assert "report.html" in left
        table = client.get(re.search(rf'href="(/studies/[^"]+)">{CLINIC}', text)[1] + "/cohort.csv")
        assert "several-punctures" in table.text


def test_a_run_that_fails_says_why_and_can_be_run_again(client: TestClient):
    path = keep(client, table=("ages.csv", b"patient,age,female\na,20,1\nb,21,1\n"))
    assert "two arms are needed" in run_to_the_end(client, path)
    assert "Run again" in client.get(path).text


def test_a_run_that_takes_too_long_is_ended(app: FastAPI, client: TestClient):
    study = keep(client).rpartition("/")[2]
    with app.state.store.write("anna") as writer:
        run = begin_run(writer, study)
    RunningStudy(app.state.store, study, run, longest_s=0.05).follow()
    with app.state.store.read() as connection:
        found = run_of(connection, study, run)
    assert (found.status, found.message) == ("failed", "It took longer than 0.05 s.")
    assert not (app.state.store.files / found.folder).exists()


def test_a_server_that_starts_ends_what_another_left(tmp_path: Path):
    app = clinic(tmp_path)
    study = ""
    with local(app) as client:
        study = keep(client).rpartition("/")[2]
    app = clinic(tmp_path)
    with app.state.store.write("anna") as writer:
        begin_run(writer, study)
    with local(app), app.state.store.read() as connection:
        assert [one.status for one in runs_of(connection, study)] == ["failed"]


@pytest.mark.parametrize(
    "line",
    [
        "data: {id: patient, join: {file: ../../store.sqlite, on: patient}}",
        "data: {id: patient, join: {file: volumes.tsv, on: patient}}",
    ],
)
def test_a_study_file_reads_no_other_file(client: TestClient, line: str):
    files = {"file": ("study.yaml", STUDY.replace("data: {id: patient}", line).encode())}
    answer = client.post("/studies", data={"name": "x", "source": "store"}, files=files)
    assert answer.status_code == 422
    assert "names other files" in answer.text


def bomb() -> bytes:
    """A workbook whose parts claim 600 MB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"xl/sheet{number}.xml", bytes(100 << 20))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.parquet", b"PAR1", "one of .csv"), ("x.xlsx", b"no zip", "no readable workbook"), ("x.csv", b"", "empty"),
        ("x.csv", b"a" * ((16 << 20) + 1), "more than"), ("../../x.sh", b"#!/bin/sh", "one of .csv"),
    ],
)  # fmt: skip
def test_tables_that_are_none_are_refused(client: TestClient, name: str, content: bytes, words: str):
    files = {"file": ("study.yaml", STUDY.encode()), "table": (name, content)}
    answer = client.post("/studies", data={"name": "x", "source": "table"}, files=files)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(client: TestClient):
    files = {"file": ("study.yaml", STUDY.encode()), "table": ("x.xlsx", bomb())}
    answer = client.post("/studies", data={"name": "x", "source": "table"}, files=files)
    assert "unpacks to 629,145,600 bytes" in answer.text


def test_a_path_in_a_tables_name_is_only_a_name(app: FastAPI, client: TestClient):
    path = keep(client, table=("../../../<script>.csv", TABLE.encode()))
    text = client.get(f"{path}/edit").text
    assert "<script>.csv" not in text
    assert "&lt;script&gt;.csv" in text
    kept = list(app.state.store.folder.rglob("*.csv"))
    assert [re.fullmatch(r"table-[0-9a-f]{16}\.csv", one.name) is not None for one in kept] == [True]


def test_what_was_typed_is_still_there_when_a_study_is_refused(client: TestClient):
    files = {"file": ("study.yaml", b"study: {id: x, titel: y}")}
    data = {"name": "My study", "source": "store", "age_from": "33", "consensus": ["attributed"]}
    answer = client.post("/studies", data=data, files=files)
    assert answer.status_code == 422
    assert "titel" in answer.text
    assert 'value="My study"' in answer.text
    assert 'value="33"' in answer.text
    assert 'value="attributed" checked' in answer.text


def test_a_stale_edit_loses_nothing_that_was_typed(client: TestClient):
    path = keep(client)
    data = {"version": "1", "name": "Ages", "text": STUDY, "source": "table"}
    assert client.post(path, data=data | {"name": "First"}).status_code == 303
    late = client.post(path, data=data | {"name": "Second"})
    assert late.status_code == 409
    assert 'value="Second"' in late.text
    assert "First" in client.get(path).text


def test_ages_that_are_no_numbers_are_told_beside_the_flow(client: TestClient):
    assert "a number of years is needed" in client.get("/studies/flow?age_from=young").text
    assert "takes nobody in" in client.get("/studies/flow?age_from=50&age_to=40").text


def test_reports_of_others_studies_and_other_files_are_not_given(client: TestClient):
    path = keep(client)
    run_to_the_end(client, path)
    run = re.search(r"/runs/([0-9a-f-]{36})/report", client.get(path).text)
    assert run is not None
    assert client.get(f"/studies/none/runs/{run[1]}/report").status_code == 404
    assert client.get(f"{path}/runs/{run[1]}/files/cohort.csv").status_code == 404
    assert client.get(f"{path}/runs/{run[1]}/files/..%2f..%2f..%2fstore.sqlite").status_code == 404


def test_only_exporters_take_data_out(tmp_path: Path):
    app = clinic(tmp_path, users=True)
    with signed_in(app, "admin") as admin:
        path = admin.post("/studies", data={"name": "x", "example": "clinic.study.yaml"}).headers["location"]
        assert admin.get(f"{path}/cohort.csv").status_code == 403
        assert signed_in(app, "viewer", may_export=True).get(f"{path}/cohort.csv").status_code == 422  # nobody in it
        assert signed_in(app, "viewer").post(f"{path}/runs").status_code == 403


def test_rules_link_to_their_statements_and_back(client: TestClient):
    assert 'href="/knowledge/statements/S3-016"' in client.get("/knowledge/rules/CYC-IV").text
    assert 'href="/knowledge/rules/CYC-IV"' in client.get("/knowledge/statements/S3-016").text
    assert client.get("/knowledge/rules/none").status_code == 404


def test_every_rule_and_statement_has_a_page(client: TestClient):
    for part, count in (("rules", 80), ("statements", 275)):
        names = set(re.findall(rf'href="/knowledge/{part}/([^"]+)"', client.get(f"/knowledge?part={part}").text))
        assert len(names) >= count
    for name in sorted(names)[::25]:
        assert client.get(f"/knowledge/statements/{name}").status_code == 200


def test_filters_and_words_narrow_what_is_found(client: TestClient):
    def count(query: str) -> int:
        found = re.search(r'role="status">(\d+) ', client.get(f"/knowledge?{query}").text)
        assert found is not None
        return int(found[1])

    assert count("part=rules&kind=option") == 3
    assert count("part=rules&kind=option&strength=should") == 0
    assert 0 < count("part=statements&text=rituximab") < 20


def test_what_must_not_be_quoted_is_not(client: TestClient):
    from neurolupus.guidelines.load import load_knowledge

    secret = [one for one in load_knowledge().statements.values() if one.do_not_quote]
    text = client.get("/knowledge?part=statements").text
    assert secret
    for one in secret:
        assert one.text not in text
        assert one.text not in client.get(f"/knowledge/statements/{one.id}").text


def test_a_question_is_answered_in_the_page_and_as_a_part_of_it(client: TestClient):
    for path in ("/knowledge?question=refractory+seizures", "/knowledge/ask?question=refractory+seizures"):
        assert "S3-025" in client.get(path).text
    assert 'value="&lt;b&gt;xyzzy"' in client.get("/knowledge?question=%3Cb%3Exyzzy").text


def test_every_number_of_a_run_leads_to_its_patients_records_and_scans(tmp_path: Path):
    app = clinic(tmp_path)
    fill_demo(app.state.store, with_scans=False)
    store = app.state.store
    with store.read() as connection:
        study = next(one for one in list_studies(connection) if one.name == CLINIC)
        run = runs_of(connection, study.id)[0]
    here = f"/studies/{study.id}/runs/{run.id}/sources"
    with local(app) as client:
        assert f'href="{here}"' in client.get(f"/studies/{study.id}").text
        numbers = json.loads((store.files / run.folder / "results.json").read_text("utf-8"))["numbers"]
        for path in list(numbers)[::25]:
            answer = client.get(here, params={"number": path})
            assert answer.status_code == 200
            listed = set(re.findall(r'href="/patients/([^"]+)"', answer.text.partition('id="behind"')[2]))
            told = numbers[path]
            assert len(listed) >= told["n"] or path.startswith("flow.")
            assert listed <= set(run.patients["included"])
        assert "unchanged" in answer.text
        assert ">changed<" not in answer.text
        told = client.get(f"/api/v1{here}", params={"number": "flow.n"}).json()
        assert {one["id"] for one in told} == set(run.patients["included"])
        assert not any(one["is_changed"] for one in told)
        with store.read() as connection:
            assert {one["id"]: one["record"] for one in told} == versions_of(connection, [one["id"] for one in told])
        patient = sorted(run.patients["included"])[0]
        with store.read() as connection:
            kept = patient_of(connection, patient)
        with store.write("anna") as writer:
            edit_patient(writer, patient, kept.version, {**kept.record, "note": "seen again"})
        assert client.get(here).text.count(">changed<") == 1
        with store.read() as connection:
            name = patient_of(connection, patient).pseudonym
        erase(store, name, "anna")
        text = client.get(here).text
        assert "erased" in text
        assert name not in text
        assert client.get(here, params={"number": "no.such.number"}).status_code == 404
        assert client.get(here, params={"find": "no such words"}).text.count("No number") == 1


def test_a_run_on_an_uploaded_table_does_not_claim_to_know_patients(client: TestClient):
    path = keep(client)
    text = run_to_the_end(client, path)
    run = re.search(r'src="/studies/[^"/]+/runs/([^"/]+)/report"', text)
    assert run is not None
    assert "/sources" not in text
    answer = client.get(f"{path}/runs/{run[1]}/sources")
    assert answer.status_code == 404
    assert "does not know its patients" in answer.text
