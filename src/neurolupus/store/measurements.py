"""What was measured of each scan: by the program, and again on masks edited by hand."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, delete, insert, select

from neurolupus.store.schema import measurements, scans
from neurolupus.store.trail import Writer

AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Measured:
    """One number or word of one scan; `value` and `text` None: it could not be measured."""

    name: str
    value: float | None
    text: str | None
    unit: str | None
    low: float | None
    high: float | None


class HasText(Protocol):
    """What was measured, in words where it is no number."""

    @property
    def text(self) -> str | None:
        """Empty for a number."""


def why_unusable(measured: Mapping[str, HasText]) -> str:
    """Why a scan's volumes must not be used, as `measure` said; empty where they may."""
    usable, why = measured.get("usable"), measured.get("unusable_reason")
    if usable is None or usable.text != "false":
        return ""
    return (why.text if why else None) or "no reason is kept"


def keep_measurements(writer: Writer, scan: str, rows: Iterable[Measured], *, method: str = AUTOMATIC) -> None:
    """Keep what a method measured of a scan in place of what it measured before.

    Parameters
    ----------
    method : str
        AUTOMATIC, or `edit:` and the id of a mask edited by hand.
    """
    here = (measurements.c.scan_id == scan) & (measurements.c.method == method)
    writer.connection.execute(delete(measurements).where(here))
    values = [
        {"id": str(uuid.uuid4()), "scan_id": scan, "method": method, "name": one.name, "value": one.value,
         "text": one.text, "unit": one.unit, "low": one.low, "high": one.high}
        for one in rows
    ]  # fmt: skip
    if values:
        writer.connection.execute(insert(measurements), values)
    patient = writer.connection.scalar(select(scans.c.patient_id).where(scans.c.id == scan))
    writer.note("measurements.kept", scan, after={"method": method, "count": len(values)}, patient=patient)


def measurements_of(connection: Connection, scan: str, *, method: str = AUTOMATIC) -> dict[str, Measured]:
    """What a method measured of a scan, by name."""
    return table_of(connection, scans_wanted=[scan], method=method).get(scan, {})


def table_of(
    connection: Connection,
    *,
    scans_wanted: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    method: str = AUTOMATIC,
) -> Mapping[str, dict[str, Measured]]:
    """What a method measured of many scans: scan, then name.

    Parameters
    ----------
    scans_wanted, names : sequences of str or None
        All where None.
    """
    columns = [measurements.c[name] for name in ("scan_id", "name", "value", "text", "unit", "low", "high")]
    query = select(*columns).where(measurements.c.method == method)
    if scans_wanted is not None:
        query = query.where(measurements.c.scan_id.in_(scans_wanted))
    if names is not None:
        query = query.where(measurements.c.name.in_(names))
    table: dict[str, dict[str, Measured]] = {}
    for scan, *rest in connection.execute(query):
        one = Measured(*rest)
        table.setdefault(scan, {})[one.name] = one
    return table
