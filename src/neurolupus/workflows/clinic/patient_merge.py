"""What a file says of a patient put into the record that is kept, and every value that this changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import record_fields

_KEYS = ("id", "date", "syndrome", "by")  # what entries of a list are known by; the first that both have


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that changes.

    Attributes
    ----------
    path : str
        Dotted, entries numbered from 1: `events[1].date`.
    label : str
        In the words of the clinic.
    before, after : plain value
        None is unknown.
    """

    path: str
    label: str
    before: Any
    after: Any


def merged(kept: Any, given: Any) -> Any:
    """What is kept with what is given over it; what is given nowhere stays.

    Entries of lists are put together by name, date or syndrome; others are added.

    Examples
    --------
    >>> merged({"a": 1, "b": {"c": 2}}, {"b": {"c": 3}})
    {'a': 1, 'b': {'c': 3}}
    >>> merged([{"date": "2025-01-01", "x": 1}], [{"date": "2025-01-01", "y": 2}, {"date": "2025-02-01"}])
    [{'date': '2025-01-01', 'x': 1, 'y': 2}, {'date': '2025-02-01'}]
    """
    if isinstance(kept, Mapping) and isinstance(given, Mapping):
        return {**kept, **{name: merged(kept.get(name), value) for name, value in given.items()}}
    if isinstance(kept, list) and isinstance(given, list) and all(isinstance(one, Mapping) for one in (*kept, *given)):
        found = [dict(one) for one in kept]
        for one in given:
            same = [number for number, other in enumerate(found) if _is_same(other, one)]
            if len(same) == 1:
                found[same[0]] = merged(found[same[0]], one)
            else:
                found.append(dict(one))
        return found
    return kept if given is None else given


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every single value that is not as it was, in the order of the record.

    Examples
    --------
    >>> differences({"patient": {"age": 34}}, {"patient": {"age": 35, "sex": "F"}})[0]
    Difference(path='patient.age', label='Age (patient)', before=34, after=35)
    """
    was, now = dict(_leaves(before, "")), dict(_leaves(after, ""))
    return tuple(
        Difference(path, _label(path), was.get(path), now.get(path))
        for path in dict.fromkeys((*was, *now))
        if was.get(path) != now.get(path)
    )


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    key = next((name for name in _KEYS if one.get(name) is not None and other.get(name) is not None), None)
    return key is not None and one[key] == other[key]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, inner in enumerate(value, 1):
            yield from _leaves(inner, f"{path}[{number}]")
    elif value is not None:
        yield path, value


@cache
def _labels() -> Mapping[str, str]:
    return {one.path: one.about.label for one in record_fields(PatientRecord)}


def _label(path: str) -> str:
    parts, number = [], ""
    for part in path.split("."):
        name, _, entry = part.partition("[")
        parts.append(f"{name}[]" if entry else name)
        number = f" {entry.rstrip(']')}" if entry else number
    section = parts[0].removesuffix("[]").replace("_", " ")
    label = _labels().get(".".join(parts), parts[-1])
    return label if len(parts) == 1 else f"{label} ({section}{number})"
