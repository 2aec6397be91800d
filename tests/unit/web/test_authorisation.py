"""Every route, every role: nobody gets where the route does not say they may, and no route says nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import browser, clinic, needs_of, routes_of, signed_in
from fastapi import FastAPI
from fastapi.testclient import TestClient

from neurolupus.store.api_tokens import make_token
from neurolupus.store.users import add_user, change_user
from neurolupus.web.cdshooks import CdsSettings

ASKERS = ("anonymous", "viewer", "editor", "admin", "exporter")
MAY = {
    "anyone": set(ASKERS),
    "viewer": {"viewer", "editor", "admin", "exporter"},
    "editor": {"editor", "admin"},
    "admin": {"admin"},
    "export": {"exporter"},
}
# What has no dependencies of ours to declare anything by: made by FastAPI for those signed in, or with its own tokens
UNDECLARED = {"/api/v1/openapi.json": "viewer"}
SAFE = ("GET", "HEAD", "OPTIONS")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return clinic(tmp_path_factory.mktemp("clinic"), users=True, cds=CdsSettings())


@pytest.fixture(scope="module")
def askers(app: FastAPI) -> dict[str, TestClient]:
    found = {role: signed_in(app, role) for role in ("viewer", "editor", "admin")}
    return found | {"anonymous": browser(app), "exporter": signed_in(app, "viewer", may_export=True)}


def filled(path: str) -> str:
    """A path with something for each of its parameters; nothing such is kept."""
    return re.sub(r"\{[^}]*\}", "none", path)


def test_every_route_says_whom_it_is_for(app: FastAPI):
    silent = {
        path
        for _, path, route in routes_of(app)
        if needs_of(route) is None and path not in UNDECLARED and not path.startswith(("/cds-services", "/static"))
    }
    assert silent == set()


def test_only_the_way_in_is_for_anyone(app: FastAPI):
    open_ones = {path for _, path, route in routes_of(app) if needs_of(route) == "anyone"}
    assert open_ones == {"/health", "/sign-in", "/sign-in/with", "/sign-in/back"}


@pytest.mark.slow
def test_who_gets_where(app: FastAPI, askers: dict[str, TestClient]):
    checked, wrong = 0, []
    for method, path, route in routes_of(app):
        if path.startswith(("/cds-services", "/static")) or path == "/sign-out":
            continue
        needs = needs_of(route) or UNDECLARED.get(path)
        for asker, client in askers.items():
            answer = client.request(method, filled(path))
            refused = answer.status_code in (401, 403) or answer.headers.get("location", "").startswith("/sign-in?next")
            if asker == "anonymous" and path == "/":
                refused = answer.headers.get("location") == "/sign-in"
            if asker == "anonymous" and needs == "anyone" and method not in SAFE:
                refused = False  # refused for want of the form's secret: see test_csrf.py
            checked += 1
            assert answer.status_code < 500, (method, path, asker)
            if refused == (asker in MAY.get(needs or "", set())):
                wrong.append((method, path, asker, needs, answer.status_code))
    assert wrong == []
    assert checked > 60


def test_patients_data_leave_by_the_api_for_those_alone_who_may_export(app: FastAPI):
    reads = {path: needs_of(route) for method, path, route in routes_of(app) if method == "GET"}
    taken = {path for path, needs in reads.items() if path.startswith("/api/") and needs == "export"}
    assert taken == {
        "/api/v1/patients", "/api/v1/patients/{patient}", "/api/v1/patients/{patient}/advice",
        "/api/v1/patients/{patient}/scores", "/api/v1/patients/{patient}/consensus", "/api/v1/scans",
        "/api/v1/scans/{scan}/volumes", "/api/v1/scans/{scan}/ratings",
        "/api/v1/studies/{study}/runs/{run_id}/results", "/api/v1/studies/{study}/runs/{run_id}/sources",
    }  # fmt: skip
    assert reads["/patients/{patient}"] == reads["/quality"] == "viewer"  # pages are read by whoever signs in


@pytest.mark.slow
@pytest.mark.parametrize("role", ["viewer", "editor", "admin", "exporter"])
def test_a_token_may_what_its_user_may_and_only_in_the_api(app: FastAPI, askers: dict[str, TestClient], role: str):
    user = "viewer-export" if role == "exporter" else role  # as `askers` made them: editors and admins may not export
    with app.state.store.write("command-line") as writer:
        secret = make_token(writer, user, "test", days=1)
    client, checked = browser(app, headers={"Authorization": f"Bearer {secret}"}), 0
    for method, path, route in routes_of(app):
        needs = needs_of(route) or UNDECLARED.get(path, "")
        if path.startswith("/api/"):
            refused = client.request(method, filled(path)).status_code in (401, 403)
            assert refused != (role in MAY[needs]), (method, path)
            checked += 1
        elif needs != "anyone" and not path.startswith(("/cds-services", "/static")):
            assert client.request(method, filled(path)).status_code in (303, 401), (method, path)
    assert checked > 20


def test_a_token_of_somebody_disabled_or_of_nobody_opens_nothing(app: FastAPI):
    with app.state.store.write("command-line") as writer:
        add_user(writer, "gone", "editor")
        secret = make_token(writer, "gone", "test", days=1)
        change_user(writer, "gone", disabled=True)
    for said in (f"Bearer {secret}", "Bearer nl_x", "Bearer ", "Basic YTpi", secret):
        assert browser(app, headers={"Authorization": said}).get("/api/v1/patients").status_code == 401


def test_signing_out_is_for_those_signed_in(app: FastAPI):
    assert browser(app).post("/sign-out").status_code == 401
    assert signed_in(app, "viewer", name="leaving").post("/sign-out").status_code == 303


def test_cds_hooks_have_their_own_way_of_knowing_who_asks(app: FastAPI):
    assert browser(app).get("/cds-services").status_code == 200


def test_without_cds_settings_there_are_no_hooks(tmp_path: Path):
    assert browser(clinic(tmp_path, users=True)).get("/cds-services").status_code == 404


def test_a_route_without_a_role_would_be_seen(tmp_path: Path):
    app = clinic(tmp_path, users=True)
    app.get("/leak")(lambda: "secret")
    assert ("GET", "/leak", None) in {(method, path, needs_of(route)) for method, path, route in routes_of(app)}


def test_not_even_a_route_without_a_role_answers_somebody_unknown(tmp_path: Path):
    app = clinic(tmp_path, users=True)
    app.get("/leak")(lambda: "secret")
    assert browser(app).get("/leak").status_code == 303
