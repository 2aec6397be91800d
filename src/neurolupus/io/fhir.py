"""FHIR R4 resources -> the plain values of a patient's record; what was not read is counted, with the reason.

The absence of a resource is unknown, never false; what is refuted, entered in error or no longer active does not count
as present. Names and addresses are not read at all, and what belongs to another patient is not either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from neurolupus.io.fhir_codes import ALSO_CALLED, CONDITIONS, FACT_SYSTEM, OBSERVATIONS, Codes, readable_facts
from neurolupus.io.fhir_medications import IMMUNOSUPPRESSANTS, drug_facts, words_of
from neurolupus.io.fhir_resources import bounded, of_one_patient
from neurolupus.io.fhir_values import Stated, codings, listed, observed, settled, when

PRESENT = {"active", "recurrence", "relapse"}
ABSENT = {"inactive", "remission", "resolved"}
FINAL = {"final", "amended", "corrected"}
NO_ORDER = {"proposal", "plan", "option"}
READ = {
    "Patient", "Condition", "Observation", "MedicationStatement", "MedicationRequest", "AllergyIntolerance",
    "ImagingStudy",
}  # fmt: skip
SILENT = {"Bundle", "OperationOutcome", "Medication"}


@dataclass(slots=True)
class FhirReading:
    """What FHIR resources say, in the words of a patient's record.

    Attributes
    ----------
    data : mapping
        For `parse_patient`.
    read : mapping of dotted fact to date or None
        What was read, and of which day it is; an event by its syndrome.
    ignored : counter of str
        Why the rest was not; nothing of the patient stands in it.
    """

    data: dict[str, Any] = field(default_factory=dict)
    read: dict[str, date | None] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Event:
    """An event, and the resources that told of it."""

    fields: dict[str, Any]
    onset: date | None
    told_by: set[str]


def read_fhir(resources: Any, *, today: date, codes: Codes | None = None, patient: str | None = None) -> FhirReading:
    """The facts that resources state of one patient.

    Parameters
    ----------
    resources : Bundle, resource, list of them, or mapping of prefetch key to them
        None is nothing found; it says nothing.
    today : date
        For the age, and for what holds today.
    codes : Codes or None
        Further codes, of the hospital; those that are verified are always read.
    patient : str or None
        Whose; the id of the Patient among the resources when None. Where they are of several, nothing is read.

    Examples
    --------
    >>> protein = {"resourceType": "Observation", "status": "final",
    ...            "code": {"coding": [{"system": "http://loinc.org", "code": "2880-3"}]},
    ...            "valueQuantity": {"value": 72, "system": "http://unitsofmeasure.org", "code": "mg/dL"}}
    >>> read_fhir(protein, today=date(2026, 1, 1)).data["csf"]
    {'protein': {'value': 72, 'unit': 'mg/dL'}, 'done': True}
    """
    reading = _Reading(today, codes or Codes())
    ignored = reading.out.ignored
    found = of_one_patient(list(bounded(resources, ignored)), patient, ignored)
    reading.medications = {f"Medication/{one.get('id')}": one for one in found if one["resourceType"] == "Medication"}
    for one in sorted(found, key=lambda one: one["resourceType"] != "Condition"):  # events before what is said of them
        reading.read(one)
    return reading.finished()


class _Reading:
    """Facts and events as they come in."""

    def __init__(self, today: date, codes: Codes) -> None:
        self.today, self.codes = today, codes
        self.out = FhirReading()
        self.stated: list[Stated] = []
        self.events: list[_Event] = []
        self.medications: Mapping[str, Any] = {}

    def read(self, one: Mapping[str, Any]) -> None:
        """Take in what one resource states."""
        kind = one["resourceType"]
        if kind in READ:
            getattr(self, f"_{kind.lower()}")(one)
        elif kind not in SILENT:
            self._ignore("a resource of a type that is not read")

    def _ignore(self, why: str) -> None:
        self.out.ignored[why] += 1

    def _state(self, path: str, value: Any, one: Mapping[str, Any], moment: Any = None) -> None:
        day, instant = when(moment)
        focus = tuple(str(part.get("reference", "")) for part in listed(one, "focus"))
        self.stated.append(Stated(path, value, one["resourceType"], day, instant, focus))

    def _patient(self, one: Mapping[str, Any]) -> None:
        if one.get("gender") in ("female", "male"):
            self._state("patient.sex", "F" if one["gender"] == "female" else "M", one)
        born, _ = when(one.get("birthDate"))
        if born is None or born > self.today:
            self._ignore("Patient: no birth date with a day that has been, so no age")
            return
        years = self.today.year - born.year - ((self.today.month, self.today.day) < (born.month, born.day))
        self._state("patient.age", years, one)

    def _condition(self, one: Mapping[str, Any]) -> None:
        verified = {code for _, code in codings(one.get("verificationStatus"))}
        if verified - {"confirmed"}:
            self._ignore("Condition: not confirmed, refuted or entered in error")
            return
        clinical = {code for _, code in codings(one.get("clinicalStatus"))}
        if not clinical & PRESENT or clinical & ABSENT:
            self._ignore("Condition: not active, or no clinical status")
            return
        known = {**CONDITIONS, **self.codes.conditions}
        facts = [known[coding] for coding in dict.fromkeys(codings(one.get("code"))) if coding in known]
        if not facts:
            self._ignore("Condition: code not known")
        for path, value in ((path, value) for part in facts for path, value in part.items()):
            if path == "event":
                period = one.get("onsetPeriod")
                start = period.get("start") if isinstance(period, Mapping) else None
                self._event(dict(value), one.get("onsetDateTime") or start, one)
            else:
                self._state(path, value, one)

    def _event(self, fields: dict[str, Any], onset: Any, one: Mapping[str, Any]) -> None:
        day, _ = when(onset)
        day = day if day is not None and day <= self.today else None
        name = f"{one['resourceType']}/{one.get('id')}"
        same = next((event for event in self.events if event.fields["syndrome"] == fields["syndrome"]), None)
        if same is None:
            self.events.append(_Event(fields, day, {name}))
            return
        same.fields |= {key: value for key, value in fields.items() if key not in same.fields}
        same.onset = max((one for one in (same.onset, day) if one), default=None)
        same.told_by.add(name)

    def _observation(self, one: Mapping[str, Any]) -> None:
        if one.get("status") not in FINAL:
            self._ignore("Observation: not final")
            return
        known = {**OBSERVATIONS, **self.codes.observations}
        paths = [
            ALSO_CALLED.get(code, code) if system == FACT_SYSTEM else known.get((system, code))
            for system, code in codings(one.get("code"))
        ]
        path = next((path for path in paths if path in readable_facts()), None)
        if path is None:
            self._ignore("Observation: code not known")
            return
        value = observed(one, path, self.out.ignored)
        if value is None:
            return
        period = one.get("effectivePeriod")
        ended = (period.get("end") or period.get("start")) if isinstance(period, Mapping) else None
        moment = one.get("effectiveDateTime") or one.get("effectiveInstant") or ended
        if path == "events.syndrome":
            self._event({"syndrome": value}, None, one)
            return
        self._state(path, value, one, moment)

    def _medicationstatement(self, one: Mapping[str, Any]) -> None:
        self._drug(one, listed({"all": [one.get("effectivePeriod")]}, "all"))

    def _medicationrequest(self, one: Mapping[str, Any]) -> None:
        self._drug(one, [])

    def _drug(self, one: Mapping[str, Any], periods: list[Mapping[str, Any]]) -> None:
        kind = one["resourceType"]
        if one.get("status") != "active" or one.get("doNotPerform") is True or one.get("intent") in NO_ORDER:
            self._ignore(f"{kind}: not active, or no order")
            return
        if any((when(period.get("end"))[0] or date.max) < self.today for period in periods):
            self._ignore(f"{kind}: ended")
            return
        facts, why = drug_facts(one, self.medications)
        for path, value in facts.items():
            self._state(path, value, one)
        if why:
            self._ignore(why)

    def _allergyintolerance(self, one: Mapping[str, Any]) -> None:
        """Decides nothing: not to tolerate one drug is not to tolerate the standard ones."""
        if any(name in words_of(one.get("code")) for name in IMMUNOSUPPRESSANTS):
            self._ignore(
                "AllergyIntolerance to one immunosuppressant: whether the standard ones are not tolerated is yours to "
                "state (treatment.immunosuppressant_not_tolerated)"
            )
        else:
            self._ignore("AllergyIntolerance: not to an immunosuppressant")

    def _imagingstudy(self, one: Mapping[str, Any]) -> None:
        series = listed(one, "series")
        modalities = {str(item.get("code")) for item in listed(one, "modality")}
        modalities |= {str((part.get("modality") or {}).get("code")) for part in series if _is_coded(part, "modality")}
        where = [str((part.get("bodySite") or {}).get("display", "")) for part in series if _is_coded(part, "bodySite")]
        words = " ".join([*where, str(one.get("description", ""))]).lower().replace("-", " ").split()
        if one.get("status") != "available" or "MR" not in modalities or not {"brain", "head"} & set(words):
            self._ignore("ImagingStudy: no available MR of the brain")
            return
        self._state("mri.done", True, one, one.get("started"))

    def finished(self) -> FhirReading:
        """What holds today, in the form of a record."""
        out = self.out
        onsets = [event.onset for event in self.events if event.onset]
        onset = max(onsets) if onsets else None
        general = [one for one in self.stated if not one.path.startswith("events.")]
        for path, (value, day) in settled(general, out.ignored, today=self.today, onset=onset).items():
            part, names = out.data, path.split(".")
            for name in names[:-1]:
                part = part.setdefault(name, {})
            part[names[-1]] = value
            if value is not None:
                out.read[path] = day
        for event in self.events:
            out.data.setdefault("events", []).append(self._event_data(event, onset))
        lost = [one for one in self.stated if one.path.startswith("events.") and self._of(one) is None]
        if lost:
            out.ignored["a fact of an event, and not clear of which: state it by focus"] += len(lost)
        return out

    def _event_data(self, event: _Event, onset: date | None) -> dict[str, Any]:
        said = [one for one in self.stated if one.path.startswith("events.") and self._of(one) is event]
        known = [Stated(f"events.{name}", value, "Condition") for name, value in event.fields.items()]
        held = settled([*known, *said], self.out.ignored, today=self.today, onset=onset)
        dated = {"date": event.onset.isoformat()} if event.onset else {}
        self.out.read[f"events.{event.fields['syndrome']}"] = event.onset
        return {**{path.removeprefix("events."): value for path, (value, _) in held.items()}, **dated}

    def _of(self, one: Stated) -> _Event | None:
        """The event that a fact is about: the one in focus, else the only one."""
        named = [event for event in self.events if any(_names(event, reference) for reference in one.focus)]
        if one.focus:
            return named[0] if len(named) == 1 else None
        return self.events[0] if len(self.events) == 1 else None


def _names(event: _Event, reference: str) -> bool:
    return "/".join(reference.split("/_history/")[0].split("/")[-2:]) in event.told_by


def _is_coded(part: Mapping[str, Any], name: str) -> bool:
    return isinstance(part.get(name), Mapping)
