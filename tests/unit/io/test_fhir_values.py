"""FHIR R4: dates, events, drugs, whose the resources are; every fact that is asked for can be stated."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from neurolupus.io.fhir import read_fhir
from neurolupus.io.fhir_codes import FACT_SYSTEM, LOINC, SNOMED, UCUM, readable_facts
from neurolupus.io.fhir_resources import MOST_RESOURCES
from neurolupus.io.patient_file import parse_patient
from neurolupus.records.clinical.codes import SYNDROMES
from neurolupus.workflows.advise import advise_data

TODAY = date(2026, 1, 15)


def fact(code: str, day: str | None = None, **more: Any) -> dict[str, Any]:
    dated = {"effectiveDateTime": day} if day else {}
    coded = {"coding": [{"system": FACT_SYSTEM, "code": code}]}
    return {"resourceType": "Observation", "status": "final", "code": coded, **dated, **more}


def protein(value: float, day: str | None) -> dict[str, Any]:
    found = fact("csf.protein", day, valueQuantity={"value": value, "system": UCUM, "code": "g/L"})
    found["code"] = {"coding": [{"system": LOINC, "code": "2880-3"}]}
    return found


def chorea(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": SNOMED, "code": "230307005"}]},
        **more,
    }


def drug(text: str, kind: str = "MedicationRequest", **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "status": "active", "medicationCodeableConcept": {"text": text}, **more}


def read(*resources: Any, **options: Any) -> Any:
    return read_fhir(list(resources), today=TODAY, **options)


# ---- dates


def test_the_latest_of_dated_values_holds_whatever_the_order():
    early, late = protein(0.9, "2025-12-01"), protein(0.3, "2026-01-10")
    for both in ((early, late), (late, early)):
        found = read(*both)
        assert found.data["csf"]["protein"]["value"] == 0.3
        assert found.read["csf.protein"] == date(2026, 1, 10)
        assert found.ignored


def test_the_latest_holds_for_any_fact_and_a_value_without_a_date_is_not_later():
    early, late = (
        fact("apl.positive", "2025-12-01", valueBoolean=True),
        fact("apl.positive", "2026-01-10", valueBoolean=False),
    )
    assert read(late, early).data["apl"]["positive"] is False
    assert read(late, fact("apl.positive", valueBoolean=True)).data["apl"]["positive"] is None
    assert read(late, fact("apl.positive", valueBoolean=False)).read["apl.positive"] == date(2026, 1, 10)


def test_two_values_of_one_day_go_by_the_instant_and_are_unknown_without_it():
    early, late = protein(0.9, "2026-01-10T09:00:00+05:00"), protein(0.3, "2026-01-10T08:00:00+01:00")  # 04:00, 07:00
    assert read(late, early).data["csf"]["protein"]["value"] == 0.3
    assert read(protein(0.9, "2026-01-10"), late).data["csf"]["protein"] is None


def test_findings_of_an_earlier_puncture_do_not_stand_beside_the_latest():
    found = read(fact("csf.pathogens_negative", "2025-06-01", valueBoolean=True), protein(0.7, "2026-01-10"))
    assert "pathogens_negative" not in found.data["csf"]
    assert found.ignored["csf: of an earlier lumbar puncture"] == 1


@pytest.mark.parametrize(
    ("day", "held"), [("2026-01-02", True), ("2026-01-01", True), ("2025-12-31", False), (None, True)]
)
def test_what_precedes_the_onset_says_nothing_of_the_event(day: str | None, held: bool):
    excluded = fact("secondary.cns_infection", day, valueBoolean=False)
    found = read(chorea(onsetDateTime="2026-01-01"), excluded)
    assert ("secondary" in found.data) is held


def test_an_mri_before_the_onset_is_not_the_mri_of_the_event():
    scan = {
        "resourceType": "ImagingStudy",
        "status": "available",
        "started": "2019-05-01T10:00:00Z",
        "series": [{"modality": {"code": "MR"}, "bodySite": {"display": "Brain"}}],
    }
    assert "mri" not in read(chorea(onsetDateTime="2026-01-01"), scan).data
    assert read(chorea(), scan).data["mri"] == {"done": True}
    assert read(chorea(), scan).read["mri.done"] == date(2019, 5, 1)  # shown, for the reader to judge


def test_what_is_dated_after_today_is_not_read():
    assert "csf" not in read(protein(0.7, "2026-02-01")).data


@pytest.mark.parametrize(("part", "other"), [("csf", "pathogens_negative"), ("mri", "normal")])
def test_findings_and_not_done_leave_all_of_them_unknown(part: str, other: str):
    found = read(fact(f"{part}.done", "2026-01-14", valueBoolean=False), fact(f"{part}.{other}", valueBoolean=True))
    assert found.data[part] == {"done": None, other: None}
    parse_patient(found.data, today=TODAY)


@pytest.mark.parametrize(("part", "other"), [("csf", "pathogens_negative"), ("mri", "normal")])
def test_a_finding_says_that_it_was_done(part: str, other: str):
    found = read(fact(f"{part}.{other}", "2026-01-14", valueBoolean=False))
    assert found.data[part] == {"done": True, other: False}
    assert found.read[f"{part}.done"] == date(2026, 1, 14)


def test_an_mri_done_and_contraindicated_is_neither():
    found = read(fact("mri.done", valueBoolean=True), fact("mri.contraindicated", valueBoolean=True))
    assert found.data["mri"] == {"done": None, "contraindicated": None}


# ---- pregnancy: LOINC 82810-3 and its answers, https://hl7.org/fhir/uv/ips/ValueSet-pregnancy-status-uv-ips.html


@pytest.mark.parametrize(
    ("answer", "day", "held"),
    [
        ((LOINC, "LA15173-0"), "2026-01-02", True),
        ((SNOMED, "77386006"), "2025-11-01", True),
        ((LOINC, "LA26683-5"), "2026-01-02", False),
        ((SNOMED, "60001007"), "2026-01-02", False),
        ((LOINC, "LA26683-5"), "2025-11-01", None),  # not pregnant then says nothing of now
        ((LOINC, "LA15173-0"), "2024-11-01", None),
        ((LOINC, "LA15173-0"), None, None),
        ((LOINC, "LA4489-6"), "2026-01-02", None),  # unknown
    ],
)
def test_pregnancy_is_coded_dated_and_recent(answer: tuple[str, str], day: str | None, held: bool | None):
    status = fact("", day, valueCodeableConcept={"coding": [{"system": answer[0], "code": answer[1]}]})
    status["code"] = {"coding": [{"system": LOINC, "code": "82810-3"}]}
    assert parse_patient(read(status).data, today=TODAY).patient.pregnant is held


# ---- events


def test_a_fact_of_the_only_event_needs_no_focus():
    found = read(fact("events.refractory", valueBoolean=True), chorea())
    assert found.data["events"] == [{"syndrome": "movement_disorder", "chorea": True, "refractory": True}]


def test_with_several_events_the_focus_says_which():
    psychosis = fact("events.syndrome", id="o1", valueString="psychosis")
    vague = fact("events.refractory", valueBoolean=True)
    found = read(chorea(), psychosis, vague)
    assert [event.get("refractory") for event in found.data["events"]] == [None, None]
    assert "focus" in " ".join(found.ignored)
    said = {**vague, "focus": [{"reference": "http://ehr.example/fhir/Observation/o1"}]}
    found = read(chorea(), psychosis, said)
    assert {event["syndrome"]: event.get("refractory") for event in found.data["events"]} == {
        "movement_disorder": None,
        "psychosis": True,
    }


def test_one_syndrome_told_twice_is_one_event_with_the_later_onset():
    found = read(chorea(onsetDateTime="2025-12-30"), chorea(id="c2", onsetPeriod={"start": "2026-01-03"}))
    assert found.data["events"] == [{"syndrome": "movement_disorder", "chorea": True, "date": "2026-01-03"}]


@pytest.mark.parametrize("onset", ["2026-03-01", "2026", "soon", 7])
def test_an_onset_that_is_no_day_that_has_been_is_unknown(onset: Any):
    assert "date" not in read(chorea(onsetDateTime=onset)).data["events"][0]


def test_a_condition_and_an_observation_that_differ_leave_the_fact_unknown():
    found = read(chorea(), fact("events.chorea", valueBoolean=False))
    assert found.data["events"][0]["chorea"] is None


@pytest.mark.parametrize("syndrome", SYNDROMES)
def test_every_syndrome_can_be_stated(syndrome: str):
    assert read(fact("events", valueString=syndrome)).data["events"] == [{"syndrome": syndrome}]


def test_a_syndrome_that_is_none_is_not_read():
    found = read(fact("events", valueString="melancholy"))
    assert "events" not in found.data
    assert "melancholy" not in str(found.ignored)


# ---- drugs


@pytest.mark.parametrize(
    ("resource", "facts"),
    [
        (drug("Prednisolone 20 mg tablet"), {"gc": True}),
        (drug("Hydrocortisone 1% cream"), {}),
        (drug("Dexamethasone eye drops"), {}),
        (drug("Dexamethasone 10 mg", dosageInstruction=[{"route": {"text": "Intrathecal route"}}]), {}),
        (drug("Cyclophosphamide 500 mg", dosageInstruction=[{"route": {"coding": [{"display": "Intravenous route"}]}}]),
         {"immunosuppressant": "cyclophosphamide_iv"}),
        (drug("Cyclophosphamide 50 mg tablet"), {"immunosuppressant": "other"}),
        (drug("Cyclophosphamide"), {}),
        (drug("Mycophenolate mofetil 500 mg"), {"immunosuppressant": "mycophenolate"}),
        (drug("Tacrolimus 1 mg"), {"immunosuppressant": "other"}),
        (drug("Azathioprine 50 mg", intent="plan"), {}),
        (drug("Azathioprine 50 mg", doNotPerform=True), {}),
        (drug("Azathioprine 50 mg", "MedicationStatement", effectivePeriod={"end": "2025-12-01"}), {}),
        (drug("Azathioprine 50 mg", "MedicationStatement", effectivePeriod={"start": "2025-12-01"}),
         {"immunosuppressant": "azathioprine"}),
        (drug("Warfarin 3 mg"), {"anticoagulated": True}),
        (drug("Heparin flush 10 units"), {}),
        (drug("Aspirin 75 mg"), {"antiplatelet": True}),
        ({"resourceType": "MedicationRequest", "status": "active", "medicationReference": {"reference": "#m"},
          "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Rituximab 500 mg"}}]},
         {"immunosuppressant": "rituximab"}),
        ({"resourceType": "MedicationRequest", "status": "active", "medicationReference": {"reference": "#m"}}, {}),
    ],
    ids=lambda one: str(one)[:60],
)  # fmt: skip
def test_drugs_count_by_word_route_and_standing(resource: dict[str, Any], facts: dict[str, Any]):
    found = read(resource)
    assert found.data.get("treatment", {}) == facts
    assert bool(found.ignored) is (not facts)


def test_a_drug_told_by_reference_to_another_resource_is_found():
    medication = {"resourceType": "Medication", "id": "9", "code": {"text": "Azathioprine"}}
    order = {"resourceType": "MedicationRequest", "status": "active",
             "medicationReference": {"reference": "Medication/9"}}  # fmt: skip
    assert read(order, medication).data["treatment"] == {"immunosuppressant": "azathioprine"}


# ---- whose


def test_what_belongs_to_another_patient_is_not_read():
    found = read(
        {"resourceType": "Patient", "id": "a", "gender": "female"},
        chorea(subject={"reference": "Patient/a"}),
        fact("apl.positive", valueBoolean=True, subject={"reference": "https://ehr.example/fhir/Patient/b"}),
    )
    assert len(found.data["events"]) == 1
    assert "apl" not in found.data
    assert found.ignored["of another patient"] == 1


def test_resources_of_several_patients_give_nothing():
    one, other = ({"resourceType": "Patient", "id": name, "gender": "female"} for name in "ab")
    assert read(one, other).data == {}
    assert read(one, other, patient="a").data == {"patient": {"sex": "F"}}
    assert read(*(chorea(subject={"reference": f"Patient/{name}"}) for name in "ab")).data == {}


def test_what_is_nested_too_deep_is_counted_and_not_read():
    deep: Any = fact("apl.positive", valueBoolean=True)
    for _ in range(3000):
        deep = [deep]
    found = read(deep)
    assert found.data == {}
    assert found.ignored["nested too deep"] == 1


def test_pages_that_were_not_supplied_and_too_many_resources_are_counted():
    bundle = {"resourceType": "Bundle", "link": [{"relation": "next", "url": "x"}], "entry": []}
    assert "pages" in " ".join(read(bundle).ignored)
    assert f"more than {MOST_RESOURCES} resources" in read(*[{"resourceType": "Device"}] * (MOST_RESOURCES + 1)).ignored


# ---- every fact that is asked for can be stated


def value_of(name: str) -> dict[str, Any]:
    one = readable_facts()[name]
    if one.kind == "yes_no":
        return {"valueBoolean": True}
    if one.choices:
        return {"valueString": one.choices[0]}
    if name == "csf.protein":
        return {"valueQuantity": {"value": 1, "system": UCUM, "code": "g/L"}}
    units = {"mmH2O": "mm[H2O]", "10⁹/L": "10*9/L", "mg/kg per day": "mg/kg/d", "months": "mo", "years": "a"}
    if one.kind in ("number", "whole_number") and one.about.unit in ("", "points"):
        return {"valueInteger": 1}
    if one.kind == "number":
        unit = units.get(one.about.unit) or {"days": "d", "ml": "mL", "10⁶/L": "10*6/L", "kg/m²": "kg/m2"}.get(
            one.about.unit, one.about.unit
        )
        return {"valueQuantity": {"value": 1, "system": UCUM, "code": unit}}
    return {"valueDateTime": "2026-01-02"} if one.kind == "date" else {"valueString": "migraine"}


@pytest.mark.parametrize("name", sorted(readable_facts()))
def test_every_fact_can_be_stated(name: str):
    found = read(fact("events", valueString="cerebrovascular_disease"), fact(name, "2026-01-14", **value_of(name)))
    part: Any = found.data
    for step in name.split("."):
        part = part[0][step] if isinstance(part, list) else part[step]
    assert part is not None
    assert not found.ignored


@pytest.mark.parametrize("syndrome", SYNDROMES)
def test_every_question_of_the_advice_can_be_answered_by_an_observation(syndrome: str):
    asked = advise_data({"events": [{"syndrome": syndrome}]}, today=TODAY)["data_requests"]
    assert asked
    alias = {"events": "events.syndrome", "csf": "csf.done", "mri": "mri.done"}
    for name in asked:
        told = fact(name, "2026-01-14", **value_of(alias.get(name, name)))
        found = read(fact("events", valueString=syndrome), told)
        assert not found.ignored, name
