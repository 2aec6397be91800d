"""What became of the patient: discharge, relapses, death."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from neurolupus.records.clinical.checks import Checked, not_after
from neurolupus.records.clinical.codes import BilagGrade, CauseOfDeath, DischargeOutcome


@dataclass(frozen=True, slots=True)
class Discharge(Checked):
    """How the patient left hospital; None is unknown.

    Attributes
    ----------
    admitted, date : date or None
        Of admission and of discharge.
    bilag : A to E, or None
        Grade of the neuropsychiatric domain.
    residual_deficit : bool or None
    improved, worse : bool or None
        Against admission.
    died : bool or None
        In hospital.
    """

    admitted: date | None = None
    date: date | None = None
    bilag: BilagGrade | None = None
    residual_deficit: bool | None = None
    improved: bool | None = None
    worse: bool | None = None
    died: bool | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        found = not_after("admitted", self.admitted, self.date, "date")
        if self.improved and self.worse:
            found.append("improved and worse are both true; one of them is wrong")
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


@dataclass(frozen=True, slots=True)
class Relapse(Checked):
    """A relapse of neuropsychiatric lupus."""

    date: date
    hospitalised: bool | None = None


@dataclass(frozen=True, slots=True)
class Death(Checked):
    """Death, with its cause."""

    date: date
    cause: CauseOfDeath | None = None


@dataclass(frozen=True, slots=True)
class FollowUp(Checked):
    """After discharge; `last_contact` ends what is known of the patient."""

    last_contact: date | None = None
    relapses: tuple[Relapse, ...] = ()
    death: Death | None = None
