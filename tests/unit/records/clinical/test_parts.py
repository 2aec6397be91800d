"""The parts of a record refuse what cannot be, tell all of it at once, and do not tell it to a log."""

from dataclasses import fields
from datetime import date, datetime
from typing import Any

import pytest

from neurolupus.errors import PatientFileError
from neurolupus.records.clinical import (
    Acr1997,
    Antiphospholipid,
    Csf,
    Death,
    Discharge,
    FollowUp,
    IntrathecalSession,
    LumbarPuncture,
    Lupus,
    Mri,
    NeuropsychiatricEvent,
    Patient,
    PatientRecord,
    ProteinConcentration,
    Relapse,
    SdiItems,
    Sledai2kItems,
    Slicc2012,
    Treatment,
)
from neurolupus.records.clinical.fields import record_fields

DAY = date(2025, 6, 1)


def faults(kind: type, *given: Any, **values: Any) -> tuple[str, ...]:
    """What a part says of its values."""
    with pytest.raises(PatientFileError) as error:
        kind(*given, **values)
    return error.value.faults


def test_all_faults_of_a_part_are_told_at_once():
    assert faults(Patient, age=240, bmi=2, sex="M", pregnant=True) == (
        "age is 240; 0 to 125 years is needed",
        "bmi is 2; 8 to 100 kg/m² is needed",
        "pregnant is true and sex is M; one of them is wrong",
    )


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        (Patient, {"age": -1}, "age is -1; 0 to 125 years is needed"),
        (Lupus, {"sledai2k": 106}, "sledai2k is 106; 0 to 105 points is needed"),
        (Lupus, {"sledai2k": 7.5}, "sledai2k is 7.5; a whole number is needed"),
        (Lupus, {"sdi": True}, "sdi is True; a whole number is needed"),
        (Csf, {"opening_pressure_mmH2O": float("nan")}, "a number is needed"),
        (Csf, {"done": 1}, "done is 1; true or false is needed"),
        (Csf, {"done": False, "pathogens_negative": True}, "done is false and pathogens_negative is known"),
        (Csf, {"protein": 0.5}, "protein is 0.5; ProteinConcentration is needed"),
        (Mri, {"done": False, "normal": True, "concordant": True}, "done is false and normal and concordant are known"),
        (Mri, {"done": True, "contraindicated": True}, "contraindicated is true and done is true"),
        (Mri, {"tbv_ml": 1500, "tiv_ml": 1400}, "tbv_ml is 1500 and tiv_ml is 1400; a part exceeds the whole"),
        (Antiphospholipid, {"aps": True, "positive": False}, "aps is true and positive is false"),
        (ProteinConcentration, {"value": -0.1}, "value is -0.1; 0 or more is needed"),
        (ProteinConcentration, {"value": 72, "unit": "g/L"}, "value is 72 g/L, which is 72 g/L; at most 20 g/L can be"),
        (ProteinConcentration, {"value": 1, "unit": "g/l"}, "unit is 'g/l'; choose g/L, mg/dL or mg/L"),
        (NeuropsychiatricEvent, {"syndrome": "madness"}, "syndrome is 'madness'; choose aseptic_meningitis"),
        (NeuropsychiatricEvent, {"syndrome": "psychosis", "date": datetime(2025, 1, 1)}, "a date is needed"),
        (NeuropsychiatricEvent, {"syndrome": "psychosis", "date": date(202, 1, 1)}, "1900-01-01 or later is needed"),
        (Treatment, {"gc": False, "prednisone_mg_per_kg": 0.3}, "gc is false and prednisone_mg_per_kg is 0.3"),
        (Treatment, {"in_hospital": ["rituximab"]}, "in_hospital is a list; a tuple is needed"),
        (IntrathecalSession, {"date": DAY, "reactions": ("wheal", "itch")}, "reactions[2] is 'itch'; choose"),
        (IntrathecalSession, {"date": DAY, "methotrexate_mg": 1000}, "0 to 100 mg is needed"),
        (LumbarPuncture, {"date": DAY, "csf": Csf(done=False)}, "csf.done is false and the lumbar puncture has a date"),
        (Discharge, {"improved": True, "worse": True}, "worse is true and improved is true"),
        (Discharge, {"bilag": "D", "worse": True}, "worse is true and bilag is D, which is no active disease"),
        (Discharge, {"admitted": DAY, "date": date(2025, 5, 1)}, "admitted is 2025-06-01, after date (2025-05-01)"),
        (FollowUp, {"relapses": (Relapse(DAY), Relapse(DAY))}, "relapses[2].date is 2025-06-01, as that of entry 1"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(kind: type, values: dict[str, Any], told: str):
    assert told in "; ".join(faults(kind, **values))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Patient, {"age": 0}),
        (Patient, {"age": 125}),
        (Patient, {"sex": "M", "pregnant": False}),
        (Lupus, {"sledai2k": 105}),
        (ProteinConcentration, {"value": 20, "unit": "g/L"}),
        (ProteinConcentration, {"value": 2000, "unit": "mg/dL"}),
        (Csf, {"done": False}),
        (Csf, {"done": False, "protein": ProteinConcentration()}),
        (Mri, {"done": False, "contraindicated": True}),
        (Mri, {"tbv_ml": 1400, "tiv_ml": 1400}),
        (NeuropsychiatricEvent, {"syndrome": "cerebrovascular_disease", "arterial": True, "haemorrhage": True}),
        (Antiphospholipid, {"aps": True}),
    ],
)
def test_what_can_be_is_taken(kind: type, values: dict[str, Any]):
    made = kind(**values)
    assert {name: getattr(made, name) for name in values} == values


@pytest.mark.parametrize(
    ("name", "value", "owner"),
    [
        ("chorea", True, "movement_disorder"),
        ("seizure_pattern", "single", "seizure_disorder"),
        ("high_recurrence_risk", True, "seizure_disorder"),
        ("polarity", "manic", "mood_disorder"),
        ("arterial", True, "cerebrovascular_disease"),
        ("haemorrhage", True, "cerebrovascular_disease"),
        ("venous_sinus_thrombosis", True, "cerebrovascular_disease"),
        ("headache_type", "migraine", "headache"),
    ],
)
def test_a_fact_of_one_syndrome_belongs_to_it(name: str, value: Any, owner: str):
    seen = "true" if value is True else value
    told = f"{name} is {seen} and syndrome is psychosis; it belongs to {owner}"
    assert faults(NeuropsychiatricEvent, "psychosis", **{name: value}) == (told,)
    assert getattr(NeuropsychiatricEvent(owner, **{name: value}), name) == value  # type: ignore[arg-type]


def test_an_absent_feature_belongs_to_every_syndrome():
    assert NeuropsychiatricEvent("psychosis", haemorrhage=False).haemorrhage is False


def test_values_do_not_show_when_a_part_is_printed():
    record = PatientRecord(id="K7-canary", patient=Patient(age=26, sex="F"), note="Anna Canary")
    for text in (repr(record), str(record), f"{record!r}", repr(record.patient), repr(Death(DAY, "sle"))):
        assert not any(secret in text for secret in ("canary", "Anna", "26", "2025", "F,"))
    assert repr(record.patient) == "<Patient: 2 fields>"


def test_the_wrong_type_is_told_alone():
    # A limit cannot be checked on a text: no fault is invented behind the first
    assert faults(Patient, age="old", bmi=3) == ("age is 'old'; a number is needed",)


@pytest.mark.parametrize(("kind", "n"), [(Sledai2kItems, 24), (SdiItems, 5), (Acr1997, 11), (Slicc2012, 17)])
def test_scores_and_criteria_have_their_number_of_items(kind: type, n: int):
    assert len(fields(kind)) == n


def test_every_field_has_a_label_of_its_own_words_and_sensible_limits():
    for one in record_fields(PatientRecord):
        assert one.about.label, one.path
        assert one.about.label != one.path.rpartition(".")[2], one.path
        if one.about.low is not None and one.about.high is not None:
            assert one.about.low < one.about.high, one.path
        assert not (one.kind in ("yes_no", "choice") and one.about.unit), one.path


@pytest.mark.parametrize("name", ["syndrome", "date", "why", "by"])
def test_only_what_makes_no_sense_without_is_needed(name: str):
    needed = {one.path.rpartition(".")[2] for one in record_fields(PatientRecord) if one.is_needed}
    assert name in needed
    assert needed <= {"syndrome", "date", "why", "by", "opinion"}
