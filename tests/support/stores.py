"""Stores for tests: an empty one in a folder, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from cheap import empty_store
from postgresql import Server, programs, serving
from sqlalchemy import Connection, text

from neurolupus.store.engine import Store, open_store

DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.slow))
Place = tuple[Path, str | None]
NewPlace = Callable[[], Place]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of our own; skipped with a reason where none is installed."""
    pytest.importorskip("pg8000", reason="needs the extra postgresql")
    if programs() is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with serving() as server:
        yield server


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewPlace]:
    """Where a store may be made: a folder, and the address of an empty database or None for SQLite."""
    server: Server | None = request.getfixturevalue("postgresql") if kind == "postgresql" else None
    lent: list[str | None] = []

    def make() -> Place:
        lent.append(server.lend() if server else None)
        return tmp_path / f"store-{len(lent)}", lent[-1]

    yield make
    for address in lent:
        if server and address:
            server.take_back(address)


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    return new_place()


@pytest.fixture(scope="session")
def made_once(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a database with the tables of an empty store, to be copied."""
    address = postgresql.lend()
    open_store(tmp_path_factory.mktemp("made"), address, make=True).close()
    return address


@pytest.fixture
def store(place: Place, request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store, on each database."""
    folder, url = place
    if url is None:
        empty_store(folder)
    else:
        server: Server = request.getfixturevalue("postgresql")
        server.copy(request.getfixturevalue("made_once"), url)
    made = open_store(folder, url, make=True)
    yield made
    made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """An empty store on SQLite, for what does not depend on the database."""
    made = open_store(empty_store(tmp_path / "store"))
    yield made
    made.close()


@contextmanager
def tampering(store: Store) -> Iterator[Connection]:
    """A connection of somebody who owns the database and has taken away what protects the trail."""
    names = ("audit_no_update", "audit_no_delete") if store.is_sqlite else ("audit_append_only",)
    with store.engine.begin() as connection:
        for name in names:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}" + ("" if store.is_sqlite else " ON audit")))
        yield connection
