"""Codes that FHIR resources are read by: those that were verified, and those a hospital adds.

Verified in stored pages (L- statements and the guidance's list of codes): LOINC 2880-3; SNOMED CT 55464009, 402865003,
724767000, 230307005 and 193178008; ICD-10-CM M32.19. Everything else is for the hospital to state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LOINC, SNOMED, ICD10CM = "http://loinc.org", "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
FACT_SYSTEM = "urn:neurolupus:fact"  # an Observation whose code is a dotted fact of a patient's record
Coding = tuple[str, str]

CONDITIONS: Mapping[Coding, Mapping[str, Any]] = {
    (SNOMED, "402865003"): {"apl.aps": True, "apl.positive": True},
    (SNOMED, "724767000"): {"event": {"syndrome": "movement_disorder", "chorea": True}},
    (SNOMED, "230307005"): {"event": {"syndrome": "movement_disorder", "chorea": True}},
    (SNOMED, "193178008"): {"event": {"syndrome": "polyneuropathy"}},
    (SNOMED, "55464009"): {},
    (ICD10CM, "M32.19"): {},
}
OBSERVATIONS: Mapping[Coding, str] = {(LOINC, "2880-3"): "csf.protein"}
PROTEIN_UNITS: Mapping[str, str] = {"g/L": "g/L", "mg/dL": "mg/dL", "mg/L": "mg/L"}  # UCUM
GLUCOCORTICOIDS = ("prednisone", "prednisolone", "methylprednisolone", "dexamethasone", "hydrocortisone")
IMMUNOSUPPRESSANTS: Mapping[str, str] = {
    "cyclophosphamide": "cyclophosphamide_iv",
    "mycophenol": "mycophenolate",
    "azathioprine": "azathioprine",
    "rituximab": "rituximab",
}


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


def codes_from(data: Any) -> Codes:
    """A hospital's codes from plain values.

    Raises
    ------
    ValueError
        Another form.

    Examples
    --------
    >>> codes_from({"observations": {"http://loinc.org|33799-8": "sle.anti_dsdna"}}).observations
    {('http://loinc.org', '33799-8'): 'sle.anti_dsdna'}
    """
    if not isinstance(data, Mapping) or not set(data) <= {"conditions", "observations"}:
        raise ValueError("codes have the sections conditions and observations, each of system|code")
    parts: dict[str, dict[Coding, Any]] = {"conditions": {}, "observations": {}}
    for name, part in parts.items():
        for key, value in (data.get(name) or {}).items():
            system, bar, code = str(key).rpartition("|")
            if not bar or not system or not isinstance(value, Mapping if name == "conditions" else str):
                raise ValueError(f"{name}: {key!r} is not system|code, or its value is not what it states")
            part[system, code] = value
    return Codes(parts["conditions"], parts["observations"])
