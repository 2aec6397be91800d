"""Conditions, the small language inside a study file: `age > 50 and not aps`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from neurolupus.study.grammar.sums import GrammarError, as_number

Operator = Literal["==", "!=", ">", ">=", "<", "<=", "in", "has"]
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<op>==|!=|>=|<=|[><=(){},])|(?P<word>[^\s(){}<>=!,"']+))""", re.VERBOSE
)
_OPERATORS = ("==", "!=", ">", ">=", "<", "<=", "=")
_RESERVED = ("and", "or", "not", "in", "has")


@dataclass(frozen=True, slots=True)
class Flag:
    """`aps`: the yes/no column is yes."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """`age > 50`, `drug == cyc`, `drug in {cyc, mmf}`, `subtypes has {seizure}`; the values as written."""

    name: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not aps`."""

    part: Node


@dataclass(frozen=True, slots=True)
class Join:
    """`a and b and c`, `a or b`."""

    word: Literal["and", "or"]
    parts: tuple[Node, ...]


Node = Flag | Compare | Not | Join


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as written, and its parts."""

    text: str
    tree: Node

    @property
    def names(self) -> tuple[str, ...]:
        """Every column or variable named, in order, once."""
        return tuple(dict.fromkeys(_names(self.tree)))


def parse_condition(text: str) -> Condition:
    """The condition that a text states.

    Raises
    ------
    GrammarError
        It is none.

    Examples
    --------
    >>> parse_condition("age > 50 and not aps").names
    ('age', 'aps')
    """
    reader = _Reader(_tokens(text), text)
    tree = reader.either()
    reader.end()
    return Condition(text, tree)


def parse_rest(name: str, rest: str) -> Condition:
    """The condition that the text of a `derive:` entry states about a variable: `> 0.5`, `== {headache}`.

    Examples
    --------
    >>> parse_rest("csf_prot", "> 0.5").text
    'csf_prot > 0.5'
    """
    reader = _Reader([name, *_tokens(rest)], rest)
    tree = reader.either()
    reader.end()
    return Condition(f"{name} {rest.strip()}", tree)


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise GrammarError(f"{text!r} is no condition: {text[place:].strip()!r} is not understood")
        tokens.append(match.group().strip())
        place = match.end()
    return tokens


class _Reader:
    """Reads tokens from left to right: `or` binds least, then `and`, then `not`."""

    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens, self.text, self.place, self.depth = tokens, text, 0, 0

    def either(self) -> Node:
        return self._joined("or", self._both)

    def end(self) -> None:
        if self.place < len(self.tokens):
            raise GrammarError(
                f"{self.text!r}: {self.tokens[self.place]!r} was not expected; join conditions by and, or"
            )

    def _joined(self, word: Literal["and", "or"], part: object) -> Node:
        assert callable(part)
        parts: list[Node] = [part()]
        while self._peek() == word:
            self.place += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else Join(word, tuple(parts))

    def _both(self) -> Node:
        return self._joined("and", self._single)

    def _single(self) -> Node:
        self.depth += 1
        if self.depth > 50:
            raise GrammarError(f"{self.text[:40]!r}... is nested too deeply; split it into derived variables")
        try:
            piece = self._next("a column or variable")
            if piece == "not":
                return Not(self._single())
            if piece == "(":
                inside = self.either()
                if self._next("a closing )") != ")":
                    raise GrammarError(f"{self.text!r}: a closing ) is missing")
                return inside
            if not _is_word(piece):
                raise GrammarError(f"{self.text!r}: a column or variable is needed where {piece!r} stands")
            return self._about(piece)
        finally:
            self.depth -= 1

    def _about(self, name: str) -> Node:
        following = self._peek()
        if following in _OPERATORS:
            self.place += 1
            operator: Operator = "==" if following == "=" else following  # type: ignore[assignment]
            if self._peek() in _OPERATORS:
                raise GrammarError(f"{self.text!r}: {following} needs a value, and {self._peek()!r} follows")
            if operator in ("==", "!=") and self._peek() == "{":
                values = self._set()
            else:
                values = (_unquoted(self._next("a value")),)
            if operator not in ("==", "!=") and as_number(values[0]) is None:
                raise GrammarError(f"{self.text!r}: {operator} needs a number, and {values[0]!r} is none")
            return Compare(name, operator, values)
        if following in ("in", "has"):
            self.place += 1
            values = self._set() if self._peek() == "{" else (_unquoted(self._next("a value")),)
            return Compare(name, "in" if following == "in" else "has", values)
        return Flag(name)

    def _set(self) -> tuple[str, ...]:
        self.place += 1
        values: list[str] = []
        while (piece := self._next("a closing }")) != "}":
            if piece != ",":
                values.append(_unquoted(piece))
        if not values:
            raise GrammarError(f"{self.text!r}: {{}} is empty; name at least one value")
        return tuple(values)

    def _peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _next(self, needed: str) -> str:
        if self.place >= len(self.tokens):
            raise GrammarError(f"{self.text!r} ends too early; {needed} is needed")
        self.place += 1
        return self.tokens[self.place - 1]


def _is_word(piece: str) -> bool:
    return piece not in _RESERVED and re.match(r"[<>=!(){},\"']", piece) is None and as_number(piece) is None


def _unquoted(piece: str) -> str:
    return piece[1:-1] if piece[:1] in "\"'" and len(piece) > 1 else piece


def _names(node: Node) -> list[str]:
    if isinstance(node, Join):
        return [name for part in node.parts for name in _names(part)]
    return _names(node.part) if isinstance(node, Not) else [node.name]
