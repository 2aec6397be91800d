"""A record's events, laboratory values and treatments as dated rows, to search and count by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neurolupus.records.clinical import PatientRecord, ProteinConcentration
from neurolupus.records.clinical.fields import record_fields

Rows = list[dict[str, Any]]
Leaf = tuple[str, Any]
_UNITS = {one.path.replace("[]", ""): one.about.unit or None for one in record_fields(PatientRecord)}
_OF_SLE = (
    "anti_dsdna", "anti_rrnp", "coombs", "anticardiolipin", "anti_b2gp1", "c3_g_per_L", "c4_g_per_L",
    "lupus_anticoagulant_ratio",
)  # fmt: skip
_LONGEST = 256


def dated_rows(record: Mapping[str, Any]) -> tuple[Rows, Rows, Rows]:
    """Events, laboratory values, treatments.

    A row has a name, as the record calls the fact, a value as text, the same as a number with its unit where it is
    one, and a date: that of the event, lumbar puncture or injection, and of all else the day on which the record was
    true. What is unknown has no row. Protein is in g/L whatever it was reported in; without its unit it is no number.

    Examples
    --------
    >>> events, labs, drugs = dated_rows({"events": [{"syndrome": "headache", "date": "2020-05-01"}]})
    >>> events[0]["name"], events[0]["date"], labs, drugs
    ('headache', '2020-05-01', [], [])
    """
    return list(_events(record)), list(_laboratory(record)), list(_treatments(record))


def _events(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in record.get("events") or ():
        yield _row(one.get("date"), (str(one.get("syndrome", "unknown")), one.get("id")))


def _laboratory(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    as_of, punctures = record.get("as_of"), record.get("lumbar_punctures") or ()
    latest: Mapping[str, Any] = max(punctures, key=lambda one: str(one.get("date")), default={})
    shown = {"done": True, **(latest.get("csf") or {})} if punctures else {}
    sle, safety = record.get("sle") or {}, record.get("lp_safety") or {}
    now: dict[str, Any] = {
        "apl": record.get("apl"),
        "sle": {name: sle.get(name) for name in _OF_SLE},
        "lp_safety": {"platelets_10e9_per_L": safety.get("platelets_10e9_per_L")},
        "hepatitis_b": record.get("hepatitis_b"),
        # what a record says of the CSF as of now repeats its latest puncture, which has a date of its own
        "csf": {name: value for name, value in (record.get("csf") or {}).items() if name not in shown},
    }
    for leaf in _leaves(now, ""):
        yield _row(as_of, leaf)
    for one in punctures:
        for leaf in _leaves({"done": True, **(one.get("csf") or {})}, "csf"):
            yield _row(one.get("date"), leaf)


def _treatments(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for leaf in _leaves(record.get("treatment") or {}, "treatment"):
        yield _row(record.get("as_of"), leaf)
    for one in record.get("intrathecal_sessions") or ():
        yield _row(one.get("date"), ("intrathecal_sessions", True))
        for leaf in _leaves({name: value for name, value in one.items() if name != "date"}, "intrathecal_sessions"):
            yield _row(one.get("date"), leaf)


def _leaves(part: Any, name: str) -> Iterator[Leaf]:
    """Every known value with its name; of a list each entry, and `none` where a list says that there was none."""
    if name == "csf.protein" or not isinstance(part, (Mapping, list)):
        if part is not None:
            yield name, part
    elif isinstance(part, Mapping):
        for inner, value in part.items():
            yield from _leaves(value, f"{name}.{inner}" if name else str(inner))
    else:
        for value in part or ["none"]:
            yield from _leaves(value, name)


def _row(date: Any, leaf: Leaf) -> dict[str, Any]:
    name, value = leaf
    unit = _UNITS.get(name)
    if name == "csf.protein":
        value, number, unit = _protein(value)
    else:
        number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if number is None:
        unit = None
    return {"date": date, "name": name, "value": _text(value), "number": number, "unit": unit}


def _text(value: Any) -> str | None:
    """`true`, `182` and not `182.0`, `0.38`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value)[:_LONGEST]


def _protein(part: Mapping[str, Any]) -> tuple[str, float | None, str]:
    value, unit = part.get("value"), part.get("unit")
    number = ProteinConcentration(value, unit).g_per_L
    return " ".join(_text(one) or "" for one in (value, unit) if one is not None), number, "g/L"
