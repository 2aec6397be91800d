"""The record's form: made from the dataclasses, read back to the same values; unknown is said and never guessed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from starlette.datastructures import FormData

from neurolupus.io.patient_file import parse_patient, patient_as_data, read_patient
from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import record_fields
from neurolupus.web.form_values import ENTRY, entry_numbers, form_name, typed
from neurolupus.web.forms import Context, Group, form_of, inputs
from neurolupus.web.sections import SECTIONS, hidden_fields

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples" / "patients").glob("*.yaml"))
ALL = [name for one in SECTIONS for name in one.fields]


def sent(parts: Any) -> list[tuple[str, str]]:
    """What a browser sends of a form that nobody touched."""
    found: list[tuple[str, str]] = []
    for part in parts:
        if isinstance(part, Group):
            for entry in part.parts if part.is_list else ():
                found.append((f"{entry.name}.{ENTRY}", "1"))
            found += sent(part.parts)
        elif part.look == "boxes":
            found += [(part.name, one) for one in part.value or ()]
        else:
            found.append((part.name, part.value))
    return found


def test_every_field_of_the_record_is_in_exactly_one_section() -> None:
    assert sorted(ALL) == sorted(one.name for one in fields(PatientRecord))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_form_that_nobody_touched_changes_nothing(path: Path) -> None:
    record = patient_as_data(read_patient(path).unsettled())
    hidden = hidden_fields(sealed=True)
    for section in SECTIONS:
        form = FormData(sent(form_of(section.fields, record, Context({}, hidden=hidden))))
        assert typed(form, section.fields, record, hidden) == record, section.name


def test_every_field_but_those_of_the_signed_consensus_can_be_typed() -> None:
    one_each = {
        name: [{}] for name in ("events", "lumbar_punctures", "intrathecal_sessions")
    } | {"follow_up": {"relapses": [{}]}}  # fmt: skip
    shown = {
        one.name.replace(".0.", "[].")
        for one in inputs(form_of(ALL, one_each, Context({}, hidden=hidden_fields(sealed=False))))
    }
    signed = {
        one.path for one in record_fields(PatientRecord)
        if one.path.removeprefix("attribution.").partition(".")[0].removesuffix("[]")
        in ("mdt_consensus", "mdt_mechanism", "decided", "present", "dissent", "revisions", "atrophy_influenced")
    }  # fmt: skip
    assert shown == {one.path for one in record_fields(PatientRecord)} - signed


def test_labels_units_and_limits_are_those_of_the_fields() -> None:
    (mri,) = form_of(["mri"], {}, Context({}))
    wmh = next(one for one in mri.parts if one.name == "mri.wmh_ml")
    assert (wmh.label, wmh.unit, wmh.hint) == ("White matter hyperintensities", "ml", "0 to 3000")
    (patient,) = form_of(["patient"], {"patient": {"pregnant": False}}, Context({}))
    pregnant = next(one for one in patient.parts if one.name == "patient.pregnant")
    assert (pregnant.look, pregnant.choices, pregnant.value) == ("radio", (("true", "yes"), ("false", "no")), "false")


def test_sealed_volumes_are_not_in_the_form_and_stay_in_the_record() -> None:
    record = {"mri": {"done": True, "wmh_ml": 7.125}}
    hidden = hidden_fields(sealed=True)
    assert not [one for one in inputs(form_of(["mri"], record, Context({}, hidden=hidden))) if "_ml" in one.name]
    form = FormData([("mri.done", "true"), ("mri.normal", "false"), ("mri.wmh_ml", "1")])
    assert typed(form, ["mri"], record, hidden)["mri"] == {"done": True, "normal": False, "wmh_ml": 7.125}


@pytest.mark.parametrize(
    ("text", "kept"), [("34", 34), ("34.5", 34.5), ("3,5", "3,5"), ("abc", "abc"), ("", None), (" 7 ", 7), ("٣", "٣")]
)
def test_a_number_is_read_or_left_for_the_record_to_refuse(text: str, kept: object) -> None:
    found = typed(FormData([("patient.age", text)]), ["patient"], {}, frozenset())
    assert found.get("patient", {}).get("age") == (kept if kept != "٣" else 3.0)


def test_none_given_is_not_unknown() -> None:
    none = typed(FormData([("treatment.in_hospital", "")]), ["treatment"], {}, frozenset())
    assert none == {"treatment": {"in_hospital": []}}
    assert parse_patient(none).treatment.in_hospital == ()
    assert parse_patient(typed(FormData([]), ["treatment"], {}, frozenset())).treatment.in_hospital is None


def test_entries_keep_the_order_of_the_form_and_their_faults_find_them() -> None:
    form = FormData(
        [
            ("events.9.__entry__", "1"),
            ("events.9.syndrome", "headache"),
            ("events.2.__entry__", "1"),
            ("events.2.date", "x"),
        ]
    )
    assert entry_numbers(form.keys(), "events") == ["9", "2"]
    record = typed(form, ["events"], {}, frozenset())
    assert record["events"] == [{"syndrome": "headache"}, {"date": "x"}]
    assert form_name(form.keys(), ("events", 1, "date")) == "events.2.date"


def test_an_entry_with_nothing_known_is_not_lost() -> None:
    assert typed(FormData([("events.0.__entry__", "1")]), ["events"], {}, frozenset()) == {"events": [{}]}


def test_what_another_saved_stands_beside_what_was_typed() -> None:
    kept = {"patient": {"age": 31, "pregnant": False}}
    mine = {"patient": {"age": 32, "smoker": None}}
    shown = {one.name: one.kept for one in inputs(form_of(["patient"], mine, Context({}, kept)))}
    assert (shown["patient.age"], shown["patient.pregnant"], shown["patient.bmi"]) == ("31", "no", None)
