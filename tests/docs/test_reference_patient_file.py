"""docs/reference/patient-file.md is made from the record, and what it says happens."""

import re
from pathlib import Path

import pytest
import yaml

from neurolupus.errors import PatientFileError
from neurolupus.io.patient_file import parse_patient, read_patient
from neurolupus.io.redcap_dictionary import repeating_forms
from neurolupus.report.patient_file_text import SECTIONS, patient_file_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "patient-file.md"
TEXT = PAGE.read_text("utf-8")


def test_the_page_is_made_from_the_record():
    told = "run python -m neurolupus.report.patient_file_text > docs/reference/patient-file.md"
    assert patient_file_markdown() == TEXT, told


def test_no_section_of_the_page_is_empty():
    for title in SECTIONS.values():
        assert re.search(rf"## {re.escape(title)}\n\n\| field .*\n.*\n\| `", TEXT), title


def test_the_example_is_read():
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert parse_patient(yaml.safe_load(example)).csf.protein.g_per_L == 0.35


def test_the_faults_of_the_page_are_told_so(tmp_path: Path):
    file = tmp_path / "case.yaml"
    lines = ["patient:", "  age: 240", "events:", "  -", "    syndrome: stroke", "mri:", "  done: true"]
    file.write_text("\n".join([*lines, "", "  contraindicated: true"]))
    with pytest.raises(PatientFileError) as error:
        read_patient(file)
    assert str(error.value) in TEXT


def test_every_repeating_instrument_is_named():
    (sentence,) = re.findall(r"Let the instruments of the\nlists repeat: (.*?)\.", TEXT)
    named = [name.strip() for name in re.split(r",| and ", sentence)]
    forms = [form.replace("attribution_", "").replace("follow_up_", "").replace("_", " ") for form in repeating_forms()]
    assert sorted(named) == sorted(forms)
