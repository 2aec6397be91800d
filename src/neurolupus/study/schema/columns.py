"""The columns that a study needs in its table, and what each must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from neurolupus.study.grammar import Compare, Condition, Flag, Join, Node, Not
from neurolupus.study.grammar.sums import as_number
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.outcomes import Change, NominalOutcome, TimeToEvent
from neurolupus.study.schema.variables import Level, Variable, VariableType

ColumnKind = Literal["number", "binary", "level", "labels", "text", "date", "id"]
_KINDS: dict[VariableType, ColumnKind] = {
    "continuous": "number",
    "binary": "binary",
    "nominal": "level",
    "ordinal": "level",
    "multilabel": "labels",
    "text": "text",
    "date": "date",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes
    ----------
    name : str
        In the table.
    kind : number, binary, level, labels, text, date or id
    used_for : str
        Where the file names it: `variables.age`.
    line : int
        Of the file.
    levels : tuple of Level
        Values allowed; of a binary column the values for no and yes; empty: any, or 0/1 and the like.
    range : two numbers or None
        Allowed.
    missing : tuple of str
        Cells that mean "not known", besides those of the whole table.
    separator : str
        Of labels.
    max_missing : float
        Share allowed.
    is_needed : bool
        False for columns that only count the flow.
    variable : Variable or None
    """

    name: str
    kind: ColumnKind
    used_for: str
    line: int
    levels: tuple[Level, ...] = ()
    range: tuple[float, float] | None = None
    missing: tuple[str, ...] = ()
    separator: str = ";"
    max_missing: float = 1.0
    is_needed: bool = True
    variable: Variable | None = None


def columns_of(study: StudyFile) -> dict[str, Column]:
    """Every column that the study names, by its name in the table; the first use of a column decides its kind."""
    found: dict[str, Column] = {}
    for column in _all_columns(study):
        found.setdefault(column.name, column)
    return found


def _all_columns(study: StudyFile) -> Iterator[Column]:
    if study.data.id:
        yield Column(study.data.id, "id", "data.id", study.data.line)
    for variable in study.variables.values():
        yield _of_variable(variable)
    for group in study.groups.values():
        yield Column(group.column, "level", f"groups.{group.name}", group.line, levels=group.levels)
        if group.starts and group.starts != "baseline":
            yield Column(group.starts, "number", f"groups.{group.name}.starts", group.line, range=(0.0, float("inf")))
    yield from (column for column in _of_outcomes(study) if column.name not in study.fields)
    yield from (column for column in _of_safety(study) if column.name not in study.fields)
    yield from (column for column in _of_conditions(study) if column.name not in study.fields)


def _of_variable(variable: Variable) -> Column:
    return Column(
        name=variable.column or variable.name,
        kind=_KINDS[variable.kind],
        used_for=f"variables.{variable.name}",
        line=variable.line,
        levels=variable.vocabulary if variable.kind == "multilabel" else variable.levels,
        range=variable.range,
        missing=variable.missing,
        separator=variable.separator,
        max_missing=variable.max_missing,
        variable=variable,
    )


def _of_outcomes(study: StudyFile) -> Iterator[Column]:
    for outcome in study.outcomes.values():
        used_for, line = f"outcomes.{outcome.name}", outcome.line
        if isinstance(outcome, TimeToEvent):
            yield Column(outcome.time, "number", f"{used_for}.time", line, range=(0.0, float("inf")))
            yield Column(outcome.event, "level", f"{used_for}.event", line, levels=event_levels(outcome))
        elif isinstance(outcome, Change):
            yield Column(outcome.before, "number", f"{used_for}.before", line)
            yield Column(outcome.after, "number", f"{used_for}.after", line)
        else:
            kind: ColumnKind = "level" if isinstance(outcome, NominalOutcome) else "binary"
            yield Column(outcome.column or outcome.name, kind, used_for, line, levels=outcome.levels)


def event_levels(outcome: TimeToEvent) -> tuple[Level, ...]:
    """The values allowed in the event column: censored ones, then events."""
    censored = tuple(Level(value, "censored") for value in outcome.censored)
    if outcome.components:
        return censored + tuple(
            Level(code, outcome.components[name].label or name) for code, name in outcome.codes.items()
        )
    return censored + tuple(Level(value, "event") for value in EVENT_WORDS)


EVENT_WORDS = ("1", "yes", "true", "event")


def _of_safety(study: StudyFile) -> Iterator[Column]:
    if study.safety is None:
        return
    line = study.safety.line
    for name in study.safety.events:
        yield Column(name, "number", "safety.events", line, range=(0.0, float("inf")))
    if study.safety.injections:
        yield Column(study.safety.injections, "number", "safety.injections", line, range=(0.0, float("inf")))
    for key in ("stopping_reason", "cause_of_death"):
        if getattr(study.safety, key):
            yield Column(getattr(study.safety, key), "text", f"safety.{key}", line)


def _of_conditions(study: StudyFile) -> Iterator[Column]:
    for derived in study.derived.values():
        if derived.is_:
            yield from _of_condition(derived.is_, f"derived.{derived.name}", derived.line, is_needed=True)
        if derived.value:
            for name in derived.value.names:
                yield Column(name, "number", f"derived.{derived.name}", derived.line)
    for variable in study.variables.values():
        for name in variable.identity.sum.names if variable.identity else ():
            yield Column(name, "number", f"variables.{variable.name}.identity", variable.line)
    for one in study.sensitivity.values():
        for condition in (one.drop, one.keep):
            if condition:
                yield from _of_condition(condition, f"sensitivity.{one.name}", one.line, is_needed=True)
        if one.measurement_error:
            for name in one.measurement_error.columns:
                yield Column(name, "number", f"sensitivity.{one.name}.measurement_error", one.measurement_error.line)
    for number, step in enumerate(study.flow.steps, start=1):
        place = f"flow.steps[{number}]"
        for condition in (*((step.keep,) if step.keep else ()), *step.drop):
            yield from _of_condition(condition, place, step.line, is_needed=False)
        if step.keep_keywords:
            yield Column(step.keep_keywords.column, "text", place, step.line, is_needed=False)


def _of_condition(condition: Condition, used_for: str, line: int, *, is_needed: bool) -> Iterator[Column]:
    for name, kind in _uses(condition.tree):
        yield Column(name, kind, used_for, line, is_needed=is_needed)


def _uses(node: Node) -> Iterator[tuple[str, ColumnKind]]:
    if isinstance(node, Join):
        for part in node.parts:
            yield from _uses(part)
    elif isinstance(node, Not):
        yield from _uses(node.part)
    elif isinstance(node, Flag):
        yield node.name, "binary"
    elif isinstance(node, Compare):
        are_numbers = node.operator != "has" and all(as_number(value) is not None for value in node.values)
        yield node.name, "number" if are_numbers else "text"
