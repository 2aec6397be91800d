"""Decisions of the consensus meeting: signed, dated, never altered; a revision is a further one with its reason."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from neurolupus.errors import Conflict
from neurolupus.store.schema import consensus
from neurolupus.store.trail import Writer, now


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided once.

    Attributes
    ----------
    number : int
        1 the first decision, 2 its revision, and so on.
    date : str
        Of the meeting.
    content : dict
        Attribution, mechanism, who was present, dissent, whether atrophy influenced it, note, why it was revised, and
        on what it was based.
    signed_by : str
    signed : datetime
    volumes_seen : bool
        Whether the patient's volumes could be seen before it was signed.
    """

    number: int
    date: str
    content: dict[str, Any]
    signed_by: str
    signed: datetime
    volumes_seen: bool

    @property
    def sha256(self) -> str:
        """Of everything above, as it is written in the minutes."""
        said = [self.number, self.date, self.content, self.signed_by, self.signed.isoformat(), self.volumes_seen]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def sign_decision(
    writer: Writer, patient: str, *, date: str, content: dict[str, Any], volumes_seen: bool, number: int
) -> Decision:
    """Keep a decision in the name of the writer.

    Parameters
    ----------
    writer : Writer
    patient : str
        The store's id.
    date : str
        Of the meeting.
    content : dict
    volumes_seen : bool
    number : int
        The one that this decision is to have: a meeting that did not know the latest one is refused.

    Raises
    ------
    Conflict
        Another decision was signed meanwhile.
    """
    latest = writer.connection.scalar(select(func.max(consensus.c.number)).where(consensus.c.patient_id == patient))
    if number != (latest or 0) + 1:
        raise Conflict(
            f"Decision {number} was to be signed and {latest or 0} are kept; nothing was signed.\n"
            "    Read the latest decision, then revise that one."
        )
    made = Decision(number, date, content, writer.who, now().replace(microsecond=0), volumes_seen)
    writer.connection.execute(
        insert(consensus).values(
            id=str(uuid.uuid4()), patient_id=patient, number=number, date=date, content=content,
            signed_by=made.signed_by, signed=made.signed, volumes_seen=volumes_seen,
        )
    )  # fmt: skip
    after = {"number": number, "date": date, "content": content, "volumes_seen": volumes_seen, "sha256": made.sha256}
    writer.note("consensus.signed", patient, after=after, patient=patient)
    return made


def decisions_of(connection: Connection, patient: str) -> tuple[Decision, ...]:
    """Every decision on a patient, the first one first."""
    query = select(consensus).where(consensus.c.patient_id == patient).order_by(consensus.c.number)
    return tuple(
        Decision(row.number, row.date, row.content, row.signed_by, _utc(row.signed), row.volumes_seen)
        for row in connection.execute(query)
    )


def is_decided(connection: Connection, patient: str) -> bool:
    """Whether a decision is kept."""
    query = select(consensus.c.id).where(consensus.c.patient_id == patient).limit(1)
    return connection.execute(query).first() is not None


def _utc(moment: datetime) -> datetime:
    """SQLite gives moments back without their zone; all of them are UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
