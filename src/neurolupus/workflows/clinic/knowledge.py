"""The knowledge base to be browsed: statements and rules by source, kind and strength; one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from neurolupus.errors import NotKept
from neurolupus.guidelines.condition_text import compare_in_words
from neurolupus.guidelines.conditions import AllOf, Compare, Condition, Not, Use
from neurolupus.guidelines.explain import rule_in_words
from neurolupus.guidelines.load import load_knowledge
from neurolupus.guidelines.model import Rule
from neurolupus.guidelines.statements import Statement
from neurolupus.report.knowledge_text import KINDS, used_by
from neurolupus.report.wording import STRENGTHS

Plain = dict[str, Any]
STATEMENT_KINDS = {
    "recommendation": "Recommendation", "workup": "Work-up", "safety": "Safety", "protocol": "Protocol",
    "evidence": "Evidence", "definition": "Definition", "limitation": "Limitation", "governance": "On the source",
}  # fmt: skip
RULE_KINDS = {**KINDS, "option": "Options", "evidence": "Evidence"}
NOT_QUOTED = "Not to be quoted"


def knowledge_head() -> Plain:
    """Version, hash, review status, sources and the words to filter by."""
    knowledge = load_knowledge()
    return {
        "version": knowledge.version, "hash": knowledge.hash, "review_status": knowledge.review_status,
        "rules": len(knowledge.rules), "statements": len(knowledge.statements),
        "sources": [
            {
                "id": one.id, "title": one.title, "edition": one.edition, "authors": one.authors,
                "address": one.address, "review_status": one.review_status, "last_updated": one.last_updated,
                "review_by": one.review_by.isoformat(),
            }
            for one in knowledge.sources.values()
        ],
        "gaps": [{"code": one.code, "text": one.text, "cites": list(one.cites)} for one in knowledge.gaps],
        "conflicts": [
            {
                "code": one.code, "text": one.text,
                "positions": [{"text": side.text, "cites": list(side.cites)} for side in one.positions],
            }
            for one in knowledge.conflicts
        ],
    }  # fmt: skip


def find_statements(*, source: str = "", kind: str = "", strength: str = "", text: str = "") -> list[Plain]:
    """Statements that meet every filter; what is empty asks nothing."""
    wanted = text.casefold().split()
    return [
        _statement(one) for one in load_knowledge().statements.values()
        if (not source or one.source == source) and (not kind or one.kind == kind)
        and (not strength or one.strength == strength)
        and all(word in f"{one.id} {_said(one)} {one.section} {one.population}".casefold() for word in wanted)
    ]  # fmt: skip


def find_rules(*, source: str = "", kind: str = "", strength: str = "", text: str = "") -> list[Plain]:
    """Rules that meet every filter, by what they advise."""
    titles, wanted = load_knowledge().titles, text.casefold().split()
    found = [
        _rule(one) for one in load_knowledge().rules
        if (not source or one.edition == source) and (not kind or one.kind == kind)
        and (not strength or one.strength == strength)
        and all(word in f"{one.id} {titles[one.code]} {one.text}".casefold() for word in wanted)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (list(RULE_KINDS).index(one["kind"]), one["title"], one["id"]))


def rule_page(name: str) -> Plain:
    """One rule: its condition as a tree of words, what it waits for, what is shown with it, its statements.

    Raises
    ------
    NotKept
        There is none of that name.
    """
    knowledge = load_knowledge()
    rule = next((one for one in knowledge.rules if one.id == name), None)
    if rule is None:
        raise NotKept("The knowledge base has no such rule.\n    Look in the list of rules.")
    notices = [knowledge.notices[code] for code in knowledge.shown_with(rule)]
    return {
        **_rule(rule),
        "when": condition_tree(rule.when),
        "requires": [condition_tree(one) for one in knowledge.requirements(rule)],
        "gate": rule.gate,
        "in_words": rule_in_words(rule, knowledge),
        "notices": [{"code": one.code, "text": one.text, "cites": list(one.cites)} for one in notices],
        "statements": {
            part: [_statement(knowledge.statements[one]) for one in names]
            for part, names in (("cites", rule.cites), ("quotes the figures of", rule.quote),
                                ("protocol", rule.protocol), ("limits", rule.limits))
            if names
        },
        "siblings": [_rule(one) for one in knowledge.rules if one.code == rule.code and one.id != rule.id],
    }  # fmt: skip


def statement_page(name: str) -> Plain:
    """One statement, its source, and what uses it.

    Raises
    ------
    NotKept
        There is none of that name.
    """
    knowledge = load_knowledge()
    if name not in knowledge.statements:
        raise NotKept("The knowledge base has no such statement.\n    Look in the list of statements.")
    one = knowledge.statements[name]
    source = knowledge.sources[one.source]
    rules = {rule.id for rule in knowledge.rules}
    users = _users()[name]
    return {
        **_statement(one),
        "rests_on": one.rests_on, "primary": one.primary, "caution": one.caution, "words": one.words,
        "action": one.action, "source_title": source.title, "address": source.address, "edition": source.edition,
        "rules": [user for user in users if user in rules],
        "other_uses": [user for user in users if user not in rules],
    }  # fmt: skip


def condition_tree(condition: Condition) -> Plain:
    """A condition as words in a tree: `text`, and `parts` with `joint` where it has some."""
    knowledge = load_knowledge()
    if isinstance(condition, Compare):
        return {"text": compare_in_words(condition, knowledge.facts), "joint": "", "parts": []}
    if isinstance(condition, Use):
        inner = condition_tree(knowledge.definitions[condition.name].when)
        return {"text": knowledge.definitions[condition.name].sentence, "joint": "is", "parts": [inner]}
    if isinstance(condition, Not):
        return {"text": "Not", "joint": "not", "parts": [condition_tree(condition.part)]}
    is_all = isinstance(condition, AllOf)
    parts: Sequence[Condition] = condition.parts
    return {
        "text": "All of these" if is_all else "At least one of these", "joint": "all" if is_all else "any",
        "parts": [condition_tree(one) for one in parts],
    }  # fmt: skip


@cache
def _users() -> dict[str, list[str]]:
    return used_by(load_knowledge())


def _said(one: Statement) -> str:
    return f"{NOT_QUOTED}: {one.do_not_quote}" if one.do_not_quote else one.text


def _statement(one: Statement) -> Plain:
    return {
        "id": one.id, "text": _said(one), "source": one.source, "kind": one.kind, "strength": one.strength,
        "strength_words": STRENGTHS[one.strength], "section": one.section, "locator": one.locator,
        "population": one.population, "figures": [] if one.do_not_quote else list(one.figures),
    }  # fmt: skip


def _rule(one: Rule) -> Plain:
    return {
        "id": one.id, "code": one.code, "title": load_knowledge().titles[one.code], "text": one.text,
        "kind": one.kind, "strength": one.strength, "strength_words": STRENGTHS[one.strength],
        "source": one.edition, "cites": list(one.cites), "reviewed_by": one.reviewed_by,
        "valid_from": one.valid_from.isoformat(),
    }  # fmt: skip
