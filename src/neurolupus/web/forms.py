"""The record's dataclasses as form fields: labels, units, limits and choices come from their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin

from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import FieldKind, about, field_kind, kinds_of
from neurolupus.records.document import Place
from neurolupus.web.words import worded

MOST_RADIOS = 4  # more choices than this are a list to pick from
NEW = "__new__"  # stands for the number of an entry in the pattern that a further entry is made from
_LONG = ("note", "opinion", "why")


@dataclass(frozen=True, slots=True)
class Input:
    """One value to give.

    Attributes
    ----------
    name : str
        In the form: dotted, entries numbered from 0.
    label, unit, hint : str
    kind : FieldKind
    look : text, long, radio, select, boxes
    choices : tuple of (value, words)
    value : what is shown: a text, or texts where several are chosen
    faults : tuple of str
    kept : str or None
        What somebody else has saved meanwhile, where it differs.
    """

    name: str
    label: str
    unit: str
    hint: str
    kind: FieldKind
    look: Literal["text", "long", "radio", "select", "boxes"]
    choices: tuple[tuple[str, str], ...]
    value: Any
    faults: tuple[str, ...] = ()
    kept: str | None = None
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Values that belong together; or the entries of a list, each a group, with a pattern for a further one."""

    name: str
    label: str
    parts: tuple[Any, ...]
    faults: tuple[str, ...] = ()
    is_list: bool = False
    pattern: Any = None
    known: int = 0
    is_group: bool = field(default=True)


@dataclass(frozen=True, slots=True)
class Context:
    """What is shown beside the values.

    Attributes
    ----------
    faults : mapping of dotted name to what is wrong
    kept : mapping or None
        The record as somebody else has saved it, after a conflict.
    hidden : frozenset of str
        Dotted names, without numbers of entries, of what is not shown.
    """

    faults: Mapping[str, Sequence[str]]
    kept: Mapping[str, Any] | None = None
    hidden: frozenset[str] = frozenset()


def form_of(names: Sequence[str], values: Mapping[str, Any], context: Context) -> tuple[Any, ...]:
    """Inputs and groups for some fields of the record."""
    return tuple(_field(PatientRecord, name, "", values, context) for name in names)


def place_name(place: Place) -> str:
    """The dotted name of a place.

    Examples
    --------
    >>> place_name(("events", 0, "date"))
    'events.0.date'
    """
    return ".".join(map(str, place))


def _field(kind: Any, name: str, before: str, values: Mapping[str, Any], context: Context) -> Any:
    hint, path = kinds_of(kind)[name], f"{before}{name}"
    one = next(found for found in fields(kind) if found.name == name)
    value = values.get(name) if isinstance(values, Mapping) else None
    is_list = get_origin(hint) is tuple
    inner: Any = get_args(hint)[0] if is_list else hint
    if field_kind(inner, several=is_list) is not None:
        return _input(one, hint, path, value, context)
    faults = tuple(context.faults.get(path, ()))
    if not is_list:
        parts = _parts(inner, f"{path}.", value or {}, context)
        return Group(path, about(one).label, parts, faults, known=sum(_known(part) for part in parts))
    entries = tuple(
        _entry(inner, f"{path}.{number}", number, entry, context) for number, entry in enumerate(value or ())
    )
    pattern = _entry(inner, f"{path}.{NEW}", None, {}, Context({}))
    return Group(path, about(one).label, entries, faults, is_list=True, pattern=pattern, known=len(entries))


def _entry(kind: Any, path: str, number: int | None, value: Any, context: Context) -> Group:
    label = f"{number + 1}" if number is not None else ""
    return Group(path, label, _parts(kind, f"{path}.", value, context), tuple(context.faults.get(path, ())))


def _parts(kind: Any, before: str, value: Any, context: Context) -> tuple[Any, ...]:
    general = ".".join(part for part in before.split(".") if not part.isdecimal() and part != NEW)
    shown = [one.name for one in fields(kind) if f"{general}{one.name}" not in context.hidden]
    return tuple(_field(kind, name, before, value if isinstance(value, Mapping) else {}, context) for name in shown)


def _known(part: Any) -> int:
    return part.known if isinstance(part, Group) else int(part.value not in ("", (), None))


def _input(one: Any, hint: Any, path: str, value: Any, context: Context) -> Input:
    several = get_origin(hint) is tuple
    inner = get_args(hint)[0] if several else hint
    kind = field_kind(inner, several=several)
    assert kind is not None
    told, choices = (
        about(one),
        tuple((str(word), worded(word)) for word in get_args(inner) if get_origin(inner) is Literal),
    )
    if kind == "yes_no":
        choices = (("true", "yes"), ("false", "no"))
    if kind == "choices" and one.default is None:
        choices = (("", "none was given"), *choices)
    limits = "" if told.low is None or told.high is None else f"{told.low:.10g} to {told.high:.10g}"
    kept = _kept(path, value, context.kept)
    return Input(
        path, told.label, told.unit, limits, kind, _look(kind, one.name, len(choices)), choices, _shown(kind, value),
        tuple(context.faults.get(path, ())), kept,
    )  # fmt: skip


def _look(kind: FieldKind, name: str, n: int) -> Literal["text", "long", "radio", "select", "boxes"]:
    if kind in ("yes_no", "choice"):
        return "radio" if n <= MOST_RADIOS else "select"
    if kind == "choices":
        return "boxes"
    return "long" if kind == "texts" or name in _LONG else "text"


def _shown(kind: FieldKind, value: Any) -> Any:
    if kind == "choices":
        return None if value is None else tuple(value) or ("",)
    if kind == "texts":
        return "\n".join(value or ())
    if value is None:
        return ""
    return (
        str(value).lower() if isinstance(value, bool) else f"{value:.10g}" if isinstance(value, float) else str(value)
    )


def _kept(path: str, value: Any, record: Mapping[str, Any] | None) -> str | None:
    """What is kept at a place, in words, where it differs from what was typed."""
    if record is None or NEW in path:
        return None
    found = value_at(record, path)
    same = (found or None) == (value or None) and isinstance(found, bool) == isinstance(value, bool)
    return None if same else ", ".join(map(worded, found)) if isinstance(found, list) else worded(found)


def value_at(record: Any, path: str) -> Any:
    """The value at a dotted name; None where there is none."""
    for part in path.split("."):
        if isinstance(record, Mapping):
            record = record.get(part)
        elif isinstance(record, list):
            record = record[int(part)] if part.isdecimal() and int(part) < len(record) else None
    return record


def inputs(parts: Sequence[Any]) -> Iterator[Input]:
    """Every input, from the first to the last."""
    for part in parts:
        if isinstance(part, Group):
            yield from inputs(part.parts)
        else:
            yield part
