"""JSON text as plain values with the line of each, as `yamlfile` gives them; stricter than Python's own reader.

A key that stands twice, NaN and infinities are refused: each would let a value pass that nobody meant.
"""

from __future__ import annotations

import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from neurolupus.records.document import Document, LineFault, Place

DEEPEST = 50
LONGEST_NUMBER = 40
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}


class JsonFault(ValueError):  # noqa: N818 - says what is wrong and in which line; the caller makes it an error
    """Where the text stops being JSON.

    Attributes
    ----------
    fault : LineFault
    """

    def __init__(self, fault: LineFault) -> None:
        super().__init__(fault.what)
        self.fault = fault


def parse_json(text: str, source: str) -> Document:
    r"""The values of JSON text with their lines.

    Raises
    ------
    JsonFault
        The text is no JSON, holds a key twice, or is nested too deeply.

    Examples
    --------
    >>> document = parse_json('{"a":\n [1, 0.50]}', "x.json")
    >>> document.data, document.line_of(("a", 1)), document.text_of(("a", 1), 0.5)
    ({'a': [1, 0.5]}, 2, '0.50')
    """
    scanner = _Scanner(text)
    data, end = scanner.value(scanner.skip(0), ())
    if scanner.skip(end) != len(text):
        raise scanner.fault(scanner.skip(end), "something stands behind the end; one record is needed")
    return Document(source, data, scanner.lines, scanner.texts)


class _Scanner:
    """Walks through the text once; every method takes a position and gives the one behind what it read."""

    def __init__(self, text: str) -> None:
        self.full = text
        self.lines: dict[Place, int] = {}
        self.texts: dict[Place, str] = {}
        self._line, self._upto = 1, 0

    def line(self, at: int) -> int:
        """The line of a position; positions come in ascending order, so that each letter is counted once."""
        self._line += self.full.count("\n", self._upto, at)
        self._upto = at
        return self._line

    def skip(self, at: int) -> int:
        found = _SPACE.match(self.full, at)
        return found.end() if found else at

    def fault(self, at: int, what: str) -> JsonFault:
        return JsonFault(LineFault(self.line(min(at, len(self.full))), what))

    def value(self, at: int, place: Place) -> tuple[Any, int]:
        self.lines.setdefault(place, self.line(at))
        if len(place) > DEEPEST:
            raise self.fault(at, "brackets are nested too deeply")
        first = self.full[at : at + 1]
        if first == "{":
            return self._mapping(at + 1, place)
        if first == "[":
            return self._list(at + 1, place)
        if first == '"':
            text, end = self._string(at)
            self.texts[place] = text
            return text, end
        for word, meant in _WORDS.items():
            if self.full.startswith(word, at):
                self.texts[place] = word
                return meant, at + len(word)
        return self._number(at, place)

    def _mapping(self, at: int, place: Place) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self.skip(at)
        if self.full[at : at + 1] == "}":
            return found, at + 1
        while True:
            if self.full[at : at + 1] != '"':
                raise self.fault(at, 'a name in double quotes is needed, such as "age"')
            line = self.line(at)
            key, end = self._string(at)
            if key in found:
                raise self.fault(at, f"{key[:60]!r} stands here twice; keep one of them")
            at = self.skip(end)
            if self.full[at : at + 1] != ":":
                raise self.fault(at, f"a colon is needed behind {key[:60]!r}")
            self.lines[(*place, key)] = line
            found[key], at = self.value(self.skip(at + 1), (*place, key))
            at = self.skip(at)
            if self.full[at : at + 1] == "}":
                return found, at + 1
            at = self._comma(at, "}")

    def _list(self, at: int, place: Place) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self.skip(at)
        if self.full[at : at + 1] == "]":
            return found, at + 1
        while True:
            one, at = self.value(at, (*place, len(found)))
            found.append(one)
            at = self.skip(at)
            if self.full[at : at + 1] == "]":
                return found, at + 1
            at = self._comma(at, "]")

    def _comma(self, at: int, closing: str) -> int:
        if self.full[at : at + 1] != ",":
            raise self.fault(at, f"a comma or {closing} is needed")
        return self.skip(at + 1)

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = scanstring(self.full, at + 1, True)
        except ValueError as error:
            raise self.fault(at, "a text does not close, or holds a line break or a wrong \\ escape") from error
        return str(text), int(end)

    def _number(self, at: int, place: Place) -> tuple[float | int, int]:
        found = _NUMBER.match(self.full, at)
        if not found or found.end() - at > LONGEST_NUMBER:
            raise self.fault(at, "a value is needed: a text in double quotes, a number, true, false or null")
        self.texts[place] = found[0]
        is_float = found[1] is not None or found[2] is not None
        return (float(found[0]) if is_float else int(found[0])), found.end()
