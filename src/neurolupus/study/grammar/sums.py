"""Numbers as a study file writes them: sums (`gm + wm`), shares (`26/192`) and plain numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NewType

Share = NewType("Share", float)


_NAME = re.compile(r"[^\W\d][\w.]*")


class GrammarError(ValueError):
    """A text that is no condition or sum; the message says where and what is needed."""


@dataclass(frozen=True, slots=True)
class LinearSum:
    """`gm + wm`, `0.5*a - b + 1`: factors of names and a constant."""

    text: str
    terms: tuple[tuple[float, str], ...]
    constant: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Every name in the sum, in order."""
        return tuple(name for _, name in self.terms)


def parse_sum(text: str) -> LinearSum:
    """The sum that a text states.

    Raises
    ------
    GrammarError
        It is none, or names nothing.

    Examples
    --------
    >>> parse_sum("gm + wm - 0.5*csf").terms
    ((1.0, 'gm'), (1.0, 'wm'), (-0.5, 'csf'))
    """
    terms: list[tuple[float, str]] = []
    constant = 0.0
    pieces = re.findall(r"([+-]?)\s*([^\s+*-]+(?:\s*\*\s*[^\s+*-]+)?)", text)
    if "".join(sign + piece for sign, piece in pieces).replace(" ", "") != text.replace(" ", ""):
        raise GrammarError(f"{text!r} is no sum; names joined by + and - are needed, such as gm + wm")
    for sign, piece in pieces:
        factor = -1.0 if sign == "-" else 1.0
        name = ""
        for part in (part.strip() for part in piece.split("*")):
            if (number := as_number(part)) is not None:
                factor *= number
            elif name:
                raise GrammarError(f"{piece!r} multiplies two columns; only a number times a column is possible")
            else:
                name = part
                if not _NAME.fullmatch(name):
                    raise GrammarError(f"{name!r} is no column name; a sum such as gm + wm is needed")
        if name:
            terms.append((factor, name))
        else:
            constant += factor
    if not terms:
        raise GrammarError(f"{text!r} names no column; a sum such as gm + wm is needed")
    return LinearSum(text, tuple(terms), constant)


def parse_share(text: str) -> Share:
    """The share that `0.135`, `26/192` or `13.5%` states.

    Raises
    ------
    GrammarError
        It is none, or not between 0 and 1.

    Examples
    --------
    >>> parse_share("26/192")
    0.13541666666666666
    """
    above, slash, below = text.partition("/")
    parts = [as_number(part.removesuffix("%")) for part in ([above, below] if slash else [above])]
    if any(part is None for part in parts) or (slash and parts[1] == 0):
        raise GrammarError(f"{text!r} is no share; a number between 0 and 1, or a count such as 26/192, is needed")
    numbers = [part for part in parts if part is not None]
    share = numbers[0] / numbers[1] if slash else numbers[0] / (100 if above.strip().endswith("%") else 1)
    if not 0 <= share <= 1:
        raise GrammarError(f"{text!r} is not between 0 and 1; a share, or a count such as 26/192, is needed")
    return Share(share)


def as_number(text: str) -> float | None:
    """The finite number that a text is, else None; no thousands marks, no decimal commas, no underscores.

    Examples
    --------
    >>> as_number("1e-3"), as_number("1,5"), as_number("nan")
    (0.001, None, None)
    """
    stripped = text.strip()
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", stripped, re.ASCII):
        return None
    return float(stripped)
