"""What became of the patient: discharge, relapses, death."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from neurolupus.records.clinical.checks import Checked, Fault, dates_differ, not_after
from neurolupus.records.clinical.codes import BilagGrade, CauseOfDeath, DischargeOutcome
from neurolupus.records.clinical.fields import fact, said, several


@dataclass(frozen=True, slots=True, repr=False)
class Discharge(Checked):
    """How the patient left hospital; None is unknown."""

    admitted: date | None = fact("Admission")
    date: date | None = fact("Discharge")
    bilag: BilagGrade | None = fact("BILAG grade of the neuropsychiatric domain")
    residual_deficit: bool | None = fact("A neurological deficit remains")
    improved: bool | None = fact("Better than at admission")
    worse: bool | None = fact("Neuropsychiatric symptoms worse than at admission")
    died: bool | None = fact("Died in hospital")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        found = not_after(("admitted",), self.admitted, self.date, "date")
        if self.improved and self.worse:
            found.append(Fault(("worse",), "is true and improved is true; one of them is wrong"))
        if self.worse and self.bilag in ("D", "E"):
            found.append(Fault(("worse",), f"is true and bilag is {self.bilag}, which is no active disease"))
        return found

    @property
    def outcome(self) -> DischargeOutcome | None:
        """By the definitions of Nie et al. 2023: recovery is BILAG D without deficit, improvement leaves a deficit.

        Examples
        --------
        >>> Discharge(bilag="D", residual_deficit=False).outcome, Discharge(bilag="D").outcome
        ('complete_recovery', None)
        """
        if self.died or self.worse:
            return "exacerbation"
        if self.bilag == "D" and self.residual_deficit is False:
            return "complete_recovery"
        if (self.improved or self.bilag == "D") and self.residual_deficit:
            return "partial_improvement"
        return "unchanged" if self.improved is False and self.worse is False else None


@dataclass(frozen=True, slots=True, repr=False)
class Relapse(Checked):
    """A relapse of neuropsychiatric lupus."""

    date: date = field(metadata=said("Date of the relapse"))
    hospitalised: bool | None = fact("Led to hospital")


@dataclass(frozen=True, slots=True, repr=False)
class Death(Checked):
    """Death, with its cause."""

    date: date = field(metadata=said("Date of death"))
    cause: CauseOfDeath | None = fact("Cause of death")


@dataclass(frozen=True, slots=True, repr=False)
class FollowUp(Checked):
    """After discharge; `last_contact` ends what is known of the patient."""

    last_contact: date | None = fact("Last contact")
    relapses: tuple[Relapse, ...] = several("Relapses")
    death: Death | None = fact("Death")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        return dates_differ("relapses", [one.date for one in self.relapses])
