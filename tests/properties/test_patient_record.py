"""What holds for every file of a patient: a record, or a refusal with reasons; a record survives the way out and in."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurolupus.errors import PatientFileError
from neurolupus.io.jsonfile import parse_json
from neurolupus.io.patient_file import parse_patient, patient_as_data, read_patient
from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.facts import flat_facts
from neurolupus.records.clinical.fields import RecordField, record_fields

TODAY = date(2026, 1, 15)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "patients").glob("*.yaml"))
DATA = [patient_as_data(read_patient(path, today=TODAY)) for path in EXAMPLES]
FIELDS = record_fields(PatientRecord)
NAMES = sorted({part.removesuffix("[]") for one in FIELDS for part in one.path.split(".")})
SINGLE = [one for one in FIELDS if "[]" not in one.path and one.kind not in ("text", "texts", "choices")]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    max_leaves=10,
)


def outcome(data: Any) -> PatientRecord | tuple[str, ...]:
    """The record, or its faults."""
    try:
        return parse_patient(data, today=TODAY)
    except PatientFileError as error:
        return error.faults


@given(st.dictionaries(st.sampled_from(NAMES), anything, max_size=5))
def test_whatever_is_given_is_a_record_or_refused_with_reasons(data: dict[str, Any]):
    found = outcome(data)
    if isinstance(found, PatientRecord):
        assert parse_patient(patient_as_data(found), today=TODAY) == found
    else:
        assert found
        assert all(fault and fault[-1] != "." for fault in found)


def value_of(one: RecordField, draw: st.DrawFn) -> Any:
    """A value that the field takes by itself."""
    if one.kind == "yes_no":
        return draw(st.booleans())
    if one.choices:
        return draw(st.sampled_from(one.choices))
    if one.kind == "date":
        return draw(st.dates(date(1900, 1, 1), TODAY)).isoformat()
    low, high = int(one.about.low or 0), int(one.about.high or 100)
    return draw(st.integers(low, high)) if one.kind == "whole_number" else draw(st.floats(low, high))


@st.composite
def plain_records(draw: st.DrawFn) -> dict[str, Any]:
    """Plain values of single fields; they may contradict one another."""
    data: dict[str, Any] = {}
    for one in draw(st.lists(st.sampled_from(SINGLE), max_size=12, unique=True)):
        *path, last = one.path.split(".")
        part = data
        for name in path:
            part = part.setdefault(name, {})
        part[last] = value_of(one, draw)
    data.get("follow_up", {}).pop("death", None)  # without its date it is refused, which is tested elsewhere
    return data


@given(plain_records())
def test_a_record_survives_the_way_out_and_in(data: dict[str, Any]):
    try:
        record = parse_patient(data, today=TODAY)
    except PatientFileError:
        return
    out = json.dumps(patient_as_data(record))
    assert parse_patient(json.loads(out), today=TODAY) == record
    assert parse_patient(parse_json(out, "x").data, today=TODAY) == record
    facts = flat_facts(record)
    assert set(facts) == set(flat_facts(PatientRecord()))


@given(plain_records(), st.integers())
def test_the_order_of_keys_does_not_matter(data: dict[str, Any], seed: int):
    def shuffled(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        names = list(part)
        random.Random(seed).shuffle(names)
        return {name: shuffled(part[name]) for name in names}

    assert outcome(data) == outcome(shuffled(data))


@settings(max_examples=200)
@given(st.sampled_from(DATA), st.sampled_from(SINGLE), st.sampled_from(["", "maybe", "ja", [1], {"x": 1}, "9" * 400]))
def test_one_wrong_value_is_found_wherever_it_stands(data: dict[str, Any], one: RecordField, wrong: Any):
    if one.path.startswith("follow_up.death"):
        return
    changed = json.loads(json.dumps(data))
    *path, last = one.path.split(".")
    part = changed
    for name in path:
        part = part.setdefault(name, {})
    part[last] = wrong
    with pytest.raises(PatientFileError) as error:
        parse_patient(changed, today=TODAY)
    assert any(fault.startswith(one.path) for fault in error.value.faults)
