"""Scripts, SQL and paths where text is expected: shown as text, or refused, and nothing happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import clinic, local, routes_of
from fastapi import FastAPI
from sqlalchemy import select, update

from neurolupus.store.patients import add_patient, patient_of
from neurolupus.store.ratings import rate
from neurolupus.store.scans import add_scan
from neurolupus.store.schema import scans
from neurolupus.store.studies import add_study
from neurolupus.store.trail import verify
from neurolupus.store.visits import add_visit

SCRIPT = "<script>alert(1)</script>"
SQL = ("' OR '1'='1", "'; DROP TABLE patients; --", '" UNION SELECT password FROM users --', "%", "_", "\\", "1e999")
PATHS = (
    "../store.sqlite",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/app.py",
    "....//app.py",
    "/etc/passwd",
    "app.css%00",
)


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return clinic(tmp_path)


@pytest.mark.parametrize("path", PATHS)
def test_no_file_outside_static_is_served(app: FastAPI, path: str):
    answer = local(app).get(f"/static/{path}")
    assert answer.status_code in (404, 400)
    for found in ("root:", "SQLite format", "create_app"):
        assert found not in answer.text


def test_a_link_out_of_static_is_not_followed(app: FastAPI, tmp_path: Path):
    """Through raw ASGI, past what a client tidies up."""
    import asyncio

    async def ask(path: str) -> int:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "scheme": "http",
            "server": ("localhost", 80), "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        await app(scope, receive, send)
        return int(sent[0]["status"])

    for path in ("/static/../app.py", "/static/../../store/engine.py", "/static//etc/passwd", "/static/./../app.py"):
        assert asyncio.run(ask(path)) in (400, 404), path


@pytest.mark.slow
@pytest.mark.parametrize("text", SQL)
def test_sql_in_a_query_is_text(app: FastAPI, text: str):
    with app.state.store.write("anna") as writer:
        kept = add_patient(writer, {"id": "P.1"})  # a stop is in no secret of a form
    client, asked = local(app), 0
    for method, path, route in routes_of(app):
        if method != "GET" or path.startswith(("/api", "/sign-in/")):
            continue
        names = [one.alias for one in route.dependant.query_params]
        for name in names:
            answer = client.get(path.replace("{", "").replace("}", ""), params={name: text})
            assert answer.status_code < 500, (path, name)
            if (path, name) == ("/patients", "text"):
                assert "P.1" not in answer.text
            asked += 1
    assert asked > 8
    with app.state.store.read() as connection:
        assert patient_of(connection, kept).pseudonym == "P.1"
        assert verify(connection).faults == ()


@pytest.mark.slow
def test_a_script_kept_in_a_record_is_shown_as_text(app: FastAPI):
    with app.state.store.write(SCRIPT) as writer:
        add_patient(writer, {"id": SCRIPT, "note": SCRIPT, SCRIPT: {"a": SCRIPT}})
        writer.note(SCRIPT, SCRIPT, before=SCRIPT, after=[SCRIPT])
    seen = 0
    for path in (
        "/patients",
        "/trail",
        "/users",
        f"/trail?who={SCRIPT}",
        f"/patients?text={SCRIPT}",
        "/users?done=" + SCRIPT,
    ):
        text = local(app).get(path).text
        assert SCRIPT not in text, path
        seen += "&lt;script&gt;" in text
    assert seen >= 4


@pytest.mark.slow
def test_scripts_in_notes_names_minutes_and_messages_are_shown_as_text(app: FastAPI):
    client, store = local(app), app.state.store
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "P-1", "patient": {"sex": "F", "age": 30}})
        add_visit(writer, patient, date="2026-01-02", kind="ward", note=SCRIPT)
        study = add_study(writer, SCRIPT, f"study: {SCRIPT}", {"criteria": {}})
        scan = add_scan(writer, "01", None, patient=patient, status="failed")
        writer.connection.execute(update(scans).values(message=SCRIPT, participant=SCRIPT))
        rate(writer, scan, "T1w", "accept", note=SCRIPT)
        code = writer.connection.scalar(select(scans.c.blinded))
    minutes = {
        "record_version": 1, "number": 1, "date": "2026-02-03", "attribution": "attributed",
        "mechanism": "inflammatory",
        "present": [SCRIPT], "dissent": [{"by": SCRIPT, "opinion": SCRIPT}], "atrophy": "no", "note": SCRIPT,
    }  # fmt: skip
    answer = client.post(f"/api/v1/patients/{patient}/consensus", json=minutes)
    assert answer.status_code == 201, answer.text
    known = {
        "patient": patient,
        "study": study,
        "scan": scan,
        "scan_id": scan,
        "code": code,
        "number": 1,
        "name": "T1w",
    }
    seen = []
    for method, path, _ in routes_of(app):
        if method != "GET" or path.endswith("/progress"):
            continue
        answer = client.get(re.sub(r"\{(\w+)[^}]*\}", lambda part: str(known.get(part[1], "none")), path))
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert SCRIPT not in answer.text, path
            seen += [path] if "&lt;script&gt;" in answer.text else []
    wanted = {
        "/patients/{patient}",
        "/patients/{patient}/consensus",
        "/scans",
        "/scans/{scan_id}",
        "/studies",
        "/trail",
    }
    assert wanted <= set(seen), seen


def test_a_query_does_not_break_out_of_its_field(app: FastAPI):
    text = local(app).get("/trail", params={"who": '"><img src=x onerror=alert(1)>'}).text
    assert "<img src=x" not in text
    assert "&#34;&gt;&lt;img" in text


@pytest.mark.parametrize("name", ["<script>", "a b", "../x", "ünal", "", "x" * 65, "local", "nobody"])
def test_a_user_cannot_be_called_anything(app: FastAPI, name: str):
    body = {"name": name, "role": "viewer", "password": "correct horse battery"}
    answer = local(app).post("/users", data=body)
    assert answer.status_code == 422
    assert "<script>" not in answer.text
