"""Headers, hosts, proxies, sizes of bodies, and what is told of a fault."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import browser, clinic, local, routes_of, signed_in
from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.testclient import TestClient

from neurolupus.errors import Conflict
from neurolupus.web.access import Anyone
from neurolupus.web.guard.bodies import LARGEST_BYTES, takes_uploads
from neurolupus.web.guard.headers import STRICT
from neurolupus.web.guard.hosts import client_of, is_served

MIB = 1 << 20


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return clinic(tmp_path, largest_upload_mb=2)


@pytest.mark.slow
@pytest.mark.parametrize("tls", [True, False])
def test_every_answer_has_the_headers(tmp_path: Path, tls: bool):
    app = clinic(tmp_path, users=True, tls=tls)
    client, asked = signed_in(app, "admin"), 0
    paths = [(method, path) for method, path, _ in routes_of(app)] + [("GET", "/none"), ("GET", "/static/app.css")]
    for method, path in paths:
        if path.startswith("/sign-out"):
            continue
        headers = client.request(method, path.replace("{", "").replace("}", "")).headers
        assert headers["content-security-policy"] == STRICT, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert ("strict-transport-security" in headers) == tls
        assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
        assert "server" not in headers
        asked += 1
    assert asked > 12


def test_the_policy_lets_nothing_inline_and_nobody_else_in():
    assert "unsafe" not in STRICT
    assert "http" not in STRICT
    assert STRICT.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")


@pytest.mark.slow
def test_no_page_has_a_script_style_or_handler_within(tmp_path: Path):
    import re

    app = clinic(tmp_path, users=True)
    client = signed_in(app, "admin")
    pages = [path for method, path, _ in routes_of(app) if method == "GET" and "{" not in path]
    seen = 0
    for path in [*pages, "/none"]:
        cited = r'<a href="https://[^"]*" rel="noreferrer noopener">'
        text = re.sub(cited, "", client.get(path).text)
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on", text, re.IGNORECASE), path
        assert not re.search(r"""(src|href|action)=["']?(https?:)?//""", text), path
        seen += "<!doctype html>" in text
    assert seen > 5


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[", "a@b"])
def test_another_name_is_not_served(app: FastAPI, host: str):
    answer = browser(app).get("/patients", headers={"Host": host})
    assert (answer.status_code, "<html" in answer.text) == (421, False)


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:8910", "[::1]:8910", "LOCALHOST"])
def test_this_machine_is(app: FastAPI, host: str):
    assert browser(app).get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(("host", "served"), [("b.c.org", True), ("c.org", False), ("a.b.c.org", False)])
def test_a_wildcard_is_one_label(host: str, served: bool):
    assert is_served(host, ("*.c.org",)) == served


def behind(app: FastAPI, peer: str, **headers: str) -> Response:
    client = browser(app, client=(peer, 4000))
    return client.get("/health", headers={"Host": "clinic.example", **headers})


def test_behind_a_proxy_only_the_proxy_is_answered(tmp_path: Path):
    app = clinic(
        tmp_path, users=True, tls=True, proxies=("10.0.0.5/32",), hosts=("clinic.example",),
        public_url="https://clinic.example",
    )  # fmt: skip
    assert behind(app, "10.0.0.5").status_code == 200
    assert behind(app, "10.0.0.6").status_code == 403
    assert behind(app, "10.0.0.6", **{"X-Forwarded-For": "10.0.0.5"}).status_code == 403


@pytest.mark.slow
def test_a_redirect_behind_a_proxy_is_never_plain(tmp_path: Path):
    app = clinic(tmp_path, users=True, tls=True, proxies=("127.0.0.1/32",), public_url="https://localhost")
    client = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 1), follow_redirects=False)
    assert client.get("/sign-in/").headers["location"].startswith(("https://", "/"))


@pytest.mark.parametrize(
    ("peer", "said", "found"),
    [
        ("10.0.0.5", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.5", "6.6.6.6, 203.0.113.7", "203.0.113.7"),  # what the client wrote itself stands before
        ("10.0.0.5", "203.0.113.7, 10.0.0.5", "203.0.113.7"),
        ("203.0.113.9", "6.6.6.6", "203.0.113.9"),  # no proxy of ours: its word is not taken
        ("10.0.0.5", "<script>", "unknown"),
    ],
)
def test_whence_a_call_comes(peer: str, said: str, found: str):
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", said.encode())]}
    assert client_of(scope, ("10.0.0.5/32",)) == found


def test_a_body_is_refused_by_its_length_before_it_is_read(app: FastAPI):
    read = []

    def body() -> Iterator[bytes]:
        read.append(1)
        yield b"x"

    headers = {"Content-Length": str(2 << 30), "Content-Type": "application/x-www-form-urlencoded"}
    answer = local(app).post("/settings", content=body(), headers=headers)
    assert answer.status_code == 413
    assert "1 MB at most" in answer.text


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 30, "²"])
def test_a_length_that_is_none_is_refused(app: FastAPI, length: str):
    headers = {"Content-Length": length.encode("latin-1"), "Content-Type": "application/x-www-form-urlencoded"}
    assert local(app).post("/settings", content=b"version=0", headers=headers).status_code == 413


def test_a_body_without_a_length_is_refused(app: FastAPI):
    answer = local(app).post(
        "/settings", content=iter([b"version=0"]), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (answer.status_code, "Content-Length" in answer.text) == (411, True)


def test_a_body_longer_than_it_said_is_cut_off(app: FastAPI):
    headers = {"Content-Length": "10", "Content-Type": "application/x-www-form-urlencoded"}
    answer = local(app).post("/settings", content=b"version=0&x=" + b"x" * LARGEST_BYTES, headers=headers)
    assert answer.status_code == 413


@pytest.fixture
def with_upload(app: FastAPI) -> FastAPI:
    @app.post("/upload")
    @takes_uploads
    async def upload(request: Request, _: Anyone) -> dict[str, int]:
        return {"read": len(await request.body())}

    return app


def test_a_route_for_uploads_takes_more_and_no_more_than_set(with_upload: FastAPI):
    client = local(with_upload)
    assert client.post("/upload", content=b"x" * (MIB + 1)).json() == {"read": MIB + 1}
    answer = client.post("/upload", content=b"x" * (2 * MIB + 1))
    assert (answer.status_code, "2 MB at most" in answer.text) == (413, True)


@pytest.mark.slow
@pytest.mark.parametrize(("role", "code"), [("viewer", 403), ("editor", 422)])
def test_the_route_of_scans_takes_uploads_of_those_who_may_enter(tmp_path: Path, role: str, code: int):
    client = signed_in(clinic(tmp_path, users=True), role)
    files = {"t1w": ("t1w.nii", b"x" * (2 * MIB))}
    assert client.post("/scans", data={"participant": "01"}, files=files).status_code == code


def test_somebody_unknown_uploads_nothing(tmp_path: Path):
    app, read = clinic(tmp_path, users=True), []

    async def receive() -> dict[str, Any]:
        read.append(1)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def ask() -> int:
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await app(
            {
                "type": "http", "method": "POST", "path": "/patients", "raw_path": b"/patients", "query_string": b"",
                "headers": [(b"host", b"localhost"), (b"content-length", b"1000")], "client": ("127.0.0.1", 1),
                "scheme": "http", "server": ("localhost", 80), "http_version": "1.1", "root_path": "",
            },
            receive, send,
        )  # fmt: skip
        return int(sent[0]["status"])

    import asyncio

    assert asyncio.run(ask()) == 401
    assert read == []


def test_a_fault_tells_its_number_and_nothing_else(app: FastAPI, caplog: pytest.LogCaptureFixture):
    @app.get("/patients/{patient}/broken")
    def broken(patient: str, _: Anyone) -> None:
        raise RuntimeError("the secret of patient Anna")

    with caplog.at_level(logging.INFO, "neurolupus.web"):
        answer = browser(app).get("/patients/P-77/broken?name=Verdi")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["x-request-id"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "/patients/{patient}/broken 500" in caplog.text
    for word in ("Anna", "P-77", "Verdi", "RuntimeError"):
        assert word not in answer.text
    for word in ("Anna", "P-77", "Verdi"):
        assert word not in caplog.text


def test_a_conflict_is_409_for_people_and_programs(app: FastAPI):
    def stale(_: Anyone) -> None:
        raise Conflict("changed meanwhile")

    app.get("/stale")(stale)
    app.get("/api/v1/stale")(stale)
    assert browser(app).get("/stale").status_code == 409
    assert (answer := browser(app).get("/api/v1/stale")).status_code == 409
    assert answer.json()["error"] == "changed meanwhile"


def test_what_was_typed_wrong_is_not_repeated(app: FastAPI):
    answer = local(app).get("/trail?since=<script>alert(1)</script>")
    assert answer.status_code == 422
    assert "since" in answer.text
    assert "alert(1)" not in answer.text
