"""Who the patient is, as far as advice and study tables ask."""

from __future__ import annotations

from dataclasses import dataclass

from neurolupus.records.clinical.checks import Checked, between
from neurolupus.records.clinical.codes import Sex


@dataclass(frozen=True, slots=True)
class Patient(Checked):
    """The patient; None is unknown.

    Attributes
    ----------
    age : float or None
        Years.
    sex : F or M, or None
    pregnant, renal_insufficiency, hypertension, current_smoking, diabetes : bool or None
    bmi : float or None
        kg/m².
    """

    age: float | None = None
    sex: Sex | None = None
    pregnant: bool | None = None
    renal_insufficiency: bool | None = None
    hypertension: bool | None = None
    current_smoking: bool | None = None
    diabetes: bool | None = None
    bmi: float | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        found = [*between("age", self.age, 0, 125, "years"), *between("bmi", self.bmi, 8, 100, "kg/m²")]
        if self.sex == "M" and self.pregnant:
            found.append("pregnant is true and sex is M; one of them is wrong")
        return found
