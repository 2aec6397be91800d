"""Which group a scan belongs to: by the consensus on its patient, else as the participants table it came with says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from neurolupus.errors import NeurolupusError
from neurolupus.io.participants import read_participants
from neurolupus.io.patient_file import parse_patient
from neurolupus.store.measurements import Measured, keep_measurements, table_of
from neurolupus.store.scans import Scan
from neurolupus.store.schema import patients
from neurolupus.store.trail import Writer

TABLE = "participants"  # the method under which a table's word is kept beside what was measured
GROUP = "group"
NPSLE, LUPUS = "NPSLE", "lupus without NPSLE"
_DECIDED: Mapping[str | None, str] = {"attributed": NPSLE, "not_attributed": LUPUS, "uncertain": "NPSLE uncertain"}
OPEN = "consensus open"


def table_groups(data_set: Path, roots: Sequence[Path]) -> dict[str, str]:
    """The group of each participant as a data set's table says; empty where it says none or lies outside the roots."""
    table = (data_set / "participants.tsv").resolve()
    if not any(table.is_relative_to(root.resolve()) for root in roots):
        return {}
    try:
        return {label: one.group for label, one in read_participants(data_set).items() if one.group is not None}
    except (NeurolupusError, OSError):
        return {}


def keep_group(writer: Writer, scan: str, group: str | None) -> None:
    """Keep what a participants table says of the group of a scan; nothing where it says nothing."""
    if group is not None:
        keep_measurements(writer, scan, [Measured(GROUP, None, group[:64], None, None, None)], method=TABLE)


def groups_of(connection: Connection, scans: Sequence[Scan]) -> dict[str, str]:
    """The group of each scan; those of which nothing is known are left out.

    A decided consensus outranks the table; a patient without an event is one with lupus and without NPSLE.
    """
    wanted = {one.patient_id for one in scans if one.patient_id is not None}
    query = select(patients.c.id, patients.c.record).where(patients.c.id.in_(wanted))
    records = {row.id: row.record for row in connection.execute(query)}
    tables = table_of(connection, scans_wanted=[one.id for one in scans], names=[GROUP], method=TABLE)
    found = {}
    for one in scans:
        said = tables[one.id][GROUP].text if one.id in tables else None
        group = _group(records.get(one.patient_id or ""), said)
        if group is not None:
            found[one.id] = group
    return found


def _group(record: Mapping[str, Any] | None, said: str | None) -> str | None:
    if record is None:
        return said
    consensus = parse_patient({"attribution": record.get("attribution") or {}}).attribution.current_consensus
    return _DECIDED.get(consensus) or said or (OPEN if record.get("events") else LUPUS)
