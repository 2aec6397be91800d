"""What the engine answers: items with their sources, what they wait for, and how each rule came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from neurolupus.guidelines.attribution import Attribution
from neurolupus.guidelines.conditions import (
    Condition,
    Definitions,
    Facts,
    Leaf,
    Value,
    compared,
    comparisons,
    leaves,
)
from neurolupus.guidelines.logic import Truth
from neurolupus.guidelines.mechanism import Mechanism
from neurolupus.guidelines.model import Conflict, Rule, Strength

State = Literal["active", "deferred", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One fact that an item waits for: unknown, or known and not as needed."""

    fact: str
    seen: Value
    needed: str


@dataclass(frozen=True, slots=True)
class Note:
    """A notice or a gap in words with its source."""

    code: str
    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is advised, deferred, warned of or told, by one code.

    Attributes
    ----------
    code, text : str
    strength : str
        Of the strongest rule that fired; never above its source's.
    cites : tuple of str
    rules : tuple of Rule
        Those that fired (active), or wait (deferred); the first gave text and strength.
    events : tuple of str
        Syndromes it concerns.
    must_show : tuple of Note
    waiting_for : tuple of Waiting
        Of a deferred item.
    """

    code: str
    text: str
    strength: Strength
    cites: tuple[str, ...]
    rules: tuple[Rule, ...]
    events: tuple[str, ...]
    must_show: tuple[Note, ...] = ()
    waiting_for: tuple[Waiting, ...] = ()

    @property
    def is_option(self) -> bool:
        """Whether it is a choice among others."""
        return any(rule.is_option for rule in self.rules)


@dataclass(frozen=True, slots=True, eq=False)
class RuleTrace:
    """How one rule came out for one event.

    Attributes
    ----------
    rule, code, event : str
    state : active, deferred or not_applicable
    when : bool or None
    requires : tuple of bool or None
        Empty where the condition does not hold.
    parts : tuple of Condition
        What was looked at.
    facts, definitions : mapping
        What it was looked at with.
    """

    rule: str
    code: str
    event: str
    state: State
    when: Truth
    requires: tuple[Truth, ...]
    parts: tuple[Condition, ...]
    facts: Facts
    definitions: Definitions

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every comparison with the value seen; worked out when it is asked for."""
        return tuple(leaf for part in self.parts for leaf in leaves(part, self.facts, self.definitions))

    def failures(self) -> int:
        """How many comparisons do not hold."""
        return sum(
            compared(one, self.facts[one.fact]) is False
            for part in self.parts
            for one in comparisons(part, self.definitions)
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A fact worth asking for, with the codes that its answer would help to settle."""

    fact: str
    text: str
    settles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """Derived facts: true, false, or unknown (None), with their statements."""

    values: Mapping[str, Truth]
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """The whole answer for one record.

    Attributes
    ----------
    active : tuple of Item
        What the sources support now: work-up, treatment, follow-up; choices among them are options too.
    options : tuple of Item
        Choices for a decision, observational ones included.
    deferred : tuple of Item
        What waits for facts.
    not_applicable : tuple of RuleTrace
        One for each code that does not concern this patient, with what decided it.
    stale : tuple of str
        Editions past the date by which they were to be reviewed.
    """

    attribution: Attribution
    mechanism: Mechanism
    findings: Findings
    active: tuple[Item, ...]
    options: tuple[Item, ...]
    deferred: tuple[Item, ...]
    warnings: tuple[Item, ...]
    evidence: tuple[Item, ...]
    gaps: tuple[Note, ...]
    conflicts: tuple[Conflict, ...]
    questions: tuple[Question, ...]
    not_applicable: tuple[RuleTrace, ...]
    trace: tuple[RuleTrace, ...]
    stale: tuple[str, ...] = ()
