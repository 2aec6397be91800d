"""Users, passwords and users of an organisation, without the web."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")
pytest.importorskip("argon2", reason="needs the extra web")

import argon2
from sqlalchemy import select

from neurolupus.errors import Conflict, StoreError, UsageError
from neurolupus.store import passwords, sign_in
from neurolupus.store.engine import Store
from neurolupus.store.organisation import take_in
from neurolupus.store.passwords import check_password, hashed, is_outdated, is_right
from neurolupus.store.schema import users
from neurolupus.store.sessions import Limits, begin_session, session_of
from neurolupus.store.sign_in import check_sign_in, wait_s
from neurolupus.store.trail import history
from neurolupus.store.users import add_user, change_user, find_user, has_admin, list_users, set_password, user_of

PASSWORD = "correct horse battery"
LIMITS = Limits(timedelta(minutes=30), timedelta(hours=12))


def kept_hash(store: Store, name: str) -> str:
    with store.read() as connection:
        return str(connection.scalar(select(users.c.password).where(users.c.name == name)))


@pytest.mark.slow
def test_a_password_is_kept_as_argon2id_of_64_mib_and_no_two_alike(
    monkeypatch: pytest.MonkeyPatch, cheap_passwords: object
):
    monkeypatch.setattr(passwords, "_HASHER", cheap_passwords)  # the real one, as the program has it
    first, second = hashed(PASSWORD), hashed(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, second recommended choice
    assert first != second
    assert is_right(first, PASSWORD)
    assert not is_right(first, PASSWORD + "x")
    assert not is_right(None, PASSWORD)
    assert not is_right("no hash", PASSWORD)


def test_the_same_word_from_another_keyboard_is_the_same():
    assert is_right(hashed("crème brûlée et café"), "crème brûlée et café")


def test_nobody_takes_as_long_as_somebody(monkeypatch: pytest.MonkeyPatch):
    compared = []
    monkeypatch.setattr(
        passwords, "_HASHER", type("Counted", (), {
            "verify": staticmethod(lambda kept, _: compared.append(kept) or False),
            "hash": staticmethod(lambda _: "a hash"),
        }),
    )  # fmt: skip
    passwords._nobody.cache_clear()
    assert not is_right(None, PASSWORD)
    passwords._nobody.cache_clear()
    assert compared == ["a hash"]


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("short words", "11 characters"),
        ("x" * 1025, "1025 characters"),
        ("aaaaaaaaaaaaaa", "fewer than 5"),
        ("anna.verdi.rossi1", "user's name"),
    ],
)
def test_a_weak_password_is_refused_without_being_repeated(password: str, told: str):
    with pytest.raises(UsageError, match=told) as refused:
        check_password(password, "anna.verdi.rossi")
    assert password not in str(refused.value)


def test_twelve_characters_do():
    check_password("abcdefghijkl", "anna")


def test_a_hash_of_older_parameters_is_made_anew_at_sign_in(store: Store):
    with store.write("command-line") as writer:
        add_user(writer, "anna", "viewer", password=PASSWORD)
        old = argon2.PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
        writer.connection.execute(users.update().values(password=old))
    assert is_outdated(old)
    assert check_sign_in(store, "ANNA ", PASSWORD, code="", address="x") is not None
    assert not is_outdated(kept_hash(store, "anna"))
    assert check_sign_in(store, "anna", PASSWORD, code="", address="x") is not None


def test_many_guesses_at_once_are_not_more_guesses(store: Store, monkeypatch: pytest.MonkeyPatch):
    with store.write("command-line") as writer:
        add_user(writer, "anna", "viewer", password=PASSWORD)
    compared = []

    def wrong(kept: str | None, _: str) -> bool:
        compared.append(kept is not None)
        return False

    monkeypatch.setattr(sign_in, "is_right", wrong)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: check_sign_in(store, "anna", "wrong", code="", address="x"), range(16)))
    assert found == [None] * 16
    assert sum(compared) == sign_in.FREE_ATTEMPTS


def test_waits_double_up_to_a_quarter_of_an_hour():
    assert [wait_s(n) for n in (0, 4, 5, 6, 7, 8, 9, 10, 11, 1000)] == [0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_disabled_user_does_not_come_in_even_with_a_session(store: Store):
    with store.write("command-line") as writer:
        add_user(writer, "anna", "admin", password=PASSWORD)
        add_user(writer, "chen", "admin", password=PASSWORD)
        token = begin_session(writer, "anna", LIMITS, address="x")
        change_user(writer, "anna", disabled=True)
    with store.read() as connection:
        assert session_of(connection, token, LIMITS) is None
        assert has_admin(connection)
    assert check_sign_in(store, "anna", PASSWORD, code="", address="x") is None
    with store.write("command-line") as writer:
        writer.connection.execute(users.update().values(disabled=False, failures=0))
    assert check_sign_in(store, "anna", PASSWORD, code="", address="x") is not None


def test_the_last_administrator_stays_and_a_disabled_one_does_not_count(store: Store):
    with store.write("command-line") as writer:
        add_user(writer, "anna", "admin", password=PASSWORD)
        add_user(writer, "chen", "admin", password=PASSWORD)
        change_user(writer, "chen", disabled=True)
    for change in ({"disabled": True}, {"role": "editor"}):
        with pytest.raises(StoreError, match="last administrator"), store.write("command-line") as writer:
            change_user(writer, "anna", **change)  # type: ignore[arg-type]
    with store.read() as connection:
        assert user_of(connection, "anna").role == "admin"


def test_a_name_is_taken_once_whatever_its_case(store: Store):
    with store.write("command-line") as writer:
        add_user(writer, "Anna", "viewer")
        with pytest.raises(StoreError, match="kept already"):
            add_user(writer, "anna", "viewer")
        with pytest.raises(UsageError, match="no role"):
            add_user(writer, "chen", "king")
        assert [user.name for user in list_users(writer.connection)] == ["anna"]
        with pytest.raises(Conflict):
            change_user(writer, "anna", role="editor", version=2)
        with pytest.raises(StoreError, match="No user"):
            change_user(writer, "nobody-here", role="editor")


def test_another_password_takes_off_the_lock_and_ends_sessions(store: Store):
    with store.write("command-line") as writer:
        add_user(writer, "anna", "viewer", password=PASSWORD)
        token = begin_session(writer, "anna", LIMITS, address="x")
    for _ in range(6):
        check_sign_in(store, "anna", "wrong", code="", address="x")
    with store.write("command-line") as writer:
        set_password(writer, "anna", "another sentence of words")
    assert check_sign_in(store, "anna", "another sentence of words", code="", address="x") is not None
    with store.read() as connection:
        assert session_of(connection, token, LIMITS) is None


def test_an_organisations_user_is_known_by_an_id_and_follows_its_groups(store: Store):
    with store.write("sign-in") as writer:
        first = take_in(writer, "https://id|7", "anna", "editor", may_export=False)
        again = take_in(writer, "https://id|7", "anna.married", "viewer", may_export=True)
        assert (again.name, again.role, again.may_export, again.local) == (first.name, "viewer", True, False)
        with pytest.raises(StoreError, match="Another user"):
            take_in(writer, "https://id|8", "anna", "admin", may_export=True)
        with pytest.raises(StoreError, match="organisation's account"):
            set_password(writer, "anna", PASSWORD)
    assert check_sign_in(store, "anna", "", code="", address="x") is None
    with store.read() as connection:
        assert find_user(connection, "anna.married") is None
        assert [entry.action for entry in history(connection)] == ["user.changed", "user.added"]
        assert PASSWORD not in str(list(history(connection)))
