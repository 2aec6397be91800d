"""The data dictionary is one that REDCap takes, and holds every field of the record."""

import csv
import io
import re
from collections import Counter

import pytest

from neurolupus.io.redcap_dictionary import COLUMNS, redcap_dictionary, repeating_forms
from neurolupus.records.clinical import SYNDROMES, PatientRecord
from neurolupus.records.clinical.fields import record_fields

ROWS = list(csv.DictReader(io.StringIO(redcap_dictionary())))
BY_PATH = {row["Field Annotation"]: row for row in ROWS}
NAME, FORM, TYPE = "Variable / Field Name", "Form Name", "Field Type"
CHOICES = "Choices, Calculations, OR Slider Labels"
VALIDATION = "Text Validation Type OR Show Slider Number"
# linkml.io/linkml-redcap/reference/data_dictionary/FieldType, and the columns of REDCap's own export
FIELD_TYPES = {"text", "notes", "dropdown", "radio", "checkbox", "yesno", "truefalse", "calc", "file", "slider"}


def test_the_columns_are_the_eighteen_of_redcap():
    assert len(COLUMNS) == 18
    assert redcap_dictionary().splitlines()[0].startswith("Variable / Field Name,Form Name,Section Header,Field Type,")


def test_every_field_of_the_record_is_there_once():
    assert sorted(BY_PATH) == sorted(one.path for one in record_fields(PatientRecord))
    assert len(ROWS) == len(BY_PATH)


def test_names_are_what_redcap_takes():
    names = Counter(row[NAME] for row in ROWS)
    assert {name for name, count in names.items() if count > 1} == set()
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name), name
        assert len(name) <= 100
    assert {row[FORM] for row in ROWS if not re.fullmatch(r"[a-z][a-z0-9_]*", row[FORM])} == set()
    assert ROWS[0][NAME] == "record_id"


def test_fields_of_an_instrument_stand_together():
    forms = [row[FORM] for row in ROWS]
    changes = [form for before, form in zip([None, *forms], forms, strict=False) if form != before]
    assert len(changes) == len(set(forms))


def test_types_choices_and_checks_fit_together():
    for row in ROWS:
        assert row[TYPE] in FIELD_TYPES
        assert bool(row[CHOICES]) == (row[TYPE] in ("radio", "checkbox")), row[NAME]
        assert row[VALIDATION] in ("", "integer", "number", "date_ymd")
        assert not row[VALIDATION] or row[TYPE] == "text"
        assert not row["Text Validation Min"] or row[VALIDATION] in ("integer", "number")


def test_choices_have_codes_of_their_own():
    for row in ROWS:
        codes = [choice.split(", ")[0] for choice in row[CHOICES].split(" | ") if choice]
        assert len(set(codes)) == len(codes)
        assert all(re.fullmatch(r"[a-z0-9_]+", code) for code in codes), row[NAME]


@pytest.mark.parametrize(
    ("path", "column", "value"),
    [
        ("patient.age", VALIDATION, "number"),
        ("patient.age", "Text Validation Max", "125"),
        ("patient.age", "Field Note", "years"),
        ("patient.age", FORM, "patient"),
        ("patient.age", "Section Header", ""),
        ("as_of", FORM, "record"),
        ("sle.sledai2k", VALIDATION, "integer"),
        ("csf.wbc_10e6_per_L", "Text Validation Max", "1000000"),
        ("events[].date", VALIDATION, "date_ymd"),
        ("events[].syndrome", "Required Field?", "y"),
        ("events[].refractory", TYPE, "yesno"),
        ("csf.protein.unit", CHOICES, "g_l, g/L | mg_dl, mg/dL | mg_l, mg/L"),
        ("attribution.revisions[].why", TYPE, "notes"),
        ("intrathecal_sessions[].reactions", TYPE, "checkbox"),
        ("sle.sledai2k_items.seizure", "Section Header", "sledai2k items"),
        ("sle.sledai2k_items.psychosis", "Section Header", ""),
        ("lumbar_punctures[].csf.protein.value", FORM, "lumbar_punctures"),
    ],
)
def test_fields_by_hand(path: str, column: str, value: str):
    assert BY_PATH[path][column] == value


def test_the_nineteen_syndromes_are_choices():
    told = [choice.split(", ")[1] for choice in BY_PATH["events[].syndrome"][CHOICES].split(" | ")]
    assert tuple(told) == SYNDROMES
    assert len(told) == 19


def test_lists_are_instruments_that_repeat():
    assert set(repeating_forms()) == {
        "events", "lumbar_punctures", "intrathecal_sessions", "attribution_revisions", "attribution_dissent",
        "follow_up_relapses",
    }  # fmt: skip
    assert {row[FORM] for row in ROWS if "[]" in row["Field Annotation"]} == set(repeating_forms())


def test_nothing_asks_for_an_identity():
    assert not any(re.search(r"birth|surname|first_name|address|insurance", row[NAME]) for row in ROWS)
