"""A record without what follows from it: edits of a lumbar puncture then contradict nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neurolupus.errors import PatientFileError
from neurolupus.io.patient_file import parse_patient, patient_as_data, read_patient

EXAMPLES = sorted((Path(__file__).resolve().parents[4] / "examples" / "patients").glob("*.yaml"))
RECORD: dict[str, Any] = {
    "lumbar_punctures": [
        {"date": "2025-06-12", "csf": {"opening_pressure_mmH2O": 160, "protein": {"value": 0.35, "unit": "g/L"}}},
    ],
    "treatment": {"anticoagulated": True},
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_to_settle_it_again_gives_the_same_record(path: Path) -> None:
    record = read_patient(path)
    assert record.unsettled().settled() == record


def test_what_was_filled_is_taken_out() -> None:
    assert patient_as_data(parse_patient(RECORD).unsettled()) == RECORD


def test_the_latest_puncture_can_then_be_corrected() -> None:
    settled = patient_as_data(parse_patient(RECORD))
    settled["lumbar_punctures"][0]["csf"]["opening_pressure_mmH2O"] = 190
    with pytest.raises(PatientFileError, match="differs from the latest lumbar puncture"):
        parse_patient(settled)
    kept = patient_as_data(parse_patient(RECORD).unsettled())
    kept["lumbar_punctures"][0]["csf"]["opening_pressure_mmH2O"] = 190
    assert parse_patient(kept).csf.opening_pressure_mmH2O == 190


def test_what_only_the_general_part_says_stays() -> None:
    both = {**RECORD, "csf": {"glucose_mmol_per_L": 3.1}}
    assert patient_as_data(parse_patient(both).unsettled())["csf"] == {"glucose_mmol_per_L": 3.1}


def test_faults_carry_their_places() -> None:
    with pytest.raises(PatientFileError) as told:
        parse_patient({"events": [{"syndrome": "headache", "date": "x"}], "patient": {"age": 300}})
    assert {place for place, _ in told.value.placed} == {("events", 0, "date"), ("patient", "age")}
