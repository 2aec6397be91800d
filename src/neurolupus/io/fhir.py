"""FHIR R4 resources -> the plain values of a patient's record; what was not read is counted, with the reason.

The absence of a resource is unknown, never false; what is refuted, entered in error or no longer active does not count
as present. Names and addresses are not read at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from neurolupus.io.fhir_codes import (
    CONDITIONS,
    FACT_SYSTEM,
    GLUCOCORTICOIDS,
    IMMUNOSUPPRESSANTS,
    OBSERVATIONS,
    PROTEIN_UNITS,
    Codes,
)

PRESENT = ("active", "recurrence", "relapse")
NOT_TRUE = ("refuted", "entered-in-error", "unconfirmed", "differential", "provisional")
FINAL = ("final", "amended", "corrected")
TAKEN = ("active", "completed")
MOST_RESOURCES = 2000


@dataclass(slots=True)
class FhirReading:
    """What FHIR resources say, in the words of a patient's record.

    Attributes
    ----------
    data : mapping
        For `parse_patient`.
    used : counter of str
        Resource types that gave a fact.
    ignored : counter of str
        Why others did not.
    """

    data: dict[str, Any] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)

    def put(self, path: str, value: Any, kind: str) -> None:
        """Set a dotted fact; a second, other value is a conflict, and the fact becomes unknown."""
        part, names = self.data, path.split(".")
        for name in names[:-1]:
            part = part.setdefault(name, {})
        if names[-1] in part and part[names[-1]] != value:
            self.ignored[f"{path}: two values that differ; taken as unknown"] += 1
            part[names[-1]] = None
            return
        part[names[-1]] = value
        self.used[kind] += 1


def read_fhir(resources: Any, *, today: date, codes: Codes | None = None) -> FhirReading:
    """The facts that resources state.

    Parameters
    ----------
    resources : Bundle, resource, list of them, or mapping of prefetch key to them
        None is nothing found; it says nothing.
    today : date
        For the age.
    codes : Codes or None
        Further codes, of the hospital; those that are verified are always read.

    Examples
    --------
    >>> protein = {"resourceType": "Observation", "status": "final",
    ...            "code": {"coding": [{"system": "http://loinc.org", "code": "2880-3"}]},
    ...            "valueQuantity": {"value": 72, "system": "http://unitsofmeasure.org", "code": "mg/dL"}}
    >>> read_fhir(protein, today=date(2026, 1, 1)).data["csf"]
    {'protein': {'value': 72, 'unit': 'mg/dL'}, 'done': True}
    """
    found = FhirReading()
    readers: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
        "Patient": lambda one: _patient(one, found, today),
        "Condition": lambda one: _condition(one, found, codes or Codes()),
        "Observation": lambda one: _observation(one, found, codes or Codes()),
        "MedicationStatement": lambda one: _medication(one, found),
        "MedicationRequest": lambda one: _medication(one, found),
        "AllergyIntolerance": lambda one: _allergy(one, found),
        "ImagingStudy": lambda one: _imaging(one, found),
    }
    for number, one in enumerate(_resources(resources)):
        if number >= MOST_RESOURCES:
            found.ignored[f"more than {MOST_RESOURCES} resources"] += 1
            break
        kind = str(one.get("resourceType"))
        if kind in readers:
            readers[kind](one)
        elif kind not in ("Bundle", "OperationOutcome"):
            found.ignored[f"{kind}: not a resource that is read"] += 1
    return found


def _resources(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _resources(one)
    elif isinstance(value, Mapping):
        if value.get("resourceType") == "Bundle":
            for entry in value.get("entry") or []:
                if isinstance(entry, Mapping):
                    yield from _resources(entry.get("resource"))
        elif "resourceType" in value:
            yield value
        else:
            for one in value.values():
                yield from _resources(one)


def _codings(concept: Any) -> list[tuple[str, str]]:
    found = []
    for concept_ in concept if isinstance(concept, list) else [concept]:
        if isinstance(concept_, Mapping):
            for one in concept_.get("coding") or []:
                if isinstance(one, Mapping):
                    found.append((str(one.get("system", "")), str(one.get("code", ""))))
    return found


def _words(concept: Any) -> str:
    if not isinstance(concept, Mapping):
        return ""
    texts = [str(concept.get("text", ""))]
    texts += [str(one.get("display", "")) for one in concept.get("coding") or [] if isinstance(one, Mapping)]
    return " ".join(texts).lower()


def _status(resource: Mapping[str, Any], name: str) -> str:
    codings = _codings(resource.get(name))
    return codings[0][1] if codings else ""


def _patient(one: Mapping[str, Any], found: FhirReading, today: date) -> None:
    gender = one.get("gender")
    if gender in ("female", "male"):
        found.put("patient.sex", "F" if gender == "female" else "M", "Patient")
    born = str(one.get("birthDate", ""))
    try:
        day = date.fromisoformat(born)
    except ValueError:
        if born:
            found.ignored["Patient: birth date without a day, so no age"] += 1
        return
    if day <= today:
        years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
        found.put("patient.age", years, "Patient")
    else:
        found.ignored["Patient: birth date in the future"] += 1


def _condition(one: Mapping[str, Any], found: FhirReading, codes: Codes) -> None:
    if _status(one, "verificationStatus") in NOT_TRUE:
        found.ignored[f"Condition: {_status(one, 'verificationStatus')}"] += 1
        return
    if _status(one, "clinicalStatus") not in PRESENT:
        found.ignored[f"Condition: {_status(one, 'clinicalStatus') or 'no clinical status'}, not active"] += 1
        return
    known = {**CONDITIONS, **codes.conditions}
    facts = next((known[coding] for coding in _codings(one.get("code")) if coding in known), None)
    if facts is None:
        found.ignored["Condition: code not known"] += 1
        return
    for path, value in facts.items():
        if path == "event":
            events = found.data.setdefault("events", [])
            if value not in events:
                events.append(dict(value))
            found.used["Condition"] += 1
        else:
            found.put(path, value, "Condition")


def _observation(one: Mapping[str, Any], found: FhirReading, codes: Codes) -> None:
    if one.get("status") not in FINAL:
        found.ignored[f"Observation: status {one.get('status')}, not final"] += 1
        return
    if "dataAbsentReason" in one:
        found.ignored["Observation: value absent"] += 1
        return
    known = {**OBSERVATIONS, **codes.observations}
    for system, code in _codings(one.get("code")):
        path = code if system == FACT_SYSTEM else known.get((system, code))
        if path is None:
            continue
        value = _value(one, path, found)
        if value is not None:
            found.put(path, value, "Observation")
            if path.startswith("csf."):
                found.put("csf.done", True, "Observation")
        return
    found.ignored["Observation: code not known"] += 1


def _value(one: Mapping[str, Any], path: str, found: FhirReading) -> Any:
    if isinstance(one.get("valueBoolean"), bool):
        return one["valueBoolean"]
    quantity = one.get("valueQuantity")
    if isinstance(quantity, Mapping) and isinstance(quantity.get("value"), (int, float)):
        if quantity.get("comparator"):
            found.ignored["Observation: a limit (< or >) and no value"] += 1
            return None
        if path == "csf.protein":
            return {"value": quantity["value"], "unit": PROTEIN_UNITS.get(str(quantity.get("code")))}
        return quantity["value"]
    if isinstance(one.get("valueInteger"), int):
        return one["valueInteger"]
    if isinstance(one.get("valueString"), str):
        return one["valueString"]
    found.ignored["Observation: no value that is read"] += 1
    return None


def _medication(one: Mapping[str, Any], found: FhirReading) -> None:
    kind = str(one.get("resourceType"))
    if one.get("status") != "active" or one.get("doNotPerform") is True:
        found.ignored[f"{kind}: status {one.get('status')}, not active"] += 1
        return
    words = _words(one.get("medicationCodeableConcept"))
    if any(name in words for name in GLUCOCORTICOIDS):
        found.put("treatment.gc", True, kind)
        return
    drug = next((value for name, value in IMMUNOSUPPRESSANTS.items() if name in words), None)
    if drug is None:
        found.ignored[f"{kind}: drug not known"] += 1
    else:
        found.put("treatment.immunosuppressant", drug, kind)


def _allergy(one: Mapping[str, Any], found: FhirReading) -> None:
    if _status(one, "clinicalStatus") not in ("active", "") or _status(one, "verificationStatus") in NOT_TRUE:
        found.ignored["AllergyIntolerance: not active or not confirmed"] += 1
        return
    if any(name in _words(one.get("code")) for name in IMMUNOSUPPRESSANTS):
        found.put("treatment.immunosuppressant_not_tolerated", True, "AllergyIntolerance")
    else:
        found.ignored["AllergyIntolerance: not of an immunosuppressant"] += 1


def _imaging(one: Mapping[str, Any], found: FhirReading) -> None:
    modalities = {str(item.get("code")) for item in one.get("modality") or [] if isinstance(item, Mapping)}
    where = " ".join(
        str((series.get("bodySite") or {}).get("display", "")).lower()
        for series in one.get("series") or []
        if isinstance(series, Mapping)
    )
    where += " " + str(one.get("description", "")).lower()
    if one.get("status") != "available" or "MR" not in modalities or not any(w in where for w in ("brain", "head")):
        found.ignored["ImagingStudy: no available MR of the brain"] += 1
        return
    found.put("mri.done", True, "ImagingStudy")
