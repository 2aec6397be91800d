"""`neurolupus serve --cds`: loopback alone without clients, and what it tells when it cannot start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("uvicorn", reason="needs the extra web")

import uvicorn

from neurolupus.cli.app import app


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the server would have been started with."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: found.append({"app": app, **options}))
    return found


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.4", "ehr.example"])
def test_serving_beyond_loopback_needs_clients(host: str, started: list[dict[str, Any]]):
    result = CliRunner().invoke(app, ["serve", "--cds", "--host", host])
    assert result.exit_code == 2
    assert "--clients" in result.output
    assert started == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_loopback_needs_none_and_logs_no_requests(host: str, started: list[dict[str, Any]]):
    result = CliRunner().invoke(app, ["serve", "--cds", "--host", host, "--port", "9001"])
    assert result.exit_code == 0, result.output
    assert (started[0]["host"], started[0]["port"], started[0]["access_log"]) == (host, 9001, False)


@pytest.mark.parametrize("more", [["--tls-cert", "c.pem", "--tls-key", "k.pem"], ["--users"], ["--store", "s"]])
def test_what_the_hooks_alone_would_leave_undone_is_refused(more: list[str], started: list[dict[str, Any]]):
    result = CliRunner().invoke(app, ["serve", "--cds", *more])
    assert result.exit_code == 2
    assert more[0] in result.output
    assert started == []


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "starlette", None)
    result = CliRunner().invoke(app, ["serve", "--cds"])
    assert result.exit_code == 2
    assert "serve needs starlette, part of the extra web" in result.output


def test_codes_are_read_and_those_of_another_form_refused(tmp_path: Path, started: list[dict[str, Any]]):
    path = tmp_path / "codes.yaml"
    path.write_text('observations:\n  "http://loinc.org|777-3": lp_safety.platelets_10e9_per_L\n', "utf-8")
    assert CliRunner().invoke(app, ["serve", "--cds", "--codes", str(path)]).exit_code == 0
    path.write_text('observations:\n  "http://loinc.org|777-3": platelets\n', "utf-8")
    result = CliRunner().invoke(app, ["serve", "--cds", "--codes", str(path)])
    assert result.exit_code == 2
    assert "platelets" in result.output
    assert CliRunner().invoke(app, ["serve", "--cds", "--codes", str(tmp_path / "none.yaml")]).exit_code == 2


def test_clients_that_cannot_be_read_stop_the_start(tmp_path: Path, started: list[dict[str, Any]]):
    result = CliRunner().invoke(app, ["serve", "--cds", "--host", "0.0.0.0", "--clients", str(tmp_path / "none.json")])
    assert result.exit_code == 2
    assert started == []
