"""`neurolupus serve`: this machine alone, or users and TLS; nothing between."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

pytest.importorskip("uvicorn", reason="needs the extra web")
pytest.importorskip("cryptography", reason="needs the extra web")

import uvicorn
from certificate import make_certificate

from neurolupus.cli.app import app
from neurolupus.web.settings import Settings


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What the server would have been started with."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: found.append({"app": app, **options}))
    before = os.umask(0o022)
    yield found
    os.umask(before)
    for one in found:
        one["app"].state.store.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    return make_certificate(tmp_path, "Clinic.example", "10.0.0.9")


def serve(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["serve", "--store", str(tmp_path / "store"), *words])


def settings(started: list[dict[str, Any]]) -> Settings:
    found = started[-1]["app"].state.settings
    assert isinstance(found, Settings)
    return found


@pytest.mark.parametrize("module", ["argon2", "fastapi"])
def test_a_missing_library_names_its_extra(tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, module, None)
    result = serve(tmp_path)
    assert result.exit_code == 2
    assert f"serve needs {module}, part of the extra web" in result.stderr


def test_it_opens_the_clinic_on_this_machine(tmp_path: Path, started: list[dict[str, Any]]):
    result = serve(tmp_path)
    assert result.exit_code == 0, result.output
    assert "http://127.0.0.1:8910" in result.output
    assert str(tmp_path / "store") in result.output.replace("\n", "")
    assert "whoever works on this machine is the administrator" in result.output.replace("\n", " ")
    assert (started[0]["host"], started[0]["port"], started[0]["access_log"]) == ("127.0.0.1", 8910, False)
    assert started[0]["proxy_headers"] is False
    assert (settings(started).users, settings(started).tls) == (False, False)
    assert settings(started).cds is not None
    assert (tmp_path / "store").stat().st_mode & 0o077 == 0
    assert (tmp_path / "store" / "store.sqlite").stat().st_mode & 0o077 == 0


SHARED = ["0.0.0.0", "::", "192.168.0.4", "clinic.example"]


@pytest.mark.parametrize("host", SHARED)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "users have to sign in"),
        (["--users"], "without TLS, others can read along"),
        (["--users", "--tls-cert", "c.pem"], "belong together"),
        (["--tls-cert", "c.pem", "--tls-key", "k.pem"], "users have to sign in"),
        (["--behind-proxy", "https://clinic.example"], "users have to sign in"),
        (["--users", "--behind-proxy", "http://clinic.example"], "is not what is needed"),
        (["--users", "--behind-proxy", "https://clinic.example/path"], "is not what is needed"),
        (["--users", "--behind-proxy", "https://c.example", "--trusted-proxy", "proxy"], "--trusted-proxy"),
        (["--users", "--trusted-proxy", "10.0.0.5"], "was not declared"),
        (["--demo"], "--demo"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_off_loopback_it_refuses_to_start(
    tmp_path: Path, started: list[dict[str, Any]], host: str, words: list[str], told: str
):
    result = CliRunner().invoke(app, ["serve", "--host", host, *words])
    assert result.exit_code == 2, result.output
    assert told in " ".join(result.output.split())
    assert started == []


@pytest.mark.parametrize("words", [["--behind-proxy", "https://c.example"], ["--users", "--trusted-proxy", "::1"]])
def test_a_proxy_on_this_machine_needs_users_too(tmp_path: Path, started: list[dict[str, Any]], words: list[str]):
    assert serve(tmp_path, *words).exit_code == 2
    assert started == []


def test_users_and_a_certificate_let_it_out(
    tmp_path: Path, started: list[dict[str, Any]], certificate: tuple[str, str]
):
    cert, key = certificate
    result = serve(tmp_path, "--host", "0.0.0.0", "--users", "--tls-cert", cert, "--tls-key", key)
    assert result.exit_code == 0, result.output
    assert "neurolupus users add NAME --role admin" in " ".join(result.output.split())
    found = settings(started)
    assert (found.users, found.tls, found.cds) == (True, True, None)  # no hooks without clients of their own
    assert found.hosts == ("localhost", "127.0.0.1", "::1", "clinic.example", "10.0.0.9")
    assert (str(started[0]["ssl_certfile"]), str(started[0]["ssl_keyfile"])) == (cert, key)


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path, started: list[dict[str, Any]]):
    (tmp_path / "c.pem").write_text("no certificate")
    pem = str(tmp_path / "c.pem")
    result = serve(tmp_path, "--host", "0.0.0.0", "--users", "--tls-cert", pem, "--tls-key", pem)
    assert (result.exit_code, "is no certificate" in " ".join(result.output.split())) == (2, True)


def test_a_declared_proxy_lets_it_out(tmp_path: Path, started: list[dict[str, Any]]):
    proxy = ["--behind-proxy", "https://clinic.example:8443/", "--trusted-proxy", "10.0.0.5"]
    result = serve(tmp_path, "--host", "10.0.0.7", "--users", *proxy)
    assert result.exit_code == 0, result.output
    found = settings(started)
    assert (found.tls, found.public_url, found.proxies) == (True, "https://clinic.example:8443", ("10.0.0.5/32",))
    assert found.hosts == ("localhost", "127.0.0.1", "::1", "10.0.0.7", "clinic.example")


def test_a_proxy_on_this_machine_is_the_one_expected(tmp_path: Path, started: list[dict[str, Any]]):
    assert serve(tmp_path, "--users", "--behind-proxy", "https://clinic.example").exit_code == 0
    assert settings(started).proxies == ("127.0.0.1/32", "::1/128")


def test_each_request_goes_to_the_log_that_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from fastapi.testclient import TestClient

    def ask(app: Any, **_: Any) -> None:
        with TestClient(app, base_url="http://localhost") as client:
            client.get("/patients?text=Verdi")

    monkeypatch.setattr(uvicorn, "run", ask)
    before = os.umask(0o022)
    assert serve(tmp_path, "--log", str(tmp_path / "log")).exit_code == 0
    os.umask(before)
    text = (tmp_path / "log").read_text()
    assert "GET /patients 200" in text
    assert "Verdi" not in text
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_the_store_lies_where_programs_keep_their_data(
    tmp_path: Path, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("NEUROLUPUS_STORE", raising=False)
    assert CliRunner().invoke(app, ["serve"]).exit_code == 0
    assert settings(started).folder == tmp_path / "data" / "neurolupus"
