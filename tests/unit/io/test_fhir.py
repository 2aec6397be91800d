"""FHIR R4 -> facts: what is present, what is unknown, and what was left unread and why."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from neurolupus.io.fhir import read_fhir
from neurolupus.io.fhir_codes import FACT_SYSTEM, LOINC, SNOMED, codes_from
from neurolupus.io.patient_file import parse_patient

TODAY = date(2026, 1, 15)
REQUEST = json.loads((Path(__file__).parents[2] / "cases" / "fhir" / "patient_view.json").read_text("utf-8"))


def condition(
    code: str, *, clinical: str = "active", verification: str = "confirmed", system: str = SNOMED
) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": clinical}]},
        "verificationStatus": {"coding": [{"code": verification}]},
        "code": {"coding": [{"system": system, "code": code}]},
    }


def observation(code: str, system: str = FACT_SYSTEM, status: str = "final", **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": status,
        "code": {"coding": [{"system": system, "code": code}]},
        **value,
    }


def test_a_prefetch_becomes_a_record():
    found = read_fhir(REQUEST["prefetch"], today=TODAY)
    record = parse_patient(found.data, today=TODAY)
    assert (record.patient.age, record.patient.sex) == (31, "F")
    assert [event.syndrome for event in record.events] == ["movement_disorder"]
    assert record.events[0].chorea is True
    assert record.csf.protein is not None
    assert record.csf.protein.g_per_L == 0.72
    assert record.attribution.italian_score == 8
    assert record.treatment.gc is True
    # inactive, refuted, entered in error: unknown, never present and never false
    assert record.apl.aps is None
    assert record.apl.positive is None
    assert sum(found.ignored.values()) == 3


def test_absence_says_nothing():
    record = parse_patient(read_fhir({"conditions": None, "medications": None}, today=TODAY).data, today=TODAY)
    assert record.treatment.gc is None
    assert record.secondary.cns_infection is None


@pytest.mark.parametrize("clinical", ["inactive", "resolved", "remission", ""])
def test_what_is_not_active_is_not_present(clinical: str):
    found = read_fhir(condition("230307005", clinical=clinical), today=TODAY)
    assert "events" not in found.data
    assert sum(found.ignored.values()) == 1


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error", "unconfirmed", "differential", "provisional"])
def test_what_is_not_confirmed_is_not_present(verification: str):
    assert "events" not in read_fhir(condition("230307005", verification=verification), today=TODAY).data


@pytest.mark.parametrize(
    ("code", "unit"), [("g/L", "g/L"), ("mg/dL", "mg/dL"), ("mg/L", "mg/L"), ("mmol/L", None), (None, None)]
)
def test_units_are_ucum_or_unknown(code: str | None, unit: str | None):
    one = observation("2880-3", LOINC, valueQuantity={"value": 0.72, "code": code, "unit": "g/L"})
    assert read_fhir(one, today=TODAY).data["csf"]["protein"] == {"value": 0.72, "unit": unit}


def test_a_limit_is_no_value():
    one = observation("2880-3", LOINC, valueQuantity={"value": 0.1, "code": "g/L", "comparator": "<"})
    found = read_fhir(one, today=TODAY)
    assert "csf" not in found.data
    assert found.ignored


@pytest.mark.parametrize("status", ["preliminary", "registered", "cancelled", "entered-in-error", None])
def test_observations_that_are_not_final_are_not_read(status: str | None):
    assert read_fhir(observation("apl.positive", status=status, valueBoolean=True), today=TODAY).data == {}


def test_two_values_that_differ_are_unknown_and_counted():
    both = [observation("apl.positive", valueBoolean=True), observation("apl.positive", valueBoolean=False)]
    found = read_fhir(both, today=TODAY)
    assert found.data["apl"]["positive"] is None
    assert "differ" in " ".join(found.ignored)


def test_stopped_drugs_and_other_drugs_are_not_read():
    stopped = {
        "resourceType": "MedicationRequest",
        "status": "stopped",
        "medicationCodeableConcept": {"text": "prednisone"},
    }
    other = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": "ibuprofen"},
    }
    found = read_fhir([stopped, other], today=TODAY)
    assert found.data == {}
    assert sum(found.ignored.values()) == 2


def test_an_allergy_to_an_immunosuppressant_is_intolerance():
    one = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": "Azathioprine"},
    }
    assert read_fhir(one, today=TODAY).data == {"treatment": {"immunosuppressant_not_tolerated": True}}


@pytest.mark.parametrize(
    ("modality", "description", "done"), [("MR", "MR brain", True), ("CT", "CT brain", False), ("MR", "MR knee", False)]
)
def test_an_mr_of_the_brain_is_an_mri_done(modality: str, description: str, done: bool):
    one = {
        "resourceType": "ImagingStudy",
        "status": "available",
        "modality": [{"code": modality}],
        "description": description,
    }
    assert ("mri" in read_fhir(one, today=TODAY).data) is done


def test_age_counts_whole_years():
    for born, age in (("2000-01-15", 26), ("2000-01-16", 25)):
        assert read_fhir({"resourceType": "Patient", "birthDate": born}, today=TODAY).data["patient"]["age"] == age


def test_a_year_of_birth_gives_no_age():
    assert read_fhir({"resourceType": "Patient", "birthDate": "2000"}, today=TODAY).data == {}


def test_a_hospital_adds_its_codes():
    codes = codes_from({"conditions": {f"{SNOMED}|91175000": {"event": {"syndrome": "seizure_disorder"}}}})
    found = read_fhir(condition("91175000"), today=TODAY, codes=codes)
    assert found.data["events"] == [{"syndrome": "seizure_disorder"}]
    with pytest.raises(ValueError, match="system"):
        codes_from({"conditions": {"91175000": {}}})


def test_names_are_never_read():
    text = json.dumps(read_fhir(REQUEST["prefetch"], today=TODAY).data)
    assert "Canar" not in text


JUNK = [
    3,
    "x",
    {"resourceType": 7},
    {"resourceType": "Observation", "code": 3, "status": "final"},
    {"resourceType": "Bundle", "entry": [None, 3]},
    [[[]]],
]


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_junk_gives_nothing(junk: Any):
    assert read_fhir(junk, today=TODAY).data == {}
