"""What the parts of a record have in common: they are checked when they are made, and all faults are told together."""

from __future__ import annotations

import math
from datetime import date

from neurolupus.errors import PatientFileError


class Checked:
    """A part that refuses to be made with faults."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Raise when there are faults.

        Raises
        ------
        PatientFileError
            With every fault of this part.
        """
        found = self.faults()
        if found:
            raise PatientFileError(f"{type(self).__name__}: " + "; ".join(found) + ".", tuple(found))

    def faults(self) -> list[str]:
        """What cannot be, each without a full stop; the name of the field first."""
        return []


def between(name: str, value: float | None, low: float | None, high: float | None, unit: str = "") -> list[str]:
    """A fault where a number is known and lies outside its limits.

    Examples
    --------
    >>> between("age", 240, 0, 125, "years")
    ['age is 240; 0 to 125 years is needed']
    """
    if value is None:
        return []
    is_out = not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high)
    if not is_out:
        return []
    limits = f"{low:g} or more" if high is None else f"{low:g} to {high:g}"
    return [f"{name} is {value:g}; {limits}{' ' + unit if unit else ''} is needed"]


def not_after(name: str, when: date | None, last: date | None, what: str) -> list[str]:
    """A fault where a date is known and lies after another."""
    if when is None or last is None or when <= last:
        return []
    return [f"{name} is {when.isoformat()}, after {what} ({last.isoformat()})"]
