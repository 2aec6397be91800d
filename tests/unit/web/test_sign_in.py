"""Signing in and out: new tokens, wrong passwords, rest and age of sessions, and what the trail keeps of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import PASSWORD, browser, clinic, secret_of, signed_in
from fastapi import FastAPI
from fastapi.testclient import TestClient

from neurolupus.store import sessions, sign_in
from neurolupus.store.trail import history, now, verify
from neurolupus.store.users import add_user, change_user
from neurolupus.web.pages import sign_in as page
from neurolupus.web.throttle import Throttle


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(page, "FAILED_S", 0.0)
    made = clinic(tmp_path, users=True)
    with made.state.store.write("command-line") as writer:
        add_user(writer, "anna", "admin", password=PASSWORD)
    return made


def enter(client: TestClient, password: str = PASSWORD, name: str = "anna", **more: str) -> Any:
    secret = secret_of(client.get("/sign-in").text)
    return client.post("/sign-in", data={"name": name, "password": password, "csrf": secret, **more})


def trail(app: FastAPI) -> list[tuple[str, str, str]]:
    with app.state.store.read() as connection:
        return [(one.who, one.action, one.subject) for one in history(connection)]


def later(monkeypatch: pytest.MonkeyPatch, **delta: float) -> None:
    moment = now() + timedelta(**delta)
    for module in (sessions, sign_in):
        monkeypatch.setattr(module, "now", lambda: moment)


@pytest.mark.slow
def test_the_right_password_opens_the_page_that_was_asked_for(app: FastAPI):
    client = browser(app)
    sent = client.get("/trail?who=anna")
    assert sent.headers["location"] == "/sign-in?next=%2Ftrail%3Fwho%3Danna"
    shown = client.get(sent.headers["location"])
    assert 'name="back" value="/trail?who=anna"' in shown.text
    assert enter(client, back="/trail?who=anna").headers["location"] == "/trail?who=anna"
    assert client.get("/trail?who=anna").status_code == 200


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/a\nb"])
def test_signing_in_leads_nowhere_else(app: FastAPI, back: str):
    assert enter(browser(app), back=back).headers["location"] == "/"


def test_a_session_that_was_there_before_is_not_taken_over(app: FastAPI):
    client = browser(app)
    client.cookies.set("neurolupus", "a-token-the-attacker-knows", domain="localhost.local", path="/")
    assert enter(client).status_code == 303
    held = [cookie.value for cookie in client.cookies.jar if cookie.name == "neurolupus"]
    assert "a-token-the-attacker-knows" not in held
    assert len(held[0] or "") >= 43
    first = held[0]
    assert enter_again(app, client).status_code == 303
    again = next(cookie.value for cookie in client.cookies.jar if cookie.name == "neurolupus")
    assert again != first
    stale = browser(app)
    stale.cookies.set("neurolupus", first or "")
    assert stale.get("/patients").status_code == 303  # the session before ended when the new one began


def enter_again(app: FastAPI, client: TestClient) -> Any:
    """Somebody signed in posts the form once more: its secret is then the session's."""
    with app.state.store.read() as connection:
        token = next(str(c.value) for c in client.cookies.jar if c.name == "neurolupus")
        found = sessions.session_of(connection, token, app.state.settings.limits)
    assert found is not None
    return client.post("/sign-in", data={"name": "anna", "password": PASSWORD, "csrf": found.csrf})


def test_only_the_hash_of_a_token_is_kept(app: FastAPI, tmp_path: Path):
    client = browser(app)
    enter(client)
    token = next(str(cookie.value) for cookie in client.cookies.jar if cookie.name == "neurolupus")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").glob("store.sqlite*"))
    assert token.encode() not in kept
    assert PASSWORD.encode() not in kept


@pytest.mark.parametrize("tls", [True, False])
def test_the_cookie_is_out_of_reach(tmp_path: Path, tls: bool):
    app = clinic(tmp_path, users=True, tls=tls)
    with app.state.store.write("command-line") as writer:
        add_user(writer, "anna", "admin", password=PASSWORD)
    client = browser(app)
    said = next(line for line in enter(client).headers.get_list("set-cookie") if "-form" not in line)
    assert said.startswith("__Host-neurolupus=" if tls else "neurolupus=")
    assert ("Secure" in said) == tls
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in said.split(";")}
    assert "Domain" not in said
    assert "Max-Age" not in said  # gone with the browser: workstations are shared


def test_signing_out_ends_it_on_the_server(app: FastAPI):
    client = browser(app)
    enter(client)
    token = next(str(cookie.value) for cookie in client.cookies.jar if cookie.name == "neurolupus")
    secret = secret_of(client.get("/account").text)
    assert client.post("/sign-out", data={"csrf": secret}).headers["location"] == "/sign-in"
    client.cookies.set("neurolupus", token)
    assert client.get("/patients").status_code == 303


@pytest.mark.parametrize(("minutes", "inside"), [(29, True), (31, False)])
def test_a_session_ends_by_rest(app: FastAPI, monkeypatch: pytest.MonkeyPatch, minutes: int, inside: bool):
    client = signed_in(app, "viewer")
    later(monkeypatch, minutes=minutes)
    assert (client.get("/patients").status_code == 200) == inside


@pytest.mark.slow
def test_each_request_begins_the_rest_anew_but_not_for_ever(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    client, begun = signed_in(app, "viewer"), now()
    for minutes in range(20, 12 * 60, 20):
        monkeypatch.setattr(sessions, "now", lambda minutes=minutes: begun + timedelta(minutes=minutes))
        assert client.get("/patients").status_code == 200, minutes
    monkeypatch.setattr(sessions, "now", lambda: begun + timedelta(hours=12, minutes=1))
    assert client.get("/patients").status_code == 303


def test_who_may_less_is_out_at_once(app: FastAPI):
    client = signed_in(app, "editor")
    with app.state.store.write("anna") as writer:
        change_user(writer, "editor", role="viewer")
    assert client.get("/patients").status_code == 303


@pytest.mark.slow
def test_names_and_wrong_passwords_get_the_same_answer(app: FastAPI):
    wrong, unknown = enter(browser(app), "wrong"), enter(browser(app), "wrong", name="nobody-here")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    strip = [text.replace(secret_of(text), "") for text in (wrong.text, unknown.text)]
    assert strip[0] == strip[1]


def test_five_wrong_passwords_lock_the_name_and_time_opens_it(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    for _ in range(sign_in.FREE_ATTEMPTS):
        assert enter(browser(app), "wrong").status_code == 401
    assert enter(browser(app)).status_code == 401  # the right one, too early
    later(monkeypatch, seconds=sign_in.FIRST_WAIT_S + 1)
    assert enter(browser(app)).status_code == 303
    later(monkeypatch, seconds=sign_in.FIRST_WAIT_S + 2)
    assert enter(browser(app), "wrong").status_code == 401
    assert enter(browser(app)).status_code == 303  # the count began anew


@pytest.mark.slow
def test_one_address_may_not_try_name_after_name(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "check_sign_in", lambda *_, **__: None)
    client = browser(app)
    codes = [enter(client, "wrong", name=f"user{n}").status_code for n in range(21)]
    assert codes == [401] * 20 + [429]


def test_the_throttle_forgets_with_time_and_counts_a_network_as_one():
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    for n in range(20):
        throttle.failed(f"2001:db8::{n}")
    assert throttle.wait_s("2001:db8::ffff") == 900
    assert throttle.wait_s("2001:db8:0:1::1") == 0
    clock[0] = 901
    assert throttle.wait_s("2001:db8::1") == 0


def test_the_trail_keeps_who_came_and_who_failed_but_no_word_that_was_typed(app: FastAPI):
    enter(browser(app), "a password typed wrong")
    enter(browser(app), "wrong", name="my password in the wrong field")
    client = browser(app)
    enter(client)
    client.post("/sign-out", data={"csrf": secret_of(client.get("/account").text)})
    assert trail(app)[:4] == [
        ("anna", "session.ended", "anna"),
        ("anna", "session.begun", "anna"),
        ("sign-in", "sign-in.failed", "anna"),
        ("command-line", "user.added", "anna"),
    ]
    with app.state.store.read() as connection:
        assert "typed wrong" not in str(list(history(connection)))
        assert "wrong field" not in str(list(history(connection)))
        assert verify(connection).faults == ()


def test_an_empty_store_says_how_to_begin(tmp_path: Path):
    assert "neurolupus users add" in browser(clinic(tmp_path, users=True)).get("/sign-in").text


def test_programs_and_htmx_are_told_in_their_own_way(app: FastAPI):
    assert browser(app).get("/api/v1/anything").json()["error"] == "Sign in first."
    answer = browser(app).get("/patients", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text) == (401, "")  # the page stays, with what was typed in it


def test_a_page_of_a_session_that_ended_learns_the_secret_of_the_next(app: FastAPI):
    assert browser(app).get("/session").status_code == 303
    client = signed_in(app, "viewer")
    assert client.get("/session").json() == {"name": "viewer", "csrf": client.headers["X-CSRF-Token"]}
    assert client.get("/session").headers["cache-control"] == "no-store"


def test_one_changes_ones_own_password(app: FastAPI):
    client, other = browser(app), browser(app)
    enter(client)
    enter(other)
    secret = secret_of(client.get("/account").text)
    new = "another sentence of words"
    body = {"csrf": secret, "old": PASSWORD, "new": new, "again": new}
    assert client.post("/account/password", data=body | {"again": "other"}).status_code == 422
    assert client.post("/account/password", data=body | {"old": "wrong"}).status_code == 422
    assert client.post("/account/password", data=body | {"new": "short", "again": "short"}).status_code == 422
    assert client.post("/account/password", data=body).headers["location"] == "/account?changed=1"
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert enter(browser(app)).status_code == 401
    assert enter(browser(app), new).status_code == 303
