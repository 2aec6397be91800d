"""The second factor in the browser: set up, asked for, required, taken off by its user or an administrator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import PASSWORD, browser, clinic, secret_of, signed_in
from fastapi import FastAPI

from neurolupus.store.second_factor import second_factor_of
from neurolupus.store.totp import code_at, step_of
from neurolupus.store.trail import now
from neurolupus.store.users import add_user
from neurolupus.web.pages import sign_in as page

PLACE = "/account/second-factor"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(page, "FAILED_S", 0.0)
    made = clinic(tmp_path, users=True)
    with made.state.store.write("command-line") as writer:
        for name, role in (("anna", "editor"), ("admin", "admin")):
            add_user(writer, name, role, password=PASSWORD)
    return made


def shown(secret: str, steps: int = 0) -> str:
    return code_at(secret, step_of(now()) + steps)


def set_up(app: FastAPI, name: str = "anna", role: str = "editor") -> tuple[str, Any]:
    """The secret and the page with the recovery codes."""
    client = signed_in(app, role, name=name)
    text = client.get(PLACE).text
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', text)
    assert found is not None
    assert '<svg class="qr"' in text
    return found[1], client.post(PLACE, data={"secret": found[1], "code": shown(found[1]), "password": PASSWORD})


def comes_in(app: FastAPI, code: str, name: str = "anna") -> bool:
    client = browser(app)
    form = {"name": name, "password": PASSWORD, "code": code, "csrf": secret_of(client.get("/sign-in").text)}
    return client.post("/sign-in", data=form).status_code == 303


@pytest.mark.slow
def test_it_is_set_up_by_code_and_password_and_then_asked_for(app: FastAPI):
    assert comes_in(app, "")
    secret, answer = set_up(app)
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)
    assert len(codes) == 8
    assert not comes_in(app, "")
    code = shown(secret, 1)
    assert comes_in(app, code)
    assert not comes_in(app, code)  # seen over the shoulder, it is worth nothing
    assert comes_in(app, codes[0])
    assert secret not in signed_in(app, "editor", name="anna").get(PLACE).text


@pytest.mark.parametrize("wrong", [{"code": "000000"}, {"password": "not the password"}, {"secret": "ABC"}])
def test_nothing_is_set_up_by_what_is_wrong(app: FastAPI, wrong: dict[str, str]):
    secret = re.search(r'name="secret" value="([^"]+)"', signed_in(app, "editor", name="anna").get(PLACE).text)[1]
    data = {"secret": secret, "code": shown(secret), "password": PASSWORD} | wrong
    assert signed_in(app, "editor", name="anna").post(PLACE, data=data).status_code == 422
    with app.state.store.read() as connection:
        assert second_factor_of(connection, "anna") is None


def test_it_is_taken_off_by_password_and_code(app: FastAPI):
    secret, _ = set_up(app)
    client = signed_in(app, "editor", name="anna")
    assert client.post(f"{PLACE}/off", data={"password": PASSWORD, "code": "000000"}).status_code == 422
    assert client.post(f"{PLACE}/off", data={"password": PASSWORD, "code": shown(secret, 1)}).status_code == 303
    assert client.get("/patients").status_code == 303  # every session has ended
    assert comes_in(app, "")


def test_an_administrator_takes_it_off(app: FastAPI):
    set_up(app)
    admin = signed_in(app, "admin", name="admin")
    assert "second factor</span>" in admin.get("/users").text
    assert signed_in(app, "editor", name="anna").post("/users/anna/second-factor").status_code == 403
    assert admin.post("/users/anna/second-factor").is_redirect
    assert admin.post("/users/anna/second-factor").status_code == 422
    assert comes_in(app, "")


@pytest.mark.slow
def test_where_it_is_required_nothing_else_goes_before(app: FastAPI):
    admin = signed_in(app, "admin", name="admin")
    assert admin.post("/settings/second-factor", data={"version": 0, "least": "editor"}).is_redirect
    client = signed_in(app, "editor", name="anna")
    assert client.get("/patients").headers["location"] == PLACE
    for method, path in (("POST", "/patients/new"), ("GET", "/api/v1/scans"), ("GET", "/static/../patients")):
        assert client.request(method, path).status_code in (303, 403, 404), path
    assert "asked of every editor" in client.get(PLACE).text
    secret, answer = set_up(app)
    assert answer.status_code == 200
    assert client.get("/patients").status_code == 200
    off = client.post(f"{PLACE}/off", data={"password": PASSWORD, "code": shown(secret, 1)})
    assert off.status_code == 403
    assert signed_in(app, "viewer").get("/patients").status_code == 200  # of viewers it is not asked
    assert admin.get("/settings").headers["location"] == PLACE  # an administrator is one of them


def test_without_users_there_is_none_to_set_up(tmp_path: Path):
    from clinic import local

    assert local(clinic(tmp_path)).get(PLACE).status_code == 404
