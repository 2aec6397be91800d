"""Codes and units that FHIR resources are read by: those that were verified, and those a hospital adds.

Verified in stored pages: LOINC 2880-3; SNOMED CT 55464009, 1144942002, 95644001, 402865003, 724767000, 230307005 and
193178008; ICD-10-CM M32.19; pregnancy status, LOINC 82810-3 with its answers (US Core 8.0.0 and the International
Patient Summary 1.1.0, https://hl7.org/fhir/uv/ips/ConceptMap-loinc-pregnancy-status-to-snomed-ct-uv-ips.html).
Everything else is for the hospital to state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.event import NeuropsychiatricEvent
from neurolupus.records.clinical.fields import RecordField, record_fields
from neurolupus.records.words import suggestion

LOINC, SNOMED, ICD10CM = "http://loinc.org", "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
UCUM = "http://unitsofmeasure.org"
FACT_SYSTEM = "urn:neurolupus:fact"  # an Observation whose code is a dotted fact of a patient's record
Coding = tuple[str, str]

CONDITIONS: Mapping[Coding, Mapping[str, Any]] = {
    (SNOMED, "402865003"): {"apl.aps": True, "apl.positive": True},
    (SNOMED, "724767000"): {"event": {"syndrome": "movement_disorder", "chorea": True}},
    (SNOMED, "230307005"): {"event": {"syndrome": "movement_disorder", "chorea": True}},
    (SNOMED, "193178008"): {"event": {"syndrome": "polyneuropathy"}},
    # lupus itself, and labels that name no syndrome: attribution is the score's and the meeting's
    (SNOMED, "55464009"): {},
    (SNOMED, "1144942002"): {},
    (SNOMED, "95644001"): {},
    (ICD10CM, "M32.19"): {},
}
OBSERVATIONS: Mapping[Coding, str] = {(LOINC, "2880-3"): "csf.protein", (LOINC, "82810-3"): "patient.pregnant"}
ANSWERS: Mapping[Coding, bool] = {
    (LOINC, "LA15173-0"): True, (SNOMED, "77386006"): True, (LOINC, "LA26683-5"): False, (SNOMED, "60001007"): False,
}  # fmt: skip
PROTEIN_UNITS: Mapping[str, str] = {"g/L": "g/L", "mg/dL": "mg/dL", "mg/L": "mg/L"}
UNITS: Mapping[str, frozenset[str]] = {
    "": frozenset({"1", "{ratio}"}),
    "points": frozenset({"1", "{score}"}),
    "years": frozenset({"a"}),
    "months": frozenset({"mo"}),
    "days": frozenset({"d"}),
    "mmH2O": frozenset({"mm[H2O]"}),
    "10⁹/L": frozenset({"10*9/L", "10*3/uL"}),
    "10⁶/L": frozenset({"10*6/L", "/uL", "{cells}/uL"}),
    "g/L": frozenset({"g/L"}),
    "mmol/L": frozenset({"mmol/L"}),
    "ml": frozenset({"mL"}),
    "g": frozenset({"g"}),
    "mg": frozenset({"mg"}),
    "kg/m²": frozenset({"kg/m2"}),
    "mg/kg per day": frozenset({"mg/kg/d"}),
}
"""Unit of the record -> UCUM codes whose number is the same; any other is not read."""
ALSO_CALLED: Mapping[str, str] = {"events": "events.syndrome", "csf": "csf.done", "mri": "mri.done"}
"""How a question names a part as a whole -> the fact that answers it."""


@dataclass(frozen=True, slots=True)
class Codes:
    """A hospital's own codes.

    Attributes
    ----------
    conditions : mapping of (system, code) to facts
        Dotted facts, or `event` with the fields of an event.
    observations : mapping of (system, code) to a dotted fact
    """

    conditions: Mapping[Coding, Mapping[str, Any]] = field(default_factory=dict)
    observations: Mapping[Coding, str] = field(default_factory=dict)


@cache
def readable_facts() -> Mapping[str, RecordField]:
    """Every fact that one Observation can state; those of an event are `events.` and its name."""
    found = {
        one.path.replace("events[]", "events"): one
        for one in record_fields(PatientRecord)
        if "[]" not in one.path.removeprefix("events[]") and one.kind not in ("choices", "texts")
    }
    for path in ("id", "as_of", "note", "events.id", "csf.protein.unit"):
        del found[path]
    found["csf.protein"] = found.pop("csf.protein.value")
    return found


def codes_from(data: Any) -> Codes:
    """A hospital's codes from plain values.

    Raises
    ------
    ValueError
        Another form, or a fact that a record does not have.

    Examples
    --------
    >>> codes_from({"observations": {"http://loinc.org|777-3": "lp_safety.platelets_10e9_per_L"}}).observations
    {('http://loinc.org', '777-3'): 'lp_safety.platelets_10e9_per_L'}
    """
    if not isinstance(data, Mapping) or not set(data) <= {"conditions", "observations"}:
        raise ValueError("codes have the sections conditions and observations, each of system|code")
    parts: dict[str, dict[Coding, Any]] = {"conditions": {}, "observations": {}}
    for name, part in parts.items():
        section = data.get(name) or {}
        if not isinstance(section, Mapping):
            raise ValueError(f"{name} is no mapping of system|code")
        for key, value in section.items():
            system, bar, code = str(key).rpartition("|")
            if not bar or not system or not isinstance(value, Mapping if name == "conditions" else str):
                raise ValueError(f"{name}: {key!r} is not system|code, or its value is not what it states")
            for fact in value if isinstance(value, Mapping) else [value]:
                _check_fact(f"{name} {key}", str(fact), value)
            part[system, code] = value
    return Codes(parts["conditions"], parts["observations"])


def _check_fact(where: str, fact: str, value: Any) -> None:
    if fact == "event" and isinstance(value, Mapping):
        names = {one.path for one in record_fields(NeuropsychiatricEvent)}
        unknown = [str(name) for name in value["event"] or {"nothing": 0} if name not in names]
        if unknown or not isinstance(value["event"], Mapping) or "syndrome" not in value["event"]:
            raise ValueError(f"{where}: an event needs a syndrome and has the fields {', '.join(sorted(names))}")
    elif fact not in readable_facts():
        raise ValueError(f"{where}: {fact!r} is no fact of a record{suggestion(fact, list(readable_facts()))}")
