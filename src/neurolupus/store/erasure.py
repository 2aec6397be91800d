"""A patient's right to erasure: rows, key and files go; what the trail sealed can be read no more."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Table, func, select, update

from neurolupus.errors import StoreError
from neurolupus.store.engine import Store
from neurolupus.store.files import confined, forget_files
from neurolupus.store.patients import erase_patient, find_patient
from neurolupus.store.schema import (
    audit,
    consensus,
    edits,
    events,
    files,
    labs,
    measurements,
    ratings,
    scans,
    study_runs,
    treatments,
    visits,
)
from neurolupus.store.trail import Writer

BUSY = ("queued", "running")
MESSAGE_GONE = "The message went with a patient who was erased."  # it may have quoted the record


@dataclass(frozen=True, slots=True)
class Erased:
    """What was taken out, and what is not the store's to find.

    Attributes
    ----------
    scans : int
        Scans removed with their files.
    runs : tuple of str
        Folders of the runs of studies that counted the patient; their reports, which hold no row of a patient, stay.
    overwritten : bool
        Whether the deleted rows are gone from the database's own files too; not while others hold it for long.
    """

    scans: int
    runs: tuple[str, ...]
    overwritten: bool


@dataclass(frozen=True, slots=True)
class Erasable:
    """What erasing a patient would destroy.

    Attributes
    ----------
    rows : mapping of str to int
        How many of each kind there are, in words for a person: `visits`, `decisions of the meeting` ...
    file_bytes : int
        What the files of the patient's scans hold.
    entries : int
        Entries of the trail that nobody can read any more.
    """

    rows: Mapping[str, int]
    file_bytes: int
    entries: int


def erasable(connection: Connection, patient: str) -> Erasable:
    """Count what erasing a patient would destroy; nothing is changed."""
    of_patient = {
        "visits": visits, "events": events, "laboratory values": labs, "treatments": treatments,
        "decisions of the meeting": consensus, "scans with their images": scans,
    }  # fmt: skip
    here = select(scans.c.id).where(scans.c.patient_id == patient)
    of_scans = {"measurements": measurements, "ratings": ratings, "edited masks": edits}
    rows = {name: _count(connection, table, table.c.patient_id == patient) for name, table in of_patient.items()}
    rows |= {name: _count(connection, table, table.c.scan_id.in_(here)) for name, table in of_scans.items()}
    held = 0
    for folder in connection.scalars(select(scans.c.folder).where(scans.c.patient_id == patient)):
        below = files.c.path.startswith(f"{folder}/", autoescape=True)
        held += connection.scalar(select(func.coalesce(func.sum(files.c.bytes), 0)).where(below)) or 0
    return Erasable(rows, int(held), _count(connection, audit, audit.c.patient_id == patient))


def _count(connection: Connection, table: Table, where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(where)) or 0


def erase(store: Store, pseudonym: str, who: str, *, why: str = "") -> Erased:
    """Erase a patient; when it fails half way nothing is lost but files, and it can be called again.

    Parameters
    ----------
    why : str
        Kept in the trail for good, readable by administrators: nothing in it may name the patient.

    Raises
    ------
    StoreError
        No such patient is kept, or one of the scans or edited masks is being measured.
    """
    with store.write(who) as writer:
        patient = find_patient(writer.connection, pseudonym)
        if patient is None:
            raise StoreError(f"No patient {pseudonym!r} is kept.\n    Pseudonyms are told apart by capital letters.")
        found = writer.connection.execute(select(scans).where(scans.c.patient_id == patient.id)).all()
        drawn = select(edits.c.status).where(edits.c.scan_id.in_([row.id for row in found]))
        if any(status in BUSY for status in [*(row.status for row in found), *writer.connection.scalars(drawn)]):
            raise StoreError("A scan of this patient is being measured.\n    Wait until it is done, or stop it.")
        folders = [row.folder for row in found]
        runs = _runs_with(writer, patient.id)
        for folder in folders:
            forget_files(writer, folder)
        erase_patient(writer, patient.id, why=why)
        for folder in folders:
            _remove(store.files, folder)
    return Erased(len(folders), runs, _overwrite(store))


def _runs_with(writer: Writer, patient: str) -> tuple[str, ...]:
    """The folders of the runs that counted the patient; what a run that read the record said of it is taken out."""
    query = select(study_runs.c.id, study_runs.c.folder, study_runs.c.patients, study_runs.c.message)
    found = []
    for row in writer.connection.execute(query.order_by(study_runs.c.started)).all():
        if patient in row.patients.get("included", ()):
            found.append(row.folder)
        if row.message and patient in row.patients.get("screened", {}):
            gone = update(study_runs).where(study_runs.c.id == row.id).values(message=MESSAGE_GONE)
            writer.connection.execute(gone)
    return tuple(found)


def _remove(root: Path, folder: str) -> None:
    place = confined(root, folder)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _overwrite(store: Store) -> bool:
    """Deleted rows are still in SQLite's journal, and in PostgreSQL's pages: both are written anew."""
    with store.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        if store.is_sqlite:
            busy: int = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy
        driver.rollback()  # no transaction may be open
        driver.autocommit = True
        try:
            driver.cursor().execute("VACUUM FULL")
        except store.engine.dialect.loaded_dbapi.Error:
            return False
        finally:
            driver.autocommit = False
    return True
