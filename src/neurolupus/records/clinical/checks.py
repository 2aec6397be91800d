"""What the parts of a record have in common: checked when they are made, all faults told together, silent in a log."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args, get_origin

from neurolupus.errors import PatientFileError
from neurolupus.records.clinical.fields import about, kinds_of
from neurolupus.records.document import Place
from neurolupus.records.words import quoted, told

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
        found = [*_single_faults(self)]
        if not any(fault.what.endswith("is needed") and "; a " in fault.what for fault in found):
            found += self.contradictions()
        if found:
            raise refused(type(self).__name__, found)

    def contradictions(self) -> list[Fault]:
        """What cannot be together; every value is of its type."""
        return []

    def __repr__(self) -> str:
        """Name and number of known fields; a log or a traceback must not tell what is known of a patient."""
        known = sum(getattr(self, one.name) not in (None, ()) for one in fields(self))  # type: ignore[arg-type]
        return f"<{type(self).__name__}: {known} fields>"


def refused(what: str, found: list[Fault]) -> PatientFileError:
    """The error that tells faults of a part."""
    return PatientFileError(
        f"{what}: {'; '.join(map(str, found))}.",
        tuple(map(str, found)),
        placed=tuple((fault.place, fault.what) for fault in found),
    )
