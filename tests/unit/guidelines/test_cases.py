"""Cases written for clinicians, and the proof that every rule is held by one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from advice_cases import TODAY, Case, read_cases

from neurolupus.guidelines.advice import Advice
from neurolupus.guidelines.conditions import AllOf, AnyOf, Compare, Condition, Not
from neurolupus.guidelines.engine import advise, evaluated
from neurolupus.guidelines.load import load_knowledge
from neurolupus.guidelines.model import Gate, Knowledge, Rule

CASES = read_cases()
KNOWLEDGE = load_knowledge()
FOR_EVERY_EVENT = Compare("event.syndrome", "known", True)
STATES = {"fires": "active", "waits": "deferred", "silent": "not_applicable"}


def broken(case: Case, knowledge: Knowledge, *, only: str | None = None) -> list[str]:
    """What a case expects of rules and does not get; one rule only where one is named."""
    rules = {rule.id: rule for rule in knowledge.rules}
    faults = []
    for part, state in STATES.items():
        for name in case.expected.get(part, ()):
            if only is not None and name != only:
                continue
            if name not in rules:
                faults.append(f"{name} is gone")
                continue
            found = {evaluated(rules[name], facts, knowledge).state for facts in case.facts()}
            best = next(one for one in ("active", "deferred", "not_applicable") if one in found)
            if best != state:
                faults.append(f"{name} is {best}, not {state}")
    return faults


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_rules_of_the_case(case: Case):
    assert broken(case, KNOWLEDGE) == []


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_answer_of_the_case(case: Case):
    advice = advise(case.record, KNOWLEDGE, today=TODAY)
    expected = case.expected
    if "attribution" in expected:
        assert advice.attribution.status == expected["attribution"]
    if "mechanism" in expected:
        assert advice.mechanism.value == expected["mechanism"]
    assert set(expected.get("gaps", ())) <= {note.code for note in advice.gaps}
    assert set(expected.get("conflicts", ())) <= {one.code for one in advice.conflicts}
    assert set(expected.get("asks", ())) <= {one.fact for one in advice.questions}
    assert set(expected.get("shows", ())) <= shown(advice)
    rules = {rule.id: rule for rule in KNOWLEDGE.rules}
    deferred = {item.code: {wait.fact for wait in item.waiting_for} for item in advice.deferred}
    for name, facts in expected.get("waits", {}).items():
        code = rules[name].code
        if code in deferred:  # else another rule of the same code is active
            assert set(facts) <= deferred[code], name


def test_items_of_one_strength_stand_as_the_first_line_before_what_adds_to_it():
    (case,) = [one for one in CASES if one.name.startswith("A severe psychosis in active lupus")]
    codes = [item.code for item in advise(case.record, KNOWLEDGE, today=TODAY).active]
    treatments = [code for code in codes if code.startswith("RX_")]
    assert treatments[:3] == ["RX_GC_IS", "RX_CYC_IV", "RX_ANTIPSYCHOTIC"]


def shown(advice: Advice) -> set[str]:
    """The notices beside items."""
    return {note.code for item in (*advice.active, *advice.options, *advice.deferred) for note in item.must_show}


def mutants(rule: Rule) -> Iterator[tuple[str, Rule, Knowledge]]:
    """The rule with its condition negated or dropped, with each requirement negated or dropped, without its gate."""
    always, never = AllOf(()), AnyOf(())
    yield "condition negated", replace(rule, when=Not(rule.when)), KNOWLEDGE
    if rule.when != FOR_EVERY_EVENT:  # with an event, that is the same as no condition
        yield "condition dropped", replace(rule, when=always), KNOWLEDGE
    yield "never", replace(rule, when=never), KNOWLEDGE
    for number, part in enumerate(rule.requires):
        for what, other in (("negated", Not(part)), ("dropped", always)):
            requires: tuple[Condition, ...] = (*rule.requires[:number], other, *rule.requires[number + 1 :])
            yield f"requirement {number} {what}", replace(rule, requires=requires), KNOWLEDGE
    if rule.gate:
        yield "gate dropped", rule, replace(KNOWLEDGE, gates={rule.gate: Gate((), ())})


@pytest.mark.parametrize("rule", KNOWLEDGE.rules, ids=[rule.id for rule in KNOWLEDGE.rules])
def test_every_rule_is_held_by_a_case(rule: Rule):
    for what, mutant, knowledge in mutants(rule):
        rules = tuple(mutant if one.id == rule.id else one for one in knowledge.rules)
        changed = replace(knowledge, rules=rules)
        assert any(broken(case, changed, only=rule.id) for case in CASES), f"no case notices: {rule.id}, {what}"


@pytest.mark.slow
def test_every_gap_conflict_and_notice_is_shown_by_a_case():
    answers = [advise(case.record, KNOWLEDGE, today=TODAY) for case in CASES]
    assert {gap.code for gap in KNOWLEDGE.gaps} <= {note.code for one in answers for note in one.gaps}
    assert {one.code for one in KNOWLEDGE.conflicts} <= {one.code for answer in answers for one in answer.conflicts}
    assert set(KNOWLEDGE.notices) <= {code for one in answers for code in shown(one)}
