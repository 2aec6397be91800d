"""Reads plain values into dataclasses; every fault is kept with its line, and reading goes on.

The dataclasses are the grammar: a field's name is the key, its type says what may stand there.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from neurolupus.records.document import Document, LineFault, Place
from neurolupus.records.words import suggestion

Special = Callable[..., Any]  # (reader, data, place) -> value


class Unreadable(Exception):  # noqa: N818
    """A value that gives nothing; its fault was kept."""


class Reader:
    """Reads one document; `faults` are those found so far.

    Parameters
    ----------
    document : Document
    special : mapping of (class, field) or class to function
        How a value is read that types alone do not describe.

    Attributes
    ----------
    WRITTEN : mapping of type to function
        Types that one text states; the function raises WRITTEN_FAULT.
    OTHERWISE : mapping of text to text
        Other ways of writing a choice.
    AUTOMATIC : tuple of str
        Fields that the reader fills in: the line, the name.
    OWNER : str
        What the whole file is, in words.
    """

    WRITTEN: ClassVar[Mapping[Any, Callable[[str], Any]]] = {}
    WRITTEN_FAULT: ClassVar[type[Exception]] = ValueError
    OTHERWISE: ClassVar[Mapping[str, str]] = {}
    AUTOMATIC: ClassVar[tuple[str, ...]] = ()
    OWNER: ClassVar[str] = "the file"

    def __init__(self, document: Document, special: Mapping[Any, Special]) -> None:
        self.document, self.special = document, special
        self.faults: list[LineFault] = []
        self.broken: set[str] = set()

    def fault(self, place: Place, what: str) -> None:
        """Keep a fault; `what` ends without a full stop."""
        self.faults.append(LineFault(self.document.line_of(place), what))

    def refuse(self, place: Place, what: str) -> Unreadable:
        """Keep a fault about the value at a place, to be raised where reading cannot go on."""
        self.fault(place, f"{told(place)}{what}")
        return Unreadable()

    def value(self, kind: Any, data: Any, place: Place) -> Any:
        """The value of a type that stands at a place.

        Raises
        ------
        Unreadable
            There is none; the fault was kept.
        """
        if kind in self.special:
            return self.special[kind](self, data, place)
        origin = get_origin(kind)
        if origin in (Union, types.UnionType):
            (inner,) = [one for one in get_args(kind) if one is not type(None)]
            return None if data is None else self.value(inner, data, place)
        if origin is Literal:
            return self._choice(get_args(kind), data, place)
        if origin is tuple:
            return self._tuple(get_args(kind), data, place)
        if origin is dict:
            return self._mapping(get_args(kind), data, place)
        if is_dataclass(kind) and kind not in self.WRITTEN:
            return self.record(kind, data, place)
        return self._plain(kind, data, place)

    def record(self, kind: Any, data: Any, place: Place, *, name: str = "") -> Any:
        """A dataclass from a mapping, or from the one value that may stand for it."""
        short = getattr(kind, "SHORT", None)
        if data is None:
            data = {}
        keys = keys_of(kind, self.AUTOMATIC)
        if not isinstance(data, dict):
            if short is None:
                raise self.refuse(place, f" is {shown(data)}; a mapping of {', '.join(keys)} is needed")
            return self._build(kind, {short: (data, place)}, place, name)
        given: dict[str, tuple[Any, Place]] = {}
        for key, value in data.items():
            if key in keys:
                given[keys[key]] = (value, (*place, key))
            elif key != "type" or not hasattr(kind, "TYPE"):
                owner = f"{getattr(kind, 'TYPE', '')} ".lstrip() + (told(place) or self.OWNER)
                hint = (
                    "; put a text with a comma in quotes" if value is None and " " in key else self.near_key(key, keys)
                )
                self.fault((*place, key), f"{shown(key)} is not a key of {owner}{hint}")
        return self._build(kind, given, place, name)

    def _build(self, kind: Any, given: Mapping[str, tuple[Any, Place]], place: Place, name: str) -> Any:
        values: dict[str, Any] = {}
        hints, is_whole = hints_of(kind), True
        for field in fields(kind):
            if field.name in self.AUTOMATIC:
                values[field.name] = name if field.name == "name" else self.document.line_of(place)
                continue
            if field.name in given:
                data, where = given[field.name]
                try:
                    if data is None and not _has_default(field):
                        raise self.refuse(where, " is empty")
                    if data is None and not is_dataclass(hints[field.name]):
                        continue
                    reader = self.special.get((kind, field.name))
                    values[field.name] = (
                        reader(self, data, where) if reader else self.value(hints[field.name], data, where)
                    )
                except Unreadable:
                    is_whole = is_whole and _has_default(field)
            elif not _has_default(field):
                self.fault(place, f"{told(place)} lacks {field.name.rstrip('_')!r}".strip())
                is_whole = False
        if not is_whole:
            raise Unreadable
        return kind(**values)

    def named(self, kind: Any, data: Any, place: Place) -> dict[str, Any]:
        """Dataclasses by name, from a mapping; `kind` is one, or a mapping of `type:` to one."""
        if not isinstance(data, dict):
            raise self.refuse(place, f" is {shown(data)}; a mapping of names is needed")
        found = {}
        for key, value in data.items():
            where = (*place, key)
            try:
                one = self._typed(kind, value, where) if isinstance(kind, dict) else kind
                found[key] = self.record(one, value, where, name=key)
            except Unreadable:
                self.broken.add(key)
        return found

    def _typed(self, kinds: Mapping[str, Any], data: Any, place: Place) -> Any:
        if not isinstance(data, dict):
            raise self.refuse(place, f" is {shown(data)}; a mapping with type is needed")
        chosen = data.get("type")
        if isinstance(chosen, str) and chosen in kinds:
            return kinds[chosen]
        if chosen is None:
            raise self.refuse(place, f" lacks 'type'; choose {', '.join(kinds)}")
        raise self.refuse((*place, "type"), f" {shown(chosen)} is unknown{self.near(str(chosen), kinds)}")

    def _choice(self, choices: tuple[Any, ...], data: Any, place: Place) -> Any:
        if isinstance(data, (dict, list)):
            raise self.refuse(place, f" is {shown(data)}; choose {', '.join(map(str, choices))}")
        text = self.document.text_of(place, data)
        text = self.OTHERWISE.get(text, text)
        if text not in choices:
            raise self.refuse(place, f" {shown(text)} is unknown{self.near(text, map(str, choices))}")
        return text

    def _tuple(self, kinds: tuple[Any, ...], data: Any, place: Place) -> tuple[Any, ...]:
        is_open = len(kinds) == 2 and kinds[1] is Ellipsis
        if not isinstance(data, list):
            if not is_open:
                raise self.refuse(place, f" is {shown(data)}; a list of {len(kinds)} is needed")
            return (self.value(kinds[0], data, place),)
        if not is_open and len(data) != len(kinds):
            raise self.refuse(place, f" has {len(data)} entries; {len(kinds)} are needed")
        found = []
        for number, one in enumerate(data):
            try:
                found.append(self.value(kinds[0] if is_open else kinds[number], one, (*place, number)))
            except Unreadable:
                if not is_open:
                    raise
        return tuple(found)

    def _mapping(self, kinds: tuple[Any, ...], data: Any, place: Place) -> dict[Any, Any]:
        key_kind, kind = kinds
        if is_dataclass(kind):
            return self.named(kind, data, place)
        if not isinstance(data, dict):
            raise self.refuse(place, f" is {shown(data)}; a mapping is needed")
        found = {}
        for key, value in data.items():
            try:
                where = (*place, key)
                found[self._plain(key_kind, key, where, is_key=True)] = self.value(kind, value, where)
            except Unreadable:
                continue
        return found

    def _plain(self, kind: Any, data: Any, place: Place, *, is_key: bool = False) -> Any:
        if isinstance(data, (dict, list)):
            raise self.refuse(place, f" is {shown(data)}; one value is needed")
        text = str(data) if is_key else self.document.text_of(place, data)
        if kind is str:
            return self.text(text, place)
        if kind in self.WRITTEN:
            try:
                return self.WRITTEN[kind](text)
            except self.WRITTEN_FAULT as error:
                raise self.refuse(place, f": {error}") from error
        if kind is date:
            return self._date(text, place)
        if kind is bool:
            if isinstance(data, bool):
                return data
            raise self.refuse(place, f" is {shown(data)}; true or false is needed")
        return self.number(kind, text, place)

    def text(self, text: str, place: Place) -> str:
        """A text, as it is written."""
        return text

    def near_key(self, word: str, known: Iterable[str]) -> str:
        """What to say about a key that is not known."""
        return self.near(word, known)

    def near(self, word: str, known: Iterable[str]) -> str:
        """What to say about a word that is not known, behind what was seen."""
        return suggestion(word, known)

    def _date(self, text: str, place: Place) -> date:
        try:
            return date.fromisoformat(text) if len(text) == len("2026-01-31") else date.fromisoformat("")
        except ValueError as error:
            raise self.refuse(place, f" is {shown(text)}; a date such as 2026-01-31 is needed") from error

    def number(self, kind: Any, text: str, place: Place) -> Any:
        """A number, whole where `kind` is int."""
        try:
            number = float(text) if "_" not in text else float("nan")
        except ValueError:
            number = float("nan")
        if number != number or number in (float("inf"), float("-inf")):
            hint = "; write the decimal mark as a point" if "," in text else ""
            raise self.refuse(place, f" is {shown(text)}; a number is needed{hint}")
        if kind is int:
            if number != int(number):
                raise self.refuse(place, f" is {text}; a whole number is needed")
            return int(number)
        return number


def told(place: Place) -> str:
    """A place in words: `models.t3.terms`.

    Examples
    --------
    >>> told(("flow", "steps", 0, "keep"))
    'flow.steps[1].keep'
    """
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(data: object) -> str:
    """A value in words, short."""
    if data is None:
        return "empty"
    if isinstance(data, dict):
        return "a mapping"
    if isinstance(data, list):
        return "a list"
    return repr(data) if len(repr(data)) < 60 else repr(data)[:57] + "..."


@cache
def keys_of(kind: Any, automatic: tuple[str, ...] = ()) -> dict[str, str]:
    """Key in the file -> name of the field, of one dataclass."""
    return {field.name.rstrip("_"): field.name for field in fields(kind) if field.name not in automatic}


@cache
def hints_of(kind: Any) -> dict[str, Any]:
    """The types of the fields of a dataclass."""
    return get_type_hints(kind)


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING
