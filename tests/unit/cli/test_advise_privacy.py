"""When our own code fails while a patient is advised on, the traceback tells the code and no value of the patient."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from neurolupus.cli.app import app
from neurolupus.workflows import advise as workflow

CANARIES = ("Canary-7", "canarynote", "1999-09-09", "33.125")
RECORD = """
id: Canary-7
note: canarynote
patient: {age: 33.125}
events: [{syndrome: psychosis, date: 1999-09-09}]
"""


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A file with values that must not turn up elsewhere."""
    path = tmp_path / "case.yaml"
    path.write_text(RECORD)
    return path


def test_our_own_fault_tells_no_value(record: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*given: Any, **options: Any) -> None:
        raise RuntimeError(f"cannot advise on {given[0]} with {options}")

    monkeypatch.setattr(workflow, "advise", fail)
    result = CliRunner().invoke(app, ["advise", str(record)])
    assert result.exit_code == 1
    assert "cannot advise on <PatientRecord: " in result.output
    assert not [canary for canary in CANARIES if canary in result.output]


def test_a_fault_of_the_record_tells_its_value_and_no_other(record: Path):
    record.write_text(f"{RECORD}attribution: {{italian_score: 11}}\n")
    result = CliRunner().invoke(app, ["advise", str(record)])
    assert result.exit_code == 14
    assert "line 6: attribution.italian_score is 11; 0 to 10 points is needed." in result.output
    assert not [canary for canary in CANARIES if canary in result.output]
