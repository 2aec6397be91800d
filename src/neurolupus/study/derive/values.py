"""Cells -> values of one kind, and which cells are of another kind: nothing guessed, nothing dropped in silence."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.study.grammar.sums import as_number
from neurolupus.study.schema.columns import Column
from neurolupus.study.schema.fields import NO_WORDS, YES_WORDS

Bad = NDArray[np.bool_]  # (rows,)
_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\d{1,2}[-. ](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*([-. ]\d{2,4})?"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-. ]\d{2,4}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """One column converted.

    Attributes
    ----------
    values : Series
        Floats for numbers and yes/no (1, 0); text for levels and text; frozensets for labels; NaN or None is missing.
    bad : (rows,) bool array
        Cells that hold something of another kind; their value is missing.
    """

    values: pd.Series
    bad: Bad


def convert(cells: pd.Series, column: Column, *, missing: Iterable[str], decimal: str = ".") -> Converted:
    """The values of one column of a table.

    Parameters
    ----------
    cells : Series
        Text, or numbers and dates where the file's format has such.
    column : Column
    missing : iterable of str
        Cells that mean "not known", besides those of the column.
    decimal : str
    """
    codes = {*missing, *column.missing}
    known = _Cells(cells, codes, {number for number in map(as_number, codes) if number is not None})
    if column.kind == "number":
        return _mapped(known, lambda cell: _number(cell, decimal), dtype=float)
    if column.kind == "binary":
        no, yes = _binary_words(column)
        return _mapped(known, lambda cell: _flag(cell, no, yes), dtype=float)
    if column.kind == "level" and column.levels:
        return _mapped(known, _level_reader([level.value for level in column.levels]), dtype=object)
    if column.kind == "labels":
        return _mapped(known, _labels_reader([level.value for level in column.levels], column.separator), dtype=object)
    if column.kind == "date":
        return _mapped(known, _date, dtype=object)
    return _mapped(known, as_text, dtype=object)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Cells, and what stands for a missing one as text and as number."""

    series: pd.Series
    codes: set[str]
    numbers: set[float]

    def is_missing(self, cell: Any) -> bool:
        if isinstance(cell, str):
            text = cell.strip()
            return text in self.codes or (bool(self.numbers) and as_number(text) in self.numbers)
        if isinstance(cell, (int, float, np.number)) and not isinstance(cell, (bool, np.bool_)):
            return float(cell) in self.numbers
        return as_text(cell) in self.codes


class _Bad:
    """Stands for a cell of another kind."""


BAD = _Bad()


def as_text(cell: Any) -> str:
    """A cell as text; whole numbers without a point, dates as ISO 8601.

    Examples
    --------
    >>> as_text(1.0), as_text("x"), as_text(True)
    ('1', 'x', 'true')
    """
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and not any((cell.hour, cell.minute, cell.second)):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, (datetime.date, datetime.datetime)) else str(cell)


def has_decimal_comma(cell: Any) -> bool:
    """Whether a cell is a number with a decimal comma."""
    return isinstance(cell, str) and _COMMA.fullmatch(cell.strip()) is not None


def looks_like_date(cell: Any) -> bool:
    """Whether a cell is a date, or text as a spreadsheet writes one."""
    if isinstance(cell, (datetime.date, datetime.datetime)):
        return True
    return isinstance(cell, str) and _DATE.fullmatch(cell.strip()) is not None


def _mapped(source: _Cells, read: Callable[[Any], Any], *, dtype: Any) -> Converted:
    """Every distinct cell read once."""
    cells, empty = source.series, np.nan if dtype is float else None
    codes, distinct = pd.factorize(cells.astype(object), use_na_sentinel=True)
    found = [empty if source.is_missing(cell) else read(cell) for cell in distinct]
    is_bad = np.array([one is BAD for one in found], dtype=bool)
    bad = np.zeros(len(cells), dtype=bool)
    bad[codes >= 0] = is_bad[codes[codes >= 0]] if len(found) else False
    if dtype is float:
        numbers = np.array([np.nan if one is BAD else one for one in found] + [np.nan], dtype=float)
        return Converted(pd.Series(numbers[codes], index=cells.index), bad)
    values = np.empty(len(found) + 1, dtype=object)
    for place, one in enumerate(found):
        values[place] = None if one is BAD else one
    return Converted(pd.Series(values[codes], index=cells.index, dtype=object), bad)


def _number(cell: Any, decimal: str) -> Any:
    if isinstance(cell, (bool, np.bool_, datetime.date, datetime.datetime, datetime.time)):
        return BAD
    if isinstance(cell, (int, float, np.number)):
        return float(cell) if np.isfinite(float(cell)) else BAD
    text = str(cell)
    if decimal == ",":
        if "." in text:
            return BAD
        text = text.replace(",", ".")
    number = as_number(text)
    return BAD if number is None else number


def _binary_words(column: Column) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if len(column.levels) == 2:
        return (column.levels[0].value,), (column.levels[1].value,)
    return NO_WORDS, YES_WORDS


def _flag(cell: Any, no: tuple[str, ...], yes: tuple[str, ...]) -> Any:
    for words, value in ((no, 0.0), (yes, 1.0)):
        if _is_one_of(as_text(cell), words):
            return value
    return BAD


def _is_one_of(text: str, words: tuple[str, ...]) -> bool:
    if text in words or (words in (NO_WORDS, YES_WORDS) and text.lower() in words):
        return True
    number = as_number(text)
    return number is not None and any(as_number(word) == number for word in words)


def _level_reader(values: list[str]) -> Callable[[Any], Any]:
    by_number = {as_number(value): value for value in values if as_number(value) is not None}

    def read(cell: Any) -> Any:
        text = as_text(cell)
        return text if text in values else by_number.get(as_number(text), BAD) if as_number(text) is not None else BAD

    return read


def _labels_reader(values: list[str], separator: str) -> Callable[[Any], Any]:
    def read(cell: Any) -> Any:
        parts = [part.strip() for part in as_text(cell).split(separator)]
        labels = [part for part in parts if part]
        return frozenset(labels) if all(label in values for label in labels) else BAD

    return read


def _date(cell: Any) -> Any:
    if isinstance(cell, (datetime.date, datetime.datetime)):
        return as_text(cell)[:10]
    try:
        return datetime.date.fromisoformat(str(cell).strip()[:10]).isoformat()
    except ValueError:
        return BAD
