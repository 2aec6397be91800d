"""Who the patient is, as far as advice and study tables ask."""

from __future__ import annotations

from dataclasses import dataclass

from neurolupus.records.clinical.checks import Checked, Fault
from neurolupus.records.clinical.codes import Sex
from neurolupus.records.clinical.fields import fact


@dataclass(frozen=True, slots=True, repr=False)
class Patient(Checked):
    """The patient; None is unknown. Name, date of birth and numbers of the hospital have no place here."""

    age: float | None = fact("Age", "years", 0, 125)
    sex: Sex | None = fact("Sex")
    pregnant: bool | None = fact("Pregnant")
    renal_insufficiency: bool | None = fact("Renal insufficiency")
    hypertension: bool | None = fact("Hypertension")
    current_smoking: bool | None = fact("Smokes now")
    diabetes: bool | None = fact("Diabetes")
    bmi: float | None = fact("Body mass index", "kg/m²", 8, 100)

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        if self.sex == "M" and self.pregnant:
            return [Fault(("pregnant",), "is true and sex is M; one of them is wrong")]
        return []
