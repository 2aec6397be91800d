"""A record as plain facts by dotted name, unknown ones included: the words of the knowledge base."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, get_origin

from neurolupus.records.clinical.event import NeuropsychiatricEvent
from neurolupus.records.clinical.fields import kinds_of
from neurolupus.records.clinical.record import PatientRecord

Plain = bool | float | str | None
_SILENT = ("id", "note")  # identify a patient, or are free text: no rule may ask for them


def flat_facts(record: PatientRecord) -> dict[str, Plain]:
    """Every single value of a record except its lists, pseudonym and note; numbers as float, None is unknown.

    Examples
    --------
    >>> facts = flat_facts(PatientRecord())
    >>> facts["csf.protein.value"], facts["apl.positive"]
    (None, None)
    """
    return _collected(PatientRecord, record, "")


def event_facts(event: NeuropsychiatricEvent) -> dict[str, Plain]:
    """Every single value of an event except its name."""
    return _collected(NeuropsychiatricEvent, event, "")


def _collected(kind: Any, part: object, before: str) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for one in fields(kind):
        hint, name = kinds_of(kind)[one.name], f"{before}{one.name}"
        value = None if part is None else getattr(part, one.name)
        if is_dataclass(hint):
            found |= _collected(hint, value, f"{name}.")
        elif get_origin(hint) is not tuple and one.name not in _SILENT:
            found[name] = _plain(value)
    return found


def _plain(value: Any) -> Plain:
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
