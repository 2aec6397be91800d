"""What is known of a patient does not leak: not into logs, not into tracebacks of our own faults, not into a repr."""

import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from neurolupus.errors import PatientFileError
from neurolupus.io import patient_file
from neurolupus.io.patient_file import parse_patient, read_patient
from neurolupus.records.clinical.record import PatientRecord

CANARIES = ("Canary-7", "canarynote", "canaryopinion", "canarywhy", "1999-09-09", "33.125", "canaryrole")
RECORD: dict[str, Any] = {
    "id": "Canary-7",
    "note": "canarynote",
    "patient": {"age": 33.125},
    "events": [{"syndrome": "psychosis", "date": "1999-09-09"}],
    "attribution": {
        "present": ["canaryrole"],
        "dissent": [{"by": "neurologist", "opinion": "canaryopinion"}],
        "revisions": [{"date": "1999-09-09", "why": "canarywhy", "attribution": "uncertain"}],
    },
}


def leaked(text: str) -> set[str]:
    """The values of the patient that stand in a text."""
    return {canary for canary in CANARIES if canary.lower() in text.lower()}


def test_the_search_finds_what_is_there():
    assert leaked(repr(RECORD)) == set(CANARIES)


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]):
    with caplog.at_level(logging.DEBUG):
        parse_patient(RECORD)
        with pytest.raises(PatientFileError):
            parse_patient({**RECORD, "patient": {"age": 240}})
    assert leaked(caplog.text) == set()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("broken", ["settled", "contradictions", "_across_parts", "_identity"])
def test_a_traceback_of_our_own_fault_tells_no_value(broken: str, monkeypatch: pytest.MonkeyPatch):
    def fail(record: PatientRecord) -> None:
        raise RuntimeError(f"cannot go on with {record} and {record.patient!r}, {record.events}")

    monkeypatch.setattr(PatientRecord, broken, fail)
    with pytest.raises(RuntimeError) as error:
        parse_patient(RECORD)
    told = "".join(traceback.format_exception(error.value))
    assert "cannot go on with <PatientRecord" in told
    assert leaked(told) == set()


def test_a_refusal_tells_the_faulty_value_and_no_other(tmp_path: Path):
    for data, own in [
        ({**RECORD, "csf": {"opening_pressure_mmH2O": -5}}, "-5"),
        ({**RECORD, "attribution": {**RECORD["attribution"], "italian_score": 11}}, "11"),
    ]:
        with pytest.raises(PatientFileError) as error:
            parse_patient(data)
        told = "".join(traceback.format_exception(error.value))
        assert own in str(error.value)
        assert leaked(told) == set()
        assert leaked(repr(error.value)) == set()


def test_broken_json_tells_the_line_and_no_value(tmp_path: Path):
    path = tmp_path / "case.json"
    path.write_text('{"id": "Canary-7",\n "note": "canarynote" "patient": {}}')
    with pytest.raises(PatientFileError) as error:
        read_patient(path)
    assert "line 2: a comma or } is needed" in str(error.value)
    assert leaked("".join(traceback.format_exception(error.value))) == set()


def test_broken_yaml_tells_the_line_and_no_value(tmp_path: Path):
    path = tmp_path / "case.yaml"
    path.write_text("id: Canary-7\nnote: [canarynote\npatient: {age: 33.125}\n")
    with pytest.raises(PatientFileError) as error:
        read_patient(path)
    assert leaked(str(error.value)) == set()
    assert leaked("".join(traceback.format_exception(error.value))) == set()


def test_the_module_keeps_no_record():
    parse_patient(RECORD)
    assert leaked(repr(vars(patient_file))) == set()
