"""Stores for tests: an empty one in a folder, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from postgresql import Server, programs, serving

from neurolupus.store.engine import Store, open_store

DATABASES = ("sqlite", "postgresql")
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
def new_place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> NewPlace:
    """Where a store may be made: a folder, and the address of an empty database or None for SQLite."""
    made = 0

    def make() -> Place:
        nonlocal made
        made += 1
        server: Server | None = request.getfixturevalue("postgresql") if kind == "postgresql" else None
        return tmp_path / f"store-{made}", server and server.new_database()

    return make


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    return new_place()


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An empty store, on each database."""
    made = open_store(*place, make=True)
    yield made
    made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """An empty store on SQLite, for what does not depend on the database."""
    made = open_store(tmp_path / "store", make=True)
    yield made
    made.close()
