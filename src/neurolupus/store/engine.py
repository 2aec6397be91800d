"""Open a store: SQLite in a folder, or PostgreSQL by its address; read and write in transactions."""

from __future__ import annotations

import sqlite3
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoneFree

from neurolupus.errors import StoreError, lacks_extra
from neurolupus.store.address import parse_address
from neurolupus.store.schema import audit_head
from neurolupus.store.trail import Writer
from neurolupus.store.upgrade import head_revision, is_known, revision_of, upgrade

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
        self.is_sqlite = engine.dialect.name == "sqlite"
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = engine.execution_options(neurolupus_access="read", **snapshot)
        self._writer = engine.execution_options(neurolupus_access="write")

    @property
    def files(self) -> Path:
        """The folder of uploaded and computed files."""
        return self.folder / FILES

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; nothing can be written through it.

        Raises
        ------
        StoreError
            The database is gone, or damaged.
        """
        with _told("read"), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self, who: str) -> Iterator[Writer]:
        """One transaction in the name of a user: kept whole, trail included, or not at all.

        Writers take turns from their first statement on, so that what one reads holds until it has written.

        Raises
        ------
        Conflict
            What was edited had been changed meanwhile.
        StoreError
            The database is locked for long, full or gone.
        """
        with _told("written"), self._writer.begin() as connection:
            if not self.is_sqlite:
                connection.execute(select(audit_head.c.id).with_for_update())
            yield Writer(connection, who)

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
        An address such as `postgresql+pg8000://user@host/name`; SQLite in the folder when None.
    make : bool
        Make the folder and the tables where they are missing; tables of an older version are never altered here.

    Raises
    ------
    StoreError
        No store is there, or it is of another version.
    """
    store = _connected(folder, url, make=make)
    try:
        with _told("opened"):
            found = revision_of(store.engine)
            if found is None and make:
                _refuse_strangers(store.engine)
                upgrade(store.engine)
                found = revision_of(store.engine)
        _check_version(found)
    except BaseException:
        store.close()
        raise
    return store


def upgrade_store(folder: Path, url: str | None = None) -> tuple[str, str]:
    """Bring a store's tables to the present version; the version before and the one after.

    Raises
    ------
    StoreError
        No store is there, or a later neurolupus made it; nothing was changed.
    """
    store = _connected(folder, url, make=False)
    try:
        with _told("upgraded"):
            before = revision_of(store.engine)
            if before is None or not is_known(before):
                _check_version(before)
            assert before is not None
            upgrade(store.engine)
        return before, head_revision()
    finally:
        store.close()


@contextmanager
def _told(done: str) -> Iterator[None]:
    """What a database says when it fails, without its statement, its values and its address."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"The store could not be {done} ({_kind(error)}); nothing was changed.\n"
            "    Is the database running, its address right, the disk full, or another program holding it?"
        ) from error
    except (ssl.SSLError, ConnectionError) as error:
        raise StoreError(
            f"The store could not be {done}: its database could not be spoken to ({type(error).__name__}).\n"
            "    Is its certificate signed by an authority this machine knows, for the name in the address?"
        ) from error
    except NoneFree as error:
        raise StoreError(f"The store could not be {done}: too many requests at once.\n    Try again.") from error


def _kind(error: DBAPIError) -> str:
    """The name of a database's error, with PostgreSQL's code where it gives one."""
    said = error.orig.args[0] if error.orig is not None and error.orig.args else None
    code = said.get("C") if isinstance(said, dict) else None
    return type(error.orig).__name__ + (f" {code}" if code else "")


def _connected(folder: Path, url: str | None, *, make: bool) -> Store:
    database = folder / DATABASE
    if not make and (not folder.is_dir() or (url is None and not database.is_file())):
        raise StoreError(f"{folder} holds no store.\n    Make one: neurolupus serve --store {folder}")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / FILES).mkdir(exist_ok=True, mode=0o700)
    if url is not None:
        return Store(_postgresql(url), folder)
    if make:
        database.touch(mode=0o600)
    return Store(_sqlite(database), folder)


def _check_version(found: str | None) -> None:
    if found == head_revision():
        return
    if found is None:
        raise StoreError("The database holds no tables of a store.\n    Make them: neurolupus serve")
    if is_known(found):
        raise StoreError(
            f"The store's tables are of version {found}; this neurolupus needs {head_revision()}.\n"
            "    Back it up, then: neurolupus db upgrade"
        )
    raise StoreError(
        f"The store's tables are of version {found[:32]!r}, which this neurolupus does not know; it needs "
        f"{head_revision()}.\n    A later neurolupus made it: install that one."
    )


def _refuse_strangers(engine: Engine) -> None:
    there = inspect(engine).get_table_names()
    if there:
        raise StoreError(
            f"The database holds other tables ({', '.join(sorted(there)[:3])}) and no store.\n"
            "    Give an empty database; neurolupus shares none."
        )


def _postgresql(address: str) -> Engine:
    url, options = parse_address(address)
    options |= {"application_name": "neurolupus", "startup_params": {"lock_timeout": f"{BUSY_S:g}s"}}
    try:
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True, connect_args=options)
    except (ImportError, NoSuchModuleError):
        raise StoreError(lacks_extra("PostgreSQL", "pg8000", "postgresql")) from None


def _sqlite(database: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{database}", connect_args={"timeout": BUSY_S, "check_same_thread": False},
        pool_size=10, max_overflow=40,
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions are begun below, by name
        cursor = connection.cursor()
        _switch_to_wal(cursor)
        for setting in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        access = connection.get_execution_options().get("neurolupus_access")
        connection.exec_driver_sql(f"PRAGMA query_only={int(access == 'read')}")
        # a writer takes its turn at the start: two that read first and write later would deadlock
        connection.exec_driver_sql("BEGIN IMMEDIATE" if access == "write" else "BEGIN")

    return engine


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Write ahead; SQLite does not wait by itself where another is switching, or closing the last connection."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
