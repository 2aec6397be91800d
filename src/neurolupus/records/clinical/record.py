"""PatientRecord: everything known of one patient; None is unknown, and never false."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from neurolupus.records.clinical.checks import Checked, not_after
from neurolupus.records.clinical.consensus import AttributionFacts
from neurolupus.records.clinical.event import NeuropsychiatricEvent
from neurolupus.records.clinical.examinations import (
    Antiphospholipid,
    Csf,
    LumbarPuncture,
    LumbarPunctureSafety,
    Mri,
    SecondaryCauses,
)
from neurolupus.records.clinical.follow_up import Discharge, FollowUp
from neurolupus.records.clinical.lupus import Lupus
from neurolupus.records.clinical.patient import Patient
from neurolupus.records.clinical.treatment import IntrathecalSession, Treatment


@dataclass(frozen=True, slots=True)
class PatientRecord(Checked):
    """One patient.

    Attributes
    ----------
    id : str or None
        A pseudonym; no name.
    as_of : date or None
        When the record was true; no date in it may be later.
    events : tuple of NeuropsychiatricEvent
    csf : Csf
        As of now; filled from the latest lumbar puncture where it is not given.
    lumbar_punctures : tuple of LumbarPuncture
        Serial, dated.
    note : str or None
        Free text that is shown to nobody and decides nothing.
    """

    id: str | None = None
    as_of: date | None = None
    patient: Patient = field(default_factory=Patient)
    sle: Lupus = field(default_factory=Lupus)
    events: tuple[NeuropsychiatricEvent, ...] = ()
    secondary: SecondaryCauses = field(default_factory=SecondaryCauses)
    attribution: AttributionFacts = field(default_factory=AttributionFacts)
    apl: Antiphospholipid = field(default_factory=Antiphospholipid)
    mri: Mri = field(default_factory=Mri)
    lp_safety: LumbarPunctureSafety = field(default_factory=LumbarPunctureSafety)
    hepatitis_b: bool | None = None
    csf: Csf = field(default_factory=Csf)
    lumbar_punctures: tuple[LumbarPuncture, ...] = ()
    treatment: Treatment = field(default_factory=Treatment)
    intrathecal_sessions: tuple[IntrathecalSession, ...] = ()
    discharge: Discharge = field(default_factory=Discharge)
    follow_up: FollowUp = field(default_factory=FollowUp)
    note: str | None = None

    def faults(self) -> list[str]:
        """What cannot be, across the parts of the record."""
        found = [fault for name, when in self._dates() for fault in not_after(name, when, self.as_of, "as_of")]
        if self.csf.pathogens_negative is False and self.secondary.cns_infection is False:
            found.append("csf.pathogens_negative is false and secondary.cns_infection is false; one of them is wrong")
        if self.csf != Csf() and self.lumbar_punctures:
            found += _contradictions(self.csf, self.latest_puncture.csf)
        if self.follow_up.death is not None:
            end = self.follow_up.death.date
            for one in self.follow_up.relapses:
                found += not_after("follow_up.relapses", one.date, end, "death")
        return found

    @property
    def latest_puncture(self) -> LumbarPuncture:
        """The latest lumbar puncture; there must be one."""
        return max(self.lumbar_punctures, key=lambda one: one.date)

    def settled(self) -> PatientRecord:
        """The record with `csf` filled from the latest lumbar puncture where it is not given."""
        if not self.lumbar_punctures:
            return self
        latest, given = self.latest_puncture.csf, self.csf
        names = [name for name in Csf.__dataclass_fields__ if getattr(given, name) is None]
        filled = replace(given, **{name: getattr(latest, name) for name in names})
        if filled.done is None:
            filled = replace(filled, done=True)
        return replace(self, csf=filled)

    def _dates(self) -> Iterator[tuple[str, date | None]]:
        for number, event in enumerate(self.events):
            yield f"events[{number}].date", event.date
        for number, puncture in enumerate(self.lumbar_punctures):
            yield f"lumbar_punctures[{number}].date", puncture.date
        for number, session in enumerate(self.intrathecal_sessions):
            yield f"intrathecal_sessions[{number}].date", session.date
        for number, revision in enumerate(self.attribution.revisions):
            yield f"attribution.revisions[{number}].date", revision.date
        for number, relapse in enumerate(self.follow_up.relapses):
            yield f"follow_up.relapses[{number}].date", relapse.date
        yield "attribution.decided", self.attribution.decided
        yield "mri.date", self.mri.date
        yield "discharge.date", self.discharge.date
        yield "follow_up.last_contact", self.follow_up.last_contact
        yield "follow_up.death.date", self.follow_up.death.date if self.follow_up.death else None


def _contradictions(given: Csf, latest: Csf) -> list[str]:
    """Where what is said of now and what the latest puncture showed are both known and differ."""
    found = []
    for name in Csf.__dataclass_fields__:
        now, then = getattr(given, name), getattr(latest, name)
        if now is not None and then is not None and now != then and name != "protein":
            found.append(
                f"csf.{name} is {now} and the latest lumbar puncture says {then}; leave csf out or correct one"
            )
    if given.protein is not None and latest.protein is not None and given.protein.g_per_L != latest.protein.g_per_L:
        found.append("csf.protein and the latest lumbar puncture's differ; leave csf out or correct one")
    return found
