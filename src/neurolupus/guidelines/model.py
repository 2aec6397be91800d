"""What a knowledge base holds: facts that can be asked for, definitions, rules, notices, gaps and conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from neurolupus.guidelines.conditions import Condition
from neurolupus.guidelines.statements import Source, Statement

Strength = Literal["recommended", "should", "consider", "may", "option_observational", "note"]
TIERS: Mapping[str, int] = {
    "recommended": 3,
    "should": 3,
    "consider": 2,
    "may": 1,
    "option_observational": 1,
    "note": 0,
}
RuleKind = Literal["workup", "treatment", "option", "advice", "follow_up", "warning", "evidence"]
NEEDS_EVERY_FACT_KNOWN: tuple[RuleKind, ...] = ("treatment", "option")  # `known` is refused in what these stand on
FactKind = Literal["bool", "number", "choice"]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a condition may ask.

    Attributes
    ----------
    name : str
        Dotted, as in the patient's file; `event.` for what belongs to one event.
    kind : bool, number or choice
    label, question : str
    unit : str
    choices : tuple of str
    ask : tuple of str
        What the clinician can fill in where the fact itself is computed; the fact itself when empty.
    is_derived : bool
        Computed, not read.
    """

    name: str
    kind: FactKind
    label: str
    question: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    is_derived: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A condition with a name and a sentence; `is_finding` shows its value in the output."""

    name: str
    sentence: str
    when: Condition
    cites: tuple[str, ...]
    is_finding: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes
    ----------
    id, code : str
        Several rules may give one code.
    kind : str
    strength : str
    text : str
        Our own sentence.
    when : Condition
        Whether it concerns this event at all.
    requires : tuple of Condition
        What must hold first; unmet or unknown, the item is deferred.
    cites, quote, protocol, limits : tuple of str
        Statements: it rests on them; their figures are shown; they describe how it was done; they limit it.
    must_show : tuple of str
        Notices.
    gate : str
        `immunosuppression` or empty.
    is_option : bool
        A choice among others, shown as an option.
    edition : str
    valid_from : date
    reviewed_by : str
        Empty: no clinician has reviewed it.
    bears_on : tuple of str
        Codes beside which a piece of evidence is shown.
    design : str
        Of a piece of evidence.
    """

    id: str
    code: str
    kind: RuleKind
    strength: Strength
    text: str
    when: Condition
    cites: tuple[str, ...]
    edition: str
    valid_from: date
    requires: tuple[Condition, ...] = ()
    quote: tuple[str, ...] = ()
    protocol: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    must_show: tuple[str, ...] = ()
    gate: str = ""
    is_option: bool = False
    reviewed_by: str = ""
    bears_on: tuple[str, ...] = ()
    design: str = ""

    @property
    def all_statements(self) -> tuple[str, ...]:
        """Every statement that it uses in any way."""
        return tuple(dict.fromkeys((*self.cites, *self.quote, *self.protocol, *self.limits)))


@dataclass(frozen=True, slots=True)
class Notice:
    """What must be shown beside an item unless its question is answered; a gap is listed among the gaps too."""

    code: str
    text: str
    cites: tuple[str, ...]
    unless: Condition | None = None
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """What the sources do not cover."""

    code: str
    text: str
    when: Condition
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """One side of a conflict."""

    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sides that do not agree."""

    code: str
    text: str
    when: Condition
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """What every rule behind it needs, and what is always shown beside it."""

    requires: tuple[Condition, ...]
    must_show: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A knowledge base without faults.

    Attributes
    ----------
    version : str
        Of the editions it holds.
    hash : str
        SHA-256 of the files it was read from, in the order of their names.
    """

    version: str
    hash: str
    sources: Mapping[str, Source]
    statements: Mapping[str, Statement]
    facts: Mapping[str, Fact]
    definitions: Mapping[str, Definition]
    conditions: Mapping[str, Condition]
    rules: tuple[Rule, ...]
    notices: Mapping[str, Notice]
    gaps: tuple[Gap, ...]
    conflicts: tuple[Conflict, ...]
    gates: Mapping[str, Gate]
    titles: Mapping[str, str] = field(default_factory=dict)
    audiences: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def requirements(self, rule: Rule) -> tuple[Condition, ...]:
        """What must be known before a rule may advise: its gate's conditions first, then its own."""
        return (*(self.gates[rule.gate].requires if rule.gate else ()), *rule.requires)

    def shown_with(self, rule: Rule) -> tuple[str, ...]:
        """The names of the notices that stand beside a rule: its own first, then its gate's."""
        return (*rule.must_show, *(self.gates[rule.gate].must_show if rule.gate else ()))

    @property
    def review_status(self) -> str:
        """Whether clinicians have reviewed its rules, in words."""
        reviewed = sum(bool(rule.reviewed_by) for rule in self.rules)
        if not reviewed:
            return f"unreviewed: none of {len(self.rules)} rules has been reviewed by a clinician"
        if reviewed < len(self.rules):
            return f"in part: {reviewed} of {len(self.rules)} rules have been reviewed by a clinician"
        return f"reviewed: all {len(self.rules)} rules"
