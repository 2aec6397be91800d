"""Conditions: a closed set of predicates over named facts, evaluated in three-valued logic; nothing is ever executed.

A condition is a small tree. `truth` evaluates it, `missing` names the facts that an unknown answer waits for, `leaves`
tells every comparison with the value that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Literal

from neurolupus.guidelines.logic import Truth, all_of, any_of, negated

Value = bool | float | str | None
Facts = Mapping[str, Value]
Operator = Literal["is", "in", "above", "at_least", "below", "at_most", "known"]
_ORDER: dict[str, Callable[[float, float], bool]] = {"above": gt, "at_least": ge, "below": lt, "at_most": le}


@dataclass(frozen=True, slots=True)
class Compare:
    """One fact against a value; unknown where the fact is, except for `known`, which always has an answer."""

    fact: str
    operator: Operator
    value: bool | float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Use:
    """A definition, by name."""

    name: str


Condition = Compare | AllOf | AnyOf | Not | Use
Definitions = Mapping[str, Condition]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison as it came out: the value seen, and whether it held."""

    fact: str
    operator: Operator
    value: bool | float | str | tuple[str, ...]
    seen: Value
    truth: Truth


def truth(condition: Condition, facts: Facts, definitions: Definitions) -> Truth:
    """Whether a condition holds; None where that is unknown.

    Raises
    ------
    KeyError
        A fact or a definition that is not there: the loader refuses such knowledge.

    Examples
    --------
    >>> fever = Compare("fever", "is", True)
    >>> truth(AllOf((fever, Compare("age", "above", 40))), {"fever": None, "age": 30.0}, {})
    False
    """
    if isinstance(condition, Compare):
        return compared(condition, facts[condition.fact])
    if isinstance(condition, AllOf):
        return all_of(truth(part, facts, definitions) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any_of(truth(part, facts, definitions) for part in condition.parts)
    if isinstance(condition, Not):
        return negated(truth(condition.part, facts, definitions))
    return truth(definitions[condition.name], facts, definitions)


def compared(compare: Compare, seen: Value) -> Truth:
    """Whether the value seen meets a comparison."""
    if compare.operator == "known":
        return (seen is not None) == compare.value
    if seen is None:
        return None
    if compare.operator == "is":
        return seen == compare.value and isinstance(seen, bool) == isinstance(compare.value, bool)
    if compare.operator == "in":
        return isinstance(compare.value, tuple) and seen in compare.value
    return _ORDER[compare.operator](float(seen), float(compare.value))  # type: ignore[arg-type]


def missing(condition: Condition, facts: Facts, definitions: Definitions) -> tuple[str, ...]:
    """The unknown facts that an unknown condition waits for, in the order in which it names them; else none.

    Parts that are already settled are left out: a disjunction with a true part, a conjunction with a false one.
    """
    return tuple(dict.fromkeys(_open(condition, facts, definitions)[1]))


def _open(condition: Condition, facts: Facts, definitions: Definitions) -> tuple[Truth, list[str]]:
    """Whether a condition holds, and the unknown facts it waits for; each part is looked at once."""
    if isinstance(condition, Compare):
        held = compared(condition, facts[condition.fact])
        return held, [condition.fact] if held is None else []
    if isinstance(condition, Not):
        held, waits = _open(condition.part, facts, definitions)
        return negated(held), waits
    if isinstance(condition, Use):
        return _open(definitions[condition.name], facts, definitions)
    parts = [_open(part, facts, definitions) for part in condition.parts]
    held = (all_of if isinstance(condition, AllOf) else any_of)(one for one, _ in parts)
    return held, [fact for one, waits in parts if one is None for fact in waits] if held is None else []


def leaves(condition: Condition, facts: Facts, definitions: Definitions) -> tuple[Leaf, ...]:
    """Every comparison of a condition with what was seen, definitions opened."""
    return tuple(
        Leaf(one.fact, one.operator, one.value, facts[one.fact], compared(one, facts[one.fact]))
        for one in comparisons(condition, definitions)
    )


def comparisons(condition: Condition, definitions: Definitions) -> Iterator[Compare]:
    """Every comparison of a condition, definitions opened."""
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, (AllOf, AnyOf)):
        for part in condition.parts:
            yield from comparisons(part, definitions)
    elif isinstance(condition, Not):
        yield from comparisons(condition.part, definitions)
    else:
        yield from comparisons(definitions[condition.name], definitions)


def uses(condition: Condition) -> Iterator[str]:
    """The definitions that a condition names itself."""
    if isinstance(condition, Use):
        yield condition.name
    elif isinstance(condition, (AllOf, AnyOf)):
        for part in condition.parts:
            yield from uses(part)
    elif isinstance(condition, Not):
        yield from uses(condition.part)
