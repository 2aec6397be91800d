"""A record as plain facts by dotted name, unknown ones included: the words of the knowledge base."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from neurolupus.records.clinical.event import NeuropsychiatricEvent
from neurolupus.records.clinical.quantities import ProteinConcentration
from neurolupus.records.clinical.record import PatientRecord

Plain = bool | float | str | None


def flat_facts(record: PatientRecord) -> dict[str, Plain]:
    """Every single value of a record except its events and other lists; numbers as float, None is unknown."""
    found: dict[str, Plain] = {}
    _collect(record, "", found)
    return found


def event_facts(event: NeuropsychiatricEvent) -> dict[str, Plain]:
    """Every single value of an event."""
    found: dict[str, Plain] = {}
    _collect(event, "", found)
    return found


def _collect(part: object, before: str, found: dict[str, Plain]) -> None:
    for one in fields(part):  # type: ignore[arg-type]
        value, name = getattr(part, one.name), f"{before}{one.name}"
        if isinstance(value, (ProteinConcentration, tuple)):
            continue
        if is_dataclass(value):
            _collect(value, f"{name}.", found)
        elif isinstance(value, bool) or value is None or isinstance(value, str):
            found[name] = value
        elif isinstance(value, (int, float)):
            found[name] = float(value)
        else:
            found[name] = str(value)
