"""`neurolupus users`: passwords come from a file or stdin here, and never from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

pytest.importorskip("argon2", reason="needs the extra web")

from neurolupus.cli.app import app
from neurolupus.store.engine import open_store
from neurolupus.store.sign_in import check_sign_in

PASSWORD = "correct horse battery"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def run(folder: Path, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["users", *words, "--store", str(folder)], input=typed)


def add(folder: Path, name: str, *words: str, password: str = PASSWORD) -> Result:
    return run(folder, "add", name, "--password-file", "-", *words, typed=password + "\n")


def test_a_missing_library_names_its_extra(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "argon2", None)
    result = run(folder, "list")
    assert result.exit_code == 2
    assert "users needs argon2, part of the extra web" in result.stderr


@pytest.mark.slow
def test_users_are_added_listed_disabled_and_reset(folder: Path):
    assert add(folder, "Anna", "--role", "admin", "--export").exit_code == 0
    assert add(folder, "chen").exit_code == 0
    listed = json.loads(run(folder, "list", "--json").stdout)
    assert [(one["name"], one["role"], one["may_export"]) for one in listed] == [
        ("anna", "admin", True), ("chen", "viewer", False),
    ]  # fmt: skip
    assert "anna" in run(folder, "list").output
    assert run(folder, "disable", "chen").exit_code == 0
    assert json.loads(run(folder, "list", "--json").stdout)[1]["disabled"] is True
    assert run(folder, "enable", "chen").exit_code == 0
    assert run(folder, "reset", "chen", "--password-file", "-", typed="another sentence of words\n").exit_code == 0
    store = open_store(folder)
    assert check_sign_in(store, "chen", "another sentence of words", code="", address="x") is not None
    store.close()


@pytest.mark.slow
def test_a_password_file_is_read_to_the_end_of_its_line(folder: Path, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\r\nsecond line\n")
    assert run(folder, "add", "anna", "--password-file", str(secret)).exit_code == 0
    store = open_store(folder)
    assert check_sign_in(store, "anna", PASSWORD, code="", address="x") is not None
    store.close()


@pytest.mark.slow
def test_what_cannot_be_is_refused(folder: Path):
    short = add(folder, "anna", password="short")
    assert (short.exit_code, "5 characters" in short.output) == (2, True)
    nobody = run(folder, "add", "anna")
    assert (nobody.exit_code, "--password-file" in nobody.output) == (2, True)
    assert add(folder, "anna", "--role", "king").exit_code == 2
    assert add(folder, "anna", "--role", "admin").exit_code == 0
    twice = add(folder, "anna")
    assert (twice.exit_code, "kept already" in twice.output) == (15, True)
    last = run(folder, "disable", "anna")
    assert (last.exit_code, "last administrator" in last.output) == (15, True)
    unknown = run(folder, "disable", "verdi")
    assert (unknown.exit_code, "No user 'verdi'" in unknown.output) == (15, True)


def test_without_a_store_only_adding_makes_one(folder: Path):
    answer = run(folder, "list")
    assert (answer.exit_code, folder.exists()) == (15, False)
