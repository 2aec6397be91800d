"""Users, settings and the trail as an administrator sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import PASSWORD, clinic, local, signed_in
from fastapi import FastAPI
from sqlalchemy import text
from stores import tampering

from neurolupus.store.patients import add_patient
from neurolupus.store.ratings import SEAL_RATINGS
from neurolupus.store.settings_rows import get_setting, set_setting
from neurolupus.store.users import find_user
from neurolupus.web.pages.trail import changes


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return clinic(tmp_path, users=True)


def test_an_administrator_adds_changes_and_disables(app: FastAPI):
    client = signed_in(app, "admin")
    body = {"name": "Chen", "role": "editor", "password": PASSWORD}
    assert client.post("/users", data=body).headers["location"] == "/users?done=chen%20was%20added"
    shown = client.get("/users").text
    assert "chen" in shown
    assert client.post("/users/chen", data={"role": "viewer", "may_export": "true", "version": 1}).is_redirect
    answer = client.post("/users/chen", data={"role": "admin", "version": 1})
    assert (answer.status_code, "changed meanwhile" in answer.text) == (409, True)
    assert client.post("/users/chen", data={"role": "viewer", "disabled": "true", "version": 2}).is_redirect
    assert client.post("/users/chen/password", data={"password": "another sentence here"}).is_redirect
    assert client.post("/users/chen/password", data={"password": "short"}).status_code == 422
    with app.state.store.read() as connection:
        user = find_user(connection, "chen")
    assert user is not None
    assert (user.role, user.may_export, user.disabled, user.version) == ("viewer", False, True, 4)


def test_the_last_administrator_stays(app: FastAPI):
    client = signed_in(app, "admin")
    for change in ({"role": "viewer"}, {"role": "admin", "disabled": "true"}):
        answer = client.post("/users/admin", data=change | {"version": 1})
        assert (answer.status_code, "last administrator" in answer.text) == (422, True)


def test_a_setting_is_kept_and_a_stale_page_refused(app: FastAPI):
    client = signed_in(app, "admin")
    assert client.post("/settings", data={"seal_volumes": "true", "version": 0}).is_redirect
    with app.state.store.read() as connection:
        assert get_setting(connection, "seal_volumes") is True
    assert "checked" in client.get("/settings").text
    assert client.post("/settings", data={"version": 0}).status_code == 409
    assert client.post("/settings/ratings", data={"version": 0}).is_redirect
    with app.state.store.read() as connection:
        assert get_setting(connection, SEAL_RATINGS, True) is False


@pytest.mark.slow
def test_the_trail_is_searched_and_paged(tmp_path: Path):
    app = clinic(tmp_path)
    for count in range(60):
        with app.state.store.write("anna" if count % 2 else "chen") as writer:
            writer.note("visit.added" if count < 55 else "visit.edited", f"v{count}", after={"count": count})
    client = local(app)
    first = client.get("/trail").text
    assert "v59" in first
    assert "before=11" in first
    older = client.get("/trail?before=11", headers={"HX-Request": "true"}).text
    assert "<html" not in older
    assert older.count("<tr>") == 10
    found = client.get("/trail?who=anna&action=visit.edited").text
    found = found.replace(client.headers["X-CSRF-Token"], "")  # which may hold any letters
    assert ("v59" in found, "v58" in found, "v1<" in found) == (True, False, False)
    assert "v7<" in client.get("/trail?subject=v7").text
    assert "Nothing such was done" in client.get("/trail?until=2001-01-01").text
    assert "v59" in client.get("/trail?since=2001-01-01").text


def test_a_broken_chain_is_told(tmp_path: Path):
    app = clinic(tmp_path)
    with app.state.store.write("anna") as writer:
        writer.note("visit.added", "v1", after={"kind": "first"})
    client = local(app)
    assert "The chain is whole" in client.post("/trail/verify").text
    with tampering(app.state.store) as connection:
        connection.execute(text("UPDATE audit SET who = 'mallory'"))
    answer = client.post("/trail/verify", headers={"HX-Request": "true"})
    assert "The chain is broken" in answer.text
    assert "entry 1 was altered" in answer.text


def test_what_changed_is_told_by_name():
    before, after = {"csf": {"protein": 0.4, "cells": 2}, "status": "new"}, {"csf": {"protein": 0.9, "cells": 2}}
    assert list(changes(before, after)) == [("csf.protein", "0.4", "0.9"), ("status", "new", "")]
    assert next(iter(changes(None, "x" * 500)))[2] == "x" * 159 + "…"


def test_the_trail_shows_no_sealed_volume(tmp_path: Path):
    app = clinic(tmp_path)
    with app.state.store.write("anna") as writer:
        add_patient(writer, {"id": "P1", "mri": {"done": True, "wmh_ml": 7.25}})
    client = local(app)
    assert "7.25" in client.get("/trail").text
    with app.state.store.write("anna") as writer:
        set_setting(writer, "seal_volumes", True, version=0)
    text = client.get("/trail").text
    assert "mri.done" in text
    assert "7.25" not in text
