"""Cells of a declared column become numbers: as they are, 0 and 1, or one indicator per level."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, shown

Kind = Literal["continuous", "binary", "nominal"]


@dataclass(frozen=True, slots=True)
class Term:
    """One column of the table as a model uses it.

    Attributes
    ----------
    name : str
        Column of the table, and the term's name in results.
    kind : str
        `continuous` enters as it is; `binary` as 0 and 1; `nominal` as one indicator per level but the reference.
    levels : tuple
        Declared values of a nominal column, or both values of a binary one (reference first) where it is not 0 and 1.
    reference : hashable or None
        The level the others are compared with; None is the first.
    """

    name: str
    kind: Kind = "continuous"
    levels: tuple[Hashable, ...] = ()
    reference: Hashable | None = None


def check_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise when columns are absent from the table, naming the nearest that are there.

    Raises
    ------
    StatsError
        All absent columns are told together.
    """
    there = [str(column) for column in frame.columns]
    absent = [name for name in dict.fromkeys(names) if name not in there]
    if absent:
        told = "; ".join(f"{name!r}{_nearest(name, there)}" for name in absent)
        raise StatsError(
            f"Not among the table's {len(there)} columns: {told}\n    Correct the name, or add the column."
        )


def numeric_column(column: pd.Series, name: str) -> Vector:
    """A complete column as floats.

    Raises
    ------
    StatsError
        A cell is no number: the first such cell is shown with its row, and how many there are.
    """
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise StatsError(
            f"{name} holds dates, such as {column.iloc[0]}; numbers are needed.\n"
            "    Give the days between two dates instead."
        )
    numbers = pd.to_numeric(column, errors="coerce")
    text = column[numbers.isna()]
    if len(text):
        raise StatsError(
            f"{name} holds {shown(text.iloc[0])} in row {text.index[0]} ({len(text)} such cells); numbers are needed.\n"
            "    Correct the cells, or declare the column as nominal."
        )
    return np.asarray(numbers.to_numpy(dtype=np.float64))


def coded_column(column: pd.Series, term: Term) -> Vector:
    """A complete column as numbers: as they are, 0 and 1, or positions among the declared levels, (n,).

    Raises
    ------
    StatsError
        A cell is not what the term's type allows.
    """
    if term.kind == "continuous":
        return numeric_column(column, term.name)
    if term.kind == "binary" and not term.levels:
        return _zero_one(column, term)
    _ordered_levels(term)
    _check_levels(column, term)
    return np.asarray(pd.Index(list(term.levels)).get_indexer(pd.Index(column)), dtype=np.float64)


def _nearest(name: str, there: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, there, n=1)
    return f". Did you mean {near[0]!r}?" if near else "."


def coded_block(frame: pd.DataFrame, term: Term) -> tuple[tuple[str, ...], Matrix]:
    """Names of a term's design columns, and the columns, (n, 1) or (n, levels - 1)."""
    column = frame[term.name]
    if term.kind == "continuous":
        return (term.name,), numeric_column(column, term.name)[:, None]
    if term.kind == "binary" and not term.levels:
        return (term.name,), _zero_one(column, term)[:, None]
    levels = _ordered_levels(term)
    _check_levels(column, term)
    if term.kind == "binary":
        return (term.name,), (column == levels[1]).to_numpy(np.float64)[:, None]
    indicators = [(column == level).to_numpy(np.float64) for level in levels[1:]]
    return tuple(f"{term.name}[{level}]" for level in levels[1:]), np.column_stack(indicators)


def _zero_one(column: pd.Series, term: Term) -> Vector:
    values = numeric_column(column, term.name)
    strange = values[~np.isin(values, (0, 1))]
    if len(strange):
        raise StatsError(
            f"{term.name} holds {strange[0]:g} ({len(strange)} such cells); 0 and 1 are needed of a binary column."
            "\n    Declare its two levels, or another type."
        )
    return values


def _ordered_levels(term: Term) -> list[Hashable]:
    """The reference first, then the others as declared."""
    if len(set(term.levels)) != len(term.levels) or len(term.levels) < 2:
        raise StatsError(f"{term.name} declares levels {list(term.levels)}; two or more different ones are needed.")
    if term.kind == "binary" and len(term.levels) != 2:
        raise StatsError(f"{term.name} is binary and declares {len(term.levels)} levels; declare it as nominal.")
    reference = term.levels[0] if term.reference is None else term.reference
    if reference not in term.levels:
        raise StatsError(f"{term.name} has reference {reference!r}, not among its levels {list(term.levels)}.")
    return [reference, *(level for level in term.levels if level != reference)]


def _check_levels(column: pd.Series, term: Term) -> None:
    strange = column[~column.isin(list(term.levels))]
    if len(strange):
        told = ", ".join(f"{shown(value)} ({count})" for value, count in strange.value_counts().items())
        raise StatsError(
            f"{term.name} holds {told}, not among its declared levels {list(term.levels)}.\n"
            "    Declare them, or correct the cells."
        )
