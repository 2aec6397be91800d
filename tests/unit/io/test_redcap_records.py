"""Records from REDCap's export of our dictionary, and from a CSV whose columns are fields of the record."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from neurolupus.errors import TableError
from neurolupus.io.patient_file import parse_patient
from neurolupus.io.redcap_dictionary import redcap_dictionary, variable_name
from neurolupus.io.redcap_records import read_record_table


def read(text: str) -> dict[str, dict[str, Any]]:
    return read_record_table(text, "x.csv").records


def test_repeating_instruments_become_entries_of_their_lists() -> None:
    found = read(
        "record_id,redcap_repeat_instrument,redcap_repeat_instance,patient_age,patient_complete,"
        "lumbar_punctures_date,lumbar_punctures_csf_protein_value,lumbar_punctures_csf_protein_unit\n"
        "a,,,34,2,,,\n"
        "a,lumbar_punctures,1,,,2025-01-02,72,mg_dl\n"
        "a,lumbar_punctures,2,,,2025-02-02,0.5,g_l\n"
    )
    record = parse_patient(found["a"])
    assert record.patient.age == 34
    assert [one.csf.protein.g_per_L for one in record.lumbar_punctures if one.csf.protein] == [0.72, 0.5]


def test_an_empty_cell_is_unknown_and_no_is_no() -> None:
    found = read("id;apl.positive;apl.aps;hepatitis_b\na;0;;1\n")
    assert found["a"] == {"id": "a", "apl": {"positive": False}, "hepatitis_b": True}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [("0,1", ["rituximab"]), ("0,0", []), (",", None), ("1,1", ["mycophenolate", "rituximab"])],
)
def test_unchecked_boxes_are_none_given_and_empty_ones_unknown(cells: str, expected: list[str] | None) -> None:
    head = "record_id,treatment_in_hospital___mycophenolate,treatment_in_hospital___rituximab"
    assert read(f"{head}\na,{cells}\n")["a"].get("treatment", {}).get("in_hospital") == expected


def test_every_field_of_our_own_dictionary_is_read_back() -> None:
    rows = list(csv.DictReader(io.StringIO(redcap_dictionary())))
    names = [row["Variable / Field Name"] for row in rows if row["Field Type"] != "checkbox"]
    text = io.StringIO()
    csv.writer(text).writerows([names, ["a"] + [""] * (len(names) - 1)])
    assert read_record_table(text.getvalue(), "x.csv").ignored == []


def test_choices_are_read_by_their_code_in_redcap() -> None:
    code = variable_name(">6mo_before")
    found = read(f"record_id,attribution_italian_items_onset\na,{code}\n")
    assert found["a"]["attribution"]["italian_items"]["onset"] == ">6mo_before"


def test_two_rows_that_differ_are_a_fault_of_that_patient_alone() -> None:
    found = read_record_table("id,patient.age\na,34\na,35\nb,40\n", "x.csv")
    assert found.faults == {"a": ["patient.age has different values in different rows"]}
    assert found.records["b"]["patient"]["age"] == 40


def test_columns_that_are_no_field_are_told() -> None:
    assert read_record_table("id,name,patient.age\na,Maria,3\n", "x.csv").ignored == ["name"]


@pytest.mark.parametrize("text", ["", "age,sex\n3,F\n", 'id,patient.age\n"a,3\n'])
def test_what_is_no_table_of_patients_is_refused(text: str) -> None:
    with pytest.raises(TableError, match=r"x\.csv"):
        read_record_table(text, "x.csv")


def test_a_cell_that_is_no_number_stays_for_the_record_to_refuse() -> None:
    assert read("id,patient.age\na,thirty\n")["a"]["patient"]["age"] == "thirty"
