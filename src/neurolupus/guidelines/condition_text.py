"""Plain values to conditions, and conditions to sentences; what is not in the grammar is a fault, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from neurolupus.guidelines.conditions import AllOf, AnyOf, Compare, Condition, Not, Operator, Use
from neurolupus.guidelines.model import Fact

_NUMERIC = ("above", "at_least", "below", "at_most")
_OPERATORS: tuple[str, ...] = get_args(Operator)
DEEPEST = 12
_WORDS = {"above": "above", "at_least": "at least", "below": "below", "at_most": "at most"}


class ConditionFault(ValueError):  # noqa: N818
    """A condition that cannot be read; the message says what was seen and what is needed, without a full stop."""


def parse_condition(data: Any, facts: Mapping[str, Fact], *, depth: int = 0) -> Condition:
    """The condition that plain values state.

    Raises
    ------
    ConditionFault
        Another form than the closed grammar, a fact that is not known, a value that the fact cannot have.
    """
    if depth > DEEPEST:
        raise ConditionFault(f"conditions are nested more than {DEEPEST} deep")
    if not isinstance(data, Mapping) or not data:
        raise ConditionFault(f"{_shown(data)} is no condition; write {{fact: name, is: value}}, all, any, not or use")
    if "fact" in data:
        return _compare(data, facts)
    if len(data) != 1:
        raise ConditionFault(
            f"{_shown(data)} holds {len(data)} keys; a condition has one of all, any, not, use, or fact"
        )
    (key, value), *_ = data.items()
    if key in ("all", "any"):
        if not isinstance(value, list) or not value:
            raise ConditionFault(f"{key}: is {_shown(value)}; a list of conditions is needed")
        parts = tuple(parse_condition(part, facts, depth=depth + 1) for part in value)
        return AllOf(parts) if key == "all" else AnyOf(parts)
    if key == "not":
        return Not(parse_condition(value, facts, depth=depth + 1))
    if key == "use":
        if not isinstance(value, str):
            raise ConditionFault(f"use: is {_shown(value)}; the name of a definition is needed")
        return Use(value)
    raise ConditionFault(f"{key!r} is no part of the grammar; use all, any, not, use or fact")


def _compare(data: Mapping[str, Any], facts: Mapping[str, Fact]) -> Compare:
    name = data["fact"]
    if name not in facts:
        raise ConditionFault(f"fact {name!r} is not in facts.yaml")
    others = [key for key in data if key != "fact"]
    if len(others) != 1 or others[0] not in _OPERATORS:
        raise ConditionFault(f"{_shown(data)}: one of {', '.join(_OPERATORS)} is needed beside fact")
    operator, value, fact = others[0], data[others[0]], facts[name]
    if operator == "known":
        if not isinstance(value, bool):
            raise ConditionFault(f"known: is {_shown(value)}; true or false is needed")
        return Compare(name, "known", value)
    if operator in _NUMERIC:
        if fact.kind != "number" or isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConditionFault(f"{_shown(data)} compares numbers; {name} is a {fact.kind}")
        return Compare(name, operator, float(value))  # type: ignore[arg-type]
    if operator == "in":
        if not isinstance(value, list) or not value:
            raise ConditionFault(f"in: is {_shown(value)}; a list of values is needed")
        return Compare(name, "in", tuple(_choice(one, fact) for one in value))
    if fact.kind == "bool":
        if not isinstance(value, bool):
            raise ConditionFault(f"{_shown(data)}: {name} is true or false")
        return Compare(name, "is", value)
    if fact.kind == "number":
        raise ConditionFault(f"{_shown(data)}: a number is compared with {', '.join(_NUMERIC)}")
    return Compare(name, "is", _choice(value, fact))


def _choice(value: Any, fact: Fact) -> str:
    if fact.kind != "choice" or value not in fact.choices:
        raise ConditionFault(f"{_shown(value)} is no value of {fact.name}: {', '.join(fact.choices) or fact.kind}")
    return str(value)


def _shown(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 80 else text[:77] + "..."


def in_words(condition: Condition, facts: Mapping[str, Fact], sentences: Mapping[str, str]) -> str:
    """A condition as a phrase that a clinician can read; definitions by their sentences.

    Parameters
    ----------
    condition : Condition
    facts : mapping of name to Fact
    sentences : mapping of definition to its sentence
    """
    if isinstance(condition, Compare):
        return compare_in_words(condition, facts)
    if isinstance(condition, Not):
        return f"not ({in_words(condition.part, facts, sentences)})"
    if isinstance(condition, Use):
        return sentences[condition.name]
    joint = "; and " if isinstance(condition, AllOf) else "; or "
    told = [in_words(part, facts, sentences) for part in condition.parts]
    return joint.join(f"({text})" if "; " in text else text for text in told)


def compare_in_words(compare: Compare, facts: Mapping[str, Fact]) -> str:
    """One comparison as a phrase.

    Examples
    --------
    >>> fact = Fact("csf.protein_g_per_L", "number", "CSF protein", "?", "g/L")
    >>> compare_in_words(Compare(fact.name, "above", 0.5), {fact.name: fact})
    'CSF protein above 0.5 g/L'
    """
    fact = facts[compare.fact]
    if compare.operator == "known":
        return f"{fact.label}: {'known' if compare.value else 'unknown'}"
    if compare.operator == "in" and isinstance(compare.value, tuple):
        return f"{fact.label}: " + " or ".join(map(spoken, compare.value))
    if compare.operator == "is":
        return f"{fact.label}: {spoken(compare.value)}"
    return f"{fact.label} {_WORDS[compare.operator]} {compare.value:g} {fact.unit}".strip()


def spoken(value: object) -> str:
    """A value as it is said.

    Examples
    --------
    >>> spoken(True), spoken(None), spoken("acute_confusional_state"), spoken(0.72)
    ('yes', 'unknown', 'acute confusional state', '0.72')
    """
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")
