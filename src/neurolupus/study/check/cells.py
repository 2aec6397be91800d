"""Faults of single cells: another kind, a level that is not declared, out of range; with row and value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurolupus.records.words import listed, suggestion
from neurolupus.study.derive.values import Converted, as_text, has_decimal_comma, looks_like_date
from neurolupus.study.schema.columns import Column

MOST_ROWS = 3  # rows told for each kind of fault in a column


def cell_faults(cells: pd.Series, found: Converted, column: Column, decimal: str) -> Iterator[str]:
    """What is wrong with the cells of one column, each kind of fault once with its first rows."""
    bad = cells[found.bad]
    if column.kind == "number":
        yield from _number_faults(bad, column, decimal)
        yield from _range_faults(found.values, column)
    elif len(bad):
        distinct = list(dict.fromkeys(as_text(cell) for cell in bad))
        needed = _needed(column)
        for value in distinct[:5]:
            rows = bad.index[[as_text(cell) == value for cell in bad]]
            is_one = bool(column.levels) and column.kind != "labels"
            near = suggestion(value, (level.value for level in column.levels)) if is_one else ""
            hint = near if near.startswith(". Did") else f"; {needed} is needed"
            yield f"{_rows(rows)}: {column.name} {value!r} is not declared{hint}"
        if len(distinct) > 5:
            yield f"{column.name} has {len(distinct) - 5} further values that are not declared"


def _needed(column: Column) -> str:
    if column.kind == "date":
        return "a date such as 2021-06-30"
    if column.levels:
        words = listed(list(dict.fromkeys(level.value for level in column.levels))[:12])
        return f"labels of {words}, joined by {column.separator!r}," if column.kind == "labels" else words
    return "0 or 1, no or yes, false or true"


def _number_faults(bad: pd.Series, column: Column, decimal: str) -> Iterator[str]:
    rest = bad
    kinds: tuple[tuple[Callable[[Any], bool], str], ...] = (
        (
            lambda cell: decimal != "," and has_decimal_comma(cell),
            'has a decimal comma; set data: {decimal: ","} in the study file',
        ),
        (
            looks_like_date,
            "is a date, as Excel makes of numbers such as 1-2 or 3.4; correct it and format the column as number",
        ),
        (lambda cell: True, "is no number; correct it, or declare it in data: {missing: {codes: [...]}}"),
    )
    for is_kind, words in kinds:
        hits = rest[[is_kind(cell) for cell in rest]] if len(rest) else rest
        if len(hits):
            shown = ", ".join(repr(as_text(cell)) for cell in hits.iloc[:MOST_ROWS])
            yield f"{_rows(hits.index)}: {column.name} {shown} {words}"
            rest = rest.drop(hits.index)


def _range_faults(values: pd.Series, column: Column) -> Iterator[str]:
    if column.range is None:
        return
    low, high = column.range
    with np.errstate(invalid="ignore"):
        outside = values[(values < low) | (values > high)]
    if len(outside):
        shown = ", ".join(f"{value:g}" for value in outside.iloc[:MOST_ROWS])
        if low == 0 and not np.isfinite(high):
            yield f"{_rows(outside.index)}: {column.name} {shown} is negative; {column.used_for} cannot be"
        else:
            yield f"{_rows(outside.index)}: {column.name} {shown} is outside {low:g} to {high:g}"


def _rows(rows: pd.Index) -> str:
    shown = ", ".join(str(row) for row in rows[:MOST_ROWS])
    more = f" and {len(rows) - MOST_ROWS} more" if len(rows) > MOST_ROWS else ""
    return f"row{'s' * (len(rows) > 1)} {shown}{more}"
