"""Plain values of the knowledge files -> facts, definitions, rules, notices, gaps, conflicts; faults are collected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, get_args

from neurolupus.guidelines.condition_text import ConditionFault, parse_condition
from neurolupus.guidelines.conditions import Condition
from neurolupus.guidelines.model import (
    TIERS,
    Conflict,
    Definition,
    Fact,
    FactKind,
    Gap,
    Gate,
    Notice,
    Position,
    Rule,
    RuleKind,
)

Facts = Mapping[str, Fact]
_RULE_KEYS = {
    "code", "kind", "strength", "text", "when", "requires", "cites", "quote", "protocol", "limits", "must_show", "gate",
    "option", "bears_on", "design", "reviewed_by", "valid_from",
}  # fmt: skip
_FACT_KEYS = {"kind", "label", "question", "unit", "choices", "ask", "derived"}


def parse_facts(data: Any, faults: list[str]) -> dict[str, Fact]:
    """The facts that conditions may name."""
    found = {}
    for name, one in _entries(data, "facts.yaml", _FACT_KEYS, ("kind", "label", "question"), faults):
        if one["kind"] not in get_args(FactKind):
            faults.append(f"facts.yaml: {name}: kind {one['kind']!r} is none of {', '.join(get_args(FactKind))}")
            continue
        found[name] = Fact(
            name,
            one["kind"],
            str(one["label"]),
            str(one["question"]),
            str(one.get("unit", "")),
            tuple(map(str, one.get("choices", ()))),
            tuple(map(str, one.get("ask", ()))),
            bool(one.get("derived", False)),
        )
    return found


def parse_definitions(data: Any, facts: Facts, faults: list[str]) -> dict[str, Definition]:
    """Conditions with names."""
    found = {}
    keys = {"sentence", "when", "cites", "finding"}
    for name, one in _entries(data, "definitions.yaml", keys, ("sentence", "when", "cites"), faults):
        when = _condition(one["when"], f"definitions.yaml: {name}", facts, faults)
        if when is not None:
            found[name] = Definition(name, one["sentence"], when, _ids(one["cites"]), bool(one.get("finding", False)))
    return found


def parse_rules(data: Any, file: str, facts: Facts, faults: list[str]) -> list[Rule]:
    """The rules of one edition."""
    if not isinstance(data, Mapping):
        faults.append(f"{file}: a mapping with rules: is needed")
        return []
    edition, found = file.split("/")[0], []
    valid_from = data.get("valid_from")
    if not isinstance(valid_from, date):
        faults.append(f"{file}: valid_from is {valid_from!r}; a date is needed")
        return []
    needed = ("code", "kind", "strength", "text", "when", "cites")
    for name, one in _entries(data.get("rules"), file, _RULE_KEYS, needed, faults):
        where = f"{file}: {name}"
        when = _condition(one["when"], where, facts, faults)
        requires = [_condition(part, f"{where}: requires", facts, faults) for part in one.get("requires", [])]
        if one["kind"] not in get_args(RuleKind):
            faults.append(f"{where}: kind {one['kind']!r} is none of {', '.join(get_args(RuleKind))}")
        elif one["strength"] not in TIERS:
            faults.append(f"{where}: strength {one['strength']!r} is none of {', '.join(TIERS)}")
        elif when is not None and None not in requires:
            found.append(
                Rule(
                    id=name,
                    code=one["code"],
                    kind=one["kind"],
                    strength=one["strength"],
                    text=one["text"],
                    when=when,
                    cites=_ids(one["cites"]),
                    edition=edition,
                    valid_from=one.get("valid_from", valid_from),
                    requires=tuple(part for part in requires if part is not None),
                    quote=_ids(one.get("quote", ())),
                    protocol=_ids(one.get("protocol", ())),
                    limits=_ids(one.get("limits", ())),
                    must_show=_ids(one.get("must_show", ())),
                    gate=one.get("gate", ""),
                    is_option=bool(one.get("option", False)),
                    reviewed_by=one.get("reviewed_by") or data.get("reviewed_by") or "",
                    bears_on=_ids(one.get("bears_on", ())),
                    design=one.get("design", ""),
                )
            )
    return found


def parse_notices(data: Any, facts: Facts, faults: list[str]) -> dict[str, Notice]:
    """What is shown beside items."""
    found = {}
    for name, one in _entries(data, "notices.yaml", {"text", "unless", "gap", "cites"}, ("text", "cites"), faults):
        unless = _condition(one["unless"], f"notices.yaml: {name}", facts, faults) if "unless" in one else None
        found[name] = Notice(name, one["text"], _ids(one["cites"]), unless, bool(one.get("gap", False)))
    return found


def parse_gaps(data: Any, facts: Facts, faults: list[str]) -> tuple[Gap, ...]:
    """What the sources do not cover."""
    found = []
    for name, one in _entries(data, "gaps.yaml", {"text", "when", "cites"}, ("text", "when", "cites"), faults):
        when = _condition(one["when"], f"gaps.yaml: {name}", facts, faults)
        if when is not None:
            found.append(Gap(name, one["text"], when, _ids(one["cites"])))
    return tuple(found)


def parse_conflicts(data: Any, facts: Facts, faults: list[str]) -> tuple[Conflict, ...]:
    """Where sources do not agree."""
    found = []
    keys = ("text", "when", "positions")
    for name, one in _entries(data, "conflicts.yaml", set(keys), keys, faults):
        when = _condition(one["when"], f"conflicts.yaml: {name}", facts, faults)
        positions = tuple(Position(side["text"], _ids(side["cites"])) for side in one["positions"])
        if len(positions) < 2:
            faults.append(f"conflicts.yaml: {name} has {len(positions)} position; a conflict has two or more")
        if when is not None:
            found.append(Conflict(name, one["text"], when, positions))
    return tuple(found)


def parse_gates(data: Any, facts: Facts, faults: list[str]) -> tuple[dict[str, Gate], dict[str, tuple[str, ...]]]:
    """The gates, and the codes that may not pass without each."""
    gates, codes = {}, {}
    keys = ("requires", "must_show", "codes")
    for name, one in _entries(data, "gates.yaml", set(keys), keys, faults):
        requires = [_condition(part, f"gates.yaml: {name}", facts, faults) for part in one["requires"]]
        gates[name] = Gate(tuple(part for part in requires if part is not None), _ids(one["must_show"]))
        codes[name] = _ids(one["codes"])
    return gates, codes


def _entries(
    data: Any, file: str, keys: set[str], needed: tuple[str, ...], faults: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Named mappings whose keys are all known and complete; the others become faults."""
    if not isinstance(data, Mapping):
        faults.append(f"{file}: names with mappings are needed")
        return
    for name, one in data.items():
        if not isinstance(one, Mapping):
            faults.append(f"{file}: {name} is {one!r}; a mapping is needed")
            continue
        unknown = [str(key) for key in one if key not in keys]
        absent = [key for key in needed if one.get(key) in (None, "", [])]
        if unknown:
            faults.append(f"{file}: {name}: unknown {', '.join(unknown)}; known are {', '.join(sorted(keys))}")
        if absent:
            faults.append(f"{file}: {name} lacks {', '.join(absent)}")
        if not absent:
            yield str(name), dict(one)


def _condition(data: Any, where: str, facts: Facts, faults: list[str]) -> Condition | None:
    try:
        return parse_condition(data, facts)
    except ConditionFault as fault:
        faults.append(f"{where}: {fault}")
        return None


def _ids(data: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in ([data] if isinstance(data, str) else data))
