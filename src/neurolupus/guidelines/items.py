"""How rules came out -> items: rules of one code are one item, with the strength and the text of the strongest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from neurolupus.guidelines.advice import Item, Note, RuleTrace, Waiting
from neurolupus.guidelines.condition_text import compare_in_words
from neurolupus.guidelines.conditions import Compare, Condition, Facts, comparisons, missing, truth
from neurolupus.guidelines.model import TIERS, Knowledge, Rule

_PLACE = {"workup": 0, "advice": 1, "treatment": 1, "option": 1, "follow_up": 2, "warning": 3, "evidence": 4}
_WAITS = ("workup", "advice", "treatment", "option", "follow_up")
EventFacts = Mapping[str, Facts]


def fired_items(trace: Sequence[RuleTrace], events: EventFacts, knowledge: Knowledge) -> tuple[Item, ...]:
    """One item for each code of which a rule is active."""
    return _items([one for one in trace if one.state == "active"], events, knowledge)


def deferred_items(
    trace: Sequence[RuleTrace], fired: Sequence[Item], events: EventFacts, knowledge: Knowledge
) -> tuple[Item, ...]:
    """One item for each code of which a rule waits and none is active."""
    codes = {item.code for item in fired}
    kinds = {rule.id: rule.kind for rule in knowledge.rules}
    waits = [one for one in trace if one.state == "deferred" and one.code not in codes and kinds[one.rule] in _WAITS]
    concerns = {one.code for one in waits if one.when}  # a rule that does concern the patient speaks for its code
    waits = [one for one in waits if one.when or one.code not in concerns]
    return _items(waits, events, knowledge)


def nothing_applies(
    trace: Sequence[RuleTrace], fired: Sequence[Item], deferred: Sequence[Item]
) -> tuple[RuleTrace, ...]:
    """For each code that is neither active nor deferred, the rule that came nearest: the fewest comparisons failed."""
    codes = {item.code for item in (*fired, *deferred)}
    nearest: dict[str, RuleTrace] = {}
    for one in trace:
        if one.code not in codes and one.state == "not_applicable":
            best = nearest.get(one.code)
            if best is None or _failures(one) < _failures(best):
                nearest[one.code] = one
    return tuple(nearest[code] for code in sorted(nearest))


def _failures(one: RuleTrace) -> tuple[int, str, str]:
    return one.failures(), one.rule, one.event


def _items(trace: Sequence[RuleTrace], events: EventFacts, knowledge: Knowledge) -> tuple[Item, ...]:
    rules = {rule.id: rule for rule in knowledge.rules}
    by_code: dict[str, list[RuleTrace]] = {}
    for one in trace:
        by_code.setdefault(one.code, []).append(one)
    items = [_item(code, found, rules, events, knowledge) for code, found in by_code.items()]
    # of one strength as codes.yaml has them: the first line before what adds to it
    place = {code: number for number, code in enumerate(knowledge.titles)}
    return tuple(
        sorted(items, key=lambda item: (_PLACE[item.rules[0].kind], _order(item.strength), place[item.code], item.code))
    )


def _item(
    code: str, found: list[RuleTrace], rules: Mapping[str, Rule], events: EventFacts, knowledge: Knowledge
) -> Item:
    fired = sorted({one.rule for one in found}, key=lambda name: (_order(rules[name].strength), name))
    own = tuple(rules[name] for name in fired)
    concerned = [events[one.event] for one in found]
    return Item(
        code=code,
        text=own[0].text,
        strength=own[0].strength,
        cites=_once(cite for rule in own for cite in rule.cites),
        rules=own,
        events=_once(sorted(str(facts["event.syndrome"]) for facts in concerned)),
        must_show=_notices(own, concerned, knowledge),
        waiting_for=_waiting(found, rules, events, knowledge),
    )


def _order(strength: str) -> tuple[int, int]:
    """The strongest first; of one tier, as the tiers are written."""
    return -TIERS[strength], list(TIERS).index(strength)


def _notices(rules: Sequence[Rule], events: Sequence[Facts], knowledge: Knowledge) -> tuple[Note, ...]:
    """Notices whose question is not answered for every event concerned."""
    names = _once(name for rule in rules for name in knowledge.shown_with(rule))
    notices = [knowledge.notices[name] for name in names]
    return tuple(
        Note(one.code, one.text, one.cites)
        for one in notices
        if one.unless is None or not all(truth(one.unless, facts, knowledge.conditions) is True for facts in events)
    )


def _waiting(
    found: Sequence[RuleTrace], rules: Mapping[str, Rule], events: EventFacts, knowledge: Knowledge
) -> tuple[Waiting, ...]:
    waits: dict[str, Waiting] = {}
    for one in found:
        if one.state != "deferred":
            continue
        rule, facts = rules[one.rule], events[one.event]
        needed = knowledge.requirements(rule)
        for part in (rule.when, *needed):
            for wait in _open(part, facts, knowledge):
                waits.setdefault(wait.fact, wait)
    return tuple(waits.values())


def _open(part: Condition, facts: Facts, knowledge: Knowledge) -> list[Waiting]:
    """What keeps a condition from being true: facts that are unknown, and those that are known and not as needed."""
    holds = truth(part, facts, knowledge.conditions)
    if holds is True:
        return []
    unknown = set(missing(part, facts, knowledge.conditions))
    waits = []
    for one in comparisons(part, knowledge.conditions):
        is_unmet = holds is False and facts[one.fact] is not None and truth(one, facts, knowledge.conditions) is False
        if one.fact in unknown or is_unmet or (holds is False and facts[one.fact] is None):
            waits.append(Waiting(one.fact, facts[one.fact], _needed(one, knowledge)))
    return waits


def _needed(one: Compare, knowledge: Knowledge) -> str:
    return compare_in_words(one, knowledge.facts)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
