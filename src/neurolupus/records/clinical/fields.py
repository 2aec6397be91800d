"""What a field of the record says of itself: label, unit, limits. Checks, reference page and REDCap read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

FieldKind = Literal["yes_no", "choice", "choices", "whole_number", "number", "date", "text", "texts"]
_KINDS: dict[Any, FieldKind] = {bool: "yes_no", int: "whole_number", float: "number", date: "date", str: "text"}


@dataclass(frozen=True, slots=True)
class About:
    """What is told of one field.

    Attributes
    ----------
    label : str
        In the words of the clinic.
    unit : str
        Empty where there is none.
    low, high : float or None
        Limits beyond which a value is a slip; they are not limits of what is normal.
    """

    label: str
    unit: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class RecordField:
    """One single value of the record, wherever it lies.

    Attributes
    ----------
    path : str
        Dotted; an entry of a list is marked `[]`, as in `events[].syndrome`.
    kind : FieldKind
    choices : tuple of str
    is_needed : bool
        An entry without it is refused.
    """

    path: str
    about: About
    kind: FieldKind
    choices: tuple[str, ...]
    is_needed: bool


def fact(label: str, unit: str = "", low: float | None = None, high: float | None = None) -> Any:
    """A field that may be unknown."""
    return field(default=None, metadata={"about": About(label, unit, low, high)})


def several(label: str) -> Any:
    """A field that holds any number of entries."""
    return field(default=(), metadata={"about": About(label)})


def part(kind: type, label: str) -> Any:
    """A field that is a part of its own; nothing in it is known where it is left out."""
    return field(default_factory=kind, metadata={"about": About(label)})


def said(label: str) -> dict[str, About]:
    """Metadata of a field that must be given."""
    return {"about": About(label)}


def about(one: Field[Any]) -> About:
    """What a field says of itself."""
    found = one.metadata.get("about")
    return found if isinstance(found, About) else About(one.name)


@cache
def kinds_of(kind: Any) -> dict[str, Any]:
    """Field -> its type, where None is left out."""
    return {name: _without_none(hint) for name, hint in get_type_hints(kind).items()}


@cache
def record_fields(kind: Any, before: str = "") -> tuple[RecordField, ...]:
    """Every single value that a record, or a part of it, can hold."""
    return tuple(_fields(kind, before))


def _fields(kind: Any, before: str) -> Iterator[RecordField]:
    for one in fields(kind):
        hint, path = kinds_of(kind)[one.name], f"{before}{one.name}"
        is_list = get_origin(hint) is tuple
        inner: Any = get_args(hint)[0] if is_list else hint
        what = field_kind(inner, several=is_list)
        if what is not None:
            choices = get_args(inner) if get_origin(inner) is Literal else ()
            yield RecordField(path, about(one), what, choices, _is_needed(one))
        else:
            yield from record_fields(inner, f"{path}{'[]' * is_list}.")


def field_kind(hint: Any, *, several: bool) -> FieldKind | None:
    """What is asked for by a type, or by a list of it; None where it is a part of its own.

    Examples
    --------
    >>> field_kind(bool, several=False), field_kind(str, several=True), field_kind(About, several=False)
    ('yes_no', 'texts', None)
    """
    if get_origin(hint) is Literal:
        return "choices" if several else "choice"
    return ("texts" if several else _KINDS[hint]) if hint in _KINDS else None


def _is_needed(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        (hint,) = [one for one in get_args(hint) if one is not NoneType]
    return hint
