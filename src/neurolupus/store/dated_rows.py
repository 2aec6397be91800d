"""A record's events, laboratory values and treatments as dated rows, to search and count by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Rows = list[dict[str, Any]]
LABORATORY = ("apl", "csf")
UNITS = {"g_per_L": "g/L", "mmH2O": "mmH2O", "mg": "mg", "mg_per_day": "mg/d"}


def dated_rows(record: Mapping[str, Any]) -> tuple[Rows, Rows, Rows]:
    """Events, laboratory values, treatments.

    Examples
    --------
    >>> events, labs, drugs = dated_rows({"events": [{"syndrome": "headache", "date": "2020-05-01"}]})
    >>> events[0]["name"], events[0]["date"], labs, drugs
    ('headache', '2020-05-01', [], [])
    """
    as_of = record.get("as_of")
    found = [
        _row(one.get("date"), str(one.get("syndrome", "unknown")), one.get("id")) for one in record.get("events") or ()
    ]
    values = [_row(as_of, name, value) for part in LABORATORY for name, value in _leaves(record.get(part) or {}, part)]
    for puncture in record.get("lumbar_punctures") or ():
        day = puncture.get("date")
        values += [_row(day, name, value) for name, value in _leaves(puncture.get("csf") or {}, "csf")]
        values += [
            _row(day, f"lumbar_puncture.{n}", v) for n, v in _leaves(puncture, "") if n[:4] not in ("date", "csf.")
        ]
    drugs = [_row(as_of, name, value) for name, value in _leaves(record.get("treatment") or {}, "treatment")]
    drugs += [
        _row(one.get("date"), f"intrathecal.{name}", value)
        for one in record.get("intrathecal_sessions") or ()
        for name, value in _leaves(one, "")
        if name != "date"
    ]
    return found, values, drugs


def _leaves(part: Any, before: str) -> Iterator[tuple[str, Any]]:
    if isinstance(part, Mapping):
        for name, value in part.items():
            yield from _leaves(value, f"{before}.{name}" if before else str(name))
    elif isinstance(part, list):
        for value in part:
            yield from _leaves(value, before)
    else:
        yield before, part


def _row(date: Any, name: str, value: Any) -> dict[str, Any]:
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    unit = UNITS.get(name.rpartition(".")[2]) if number is not None else None
    text = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:256]
    return {"date": date, "name": name[:128], "value": text, "number": number, "unit": unit}
