"""Lesion masks edited by hand: who drew them, and how far measuring them is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from neurolupus.errors import NotKept
from neurolupus.store.scans import MESSAGE_LETTERS, STATUSES, scan_of
from neurolupus.store.schema import edits
from neurolupus.store.trail import Writer, now


@dataclass(frozen=True, slots=True)
class Edit:
    """A mask edited by hand.

    Attributes
    ----------
    folder : str
        Below the store's files.
    comparison : dict
        With the automatic mask: volumes in ml, Dice.
    """

    id: str
    scan_id: str
    rater: str
    status: str
    message: str
    folder: str
    comparison: dict[str, Any]
    created: datetime


def new_edit_id() -> str:
    """A fresh id; the mask's folder is named after it before its row is there."""
    return str(uuid.uuid4())


def add_edit(writer: Writer, scan: str, edit: str, folder: str, comparison: dict[str, Any]) -> None:
    """Keep a mask that the writer drew; it waits to be measured."""
    found, moment = scan_of(writer.connection, scan), now()
    row = {"id": edit, "scan_id": scan, "rater": writer.who, "status": "queued", "message": "", "folder": folder}
    writer.connection.execute(insert(edits).values(**row, comparison=comparison, created=moment, updated=moment))
    writer.note("mask.added", scan, after={"edit": edit} | comparison, patient=found.patient_id)


def set_edit_status(
    writer: Writer, edit: str, status: str, message: str = "", *, begins: Sequence[str] = STATUSES
) -> bool:
    """Say how far measuring a mask is; False, and nothing changed, where its status is none of `begins`."""
    here = (edits.c.id == edit) & edits.c.status.in_(begins)
    values = {"status": status, "message": message[:MESSAGE_LETTERS], "updated": now()}
    if writer.connection.execute(update(edits).where(here).values(**values)).rowcount != 1:
        return False
    found = scan_of(writer.connection, edit_of(writer.connection, edit).scan_id)
    writer.note(f"mask.{status}", found.id, after={"edit": edit}, patient=found.patient_id)
    return True


def edit_of(connection: Connection, edit: str) -> Edit:
    """One edited mask by its id.

    Raises
    ------
    StoreError
        None such is kept.
    """
    row = connection.execute(select(*_columns()).where(edits.c.id == edit)).first()
    if row is None:
        raise NotKept("No such edited mask is kept.\n    Look at the scan's page.")
    return Edit(*row)


def edits_of(connection: Connection, scan: str) -> list[Edit]:
    """The masks drawn for a scan, the first one first."""
    query = select(*_columns()).where(edits.c.scan_id == scan).order_by(edits.c.created)
    return [Edit(*row) for row in connection.execute(query)]


def edits_with_status(connection: Connection, status: str) -> list[Edit]:
    """Masks of all scans that are so far, those that wait longest first."""
    query = select(*_columns()).where(edits.c.status == status).order_by(edits.c.created)
    return [Edit(*row) for row in connection.execute(query)]


def _columns() -> list[Any]:
    return [
        edits.c[name] for name in ("id", "scan_id", "rater", "status", "message", "folder", "comparison", "created")
    ]
