"""What holds for every record: forgetting never adds a treatment, every item has its source, order changes nothing."""

from __future__ import annotations

import json
import random
from dataclasses import fields, is_dataclass, replace
from typing import Any

from advice_cases import TODAY
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurolupus.errors import PatientFileError
from neurolupus.guidelines.answer import advice_as_data
from neurolupus.guidelines.engine import advise
from neurolupus.guidelines.load import load_knowledge
from neurolupus.io.patient_file import parse_patient
from neurolupus.records.clinical import SYNDROMES, PatientRecord

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
