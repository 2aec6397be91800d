"""Fields: everything that rows of a table and terms of a model may name, whatever it was declared as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurolupus.study.schema.variables import Derivation, DerivedVariable, Level, Variable

if TYPE_CHECKING:
    from neurolupus.study.schema import StudyFile


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that rows and terms may name, whatever it was declared as.

    Attributes
    ----------
    name, label, unit, section, role, show, digits
        As declared, with defaults filled in.
    kind : continuous, binary, nominal, ordinal, multilabel, text or date
    levels : tuple of Level
        In order, the reference first; of a binary field the values no and yes, else empty unless nominal or ordinal.
    reference : str
    origin : variable, label, derivation, derived or group
    parent : str
        The variable that a label or derivation belongs to.
    in_all : bool
        Whether `all_baseline` and `section: NAME` mean it.
    variable : Variable or None
        The declaration, where it is a variable.
    derivation : Derivation, DerivedVariable or None
    """

    name: str
    label: str
    kind: str
    origin: str
    unit: str = ""
    section: str = ""
    role: str = "baseline"
    show: str = "auto"
    digits: int | None = None
    levels: tuple[Level, ...] = ()
    reference: str = ""
    parent: str = ""
    in_all: bool = True
    variable: Variable | None = None
    derivation: Derivation | DerivedVariable | None = None


YES_NO = (Level("0", "No"), Level("1", "Yes"))
NO_WORDS = ("0", "false", "no", "n", "f")
YES_WORDS = ("1", "true", "yes", "y", "t")


def flag_meanings(variable: Variable | None) -> dict[str, tuple[str, ...]]:
    """The values that a condition may give for no and yes, and the 0 and 1 they stand for.

    As the variable declares them; else, and of what is no variable, the words that a table may hold.
    """
    if variable is not None and len(variable.levels) == 2:
        no, yes = (level.value for level in variable.levels)
        return {no: ("0",), yes: ("1",)}
    return {**dict.fromkeys(NO_WORDS, ("0",)), **dict.fromkeys(YES_WORDS, ("1",))}


def fields_of(study: StudyFile) -> dict[str, Field]:
    """Every field by name: groups, then variables with their labels and derivations, then derived variables."""
    found: dict[str, Field] = {}
    for group in study.groups.values():
        found[group.name] = Field(
            name=group.name,
            label=group.label or group.name,
            kind="nominal",
            origin="group",
            role="group",
            levels=_reference_first(group.levels, group.reference),
            reference=group.reference,
            in_all=False,
        )
    for variable in study.variables.values():
        found[variable.name] = _field_of(variable)
        if variable.kind == "multilabel":
            for label in variable.vocabulary:
                found[label.value] = Field(
                    name=label.value,
                    label=label.label,
                    kind="binary",
                    origin="label",
                    section=variable.section or variable.label,
                    role=variable.role,
                    levels=YES_NO,
                    reference="0",
                    parent=variable.name,
                    in_all=False,
                )
        for name, made in variable.derive.items():
            is_count = made.is_.strip() == "count"
            found[name] = Field(
                name=name,
                label=made.label or name,
                kind="continuous" if is_count else "binary",
                origin="derivation",
                section=made.section or variable.section,
                role=made.role or variable.role,
                show=made.show,
                digits=0 if is_count and made.digits is None else made.digits,
                levels=() if is_count else YES_NO,
                reference="" if is_count else "0",
                parent=variable.name,
                derivation=made,
            )
    for derived in study.derived.values():
        is_number = derived.value is not None
        found[derived.name] = Field(
            name=derived.name,
            label=derived.label or derived.name,
            kind="continuous" if is_number else "binary",
            origin="derived",
            unit=derived.unit,
            section=derived.section,
            role=derived.role,
            show=derived.show,
            digits=derived.digits,
            levels=() if is_number else YES_NO,
            reference="" if is_number else "0",
            derivation=derived,
        )
    return found


def made_from(study: StudyFile, name: str) -> frozenset[str]:
    """Every name that a field is made from, its own included, however many steps away."""
    found: set[str] = set()
    todo = [name]
    while todo:
        one = todo.pop()
        if one in found:
            continue
        found.add(one)
        if one in study.groups:
            todo.append(study.groups[one].column)
        if one in study.derived:
            made = study.derived[one]
            todo += [*(made.is_.names if made.is_ else ()), *(made.value.names if made.value else ())]
        todo += [variable.name for variable in study.variables.values() if one in variable.derive]
    return frozenset(found - {""})


def _field_of(variable: Variable) -> Field:
    is_binary = variable.kind == "binary"
    levels = variable.levels or (YES_NO if is_binary else ())
    reference = variable.reference or (levels[0].value if levels else "")
    return Field(
        name=variable.name,
        label=variable.label or variable.name,
        kind=variable.kind,
        origin="variable",
        unit=variable.unit,
        section=variable.section,
        role=variable.role,
        show=variable.show,
        digits=variable.digits,
        levels=levels if is_binary or variable.kind == "ordinal" else _reference_first(levels, reference),
        reference=reference,
        variable=variable,
    )


def _reference_first(levels: tuple[Level, ...], reference: str) -> tuple[Level, ...]:
    return tuple(sorted(levels, key=lambda level: level.value != reference))
