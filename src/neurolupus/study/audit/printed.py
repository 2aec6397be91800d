"""A number as a paper prints it: its digits say between which values the unrounded number lies."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)"
_NUMBER = re.compile(NUMBER)
_P_VALUE = re.compile(rf"(?:[pP]\s*)?(?P<relation>[<>=]?)\s*(?P<number>{NUMBER})\s*\*?")
_MINUSES = str.maketrans({"−": "-", "‒": "-", "·": ".", "\u00a0": " ", "\u202f": " ", "‑": "-", "˗": "-"})
SMALLEST_STEP_AT_ONE = 2  # "1" printed for a p-value stands for 1.00 at least: 0.97 would be printed 0.97


class NotPrinted(ValueError):  # noqa: N818
    """A text that is none of the forms a cell may have; the message ends without a full stop."""


@dataclass(frozen=True, slots=True)
class Printed:
    """One printed number.

    Attributes
    ----------
    text : str
    exact : Fraction
    decimals : int
        Digits behind the point.
    """

    text: str
    exact: Fraction
    decimals: int

    @property
    def value(self) -> float:
        """The number itself; infinite for `Inf`."""
        return math.inf if self.text.lower() in _INFINITE else float(self.exact)

    @property
    def half(self) -> float:
        """Half a unit of the last digit."""
        return 0.5 * 10.0**-self.decimals

    @property
    def low(self) -> float:
        """The smallest number printed so."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """The largest number printed so."""
        return self.value + self.half

    def holds(self, value: float, *, slack: float = 1e-9) -> bool:
        """Whether a number is printed so; halves may have gone either way."""
        return self.low - slack <= value <= self.high + slack

    def meets(self, low: float, high: float, *, slack: float = 1e-9) -> bool:
        """Whether any number from `low` to `high` is printed so."""
        return low - slack <= self.high and self.low <= high + slack


@dataclass(frozen=True, slots=True)
class PrintedP:
    """One printed p-value, with what stands before it."""

    text: str
    number: Printed
    relation: Literal["=", "<", ">"]

    @property
    def low(self) -> float:
        """The smallest p-value printed so."""
        if self.relation == "=":
            return max(0.0, self.number.value - self._half)
        return 0.0 if self.relation == "<" else self.number.value

    @property
    def high(self) -> float:
        """The largest p-value printed so."""
        if self.relation == "=":
            return min(1.0, self.number.value + self._half)
        return self.number.value if self.relation == "<" else 1.0

    @property
    def _half(self) -> float:
        return 0.5 * 10.0 ** -max(self.number.decimals, SMALLEST_STEP_AT_ONE if self.number.value == 1 else 0)

    def holds(self, p_value: float) -> bool:
        """Whether a p-value is printed so."""
        return self.meets(p_value, p_value)

    def meets(self, low: float, high: float) -> bool:
        """Whether any p-value from `low` to `high` is printed so."""
        slack = 1e-9
        return low - slack <= self.high and self.low <= high + slack

    @property
    def is_significant(self) -> bool | None:
        """Whether it lies below 0.05; None where the digits leave it open."""
        return True if self.high < 0.05 else False if self.low > 0.05 else None


_INFINITE = ("inf", "infinity", "∞")


def plain(text: str) -> str:
    """The text with plain minus signs, points and spaces.

    Examples
    --------
    >>> plain("−11.5")
    '-11.5'
    """
    return " ".join(text.translate(_MINUSES).split())


def parse_printed(text: str) -> Printed:
    """The number that a text states.

    Raises
    ------
    NotPrinted
        It states none.

    Examples
    --------
    >>> number = parse_printed("0.30")
    >>> number.decimals, round(number.low, 3), round(number.high, 3)
    (2, 0.295, 0.305)
    """
    flat = plain(text)
    if flat.lower() in _INFINITE:
        return Printed(flat, Fraction(0), 0)
    if not _NUMBER.fullmatch(flat):
        hint = "; write the decimal mark as a point" if re.fullmatch(r"[-+]?\d+,\d+", flat) else ""
        raise NotPrinted(f"{text!r} is no number{hint}")
    return Printed(flat, Fraction(flat), len(flat.partition(".")[2]))


def parse_p(text: str) -> PrintedP:
    """The p-value that a text states: `0.045`, `<0.001`, `p = 0.045`, `0.002*`.

    Raises
    ------
    NotPrinted
        It states none between 0 and 1.

    Examples
    --------
    >>> parse_p("< 0.001").high, parse_p("1").low
    (0.001, 0.995)
    """
    match = _P_VALUE.fullmatch(plain(text))
    if match is None:
        raise NotPrinted(f"{text!r} is no p-value; write 0.045 or <0.001")
    number = parse_printed(match["number"])
    if not 0 <= number.exact <= 1:
        raise NotPrinted(f"{text!r} is no p-value: it lies outside 0 to 1")
    relation: Literal["=", "<", ">"] = "<" if match["relation"] == "<" else ">" if match["relation"] == ">" else "="
    return PrintedP(plain(text), number, relation)
