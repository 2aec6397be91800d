"""Scans: whose they are, where their files lie, and how far their measuring is."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from neurolupus.errors import Conflict, NotKept, StoreError
from neurolupus.store.files import forget_files
from neurolupus.store.patients import patient_of
from neurolupus.store.schema import patients, scans
from neurolupus.store.trail import Writer, now

STATUSES = ("held", "queued", "running", "measured", "failed")
RATABLE = ("held", "measured")  # with something to look at; a held scan is measured once raters let it pass
FOLDER = "scans"
MESSAGE_LETTERS = 4000


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as kept.

    Attributes
    ----------
    id : str
        The store's own, random.
    patient_id, pseudonym : str or None
        Whose it is, where that is known.
    participant, session : str
        Its BIDS labels, without `sub-` and `ses-`.
    acquired : str or None
        The day, as `2024-05-01`.
    status : str
        One of STATUSES.
    message : str
        Why it failed.
    folder : str
        Below the store's files.
    blinded : str
        What raters see instead of the participant.
    """

    id: str
    patient_id: str | None
    pseudonym: str | None
    participant: str
    session: str | None
    acquired: str | None
    status: str
    message: str
    folder: str
    blinded: str
    version: int
    created: datetime
    updated: datetime

    @property
    def label(self) -> str:
        """`sub-01 ses-2`, or `sub-01` without a session."""
        return f"sub-{self.participant}" + (f" ses-{self.session}" if self.session else "")


def new_scan_id() -> str:
    """A fresh id; the scan's folder is named after it before its row is there."""
    return str(uuid.uuid4())


def add_scan(
    writer: Writer,
    participant: str,
    session: str | None,
    *,
    scan: str | None = None,
    patient: str | None = None,
    acquired: str | None = None,
    status: str = "queued",
) -> str:
    """Keep a new scan; returns its id.

    Raises
    ------
    StoreError
        No such patient is kept.
    """
    if patient is not None:
        patient_of(writer.connection, patient)
    found, moment = scan or new_scan_id(), now()
    writer.connection.execute(
        insert(scans).values(
            id=found, patient_id=patient, participant=participant, session=session, acquired=acquired, status=status,
            message="", folder=f"{FOLDER}/{found}", blinded=f"S-{secrets.token_hex(4).upper()}", version=1,
            created=moment, updated=moment,
        )
    )  # fmt: skip
    after = {"status": status} | ({"participant": participant, "session": session} if patient else {})
    writer.note("scan.added", found, after=after, patient=patient)
    return found


def set_status(writer: Writer, scan: str, status: str, message: str = "", *, begins: Sequence[str] = STATUSES) -> bool:
    """Say how far a scan is; False, and nothing changed, where its status is none of `begins`."""
    here = (scans.c.id == scan) & scans.c.status.in_(begins)
    values = {"status": status, "message": message[:MESSAGE_LETTERS], "updated": now()}
    if writer.connection.execute(update(scans).where(here).values(**values)).rowcount != 1:
        return False
    patient = writer.connection.scalar(select(scans.c.patient_id).where(scans.c.id == scan))
    writer.note(
        f"scan.{status}", scan, after={"message": message[:200]} if message and patient else None, patient=patient
    )
    return True


def link_scan(writer: Writer, scan: str, version: int, patient: str | None) -> None:
    """Say whose scan it is.

    Raises
    ------
    Conflict
        Somebody has changed it meanwhile.
    StoreError
        No such scan or patient is kept.
    """
    before = scan_of(writer.connection, scan)
    if patient is not None:
        patient_of(writer.connection, patient)
    here = (scans.c.id == scan) & (scans.c.version == version)
    done = writer.connection.execute(
        update(scans).where(here).values(patient_id=patient, version=version + 1, updated=now())
    )
    _check_version(done.rowcount, before, version)
    writer.note("scan.linked", scan, after={"patient": patient}, patient=patient or before.patient_id)


def remove_scan(writer: Writer, scan: str, version: int) -> None:
    """Take a scan's rows out; its folder is the caller's to remove.

    Raises
    ------
    Conflict
        Somebody has changed it meanwhile.
    StoreError
        No such scan is kept, or it is being measured.
    """
    before = scan_of(writer.connection, scan)
    if before.status == "running":
        raise StoreError("This scan is being measured.\n    Wait until that has ended, then remove it.")
    done = writer.connection.execute(delete(scans).where((scans.c.id == scan) & (scans.c.version == version)))
    _check_version(done.rowcount, before, version)
    forget_files(writer, before.folder)
    writer.note("scan.removed", scan, patient=before.patient_id)


def scan_of(connection: Connection, scan: str) -> Scan:
    """One scan by its id.

    Raises
    ------
    StoreError
        None such is kept.
    """
    return _one(connection, _query().where(scans.c.id == scan))


def scan_by_code(connection: Connection, code: str) -> Scan:
    """One scan by what raters see instead of its participant.

    Raises
    ------
    StoreError
        None such is kept.
    """
    return _one(connection, _query().where(scans.c.blinded == code))


def list_scans(
    connection: Connection, *, statuses: Sequence[str] = STATUSES, patient: str | None = None, text: str = ""
) -> list[Scan]:
    """Scans in order of participant and session.

    Parameters
    ----------
    text : str
        Part of the participant's label or the patient's pseudonym.
    """
    query = _query().where(scans.c.status.in_(statuses))
    if patient is not None:
        query = query.where(scans.c.patient_id == patient)
    if text:
        found = scans.c.participant.icontains(text, autoescape=True)
        query = query.where(found | patients.c.pseudonym.icontains(text, autoescape=True))
    query = query.order_by(scans.c.participant, scans.c.session, scans.c.created)
    return [_scan(row) for row in connection.execute(query)]


def labels_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """`sub-01 ses-2` of some scans by id; one that was removed is left out."""
    wanted = set(ids)
    return {one.id: one.label for one in list_scans(connection) if one.id in wanted}


def next_queued(connection: Connection) -> Scan | None:
    """The scan that has waited longest."""
    row = connection.execute(_query().where(scans.c.status == "queued").order_by(scans.c.created).limit(1)).first()
    return None if row is None else _scan(row)


def known_folders(connection: Connection) -> set[str]:
    """The folder of every scan, below the store's files."""
    return set(connection.scalars(select(scans.c.folder)))


def _query() -> Select[Any]:
    names = ("participant", "session", "acquired", "status", "message", "folder", "blinded", "version")
    columns = [scans.c.id, scans.c.patient_id, patients.c.pseudonym, *(scans.c[name] for name in names)]
    columns += [scans.c.created, scans.c.updated]
    return select(*columns).join_from(scans, patients, isouter=True)


def _one(connection: Connection, query: Select[Any]) -> Scan:
    row = connection.execute(query).first()
    if row is None:
        raise NotKept("No such scan is kept.\n    It may have been removed; look in the list of scans.")
    return _scan(row)


def _scan(row: Sequence[Any]) -> Scan:
    return Scan(*row)


def _check_version(changed: int, before: Scan, version: int) -> None:
    if changed != 1:
        raise Conflict(
            f"This scan was changed meanwhile (version {before.version}; yours began at {version}); "
            "nothing was overwritten.\n    Load the page again, and enter yours again."
        )
