"""The trail: every change, who made it and when, each entry bound to the one before by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from neurolupus.errors import StoreError
from neurolupus.store.keys import opened, seal
from neurolupus.store.schema import audit, audit_head, patient_keys
from neurolupus.store.upgrade import START

PAGE = 500


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class Writer:
    """A transaction in somebody's name.

    Attributes
    ----------
    connection : Connection
    who : str
    """

    def __init__(self, connection: Connection, who: str) -> None:
        self.connection, self.who = connection, who

    def note(
        self, action: str, subject: str, *, before: Any = None, after: Any = None, patient: str | None = None
    ) -> None:
        """Append to the trail.

        Parameters
        ----------
        action : str
            What was done, such as `patient.edited`.
        subject : str
            What it was done to; nothing that names a patient.
        before, after : plain values
            What changed; sealed with the patient's key where `patient` is given.
        patient : str or None
            The patient's id in the store.

        Raises
        ------
        StoreError
            The patient has no key: none such is kept.
        """
        head = self.connection.execute(select(audit_head).with_for_update()).one()
        seq = head.seq + 1
        content = json.dumps({"before": before, "after": after}, ensure_ascii=False, sort_keys=True, default=str)
        if patient is not None:
            key = self.connection.scalar(select(patient_keys.c.key).where(patient_keys.c.patient_id == patient))
            if key is None:
                raise StoreError("The patient's key is gone; nothing was changed.\n    Was the patient erased?")
            content = seal(key, content, str(seq))
        entry = {
            "seq": seq, "at": now().isoformat(timespec="microseconds"), "who": self.who[:64], "action": action,
            "subject": subject, "patient_id": patient, "content": content, "before_hash": head.hash,
        }  # fmt: skip
        entry["hash"] = entry_hash(entry)
        self.connection.execute(insert(audit).values(**entry))
        self.connection.execute(update(audit_head).values(seq=seq, hash=entry["hash"]))


def entry_hash(entry: Any) -> str:
    """SHA-256 over an entry, the hash of the one before included."""
    names = ("seq", "at", "who", "action", "subject", "patient_id", "content", "before_hash")
    return hashlib.sha256(json.dumps([entry[name] for name in names], ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking the trail found.

    Attributes
    ----------
    entries : int
        The number of the last entry.
    hash : str
        Of the last entry: noted down elsewhere, both show later whether the trail was cut off or written anew.
    faults : tuple of str
        Empty where the chain is whole.
    """

    entries: int
    hash: str
    faults: tuple[str, ...]


def verify(connection: Connection, *, noted: tuple[int, str] | None = None) -> Verified:
    """Check every entry against the one before, the last against the head, and one against what was noted down.

    Parameters
    ----------
    connection : Connection
    noted : (int, str) or None
        Entries and hash as an earlier check gave them, kept where nobody who can write the store can write.
    """
    before, last, faults, met = START, 0, list[str](), noted is None or noted == (0, START)
    for row in _all_entries(connection):
        if row["seq"] != last + 1:
            faults.append(f"entry {last + 1} is missing; {row['seq']} follows")
        if row["before_hash"] != before:
            faults.append(f"entry {row['seq']} does not follow the one before")
        if entry_hash(row) != row["hash"]:
            faults.append(f"entry {row['seq']} was altered")
        before, last = row["hash"], row["seq"]
        met = met or noted == (last, before)
    head = connection.execute(select(audit_head)).first()
    if head is None:
        faults.append("the end of the trail is not marked")
    elif (head.seq, head.hash) != (last, before):
        faults.append(f"the trail ends at entry {last}; {head.seq} were written")
    if noted is not None and not met:
        faults.append(f"entry {noted[0]} is not the one that was noted down")
    return Verified(last, before, tuple(faults))


def _all_entries(connection: Connection) -> Iterator[Any]:
    """Every entry in order, a page at a time: a trail of years does not fit into memory."""
    last: int | None = None
    while True:
        query = select(audit).order_by(audit.c.seq).limit(PAGE)
        rows = connection.execute(query if last is None else query.where(audit.c.seq > last)).mappings().all()
        yield from rows
        if len(rows) < PAGE:
            return
        last = rows[-1]["seq"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is shown; `before` and `after` are None where they were none, or the key is destroyed."""

    seq: int
    at: str
    who: str
    action: str
    subject: str
    before: Any
    after: Any
    readable: bool


def history(connection: Connection, *, patient: str | None = None, limit: int = PAGE) -> Iterator[Entry]:
    """The latest entries first; of one patient, or all."""
    query = select(audit, patient_keys.c.key).join_from(
        audit, patient_keys, audit.c.patient_id == patient_keys.c.patient_id, isouter=True
    )
    if patient is not None:
        query = query.where(audit.c.patient_id == patient)
    for row in connection.execute(query.order_by(audit.c.seq.desc()).limit(limit)):
        said = _said(row)
        told = said or {}
        yield Entry(
            row.seq, row.at, row.who, row.action, row.subject, told.get("before"), told.get("after"), said is not None
        )


def _said(row: Any) -> dict[str, Any] | None:
    """What an entry holds; None where its key is gone, or it was altered."""
    text: str | None = row.content
    if row.patient_id is not None:
        text = opened(row.key, row.content, str(row.seq)) if row.key else None
    try:
        found = json.loads(text) if text is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
