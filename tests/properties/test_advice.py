"""What holds for every record: forgetting never adds a treatment, every item has its source, order changes nothing."""

from __future__ import annotations

import json
import random
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

from advice_cases import TODAY
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurolupus.errors import PatientFileError
from neurolupus.guidelines.answer import advice_as_data
from neurolupus.guidelines.condition_text import ConditionFault, parse_condition
from neurolupus.guidelines.conditions import AllOf, AnyOf, Not, Use, uses
from neurolupus.guidelines.engine import advise
from neurolupus.guidelines.load import load_knowledge
from neurolupus.io.patient_file import parse_patient, patient_as_data
from neurolupus.records.clinical import SYNDROMES, PatientRecord
from neurolupus.workflows.advise import advise_data

KNOWLEDGE = load_knowledge()
OWN = {
    "seizure_pattern": ("seizure_disorder", st.sampled_from(["single", "infrequent", "recurrent"])),
    "high_recurrence_risk": ("seizure_disorder", st.booleans()),
    "polarity": ("mood_disorder", st.sampled_from(["depressive", "manic", "mixed"])),
    "chorea": ("movement_disorder", st.booleans()),
    "arterial": ("cerebrovascular_disease", st.booleans()),
    "haemorrhage": ("cerebrovascular_disease", st.booleans()),
    "venous_sinus_thrombosis": ("cerebrovascular_disease", st.booleans()),
}
# No consensus is a known state, not an unknown one: it outranks the score, so taking it away lets the score speak.
OUTRANKING = ("mdt_consensus", "mdt_mechanism")

maybe = st.none() | st.booleans()


@st.composite
def records(draw: st.DrawFn) -> PatientRecord:
    def event() -> dict[str, Any]:
        syndrome = draw(st.sampled_from(SYNDROMES))
        found: dict[str, Any] = {"syndrome": syndrome}
        for name in (
            "acute_inflammatory",
            "severe_organ_threatening",
            "refractory",
            "additional_neuro_signs",
            "relapse",
            "mobility_affected",
        ):
            found[name] = draw(maybe)
        for name, (owner, values) in OWN.items():
            if owner == syndrome:
                found[name] = draw(st.none() | values)
        return found

    data = {
        "patient": {
            "age": draw(st.none() | st.integers(10, 80)),
            "sex": draw(st.sampled_from([None, "F"])),
            "pregnant": draw(maybe),
            "renal_insufficiency": draw(maybe),
        },
        "sle": {"generalised_activity": draw(maybe)},
        "events": [event() for _ in range(draw(st.integers(1, 2)))],
        "secondary": {name: draw(maybe) for name in ("cns_infection", "systemic_infection", "metabolic", "drug")},
        "attribution": {
            "italian_score": draw(st.none() | st.integers(0, 10)),
            "mdt_consensus": draw(st.sampled_from([None, None, None, "attributed", "not_attributed", "uncertain"])),
            "mdt_mechanism": draw(st.sampled_from([None, None, None, "inflammatory", "ischemic_thrombotic", "mixed"])),
        },
        "apl": {"positive": draw(maybe), "thrombotic_event": draw(maybe)},
        "mri": {"done": True, "normal": draw(maybe), "concordant": draw(maybe)} if draw(st.booleans()) else {},
        "hepatitis_b": draw(maybe),
        "csf": {
            "done": True,
            "pathogens_negative": draw(maybe),
            "protein": draw(
                st.none() | st.just({"value": 0.72, "unit": "g/L"}) | st.just({"value": 0.5, "unit": "g/L"})
            ),
        },
        "treatment": {
            "initial_control": draw(maybe),
            "other_interventions_failed": draw(maybe),
            "immunosuppressant_not_tolerated": draw(maybe),
            "prednisone_mg_per_kg": draw(st.none() | st.sampled_from([0.0, 0.5, 1.0, 2.0])),
        },
    }
    try:
        return parse_patient(data, today=TODAY)
    except PatientFileError:
        assume(False)
        raise


def known_places(part: Any, before: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Places of single known values; syndromes and consensus left out."""
    found: list[tuple[str | int, ...]] = []
    for one in fields(part):
        value, place = getattr(part, one.name), (*before, one.name)
        if one.name == "events":
            for number, event in enumerate(value):
                found += known_places(event, (*place, number))
        elif is_dataclass(value):
            found += known_places(value, place)
        elif value is not None and one.name not in ("syndrome", *OUTRANKING) and not isinstance(value, tuple):
            found.append(place)
    return found


def forgotten(part: Any, place: tuple[str | int, ...]) -> Any:
    """The part with one value unknown."""
    name, *rest = place
    if isinstance(part, tuple):
        assert isinstance(name, int)
        return (*part[:name], forgotten(part[name], tuple(rest)), *part[name + 1 :])
    inner = getattr(part, str(name))
    return replace(part, **{str(name): forgotten(inner, tuple(rest)) if rest else None})


def treated(record: PatientRecord) -> set[str]:
    found = advise(record, KNOWLEDGE, today=TODAY)
    return {item.code for item in (*found.active, *found.options) if item.rules[0].kind in ("treatment", "option")}


@settings(max_examples=60, deadline=None)
@given(records(), st.randoms(use_true_random=False))
def test_forgetting_a_fact_never_adds_a_treatment(record: PatientRecord, random_: random.Random):
    before = treated(record)
    places = known_places(record)
    for place in random_.sample(places, min(8, len(places))):
        after = treated(forgotten(record, place))
        assert after <= before, place


@settings(max_examples=60, deadline=None)
@given(records(), st.randoms(use_true_random=False))
def test_what_forgetting_takes_away_is_deferred_or_not_supported(record: PatientRecord, random_: random.Random):
    before = advise(record, KNOWLEDGE, today=TODAY)
    places = known_places(record)
    place = random_.choice(places)
    after = advise(forgotten(record, place), KNOWLEDGE, today=TODAY)
    kept = {item.code for item in (*after.active, *after.options, *after.deferred)}
    for item in (*before.active, *before.options):
        if item.rules[0].kind in ("treatment", "option"):
            assert item.code in kept, (place, item.code)


@settings(max_examples=60, deadline=None)
@given(records())
def test_every_item_cites_and_is_no_stronger_than_its_sources(record: PatientRecord):
    found = advise(record, KNOWLEDGE, today=TODAY)
    tiers = {"recommended": 3, "should": 3, "consider": 2, "may": 1, "option_observational": 1, "note": 0}
    for item in (*found.active, *found.options, *found.deferred, *found.warnings, *found.evidence):
        assert item.cites
        assert tiers[item.strength] <= max(tiers[KNOWLEDGE.statements[name].strength] for name in item.cites)
        assert not any(KNOWLEDGE.statements[name].do_not_quote for name in item.cites)


@settings(max_examples=40, deadline=None)
@given(records())
def test_the_order_of_events_changes_nothing(record: PatientRecord):
    turned = replace(record, events=record.events[::-1])
    one, other = (
        json.dumps(advice_as_data(advise(each, KNOWLEDGE, today=TODAY), each, KNOWLEDGE)) for each in (record, turned)
    )
    assert one == other


@settings(max_examples=60, deadline=None)
@given(records())
def test_nothing_is_active_and_deferred(record: PatientRecord):
    found = advise(record, KNOWLEDGE, today=TODAY)
    active = {item.code for item in (*found.active, *found.options)}
    deferred = {item.code for item in found.deferred}
    assert not active & deferred
    assert not (active | deferred) & {one.code for one in found.not_applicable}
    assert all(item.waiting_for for item in found.deferred)


NUMERAL = re.compile(r"\d+(?:[.,]\d+)?")


@settings(max_examples=60, deadline=None)
@given(records())
def test_no_number_is_told_that_no_cited_statement_holds(record: PatientRecord):
    data = advice_as_data(advise(record, KNOWLEDGE, today=TODAY), record, KNOWLEDGE)
    for part in ("active", "options", "deferred", "warnings", "evidence", "gaps"):
        for item in data[part]:
            notes = item.get("must_show", [])
            texts = [item["text"], *(one["text"] for one in notes)]
            told = {number for text in texts for number in NUMERAL.findall(text)}
            names = [*item["cites"], *(cite for one in notes for cite in one["cites"])]
            held = " ".join(f"{KNOWLEDGE.statements[name].text} {KNOWLEDGE.statements[name].figures}" for name in names)
            assert told <= set(NUMERAL.findall(held)), item["code"]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 1500))
def test_a_concentration_means_the_same_in_every_unit(mg_per_l: int):
    found = set()
    for value, unit in ((mg_per_l, "mg/L"), (mg_per_l / 10, "mg/dL"), (mg_per_l / 1000, "g/L")):
        data = {"csf": {"done": True, "protein": {"value": value, "unit": unit}}}
        found.add(advise_data(data, today=TODAY)["findings"]["csf_protein_raised"])
    assert found == {mg_per_l > 500}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_no_condition_outside_the_grammar_is_read(data: Any):
    try:
        condition = parse_condition(data, KNOWLEDGE.facts)
    except ConditionFault:
        return
    assert isinstance(condition, (Use, AllOf, AnyOf, Not))  # only a name of a definition can be any text
    assert list(uses(condition))


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_junk_is_refused_or_means_nothing_known(data: Any):
    try:
        found = advise_data(data, today=TODAY)
    except PatientFileError:
        return
    assert found["active"] == []


@settings(max_examples=80, deadline=None)
@given(records(), st.sampled_from(["patient", "csf", "attribution", "events"]), json_values)
def test_a_record_with_junk_in_it_gives_no_partial_advice(record: PatientRecord, part: str, junk: Any):
    data = {**patient_as_data(record), part: junk}
    try:
        found = advise_data(data, today=TODAY)
    except PatientFileError:
        return
    assert found["attribution"]["status"] in ("attributed", "not_attributed", "insufficient_data")
