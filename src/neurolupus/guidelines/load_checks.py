"""What a knowledge base must satisfy: ids resolve, strength is not above the source's, unknown is never false."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from neurolupus.guidelines.conditions import Condition, comparisons, uses
from neurolupus.guidelines.model import NEEDS_EVERY_FACT_KNOWN, TIERS, Knowledge, Rule

_NUMERAL = re.compile(r"\d")


def check_knowledge(knowledge: Knowledge, gate_codes: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Every fault, each without a full stop."""
    loose = list(_definitions(knowledge))
    if loose:  # nothing below can be evaluated
        return loose
    return [
        *_citations(knowledge),
        *_rules(knowledge, gate_codes),
        *_derived(knowledge),
    ]


def _definitions(knowledge: Knowledge) -> Iterator[str]:
    named: list[tuple[str, Condition]] = [
        (f"definition {name}", one.when) for name, one in knowledge.definitions.items()
    ]
    for rule in knowledge.rules:
        named += [(f"rule {rule.id}", part) for part in (rule.when, *rule.requires)]
    named += [(f"notice {one.code}", one.unless) for one in knowledge.notices.values() if one.unless is not None]
    named += [(f"gap {one.code}", one.when) for one in knowledge.gaps]
    named += [(f"conflict {one.code}", one.when) for one in knowledge.conflicts]
    named += [(f"gate {name}", part) for name, gate in knowledge.gates.items() for part in gate.requires]
    for what, condition in named:
        for name in uses(condition):
            if name not in knowledge.definitions:
                yield f"{what} uses {name!r}, which definitions.yaml does not hold"
    for name in knowledge.definitions:
        if _leads_back(name, knowledge):
            yield f"definition {name} leads back to itself"


def _leads_back(start: str, knowledge: Knowledge) -> bool:
    seen: set[str] = set()
    open_names = list(uses(knowledge.definitions[start].when))
    while open_names:
        name = open_names.pop()
        if name == start:
            return True
        if name not in seen and name in knowledge.definitions:
            seen.add(name)
            open_names += uses(knowledge.definitions[name].when)
    return False


def _citations(knowledge: Knowledge) -> Iterator[str]:
    named: list[tuple[str, Iterable[str]]] = [
        *((f"definition {name}", one.cites) for name, one in knowledge.definitions.items()),
        *((f"rule {rule.id}", rule.all_statements) for rule in knowledge.rules),
        *((f"notice {one.code}", one.cites) for one in knowledge.notices.values()),
        *((f"gap {one.code}", one.cites) for one in knowledge.gaps),
        *((f"conflict {one.code}", side.cites) for one in knowledge.conflicts for side in one.positions),
    ]
    for what, cites in named:
        cited = list(cites)
        if not cited:
            yield f"{what} cites no statement"
        for name in cited:
            if name not in knowledge.statements:
                yield f"{what} cites {name!r}, which no edition holds"
            elif knowledge.statements[name].do_not_quote:
                yield f"{what} cites {name}, which must not be quoted: {knowledge.statements[name].do_not_quote}"


def _rules(knowledge: Knowledge, gate_codes: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    seen: set[str] = set()
    for rule in knowledge.rules:
        if rule.id in seen:
            yield f"rule {rule.id} stands twice; ids are unique"
        seen.add(rule.id)
        yield from _one_rule(rule, knowledge, gate_codes)


def _one_rule(rule: Rule, knowledge: Knowledge, gate_codes: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if rule.code not in knowledge.titles:
        yield f"rule {rule.id} gives {rule.code!r}, which codes.yaml does not name"
    if rule.gate and rule.gate not in knowledge.gates:
        yield f"rule {rule.id}: gate {rule.gate!r} is not in gates.yaml"
    for gate, codes in gate_codes.items():
        if rule.code in codes and rule.gate != gate and rule.kind in NEEDS_EVERY_FACT_KNOWN:
            yield f"rule {rule.id} gives {rule.code} without the gate {gate!r}"
    for notice in rule.must_show:
        if notice not in knowledge.notices:
            yield f"rule {rule.id} shows {notice!r}, which notices.yaml does not hold"
    tiers = [TIERS[knowledge.statements[name].strength] for name in rule.cites if name in knowledge.statements]
    if tiers and TIERS[rule.strength] > max(tiers):
        yield f"rule {rule.id} is {rule.strength!r}, stronger than every statement that it cites"
    if rule.kind in NEEDS_EVERY_FACT_KNOWN:
        for part in (rule.when, *rule.requires):
            for one in comparisons(part, knowledge.conditions):
                if one.operator == "known":
                    yield f"rule {rule.id} asks whether {one.fact} is known; what is unknown must never add a treatment"
    if rule.kind != "evidence" and _NUMERAL.search(rule.text):
        yield f"rule {rule.id}: its text holds a number; numbers come from the statements it quotes"
    if rule.kind == "evidence" and rule.bears_on and not rule.design:
        yield f"rule {rule.id} bears on an item and states no design"


def _derived(knowledge: Knowledge) -> Iterator[str]:
    for name, fact in knowledge.facts.items():
        if fact.kind == "choice" and not fact.choices:
            yield f"fact {name} is a choice without choices"
        if fact.is_derived and not fact.ask:
            yield f"fact {name} is derived and does not say what to ask for"
