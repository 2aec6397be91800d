"""Quantities with their units: the number as it was typed, and what it means in one unit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from neurolupus.records.clinical.checks import Checked, Fault
from neurolupus.records.clinical.codes import ProteinUnit
from neurolupus.records.clinical.fields import fact

_PER_G_PER_L = {"g/L": Decimal(1), "mg/dL": Decimal(100), "mg/L": Decimal(1000)}
MOST_G_PER_L = 20.0  # above what even a spinal block gives; beyond lies a wrong unit


@dataclass(frozen=True, slots=True, repr=False)
class ProteinConcentration(Checked):
    """A protein concentration as it was reported; without its unit it is unknown, for none is ever assumed."""

    value: float | None = fact("Protein of CSF, as reported", low=0)
    unit: ProteinUnit | None = fact("Unit of the protein")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        if self.g_per_L is None or self.g_per_L <= MOST_G_PER_L:
            return []
        told = f"is {self.value:g} {self.unit}, which is {self.g_per_L:g} g/L"
        return [Fault(("value",), f"{told}; at most {MOST_G_PER_L:g} g/L can be, check the unit")]

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
