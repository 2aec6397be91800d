"""Document: a structured text file as plain values, with the line of everything in it; all faults are told together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from neurolupus.errors import StudyFileError

Place = tuple[str | int, ...]
MOST_FAULTS_TOLD = 40


@dataclass(frozen=True, slots=True)
class LineFault:
    """One thing wrong with a file: the line, and what was seen and what is needed; no full stop."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What a file says.

    Attributes
    ----------
    source : str
        Name of the file, for messages.
    data : mapping, list, str, int, float, bool or None
        Plain values; keys are text as written, so the level `0` is the key "0".
    lines : mapping of place to line
        A place is the keys and list positions that lead to a value, such as ("models", "t3", "each", 0).
    texts : mapping of place to str
        Plain values as they are written: `0.50` and not 0.5.
    """

    source: str
    data: Any
    lines: Mapping[Place, int] = field(default_factory=dict)
    texts: Mapping[Place, str] = field(default_factory=dict)

    def line_of(self, place: Place) -> int:
        """The line of a value; that of what holds it where it has none of its own."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def text_of(self, place: Place, value: object) -> str:
        """A plain value as it is written."""
        return self.texts.get(place, "" if value is None else str(value))


def study_file_error(source: str, faults: Iterable[LineFault]) -> StudyFileError:
    """The error that tells every fault of a study file, in the order of its lines."""
    return StudyFileError(faults_told(source, faults))


def faults_told(source: str, faults: Iterable[LineFault], *, after: str = "", has_lines: bool = True) -> str:
    """Every fault of a file as a text, in the order of its lines; `after` ends the first sentence."""
    told = sorted(set(faults), key=lambda fault: (fault.line, fault.what))
    lines = [
        f"    {f'line {fault.line}: ' if has_lines else ''}{fault.what}{'.' * (fault.what[-1:] not in '.?')}"
        for fault in told[:MOST_FAULTS_TOLD]
    ]
    if len(told) > MOST_FAULTS_TOLD:
        lines.append(f"    and {len(told) - MOST_FAULTS_TOLD} more.")
    return "\n".join([f"{source} has {len(told)} fault{'s' * (len(told) != 1)}{after}.", *lines])
