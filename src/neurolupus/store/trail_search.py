"""The trail, searched: by who, what was done, to what, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from neurolupus.store.keys import opened
from neurolupus.store.schema import audit, patient_keys
from neurolupus.store.trail import Entry

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; all where nothing is said.

    Attributes
    ----------
    who : str
        A user's name, whole.
    action : str
        How the action begins, such as `patient` or `patient.edited`.
    subject : str
        What it was done to: an id of the store or a user's name, whole.
    since, until : str
        Days, as YYYY-MM-DD, both within.
    before : int or None
        Only entries of a smaller number.
    """

    who: str = ""
    action: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""
    before: int | None = None


def search_trail(connection: Connection, wanted: Wanted, *, limit: int = PAGE) -> list[Entry]:
    """The latest of those wanted, newest first."""
    where = []
    if wanted.who:
        where.append(audit.c.who == wanted.who)
    if wanted.action:
        where.append(audit.c.action.startswith(wanted.action, autoescape=True))
    if wanted.subject:
        where.append(audit.c.subject == wanted.subject)
    if wanted.since:
        where.append(audit.c.at >= wanted.since)
    if wanted.until:
        where.append(audit.c.at < wanted.until + "U")  # after T, which follows the day, and before the next day
    if wanted.before is not None:
        where.append(audit.c.seq < wanted.before)
    keys = audit.c.patient_id == patient_keys.c.patient_id
    query = select(audit, patient_keys.c.key).join_from(audit, patient_keys, keys, isouter=True).where(*where)
    return [_entry(row) for row in connection.execute(query.order_by(audit.c.seq.desc()).limit(limit))]


def actions(connection: Connection) -> list[str]:
    """Every action the trail knows, by name."""
    return list(connection.scalars(select(audit.c.action).distinct().order_by(audit.c.action)))


def _entry(row: Any) -> Entry:
    text: str | None = row.content
    if row.patient_id is not None:
        text = opened(row.key, row.content, str(row.seq)) if row.key else None
    try:
        said = json.loads(text) if text else None
    except ValueError:  # altered by hand: the chain's check tells it
        said = None
    held = said if isinstance(said, dict) else {}
    return Entry(row.seq, row.at, row.who, row.action, row.subject, held.get("before"), held.get("after"), bool(held))
