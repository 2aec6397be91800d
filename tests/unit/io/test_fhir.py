"""FHIR R4 -> facts: what is present, what is unknown, and what was left unread and why."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from neurolupus.io.fhir import read_fhir
from neurolupus.io.fhir_codes import FACT_SYSTEM, LOINC, SNOMED, UCUM, codes_from
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
    assert {"csf.protein", "events.movement_disorder", "treatment.gc"} <= set(found.read)


def test_absence_says_nothing():
    record = parse_patient(read_fhir({"conditions": None, "medications": None}, today=TODAY).data, today=TODAY)
    assert record.treatment.gc is None
    assert record.secondary.cns_infection is None


@pytest.mark.parametrize("clinical", ["inactive", "resolved", "remission", ""])
def test_what_is_not_active_is_not_present(clinical: str):
    found = read_fhir(condition("230307005", clinical=clinical), today=TODAY)
    assert "events" not in found.data
    assert sum(found.ignored.values()) == 1


def test_two_clinical_statuses_that_contradict_are_not_active():
    one = condition("230307005")
    one["clinicalStatus"]["coding"].append({"code": "resolved"})
    assert "events" not in read_fhir(one, today=TODAY).data


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error", "unconfirmed", "differential", "provisional"])
def test_what_is_not_confirmed_is_not_present(verification: str):
    assert "events" not in read_fhir(condition("230307005", verification=verification), today=TODAY).data


@pytest.mark.parametrize(
    ("system", "code", "unit"),
    [
        (UCUM, "g/L", "g/L"),
        (UCUM, "mg/dL", "mg/dL"),
        (UCUM, "mg/L", "mg/L"),
        (UCUM, "mmol/L", None),
        (UCUM, None, None),
        ("urn:hospital", "g/L", None),
        (None, "g/L", None),
    ],
)
def test_units_are_ucum_or_unknown_and_asked_for(system: str | None, code: str | None, unit: str | None):
    one = observation("2880-3", LOINC, valueQuantity={"value": 0.72, "system": system, "code": code, "unit": "g/L"})
    data = read_fhir(one, today=TODAY).data
    assert data["csf"]["protein"] == {"value": 0.72, "unit": unit}
    protein = parse_patient(data, today=TODAY).csf.protein
    assert protein is not None
    assert (protein.g_per_L is None) is (unit is None)


# mmH2O of the record; 18 cmH2O is 180 mmH2O and must never be read as 18
@pytest.mark.parametrize(("code", "pressure"), [("mm[H2O]", 190), ("cm[H2O]", None), ("mm[Hg]", None), (None, None)])
def test_an_opening_pressure_in_another_unit_is_unknown(code: str | None, pressure: float | None):
    one = observation("csf.opening_pressure_mmH2O", valueQuantity={"value": 190, "system": UCUM, "code": code})
    found = read_fhir(one, today=TODAY)
    assert found.data.get("csf", {}).get("opening_pressure_mmH2O") == pressure
    assert bool(found.ignored) is (pressure is None)


def test_a_limit_is_no_value():
    one = observation("2880-3", LOINC, valueQuantity={"value": 0.1, "system": UCUM, "code": "g/L", "comparator": "<"})
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


def test_an_allergy_to_one_immunosuppressant_decides_nothing_and_is_told():
    one = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": "Azathioprine"},
    }
    found = read_fhir(one, today=TODAY)
    assert found.data == {}  # the fact would open the intrathecal option
    assert "immunosuppressant_not_tolerated" in " ".join(found.ignored)


@pytest.mark.parametrize(
    ("modality", "description", "status", "done"),
    [
        ("MR", "MR brain", "available", True),
        ("CT", "CT brain", "available", False),
        ("MR", "MR knee", "available", False),
        ("MR", "MR brain", "cancelled", False),
        ("MR", "MR brain", "registered", False),
    ],
)
def test_an_mr_of_the_brain_is_an_mri_done(modality: str, description: str, status: str, done: bool):
    one = {
        "resourceType": "ImagingStudy",
        "status": status,
        "modality": [{"code": modality}],
        "description": description,
    }
    assert ("mri" in read_fhir(one, today=TODAY).data) is done


def test_age_counts_whole_years():
    for born, age in (("2000-01-15", 26), ("2000-01-16", 25)):
        assert read_fhir({"resourceType": "Patient", "birthDate": born}, today=TODAY).data["patient"]["age"] == age


@pytest.mark.parametrize("born", ["2000", "2000-01", "2026-01-16", "soon"])
def test_a_birth_date_that_is_no_day_that_has_been_gives_no_age(born: str):
    found = read_fhir({"resourceType": "Patient", "birthDate": born}, today=TODAY)
    assert found.data == {}
    assert sum(found.ignored.values()) == 1


def test_a_hospital_adds_its_codes():
    codes = codes_from({"conditions": {f"{SNOMED}|91175000": {"event": {"syndrome": "seizure_disorder"}}}})
    found = read_fhir(condition("91175000"), today=TODAY, codes=codes)
    assert found.data["events"] == [{"syndrome": "seizure_disorder"}]


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({"conditions": {"91175000": {}}}, "system"),
        ({"observations": {"http://x|1": "apl.positiv"}}, "apl.positive"),
        ({"observations": {"http://x|1": "events[].chorea"}}, "no fact"),
        ({"conditions": {"http://x|1": {"event": {"chorea": True}}}}, "syndrome"),
        ({"conditions": {"http://x|1": {"event": {"syndrome": "psychosis", "colour": 1}}}}, "fields"),
        ({"conditions": {"http://x|1": {"event": []}}}, "syndrome"),
        ({"conditions": [1]}, "mapping"),
        ({"codes": {}}, "sections"),
        ([], "sections"),
    ],
)
def test_codes_of_another_form_are_refused(codes: Any, message: str):
    with pytest.raises(ValueError, match=message):
        codes_from(codes)


def test_names_are_never_read():
    text = json.dumps(read_fhir(REQUEST["prefetch"], today=TODAY).data)
    assert "Canar" not in text
    assert "1994" not in text


JUNK = [
    3,
    "x",
    {"resourceType": 7},
    {"resourceType": "Observation", "code": 3, "status": "final"},
    {"resourceType": "Bundle", "entry": [None, 3]},
    [[[]]],
    {"a": {"b": {"c": None}}},
    {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": FACT_SYSTEM, "code": "apl"}]}},
    {"resourceType": "Patient", "birthDate": ["2000"]},
    {"resourceType": "Condition", "clinicalStatus": [], "code": {"coding": {"code": 3}}},
    {"resourceType": "MedicationRequest", "status": "active", "medicationReference": "Medication/1"},
    {"resourceType": "ImagingStudy", "series": [{"modality": "MR", "bodySite": 7}], "modality": "MR"},
    {"resourceType": "Observation", "status": "final", "valueQuantity": 3,
     "code": {"coding": [{"system": "http://loinc.org", "code": "2880-3"}]}},
]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_junk_gives_nothing(junk: Any):
    assert read_fhir(junk, today=TODAY).data == {}
