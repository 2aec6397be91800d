"""Rows of real records: every name, unit and date, written out by hand from examples/patients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from neurolupus.io.patient_file import parse_patient, patient_as_data, read_patient
from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import record_fields
from neurolupus.store.dated_rows import dated_rows

EXAMPLES = Path(__file__).parents[3] / "examples" / "patients"
Cell = tuple[str, str | None, str | None, float | None, str | None]


def cells(rows: list[dict[str, Any]]) -> set[Cell]:
    found = [(row["name"], row["date"], row["value"], row["number"], row["unit"]) for row in rows]
    assert len(found) == len(set(found))
    return set(found)


def test_a_record_with_two_lumbar_punctures():
    events, labs, drugs = dated_rows(patient_as_data(read_patient(EXAMPLES / "sub-04.patient.yaml")))
    assert cells(events) == {("acute_confusional_state", "2025-07-14", None, None, None)}
    now, first, second = "2025-09-01", "2025-07-15", "2025-08-27"
    assert cells(labs) == {
        ("apl.positive", now, "false", None, None),
        ("apl.thrombotic_event", now, "false", None, None),
        ("apl.aps", now, "false", None, None),
        ("sle.anti_dsdna", now, "true", None, None),
        ("sle.c3_g_per_L", now, "0.38", 0.38, "g/L"),
        ("sle.c4_g_per_L", now, "0.05", 0.05, "g/L"),
        ("lp_safety.platelets_10e9_per_L", now, "182", 182.0, "10⁹/L"),
        ("csf.done", first, "true", None, None),
        ("csf.opening_pressure_mmH2O", first, "190", 190.0, "mmH2O"),
        ("csf.protein", first, "61 mg/dL", 0.61, "g/L"),
        ("csf.pathogens_negative", first, "true", None, None),
        ("csf.done", second, "true", None, None),
        ("csf.opening_pressure_mmH2O", second, "220", 220.0, "mmH2O"),
        ("csf.protein", second, "72 mg/dL", 0.72, "g/L"),
        ("csf.pathogens_negative", second, "true", None, None),
    }
    assert cells(drugs) == {
        ("treatment.prednisone_mg_per_kg", now, "0.9", 0.9, "mg/kg per day"),
        ("treatment.gc", now, "true", None, None),
        ("treatment.immunosuppressant", now, "cyclophosphamide_iv", None, None),
        ("treatment.initial_control", now, "false", None, None),
        ("treatment.other_interventions_failed", now, "true", None, None),
        ("treatment.immunosuppressant_not_tolerated", now, "false", None, None),
        ("treatment.methylprednisolone_pulse", now, "true", None, None),
    }


def test_intrathecal_sessions_and_drugs_in_hospital():
    given = {
        "as_of": "2025-09-01",
        "treatment": {"in_hospital": ["rituximab", "other"], "cumulative_prednisone_g": 3},
        "intrathecal_sessions": [
            {"date": "2025-08-01", "methotrexate_mg": 10, "dexamethasone_mg": 0, "reactions": ["leg_numbness"]},
            {"date": "2025-08-08"},
        ],
    }
    drugs = dated_rows(patient_as_data(parse_patient(given)))[2]
    assert cells(drugs) == {
        ("treatment.in_hospital", "2025-09-01", "rituximab", None, None),
        ("treatment.in_hospital", "2025-09-01", "other", None, None),
        ("treatment.cumulative_prednisone_g", "2025-09-01", "3", 3.0, "g"),
        ("intrathecal_sessions", "2025-08-01", "true", None, None),
        ("intrathecal_sessions.methotrexate_mg", "2025-08-01", "10", 10.0, "mg"),
        ("intrathecal_sessions.dexamethasone_mg", "2025-08-01", "0", 0.0, "mg"),
        ("intrathecal_sessions.reactions", "2025-08-01", "leg_numbness", None, None),
        ("intrathecal_sessions", "2025-08-08", "true", None, None),
    }


def test_an_empty_list_of_drugs_says_none_and_an_absent_one_nothing():
    assert [row["value"] for row in dated_rows({"treatment": {"in_hospital": []}})[2]] == ["none"]
    assert dated_rows({"treatment": {"in_hospital": None}})[2] == []
    assert dated_rows({}) == ([], [], [])


@pytest.mark.parametrize(
    ("protein", "told"),
    [
        ({"value": 0.5, "unit": "g/L"}, ("0.5 g/L", 0.5)),
        ({"value": 450, "unit": "mg/L"}, ("450 mg/L", 0.45)),
        ({"value": 0.5}, ("0.5", None)),  # without its unit it is no number
    ],
)
def test_protein_without_a_puncture_is_of_the_record_s_day(protein: dict[str, Any], told: tuple[str, float | None]):
    given = {"as_of": "2025-09-01", "csf": {"done": True, "protein": protein}}
    rows = {row["name"]: row for row in dated_rows(given)[1]}
    assert (rows["csf.protein"]["value"], rows["csf.protein"]["number"]) == told
    assert rows["csf.protein"]["unit"] == ("g/L" if told[1] else None)
    assert rows["csf.protein"]["date"] == "2025-09-01"


def test_what_the_latest_puncture_does_not_say_stays_as_of_now():
    given = {
        "as_of": "2025-09-01",
        "lumbar_punctures": [{"date": "2025-08-27", "csf": {"opening_pressure_mmH2O": 220}}, {"date": "2025-08-01"}],
        "csf": {"done": True, "opening_pressure_mmH2O": 220, "wbc_10e6_per_L": 4},
    }
    assert cells(dated_rows(given)[1]) == {
        ("csf.wbc_10e6_per_L", "2025-09-01", "4", 4.0, "10⁶/L"),
        ("csf.done", "2025-08-27", "true", None, None),
        ("csf.opening_pressure_mmH2O", "2025-08-27", "220", 220.0, "mmH2O"),
        ("csf.done", "2025-08-01", "true", None, None),
    }


def test_every_fact_of_a_part_has_a_row():
    """A record with everything known: nothing of these parts is silently left out, whatever the record gains."""
    full: dict[str, Any] = {}
    for one in record_fields(PatientRecord):
        value = {"yes_no": True, "choice": "x", "choices": ["x"], "date": "2025-01-01"}.get(one.kind, 1)
        _put(full, one.path, value)
    full["csf"]["protein"]["unit"] = full["lumbar_punctures"][0]["csf"]["protein"]["unit"] = "g/L"
    labs, drugs = ({row["name"] for row in rows} for rows in dated_rows(full)[1:])
    paths = {one.path.replace("[]", "") for one in record_fields(PatientRecord)}
    assert {path for path in paths if path.startswith(("apl.", "csf.")) and "protein." not in path} <= labs
    assert {"csf.protein", "hepatitis_b"} <= labs
    assert {path for path in paths if path.startswith("treatment.")} <= drugs
    sessions = {path for path in paths if path.startswith("intrathecal_sessions.")} - {"intrathecal_sessions.date"}
    assert sessions <= drugs
    assert labs | drugs <= paths | {"csf.protein", "intrathecal_sessions"}


def _put(whole: dict[str, Any], path: str, value: Any) -> None:
    first, _, rest = path.partition(".")
    if not rest:
        whole[first.removesuffix("[]")] = value
        return
    inner = whole.setdefault(first.removesuffix("[]"), [{}] if first.endswith("[]") else {})
    _put(inner[0] if isinstance(inner, list) else inner, rest, value)
