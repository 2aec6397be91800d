"""Which single fact, were it otherwise, would flip an item: made active, deferred or no longer applicable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from neurolupus.guidelines.advice import State
from neurolupus.guidelines.conditions import Compare, Facts, Value, comparisons
from neurolupus.guidelines.engine import evaluated
from neurolupus.guidelines.model import Fact, Knowledge, Rule

_BEST_FIRST: tuple[State, ...] = ("active", "deferred", "not_applicable")
_NEVER = ("event.syndrome", "patient.sex", "patient.age")  # asking "what if it were another patient" helps nobody


@dataclass(frozen=True, slots=True)
class Flip:
    """One fact that would change the state of a code."""

    code: str
    fact: str
    seen: Value
    instead: Value
    state: State
    becomes: State


def flips(events: Sequence[Facts], knowledge: Knowledge, codes: Sequence[str]) -> tuple[Flip, ...]:
    """Every single fact that would flip one of the codes, in the order of the codes and then of the facts.

    Parameters
    ----------
    events : sequence of mapping
        The facts of each event.
    knowledge : Knowledge
    codes : sequence of str
    """
    rules: dict[str, list[Rule]] = {}
    for rule in knowledge.rules:
        rules.setdefault(rule.code, []).append(rule)
    found = []
    for code in codes:
        own = rules[code]
        now = _state(own, events, knowledge)
        for fact, values in _candidates(own, knowledge).items():
            for value in values:
                changed = [{**facts, fact: value} for facts in events]
                if all(facts[fact] == value for facts in events):
                    continue
                then = _state(own, changed, knowledge)
                if then != now:
                    found.append(Flip(code, fact, events[0][fact], value, now, then))
    return tuple(found)


def _state(rules: Sequence[Rule], events: Sequence[Facts], knowledge: Knowledge) -> State:
    states = {evaluated(rule, facts, knowledge).state for rule in rules for facts in events}
    return next((state for state in _BEST_FIRST if state in states), "not_applicable")


def _candidates(rules: Sequence[Rule], knowledge: Knowledge) -> Mapping[str, tuple[Value, ...]]:
    """The facts that the rules compare, each with the values worth trying: both sides of every threshold."""
    found: dict[str, dict[Value, None]] = {}
    for rule in rules:
        parts = (rule.when, *knowledge.requirements(rule))
        for part in parts:
            for one in comparisons(part, knowledge.conditions):
                if one.fact not in _NEVER:
                    values = dict.fromkeys(_values(one, knowledge.facts[one.fact]))
                    found.setdefault(one.fact, {}).update(values)
    return {fact: tuple(found[fact]) for fact in sorted(found)}


def _values(one: Compare, fact: Fact) -> Iterator[Value]:
    if fact.kind == "bool":
        yield from (True, False)
    elif fact.kind == "choice":
        yield from fact.choices
    elif one.operator != "known":
        edge = float(one.value)  # type: ignore[arg-type]
        step = 0.01 if edge < 10 else 1.0
        yield from (edge, edge + step, max(0.0, edge - step))
