"""A patient's right to erasure: rows, key and files go; what the trail sealed can be read no more."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, update

from neurolupus.errors import StoreError
from neurolupus.store.engine import Store
from neurolupus.store.files import confined, forget_files
from neurolupus.store.patients import erase_patient, find_patient
from neurolupus.store.schema import edits, scans, study_runs
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


def erase(store: Store, pseudonym: str, who: str) -> Erased:
    """Erase a patient; when it fails half way nothing is lost but files, and it can be called again.

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
        erase_patient(writer, patient.id)
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
