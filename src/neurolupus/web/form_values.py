"""What was typed into the record's form -> plain values; nothing is guessed, and what is left empty is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args, get_origin

from starlette.datastructures import FormData

from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import FieldKind, field_kind, kinds_of

ENTRY = "__entry__"  # a hidden field that says: this entry is there, even when nothing of it is known


def typed(form: FormData, names: Sequence[str], kept: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    """The record with what a form says of some of its fields.

    Parameters
    ----------
    form : FormData
    names : sequence of str
        The fields of the record that the form is of; all others stay as they are.
    kept : mapping
        The record that the form began from.
    hidden : frozenset of str
        Dotted names that the form does not show; they stay as they are too.

    Examples
    --------
    >>> form = FormData([("patient.age", "34"), ("patient.sex", ""), ("patient.pregnant", "false")])
    >>> typed(form, ["patient"], {"id": "a"}, frozenset())
    {'id': 'a', 'patient': {'age': 34, 'pregnant': False}}
    """
    found = {name: value for name, value in kept.items() if name not in names}
    for name in names:
        value = _value(form, kinds_of(PatientRecord)[name], name)
        if isinstance(value, dict) and isinstance(kept.get(name), Mapping):
            value |= {inner: one for inner, one in kept[name].items() if f"{name}.{inner}" in hidden}
        if value not in (None, {}, []):
            found[name] = value
    return found


def entry_numbers(form: Iterable[str], path: str) -> list[str]:
    """The entries of a list as the form numbers them, in its order.

    Examples
    --------
    >>> entry_numbers(["events.7.__entry__", "events.7.date", "events.2.date", "mri.date"], "events")
    ['7', '2']
    """
    found = [name[len(path) + 1 :].partition(".")[0] for name in form if name.startswith(f"{path}.")]
    return list(dict.fromkeys(found))


def _value(form: FormData, hint: Any, path: str) -> Any:
    is_list = get_origin(hint) is tuple
    inner: Any = get_args(hint)[0] if is_list else hint
    kind = field_kind(inner, several=is_list)
    if kind is not None:
        return _single(form, kind, path)
    if is_list:
        return [_part(form, inner, f"{path}.{number}") for number in entry_numbers(form.keys(), path)]
    return _part(form, inner, path)


def _part(form: FormData, kind: Any, path: str) -> dict[str, Any]:
    values = {one.name: _value(form, kinds_of(kind)[one.name], f"{path}.{one.name}") for one in fields(kind)}
    return {
        name: value
        for name, value in values.items()
        if value not in (None, {}) and (value != [] or f"{path}.{name}" in form)
    }


def _single(form: FormData, kind: FieldKind, path: str) -> Any:
    given = [str(one).strip() for one in form.getlist(path)]
    if kind == "choices":
        return [one for one in given if one] if given else None
    text = given[-1] if given else ""
    if kind == "texts":
        return [line.strip() for line in text.splitlines() if line.strip()] or None
    if not text:
        return None
    if kind == "yes_no":
        return {"true": True, "false": False}.get(text, text)
    return _number(text) if kind in ("number", "whole_number") else text


def _number(text: str) -> int | float | str:
    """A number as JSON would have it; what is none stays text, for the reader to refuse."""
    try:
        return int(text) if text.lstrip("+-").isdecimal() and text.isascii() and len(text) < 16 else float(text)
    except ValueError:
        return text


def form_name(form: Iterable[str], place: Sequence[str | int]) -> str:
    """What the form calls the value at a place of the record.

    Examples
    --------
    >>> form_name(["events.7.__entry__", "events.2.date"], ("events", 1, "date"))
    'events.2.date'
    """
    names, path = list(form), ""
    for part in place:
        if isinstance(part, int):
            numbers = entry_numbers(names, path)
            part = numbers[part] if part < len(numbers) else part
        path = f"{path}.{part}" if path else str(part)
    return path
