"""The second factor: asked for, taken once, throttled like a password, taken off; and its table made by an upgrade."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("argon2", reason="needs the extra web")

from alembic import command
from sqlalchemy import func, select

from neurolupus.errors import NotKept, StoreError
from neurolupus.store import second_factor, sign_in, upgrade
from neurolupus.store.engine import Store, open_store, upgrade_store
from neurolupus.store.schema import patient_keys, patients, second_factors
from neurolupus.store.second_factor import (
    REQUIRED_FROM,
    enrol,
    is_required,
    must_enrol,
    second_factor_of,
    take_off,
    who_has_one,
)
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.sign_in import check_sign_in
from neurolupus.store.totp import code_at, new_secret, step_of
from neurolupus.store.trail import history, now
from neurolupus.store.users import add_user, user_of

PASSWORD = "correct horse battery"
SECRET = new_secret()
FIRST = now()  # the clock stands still, so that no test meets the turn of a half minute


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_factor, "now", lambda: FIRST)


@pytest.fixture
def codes(store: Store) -> tuple[str, ...]:
    """The recovery codes of anna, who has set it up a while ago."""
    with store.write("anna") as writer:
        add_user(writer, "anna", "editor", password=PASSWORD)
        found = enrol(writer, "anna", SECRET, shown())
    return found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, codes: tuple[str, ...]) -> None:
    """Ten minutes after it was set up."""
    monkeypatch.setattr(second_factor, "now", lambda: FIRST + timedelta(minutes=10))


def shown(steps: int = 0) -> str:
    """What the app shows, so many steps from the first moment."""
    return code_at(SECRET, step_of(FIRST) + steps)


def comes_in(store: Store, code: str | None, password: str = PASSWORD) -> bool:
    return check_sign_in(store, "anna", password, code=code, address="x") is not None


def test_the_password_alone_lets_nobody_in(store: Store, later: None) -> None:
    assert not comes_in(store, "")
    assert not comes_in(store, "000000")
    assert not comes_in(store, shown(20), password="the wrong password")
    assert comes_in(store, shown(20))
    with store.read() as connection:
        failed = [one for one in history(connection) if one.action == "sign-in.failed"]
        kept = str(connection.execute(select(second_factors.c.recovery)).all())
    assert [one.after.get("second_factor") for one in failed] == [None, "wrong", "missing"]
    assert SECRET not in str(failed) + kept


def test_a_code_is_taken_once(store: Store, later: None) -> None:
    assert comes_in(store, shown(20))
    assert not comes_in(store, shown(20))
    assert not comes_in(store, shown(19))  # nor one before it
    assert comes_in(store, shown(21))


def test_the_code_it_was_set_up_with_is_used_up(store: Store, codes: tuple[str, ...]) -> None:
    assert not comes_in(store, shown())


def test_a_recovery_code_is_taken_once_however_it_is_typed(store: Store, codes: tuple[str, ...], later: None) -> None:
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert comes_in(store, codes[3].replace("-", " ").upper())
    assert not comes_in(store, codes[3])
    with store.read() as connection:
        found = second_factor_of(connection, "anna")
        used = [one.after for one in history(connection) if one.action == "second-factor.recovery-used"]
    assert found is not None
    assert (found.recovery_left, used) == (7, [{"left": 7}])


def test_wrong_codes_lock_the_name_as_wrong_passwords_do(store: Store, later: None) -> None:
    for _ in range(sign_in.FREE_ATTEMPTS):
        assert not comes_in(store, "000000")
    assert not comes_in(store, shown(20))
    with store.write("admin") as writer:
        take_off(writer, "anna")  # which takes the lock off too
    assert comes_in(store, "")


def test_of_who_is_signed_in_no_code_is_asked(store: Store, later: None) -> None:
    assert comes_in(store, None)


def test_it_is_set_up_with_the_code_that_the_app_shows(store: Store) -> None:
    with store.write("anna") as writer:
        add_user(writer, "anna", "editor", password=PASSWORD)
        add_user(writer, "berta", "editor", subject="https://login.example|7")
        for name, secret, code, words in (
            ("anna", SECRET, "000000", "not the code"), ("anna", "short", shown(), "not the code"),
            ("berta", SECRET, shown(), "organisation"),
        ):  # fmt: skip
            with pytest.raises(StoreError, match=words):
                enrol(writer, name, secret, code)
        enrol(writer, "anna", SECRET, shown())
        with pytest.raises(StoreError, match="already"):
            enrol(writer, "anna", SECRET, shown(1))
        assert who_has_one(writer.connection) == {"anna"}
        take_off(writer, "anna")
        with pytest.raises(NotKept):
            take_off(writer, "anna")


@pytest.mark.parametrize(("least", "asked"), [("", ""), ("admin", "a"), ("editor", "ea"), ("nonsense", "")])
def test_the_settings_say_of_whom_it_is_asked(sqlite: Store, least: str, asked: str) -> None:
    with sqlite.write("admin") as writer:
        for name, role in (("v", "viewer"), ("e", "editor"), ("a", "admin")):
            add_user(writer, name, role, password=PASSWORD)
        add_user(writer, "o", "admin", subject="https://login.example|7")
        set_setting(writer, REQUIRED_FROM, least, 0)
        found = {name for name in "veao" if is_required(writer.connection, user_of(writer.connection, name))}
        assert found == set(asked)
        assert {name for name in "veao" if must_enrol(writer.connection, user_of(writer.connection, name))} == found


def test_a_store_of_the_version_before_is_upgraded_with_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_head = command.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", lambda config, _: to_head(config, "0001"))
        with pytest.raises(StoreError, match="0001"):
            open_store(tmp_path / "store", make=True)
    with sqlite3.connect(tmp_path / "store" / "store.sqlite") as old:
        old.execute(
            "INSERT INTO patients (id, pseudonym, status, record, version, created, updated) "
            "VALUES ('p', 'P1', 'new', '{}', 7, '2026-01-01', '2026-01-01')"
        )
        old.execute("INSERT INTO patient_keys (patient_id, key) VALUES ('p', x'00')")
    old.close()
    assert upgrade_store(tmp_path / "store") == ("0001", upgrade.head_revision())
    store = open_store(tmp_path / "store")
    with store.write("anna") as writer:
        add_user(writer, "anna", "editor", password=PASSWORD)
        enrol(writer, "anna", SECRET, shown())
        found = writer.connection.execute(select(patients.c.version, patients.c.facts)).one()
        keys = writer.connection.scalar(select(func.count()).select_from(patient_keys))
    store.close()
    assert (tuple(found), keys) == ((7, 7), 1)  # altering a table took no row that belongs to it
