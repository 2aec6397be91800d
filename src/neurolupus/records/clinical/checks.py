"""What the parts of a record have in common: checked when they are made, all faults told together, silent in a log."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args, get_origin

from neurolupus.errors import PatientFileError
from neurolupus.records.clinical.fields import About, about, kinds_of
from neurolupus.records.document import Place
from neurolupus.records.reader import shown, told
from neurolupus.records.words import listed

LONGEST_TEXT = 2000
MOST_ENTRIES = 500
EARLIEST = date(1900, 1, 1)
_NEEDED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", date: "a date"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be.

    Attributes
    ----------
    place : Place
        Of the value within the part.
    what : str
        What was seen and what is needed; to be put behind the name, without a full stop.
    """

    place: Place
    what: str

    def __str__(self) -> str:
        """The name and what is wrong with it."""
        return f"{told(self.place)} {self.what}".lstrip()

    def within(self, place: Place) -> Fault:
        """The same fault as seen from the whole that holds the part at a place."""
        return Fault((*place, *self.place), self.what)


class Checked:
    """A part that refuses to be made with faults, and does not show its values when it is printed."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Raise when there are faults.

        Raises
        ------
        PatientFileError
            With every fault of this part.
        """
        found = [*_of_wrong_type(self)] or [*_beyond_limits(self), *self.contradictions()]
        if found:
            raise refused(type(self).__name__, found)

    def contradictions(self) -> list[Fault]:
        """What cannot be together; every value is of its type."""
        return []

    def __repr__(self) -> str:
        """Name and number of known fields: a log or a traceback must not tell what is known of a patient."""
        known = sum(getattr(self, one.name) not in (None, ()) for one in fields(self))  # type: ignore[arg-type]
        return f"<{type(self).__name__}: {known} fields>"


def refused(what: str, found: list[Fault]) -> PatientFileError:
    """The error that tells faults of a part."""
    return PatientFileError(
        f"{what}: {'; '.join(map(str, found))}.",
        tuple(map(str, found)),
        placed=tuple((fault.place, fault.what) for fault in found),
    )


def not_after(place: Place, when: date | None, last: date | None, what: str) -> list[Fault]:
    """A fault where a date is known and lies after another."""
    if when is None or last is None or when <= last:
        return []
    return [Fault(place, f"is {when.isoformat()}, after {what} ({last.isoformat()})")]


def dates_differ(name: str, dates: list[date]) -> list[Fault]:
    """A fault for every entry of a list whose date another has: which of them holds would be a guess."""
    return [
        Fault((name, number, "date"), f"is {when.isoformat()}, as that of entry {dates.index(when) + 1}; keep one")
        for number, when in enumerate(dates)
        if when in dates[:number]
    ]


def _of_wrong_type(part: Any) -> Iterator[Fault]:
    whole: Any = type(part)
    for name, kind in kinds_of(whole).items():
        value = getattr(part, name)
        if value is None:
            continue
        if get_origin(kind) is not tuple:
            yield from _wrong((name,), kind, value)
        elif not isinstance(value, tuple):
            yield Fault((name,), f"is {shown(value)}; a tuple is needed")
        else:
            for number, one in enumerate(value):
                yield from _wrong((name, number), get_args(kind)[0], one)


def _wrong(place: Place, kind: Any, value: object) -> Iterator[Fault]:
    if get_origin(kind) is Literal:
        if not isinstance(value, str) or value not in get_args(kind):
            yield Fault(place, f"is {shown(value)}; choose {listed(get_args(kind))}")
    elif is_dataclass(kind):
        if not isinstance(value, kind):  # type: ignore[arg-type]
            yield Fault(place, f"is {shown(value)}; {kind.__name__} is needed")  # type: ignore[union-attr]
    elif not _is_a(kind, value):
        yield Fault(place, f"is {shown(value)}; {_NEEDED[kind]} is needed")


def _is_a(kind: Any, value: object) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind) and not isinstance(value, datetime)


def _beyond_limits(part: Checked) -> Iterator[Fault]:
    for one in fields(part):  # type: ignore[arg-type]
        value, told_of = getattr(part, one.name), about(one)
        if isinstance(value, tuple) and len(value) > MOST_ENTRIES:
            yield Fault((one.name,), f"has {len(value)} entries; at most {MOST_ENTRIES} are read")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield from _outside((one.name,), value, told_of)
        elif isinstance(value, date) and value < EARLIEST:
            yield Fault((one.name,), f"is {value.isoformat()}; {EARLIEST.isoformat()} or later is needed")
        for number, text in enumerate(value if isinstance(value, tuple) else (value,)):
            if isinstance(text, str):
                yield from _unfit((one.name, number) if isinstance(value, tuple) else (one.name,), text)


def _outside(place: Place, value: float, told_of: About) -> Iterator[Fault]:
    low, high = told_of.low, told_of.high
    if (low is None or value >= low) and (high is None or value <= high):
        return
    limits = f"{low:g} or more" if high is None else f"{low:g} to {high:g}"
    yield Fault(place, f"is {value:g}; {limits}{' ' + told_of.unit if told_of.unit else ''} is needed")


def _unfit(place: Place, text: str) -> Iterator[Fault]:
    if len(text) > LONGEST_TEXT:
        yield Fault(place, f"has {len(text)} characters; at most {LONGEST_TEXT} are read")
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in text):
        yield Fault(place, "holds control characters; plain text is needed")
