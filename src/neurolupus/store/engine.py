"""Open a store: SQLite in a folder, or PostgreSQL by its address; read and write in transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from neurolupus.errors import StoreError
from neurolupus.store.trail import Writer
from neurolupus.store.upgrade import head_revision, revision_of, upgrade

DATABASE, FILES = "store.sqlite", "files"
BUSY_S = 15.0


class Store:
    """Rows in a database, files in a folder beside it.

    Attributes
    ----------
    engine : Engine
    folder : Path
        Where scans and reports lie; the database too, when it is SQLite.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder

    @property
    def files(self) -> Path:
        """The folder of uploaded and computed files."""
        return self.folder / FILES

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, who: str) -> Iterator[Writer]:
        """One transaction in the name of a user: kept whole, trail included, or not at all.

        Raises
        ------
        Conflict
            What was edited had been changed meanwhile.
        StoreError
            The database is locked for long, full or gone.
        """
        try:
            with self.engine.connect().execution_options(neurolupus_write=True) as connection, connection.begin():
                yield Writer(connection, who)
        except DBAPIError as error:
            raise StoreError(
                f"The store could not be written ({type(error.orig).__name__}); nothing was changed.\n"
                "    Is the disk full, or another program holding the database? Try again."
            ) from error

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def open_store(folder: Path, url: str | None = None, *, make: bool = False) -> Store:
    """The store of a folder.

    Parameters
    ----------
    folder : Path
        Made where `make` is set.
    url : str or None
        An SQLAlchemy address such as `postgresql+pg8000://user@host/name`; SQLite in the folder when None.
    make : bool
        Make the folder and the tables where they are missing; tables of an older version are never altered here.

    Raises
    ------
    StoreError
        No store is there, or it is of another version.
    """
    database = folder / DATABASE
    if not make and (not folder.is_dir() or (url is None and not database.is_file())):
        raise StoreError(f"{folder} holds no store.\n    Make one: neurolupus serve --store {folder}")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / FILES).mkdir(exist_ok=True, mode=0o700)
    engine = _engine(url or f"sqlite:///{database}")
    store = Store(engine, folder)
    try:
        found = revision_of(engine)
        if found is None and make:
            upgrade(engine)
            found = revision_of(engine)
    except DBAPIError as error:
        engine.dispose()
        raise StoreError(
            f"The store's database could not be opened ({type(error.orig).__name__}).\n    Is its address right?"
        ) from error
    if found != head_revision():
        engine.dispose()
        raise StoreError(
            f"The store's tables are of version {found}; this neurolupus needs {head_revision()}.\n"
            "    Back it up, then: neurolupus db upgrade"
        )
    return store


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_S, "check_same_thread": False}, pool_size=10, max_overflow=40
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions are begun below, by name
        cursor = connection.cursor()
        for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a writer takes its turn at the start: two that read first and write later would deadlock
        write = connection.get_execution_options().get("neurolupus_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
