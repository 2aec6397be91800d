"""PatientRecord: everything known of one patient; None is unknown, and never false."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date

from neurolupus.records.clinical.checks import Checked, Fault, dates_differ, not_after
from neurolupus.records.clinical.codes import ALWAYS_MINOR
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
from neurolupus.records.clinical.fields import fact, part, several
from neurolupus.records.clinical.follow_up import Discharge, FollowUp
from neurolupus.records.clinical.lupus import Lupus
from neurolupus.records.clinical.patient import Patient
from neurolupus.records.clinical.quantities import ProteinConcentration
from neurolupus.records.clinical.treatment import IntrathecalSession, Treatment
from neurolupus.records.document import Place
from neurolupus.records.reader import shown
from neurolupus.records.words import listed

_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_BEFORE_DEATH = ("events", "lumbar_punctures", "intrathecal_sessions", "mri", "discharge", "follow_up")


@dataclass(frozen=True, slots=True, repr=False)
class PatientRecord(Checked):
    """One patient; None is unknown.

    Where lumbar punctures are listed, `csf` may be left out: `settled` fills it from the latest of them.
    """

    id: str | None = fact("Pseudonym: letters, digits, points, dashes; no name")
    as_of: date | None = fact("When the record was true; no date in it is later")
    patient: Patient = part(Patient, "Patient")
    sle: Lupus = part(Lupus, "Lupus")
    events: tuple[NeuropsychiatricEvent, ...] = several("Neuropsychiatric events")
    secondary: SecondaryCauses = part(SecondaryCauses, "Another cause")
    attribution: AttributionFacts = part(AttributionFacts, "Attribution")
    apl: Antiphospholipid = part(Antiphospholipid, "Antiphospholipid antibodies")
    mri: Mri = part(Mri, "Brain MRI")
    lp_safety: LumbarPunctureSafety = part(LumbarPunctureSafety, "Before a lumbar puncture")
    hepatitis_b: bool | None = fact("Hepatitis B: surface antigen or core antibody positive")
    csf: Csf = part(Csf, "Cerebrospinal fluid as of now")
    lumbar_punctures: tuple[LumbarPuncture, ...] = several("Lumbar punctures")
    treatment: Treatment = part(Treatment, "Treatment")
    intrathecal_sessions: tuple[IntrathecalSession, ...] = several("Intrathecal injections")
    discharge: Discharge = part(Discharge, "Discharge")
    follow_up: FollowUp = part(FollowUp, "Follow-up")
    note: str | None = fact("Free text for yourself; it decides nothing and is shown nowhere")

    def contradictions(self) -> list[Fault]:
        """What cannot be together, across the parts of the record."""
        dated = [fault for place, when in self._dates() for fault in not_after(place, when, self.as_of, "as_of")]
        found = [*dated, *self._after_death()]
        for name in ("lumbar_punctures", "intrathecal_sessions"):
            found += dates_differ(name, [one.date for one in getattr(self, name)])
        found += [*self._identity(), *self._across_parts()]
        if self.lumbar_punctures and self.csf != Csf():
            found += _differences(self.csf, self.latest_puncture.csf)
        return found

    @property
    def latest_puncture(self) -> LumbarPuncture:
        """The latest lumbar puncture; there must be one."""
        return max(self.lumbar_punctures, key=lambda one: one.date)

    def settled(self) -> PatientRecord:
        """The record with what follows from it: `csf` from the latest lumbar puncture, anticoagulation from treatment.

        Only what is unknown is filled.
        """
        safety = self.lp_safety
        if safety.anticoagulated is None and self.treatment.anticoagulated is not None:
            safety = replace(safety, anticoagulated=self.treatment.anticoagulated)
        csf = self.csf
        if self.lumbar_punctures:
            latest = self.latest_puncture.csf
            unknown = [one.name for one in fields(Csf) if getattr(csf, one.name) is None]
            csf = replace(csf, **{name: getattr(latest, name) for name in unknown})
            csf = replace(csf, done=True)
        return self if (safety, csf) == (self.lp_safety, self.csf) else replace(self, lp_safety=safety, csf=csf)

    def unsettled(self) -> PatientRecord:
        """The record without what `settled` fills, so that an edit of where it comes from contradicts nothing."""
        csf, safety = self.csf, self.lp_safety
        if self.lumbar_punctures:
            latest = self.latest_puncture.csf
            same = [one.name for one in fields(Csf) if getattr(csf, one.name) == getattr(latest, one.name)]
            csf = replace(csf, **dict.fromkeys([*same, "done"]))
        if safety.anticoagulated == self.treatment.anticoagulated:
            safety = replace(safety, anticoagulated=None)
        return self if (safety, csf) == (self.lp_safety, self.csf) else replace(self, lp_safety=safety, csf=csf)

    def _dates(self) -> Iterator[tuple[Place, date | None]]:
        for name in ("events", "lumbar_punctures", "intrathecal_sessions"):
            for number, one in enumerate(getattr(self, name)):
                yield (name, number, "date"), one.date
        for number, revision in enumerate(self.attribution.revisions):
            yield ("attribution", "revisions", number, "date"), revision.date
        for number, relapse in enumerate(self.follow_up.relapses):
            yield ("follow_up", "relapses", number, "date"), relapse.date
        yield ("attribution", "decided"), self.attribution.decided
        yield ("mri", "date"), self.mri.date
        yield ("discharge", "admitted"), self.discharge.admitted
        yield ("discharge", "date"), self.discharge.date
        yield ("follow_up", "last_contact"), self.follow_up.last_contact
        yield ("follow_up", "death", "date"), self.follow_up.death.date if self.follow_up.death else None

    def _after_death(self) -> list[Fault]:
        death = self.follow_up.death
        if death is None:
            return []
        places = [(place, when) for place, when in self._dates() if place[0] in _BEFORE_DEATH]
        return [fault for place, when in places for fault in not_after(place, when, death.date, "death")]

    def _identity(self) -> list[Fault]:
        found = []
        if self.id is not None and not _PSEUDONYM.fullmatch(self.id):
            told = f"is {shown(self.id)}; a pseudonym of at most 64 letters, digits, points and dashes is needed"
            found.append(Fault(("id",), told))
        names = [event.id for event in self.events]
        for number, name in enumerate(names):
            if name is not None and name in names[:number]:
                told = f"is {shown(name)}, as that of event {names.index(name) + 1}; give each its own"
                found.append(Fault(("events", number, "id"), told))
        return found

    def _across_parts(self) -> Iterator[Fault]:
        age, months = self.patient.age, self.sle.duration_months
        if age is not None and months is not None and months / 12 > age + 1:  # an age of 26 lasts until 27
            told = f"is {months:g} and patient.age is {age:g} years; lupus cannot be older than the patient"
            yield Fault(("sle", "duration_months"), told)
        if self.csf.pathogens_negative is False and self.secondary.cns_infection is False:
            told = "is false and csf.pathogens_negative is false; one of them is wrong"
            yield Fault(("secondary", "cns_infection"), told)
        given, listed_syndromes = self.attribution.n_syndromes, {event.syndrome for event in self.events}
        if given is not None and given < len(listed_syndromes):
            told = f"is {given} and events list {len(listed_syndromes)} different syndromes; one of them is wrong"
            yield Fault(("attribution", "n_syndromes"), told)
        is_minor = bool(listed_syndromes) and listed_syndromes <= set(ALWAYS_MINOR)
        if is_minor and self.attribution.italian_items.minor_event is False:
            only = listed(sorted(listed_syndromes), "and")
            told = f"is false and events list {only} alone, which Ainiala counts as minor; one of them is wrong"
            yield Fault(("attribution", "italian_items", "minor_event"), told)
        now, before = self.treatment.anticoagulated, self.lp_safety.anticoagulated
        if now is not None and before is not None and now != before:
            told = f"is {str(before).lower()} and treatment.anticoagulated is {str(now).lower()}; one of them is wrong"
            yield Fault(("lp_safety", "anticoagulated"), told)
        for number, relapse in enumerate(self.follow_up.relapses):
            left = self.discharge.date
            if left is not None and relapse.date <= left:
                told = f"is {relapse.date}, not after discharge ({left}); a relapse follows discharge"
                yield Fault(("follow_up", "relapses", number, "date"), told)


def _differences(given: Csf, latest: Csf) -> list[Fault]:
    """Where what is said of now and what the latest puncture showed are both known and differ."""
    found = []
    for one in fields(Csf):
        now, then = getattr(given, one.name), getattr(latest, one.name)
        if now is None or then is None or now == then or _same_protein(now, then):
            continue
        told = "differs from the latest lumbar puncture; leave csf out or correct one of them"
        found.append(Fault(("csf", one.name), told))
    if given.done is False:
        found.append(Fault(("csf", "done"), "is false and a lumbar puncture is listed; one of them is wrong"))
    return found


def _same_protein(now: object, then: object) -> bool:
    if not isinstance(now, ProteinConcentration) or not isinstance(then, ProteinConcentration):
        return False
    return now.g_per_L is not None and now.g_per_L == then.g_per_L
