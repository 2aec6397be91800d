"""What another site sends changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import PASSWORD, browser, clinic, local, routes_of, secret_of, signed_in
from fastapi import FastAPI

from neurolupus.store.users import add_user

pytestmark = pytest.mark.slow

SAFE = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return clinic(tmp_path, users=True)


@pytest.mark.parametrize("users", [True, False], ids=["users", "local"])
@pytest.mark.parametrize("token", [None, "", "wrong", "ü"])
def test_every_change_needs_the_secret_of_a_page(tmp_path: Path, users: bool, token: str | None):
    app = clinic(tmp_path, users=users)
    client = signed_in(app, "admin", may_export=True) if users else browser(app)
    client.headers.pop("X-CSRF-Token", None)
    if token is not None and token.isascii():
        client.headers["X-CSRF-Token"] = token
    asked = 0
    for method, path, _ in routes_of(app):
        if method in SAFE or path.startswith("/cds-services"):
            continue
        for body in ({}, {"data": {"csrf": token or ""}}, {"json": {"csrf": "x"}}, {"files": {"file": b"x"}}):
            answer = client.request(method, path.replace("{", "").replace("}", ""), **body)
            assert answer.status_code == 403, (method, path, body, answer.status_code)
            asked += 1
    assert asked > 20


def test_the_secret_of_another_session_is_worth_nothing(app: FastAPI):
    one, other = signed_in(app, "admin"), signed_in(app, "admin", name="other")
    one.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
    assert one.post("/settings", data={"version": 0}).status_code == 403


def test_the_form_field_does_as_well_as_the_header(app: FastAPI):
    client = signed_in(app, "admin")
    secret = client.headers.pop("X-CSRF-Token")
    assert client.post("/settings", data={"version": 0, "csrf": secret}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "https://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_another_site_is_refused_even_with_the_secret(app: FastAPI, headers: dict[str, str]):
    answer = signed_in(app, "admin").post("/settings", data={"version": 0}, headers=headers)
    assert (answer.status_code, "nothing was changed" in answer.text) == (403, True)


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_our_own_pages_are_not(app: FastAPI, headers: dict[str, str]):
    assert signed_in(app, "admin").post("/settings", data={"version": 0}, headers=headers).status_code == 303


def test_signing_in_needs_the_secret_that_the_browser_was_given(app: FastAPI):
    with app.state.store.write("command-line") as writer:
        add_user(writer, "anna", "viewer", password=PASSWORD)
    attacker, victim = browser(app), browser(app)
    secret = secret_of(attacker.get("/sign-in").text)
    body = {"name": "anna", "password": PASSWORD, "csrf": secret}
    assert victim.post("/sign-in", data=body).status_code == 403
    assert attacker.post("/sign-in", data=body).status_code == 303


def test_the_local_page_holds_the_secret(tmp_path: Path):
    app = clinic(tmp_path)
    client = browser(app)
    assert client.post("/settings", data={"version": 0, "csrf": secret_of(client.get("/settings").text)}).is_redirect
    assert local(app).post("/settings", data={"version": 1}).is_redirect
