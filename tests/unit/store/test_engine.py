"""Opening a store: what is made, what is refused, and that neither readers nor errors say or do too much."""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text, update
from stores import Place

from neurolupus.errors import StoreError
from neurolupus.store.engine import DATABASE, Store, open_store, upgrade_store
from neurolupus.store.patients import add_patient, list_patients
from neurolupus.store.schema import metadata, patients, settings
from neurolupus.store.upgrade import head_revision, upgrade


def test_migrations_make_the_tables_of_the_schema(store: Store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_upgrading_what_is_at_the_present_version_changes_nothing(store: Store, place: Place):
    with store.write("anna") as writer:
        add_patient(writer, {"id": "P1"})
    upgrade(store.engine)
    assert upgrade_store(*place) == (head_revision(), head_revision())
    with store.read() as connection:
        assert list_patients(connection)[1] == 1


@pytest.mark.parametrize("opening", [open_store, upgrade_store])
def test_tables_of_a_later_version_are_refused_and_left_alone(store: Store, place: Place, opening):
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"(?s)'9999', which this neurolupus does not know.*later neurolupus"):
        opening(*place)
    with store.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_database_that_holds_something_else_is_refused(place: Place):
    folder, url = place
    empty = open_store(folder, url, make=True)
    with empty.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    empty.close()
    with pytest.raises(StoreError, match="holds other tables"):
        open_store(folder, url, make=True)
    with pytest.raises(StoreError, match="holds no tables of a store"):
        open_store(folder, url)


def test_two_that_make_a_store_at_once_both_get_it(place: Place):
    folder, url = place
    faults: list[BaseException] = []

    def make() -> None:
        try:
            open_store(folder, url, make=True).close()
        except BaseException as error:  # told below
            faults.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    open_store(folder, url).close()


def test_a_reader_cannot_write_past_the_trail(store: Store):
    with pytest.raises(StoreError, match="could not be read"), store.read() as connection:
        connection.execute(insert(settings).values(name="seal", value=True, version=1))
    with store.read() as connection:
        assert connection.execute(settings.select()).all() == []


def test_a_reader_sees_one_moment(store: Store):
    with store.read() as connection:
        before = list_patients(connection)[1]
        with store.write("anna") as writer:
            add_patient(writer, {"id": "P1"})
        assert list_patients(connection)[1] == before == 0
    with store.read() as connection:
        assert list_patients(connection)[1] == 1


def test_a_write_that_fails_leaves_nothing(store: Store):
    def add_twice() -> None:
        with store.write("anna") as writer:
            add_patient(writer, {"id": "P1"})
            add_patient(writer, {"id": "P1"})

    with pytest.raises(StoreError, match="kept already"):
        add_twice()
    with store.read() as connection:
        assert list_patients(connection) == ([], 0)


def test_a_missing_store_is_not_made_by_opening_it(tmp_path: Path):
    with pytest.raises(StoreError, match="holds no store"):
        open_store(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_nobody_else_can_read_the_files(sqlite: Store):
    with sqlite.write("anna") as writer:
        add_patient(writer, {"id": "P1"})
    modes = {path.name: path.stat().st_mode & 0o777 for path in [sqlite.folder, *sqlite.folder.iterdir()]}
    assert {name for name, mode in modes.items() if mode & 0o077} == set()
    assert DATABASE in modes


def test_a_file_that_is_no_database_is_told(tmp_path: Path):
    (tmp_path / DATABASE).write_text("patients,events\n" * 100)
    with pytest.raises(StoreError, match="could not be opened"):
        open_store(tmp_path)


def test_a_locked_database_is_told_after_a_wait(sqlite: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("neurolupus.store.engine.BUSY_S", 0.1)
    impatient = open_store(sqlite.folder)
    other = sqlite3.connect(sqlite.folder / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    told = r"could not be written \(OperationalError\); nothing was changed"
    with pytest.raises(StoreError, match=told), impatient.write("anna") as writer:
        add_patient(writer, {"id": "P1"})
    other.execute("ROLLBACK")
    other.close()
    impatient.close()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql+pg8000://clinic:hunter2@127.0.0.1:1/clinic", "could not be opened"),
        ("mysql://clinic:hunter2@host/clinic", "begins with mysql"),
        ("sqlite:////tmp/hunter2.db", "leave the address out"),
        ("clinic:hunter2", "cannot be read"),
        ("postgresql://clinic:hunter2@127.0.0.1/clinic?sslmode=require", "sslmode=require is unknown"),
        ("postgresql://clinic:hunter2@db.example/c?sslrootcert=/none.pem", "sslrootcert=/none.pem cannot be read"),
    ],
)
def test_errors_do_not_tell_the_password(address: str, told: str, tmp_path: Path):
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path / "store", address, make=True)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_moments_are_utc_and_say_so(store: Store):
    early = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    with store.write("anna") as writer:
        add_patient(writer, {"id": "P1"})
        writer.connection.execute(update(patients).values(created=early))
    with store.read() as connection:
        created, updated = connection.execute(select(patients.c.created, patients.c.updated)).one()
    assert created.isoformat() == "2025-12-31T23:30:00+00:00"
    assert updated.utcoffset() == timedelta(0)
