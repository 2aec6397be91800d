"""The safety requirements SR-01 to SR-25 that concern the engine, each by its number."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from advice_cases import TODAY, Case, read_cases

from neurolupus.errors import KnowledgeError, PatientFileError
from neurolupus.guidelines.answer import INTENDED_USE, advice_as_data
from neurolupus.guidelines.engine import advise
from neurolupus.guidelines.load import load_knowledge, package_texts, parse_knowledge
from neurolupus.guidelines.model import TIERS
from neurolupus.io.patient_file import parse_patient, patient_as_data
from neurolupus.workflows.advise import advise_data, advised

KNOWLEDGE = load_knowledge()
CASES = read_cases()
NUMERAL = re.compile(r"\d+(?:[.,]\d+)?")
SHOWN = ("active", "options", "deferred", "warnings", "evidence", "gaps", "conflicts")


PSYCHOSIS = next(case for case in CASES if case.name.startswith("A severe psychosis in active lupus"))


def answer(case: Case) -> dict[str, Any]:
    return advice_as_data(advise(case.record, KNOWLEDGE, today=TODAY), case.record, KNOWLEDGE)


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    return [answer(case) for case in CASES]


@pytest.mark.slow
def test_sr01_intended_use_version_and_review_status_are_in_every_answer(answers: list[dict[str, Any]]):
    for one in answers:
        assert one["intended_use"] == INTENDED_USE
        assert re.fullmatch("[0-9a-f]{64}", one["knowledge"]["hash"])
        assert one["knowledge"]["version"]
        assert "unreviewed" in one["knowledge"]["review_status"]
    for word in ("clinicians", "research", "not a medical device", "not for emergencies"):
        assert word in INTENDED_USE.replace("is not for emergencies", "not for emergencies")


def test_sr02_every_item_cites_statements_that_resolve(answers: list[dict[str, Any]]):
    for one in answers:
        for part in SHOWN:
            for item in one[part]:
                assert item["cites"], item["code"]
                for name in item["cites"]:
                    statement = KNOWLEDGE.statements[name]
                    assert statement.locator
                    assert statement.primary, name


def test_sr03_no_number_outside_the_cited_statements(answers: list[dict[str, Any]]):
    for one in answers:
        for part in SHOWN:
            for item in one[part]:
                told = [item["text"], *(side["text"] for side in item.get("positions", []))]
                notes = item.get("must_show", [])
                numbers = {number for text in told for number in NUMERAL.findall(text)}
                numbers |= {number for note in notes for number in NUMERAL.findall(note["text"])}
                names = [*item["cites"], *(cite for note in notes for cite in note["cites"])]
                held = " ".join(
                    " ".join((*KNOWLEDGE.statements[name].figures, KNOWLEDGE.statements[name].text)) for name in names
                )
                assert numbers <= set(NUMERAL.findall(held)), item["code"]
                for figure in item.get("figures", []):
                    assert tuple(figure["figures"]) == KNOWLEDGE.statements[figure["cite"]].figures


def test_sr05_too_little_is_answered_with_questions():
    found = advise_data({}, today=TODAY)
    for part in ("active", "options", "deferred", "warnings", "evidence"):
        assert found[part] == []
    assert found["attribution"]["status"] == "insufficient_data"
    assert found["mechanism"]["value"] == "undetermined"
    assert "events" in found["data_requests"]


@pytest.mark.slow
def test_sr06_immunosuppression_never_stands_beside_an_open_infection():
    gated = {rule.code for rule in KNOWLEDGE.rules if rule.gate == "immunosuppression"}
    assert {"RX_GC_IS", "RX_CYC_IV", "OPT_IT_MTX_DEX", "RX_RTX"} <= gated
    for case in CASES:
        for name in ("cns_infection", "systemic_infection"):
            for value in (None, True):
                if value is not True and case.record.csf.pathogens_negative is False:
                    continue
                record = replace(case.record, secondary=replace(case.record.secondary, **{name: value}))
                found = advise(record, KNOWLEDGE, today=TODAY)
                assert not gated & {item.code for item in (*found.active, *found.options)}, case.name


def test_sr06_the_notice_says_never_to_stop_and_what_is_time_critical(answers: list[dict[str, Any]]):
    for one in answers:
        for item in (*one["active"], *one["deferred"]):
            if item["code"] == "RX_GC_IS":
                told = " ".join(note["text"] for note in item["must_show"])
                assert "starting or escalating" in told
                assert "never stop a current glucocorticoid" in told
                assert "status epilepticus and coma are time-critical" in told


def test_sr07_attribution_and_mechanism_are_worded_as_suspected(answers: list[dict[str, Any]]):
    for one in answers:
        assert set(one["attribution"]["by_cut_off"]) == {"6", "7"}
        if one["mechanism"]["value"] != "undetermined":
            assert "suspected" in one["mechanism"]["sentence"]
            assert "consensus" in one["mechanism"]["sentence"]


def test_sr08_strength_is_never_above_the_source(answers: list[dict[str, Any]]):
    for one in answers:
        for part in ("active", "options", "deferred", "warnings", "evidence"):
            for item in one[part]:
                best = max(TIERS[KNOWLEDGE.statements[name].strength] for name in item["cites"])
                assert TIERS[item["strength"]] <= best, item["code"]


@pytest.mark.slow
def test_sr11_defects_of_the_sources_are_never_quoted(answers: list[dict[str, Any]]):
    text = json.dumps(answers, ensure_ascii=False)
    for defect in ("0.71", "0.559", "n=12", "46%", "88.4", "chronic mild psychotic"):
        assert defect not in text
    marked = {name for name, one in KNOWLEDGE.statements.items() if one.do_not_quote}
    assert {"S2-103", "S2-111", "S3-055"} <= marked
    assert not any(f'"{name}"' in text for name in marked)


@pytest.mark.parametrize(
    ("protein", "raised"),
    [
        ({"value": 0.5, "unit": "g/L"}, False),
        ({"value": 0.51, "unit": "g/L"}, True),
        ({"value": 50, "unit": "mg/dL"}, False),
        ({"value": 50.1, "unit": "mg/dL"}, True),
        ({"value": 500, "unit": "mg/L"}, False),
        ({"value": 72, "unit": "mg/dL"}, True),
        ({"value": 0.72, "unit": None}, None),
    ],
)
def test_sr12_units_are_typed_and_limits_strict(protein: dict[str, Any], raised: bool | None):
    assert advise_data({"csf": {"done": True, "protein": protein}})["findings"]["csf_protein_raised"] is raised


@pytest.mark.parametrize(("pressure", "raised"), [(180, False), (180.5, True), (None, None)])
def test_sr12_pressure_is_raised_above_180(pressure: float | None, raised: bool | None):
    found = advise_data({"csf": {"done": True, "opening_pressure_mmH2O": pressure}})
    assert found["findings"]["icp_raised"] is raised


def test_sr14_advice_needs_no_network(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("advice opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert advise_data(patient_as_data(PSYCHOSIS.record))["active"]


def test_sr16_the_same_record_gives_the_same_bytes_in_any_order():
    data = patient_as_data(PSYCHOSIS.record)
    turned = {
        name: dict(reversed(part.items())) if isinstance(part, dict) else part for name, part in reversed(data.items())
    }
    events = [*data["events"], {"syndrome": "headache"}]
    two = {**data, "attribution": {"italian_score": 8}}
    one, other = advise_data(data, today=TODAY), advise_data(turned, today=TODAY)
    assert json.dumps(one) == json.dumps(other)
    first = advise_data({**two, "events": events}, today=TODAY)
    second = advise_data({**two, "events": events[::-1]}, today=TODAY)
    assert json.dumps(first) == json.dumps(second)


def test_sr17_every_rule_without_a_reviewer_is_marked(answers: list[dict[str, Any]]):
    for one in answers:
        for item in one["active"]:
            assert item["reviewed_by"] is None
    assert KNOWLEDGE.review_status.startswith("unreviewed")


def test_sr17_every_word_that_is_shown_is_in_the_hash():
    texts = package_texts()
    assert {name for name in texts if name.startswith("audience/")} == {
        f"audience/{name}.yaml" for name in ("neurologist", "radiologist", "trainee", "researcher", "patient")
    }
    for name in ("audience/trainee.yaml", "notices.yaml", "management-of-neurolupus-2025/statements.yaml"):
        changed = parse_knowledge({**texts, name: texts[name] + "\n# one word more\n"})
        assert changed.hash != KNOWLEDGE.hash


def test_sr18_an_edition_past_its_review_date_is_warned_of():
    record = PSYCHOSIS.record
    last = max(source.review_by for source in KNOWLEDGE.sources.values())
    found = advice_as_data(advise(record, KNOWLEDGE, today=date(last.year + 1, 1, 1)), record, KNOWLEDGE)
    assert set(found["knowledge"]["stale"]) == set(KNOWLEDGE.sources)
    assert "W_KNOWLEDGE_STALE" in {one["code"] for one in found["warnings"]}
    assert not advise(record, KNOWLEDGE, today=TODAY).stale


def test_sr19_the_trace_tells_every_rule_with_the_values_seen():
    found = answer(PSYCHOSIS)
    assert {one["rule"] for one in found["trace"]} == {rule.id for rule in KNOWLEDGE.rules}
    traced = next(one for one in found["trace"] if one["rule"] == "CYC-IV")
    assert traced["state"] == "active"
    assert {
        "fact": "event.severe_organ_threatening",
        "operator": "is",
        "value": True,
        "seen": True,
        "truth": True,
    } in traced["predicates"]


def test_sr20_single_facts_that_would_flip_an_item_are_named():
    case = next(one for one in CASES if one.name.startswith("A refractory severe psychosis"))
    data = advised(case.record, today=TODAY).data
    item = next(one for one in data["explanation"]["items"] if one["code"] == "OPT_IT_MTX_DEX")
    changes = {(one["fact"], one["instead"]): one["becomes"] for one in item["would_change"]}
    assert changes[("patient.renal_insufficiency", True)] == "deferred"
    assert changes[("secondary.cns_infection", True)] == "deferred"
    assert changes[("attribution.status", "not_attributed")] == "not_applicable"


INJECTIONS = [
    "__import__('os').system('true')",
    {"fact": "event.syndrome", "is": "psychosis", "eval": "1"},
    {"eval": "1"},
    {"fact": "event.syndrome.__class__", "is": "x"},
    {"fact": "patient.age", "above": "1; drop table"},
    {"call": {"fact": "patient.age", "above": 1}},
    {"all": "event"},
    {"any": []},
    {"not": None},
    {"use": {"fact": "patient.age"}},
    {"fact": "event.chorea", "is": "yes"},
    {"fact": "patient.age", "is": 3},
]


@pytest.mark.parametrize("condition", INJECTIONS, ids=range(len(INJECTIONS)))
def test_sr21_conditions_outside_the_grammar_are_refused(condition: object):
    texts = dict(package_texts())
    rule = {
        "code": "WU_MRI",
        "kind": "workup",
        "strength": "note",
        "text": "Look.",
        "when": condition,
        "cites": ["S3-009"],
    }
    texts["literature/rules.yaml"] = "valid_from: 2026-01-01\nrules: " + json.dumps({"BAD": rule})
    with pytest.raises(KnowledgeError, match="BAD"):
        parse_knowledge(texts)


INVALID = [
    ({"csf": {"done": True, "protein": {"value": -0.1, "unit": "g/L"}}}, "0 or more is needed"),
    ({"events": [{"syndrome": "madness"}]}, "is unknown"),
    ({"events": [{"syndrome": "psychosis", "date": "2027-01-01"}]}, "after today"),
    ({"as_of": "2031-05-01"}, "after today"),
    ({"attribution": {"italian_score": 11}}, "0 to 10"),
    ({"mri": {"done": True, "contraindicated": True}}, "one of them is wrong"),
    ({"patient": {"age": "old"}}, "a number is needed"),
    ({"patient": {"age": 30, "pregnant": "no"}}, "true or false is needed"),
    ({"patient": {"colour": "blue"}}, "not a key"),
    ([1, 2], "sections such as"),
    ("psychosis", "sections such as"),
]


@pytest.mark.parametrize(("data", "told"), INVALID, ids=range(len(INVALID)))
def test_sr22_invalid_input_is_refused_with_its_reason(data: Any, told: str):
    with pytest.raises(PatientFileError, match=told):
        advise_data(data, today=TODAY)


def test_sr22_every_fault_is_told_at_once():
    data = {"patient": {"age": 300}, "attribution": {"italian_score": 11}, "events": [{"syndrome": "x"}]}
    with pytest.raises(PatientFileError) as error:
        parse_patient(data, "record", today=TODAY)
    assert len(error.value.faults) == 3


def test_sr25_a_child_gets_the_gap_notice():
    for age, is_child in ((12, True), (17.9, True), (18, False)):
        found = advise_data({"patient": {"age": age}, "events": [{"syndrome": "psychosis"}]})
        assert ("GAP_CHILD" in {one["code"] for one in found["gaps"]}) is is_child
