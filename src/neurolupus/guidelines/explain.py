"""Why: each item with its sources and locators, the comparisons with the values seen, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurolupus.guidelines.advice import Advice, Item, RuleTrace
from neurolupus.guidelines.attribution import attribute
from neurolupus.guidelines.condition_text import compare_in_words, in_words, spoken
from neurolupus.guidelines.conditions import Compare
from neurolupus.guidelines.counterfactual import Flip, flips
from neurolupus.guidelines.facts import facts_of_events, patient_facts
from neurolupus.guidelines.model import Knowledge, Rule
from neurolupus.records.clinical import PatientRecord


def explanation_as_data(advice: Advice, record: PatientRecord, knowledge: Knowledge) -> dict[str, Any]:
    """For each item: its rules as sentences, what was seen, its statements, and the single facts that would flip it."""
    items = [*advice.active, *(one for one in advice.options if one not in advice.active), *advice.deferred]
    traces: dict[str, list[RuleTrace]] = {}
    for one in advice.trace:
        traces.setdefault(one.rule, []).append(one)
    attribution = attribute(record)
    patient = patient_facts(record, attribution)
    events = facts_of_events(record, patient, knowledge)
    changes = flips(events, knowledge, [item.code for item in items]) if events else ()
    return {
        "items": [_explained(item, traces, changes, knowledge) for item in items],
        "statements": _statements([*items, *advice.warnings, *advice.evidence], advice, knowledge),
    }


def rule_in_words(rule: Rule, knowledge: Knowledge) -> str:
    """A rule as one sentence: when, and after what."""
    sentences = {name: one.sentence for name, one in knowledge.definitions.items()}
    told = f"If {in_words(rule.when, knowledge.facts, sentences)}"
    needed = knowledge.requirements(rule)
    if needed:
        told += " - and once " + "; and ".join(in_words(part, knowledge.facts, sentences) for part in needed)
    return told + "."


def _explained(
    item: Item, traces: dict[str, list[RuleTrace]], changes: Sequence[Flip], knowledge: Knowledge
) -> dict[str, Any]:
    rules = []
    for rule in item.rules:
        seen: dict[tuple[str, str], dict[str, Any]] = {}
        for trace in traces[rule.id]:
            for leaf in trace.leaves:
                words = compare_in_words(Compare(leaf.fact, leaf.operator, leaf.value), knowledge.facts)
                held = {True: "yes", False: "no", None: "unknown"}[leaf.truth]
                seen.setdefault((words, spoken(leaf.seen)), {"asks": words, "seen": spoken(leaf.seen), "holds": held})
        rules.append(
            {
                "id": rule.id,
                "edition": rule.edition,
                "rule": rule_in_words(rule, knowledge),
                "predicates": list(seen.values()),
            }
        )
    own = [one for one in changes if one.code == item.code]
    return {
        "code": item.code,
        "rules": rules,
        "would_change": [
            {
                "fact": one.fact,
                "label": knowledge.facts[one.fact].label,
                "seen": one.seen,
                "instead": one.instead,
                "becomes": one.becomes,
            }
            for one in own
        ],
    }


def _statements(items: Sequence[Item], advice: Advice, knowledge: Knowledge) -> dict[str, Any]:
    names = [name for item in items for rule in item.rules for name in rule.all_statements]
    names += [*advice.attribution.cites, *advice.mechanism.cites, *advice.findings.cites]
    names += [name for item in items for note in item.must_show for name in note.cites]
    names += [name for note in advice.gaps for name in note.cites]
    names += [name for one in advice.conflicts for side in one.positions for name in side.cites]
    found = {}
    for name in sorted(set(names)):
        one = knowledge.statements[name]
        found[name] = {
            "text": one.text,
            "strength": one.strength,
            "source": one.source,
            "locator": one.locator,
            "rests_on": one.rests_on,
            "primary": one.primary,
            "figures": list(one.figures),
            "caution": one.caution,
        }
    return found
