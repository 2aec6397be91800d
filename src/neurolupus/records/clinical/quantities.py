"""Quantities with their units: the number as it was typed, and what it means in one unit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from neurolupus.records.clinical.checks import Checked, between
from neurolupus.records.clinical.codes import ProteinUnit

_PER_G_PER_L = {"g/L": Decimal(1), "mg/dL": Decimal(100), "mg/L": Decimal(1000)}
MOST_G_PER_L = 20.0  # a spinal block reaches 10 to 15; beyond lies a wrong unit


@dataclass(frozen=True, slots=True)
class ProteinConcentration(Checked):
    """A protein concentration as it was reported.

    Attributes
    ----------
    value : float or None
    unit : g/L, mg/dL or mg/L, or None
        Never assumed: without it the concentration is unknown.
    """

    value: float | None = None
    unit: ProteinUnit | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        found = [] if self.value is None else between("value", self.value, 0, None)
        if not found and self.g_per_L is not None and self.g_per_L > MOST_G_PER_L:
            told = f"value is {self.value:g} {self.unit}, {self.g_per_L:g} g/L"
            found = [f"{told}; at most {MOST_G_PER_L:g} g/L can be: check the unit"]
        return found

    @property
    def g_per_L(self) -> float | None:  # noqa: N802 - the unit as it is written
        """In g/L; None where the value or the unit is unknown.

        Examples
        --------
        >>> ProteinConcentration(50, "mg/dL").g_per_L, ProteinConcentration(0.72).g_per_L
        (0.5, None)
        """
        if self.value is None or self.unit is None:
            return None
        return float(Decimal(repr(self.value)) / _PER_G_PER_L[self.unit])  # decimal: 50 mg/dL is 0.5, no more, no less
