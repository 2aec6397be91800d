"""Whether a store is still what was written: its trail, its database, its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from neurolupus.store.engine import Store
from neurolupus.store.files import check_files
from neurolupus.store.schema import files, scans
from neurolupus.store.trail import verify

Seen = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Integrity:
    """What was found.

    Attributes
    ----------
    entries, hash : int, str
        The end of the trail: note both down where nobody who can write the store can write.
    files, unnoted : int
        Files whose hash was checked, and files there that were never noted.
    faults : tuple of str
        Empty where all is whole.
    """

    entries: int
    hash: str
    files: int
    unnoted: int
    faults: tuple[str, ...]


def check_store(store: Store, *, noted: tuple[int, str] | None = None, seen: Seen = lambda _: None) -> Integrity:
    """Check everything that can be checked; nothing is changed.

    Parameters
    ----------
    store : Store
    noted : (int, str) or None
        The end of the trail as an earlier check told it.
    seen : callable
        Told the path of each file once it is checked.
    """
    with store.read() as connection:
        trail = verify(connection, noted=noted)
        faults = [f"trail: {fault}" for fault in trail.faults]
        if store.is_sqlite:
            faults += [f"database: {fault}" for fault in _sqlite_faults(connection)]
        of_files, unnoted = check_files(connection, store.files, seen)
        faults += [f"files: {fault}" for fault in of_files]
        measured = select(scans.c.folder).where(scans.c.status == "measured")
        folders = connection.execute(measured).scalars().all()
        faults += [f"files: {one} of a scan is missing" for one in folders if not (store.files / one).exists()]
        checked = connection.scalar(select(func.count()).select_from(files)) or 0
    return Integrity(trail.entries, trail.hash, checked, unnoted, tuple(faults))


def _sqlite_faults(connection: Connection) -> list[str]:
    """What SQLite finds; PostgreSQL guards its own pages, by checksums where they are switched on."""
    told = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check").all()]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [one for one in told if one != "ok"] + [
        f"a row of {row[0]} belongs to no row of {row[2]}" for row in orphans
    ]
