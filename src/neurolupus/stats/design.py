"""Declared terms and a table become a design matrix: treatment coding, a stated reference, dropped rows counted."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, shown

Kind = Literal["continuous", "binary", "nominal"]
INTERCEPT = "intercept"


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


@dataclass(frozen=True, slots=True)
class Gap:
    """How many rows lack a value of one column."""

    column: str
    n_missing: int


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A design matrix of the complete rows.

    Attributes
    ----------
    matrix : (n, p) float array
    names : tuple of str
        `age`; `drug[mmf]` for a level; `male:drug[mmf]` for an interaction; `intercept` first where there is one.
    terms : tuple of str
        For each column, the term it belongs to.
    rows : (n,) int array
        Positions of the used rows in the table.
    n, n_dropped : int
        Rows used, and rows left out because a value was missing.
    missing : tuple of Gap
        Columns with missing values; one row can lack several.
    """

    matrix: Matrix
    names: tuple[str, ...]
    terms: tuple[str, ...]
    rows: NDArray[np.intp]
    n: int
    n_dropped: int
    missing: tuple[Gap, ...]

    def columns_of(self, term: str) -> tuple[int, ...]:
        """Positions of the columns of one term.

        Raises
        ------
        StatsError
            There is no such term.
        """
        found = tuple(i for i, name in enumerate(self.terms) if name == term)
        if not found:
            raise StatsError(f"{term!r} is no term of the design; there are {', '.join(dict.fromkeys(self.terms))}.")
        return found


def build_design(
    frame: pd.DataFrame,
    terms: Sequence[Term],
    *,
    interactions: Sequence[tuple[str, str]] = (),
    intercept: bool = True,
    also_complete: Sequence[str] = (),
) -> Design:
    """The design matrix of `terms` on the rows of `frame` that are complete.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    terms : sequence of Term
    interactions : sequence of (term, term)
        Products of two declared terms, added after them.
    intercept : bool
        Put a column of ones first; not for Cox models.
    also_complete : sequence of str
        Further columns (the outcome) that must have a value for a row to be used.

    Raises
    ------
    StatsError
        A column is absent (the nearest name is offered), holds text or an undeclared level, or no row is complete.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [30, 41, None], "drug": ["cyc", "mmf", "cyc"]})
    >>> design = build_design(table, [Term("age"), Term("drug", "nominal", ("cyc", "mmf"))])
    >>> design.names, design.n, design.n_dropped
    (('intercept', 'age', 'drug[mmf]'), 2, 1)
    """
    needed = [*(term.name for term in terms), *also_complete]
    check_columns(frame, needed)
    repeated = sorted({t.name for t in terms if sum(o.name == t.name for o in terms) > 1})
    if repeated:
        raise StatsError(f"Terms {', '.join(repeated)} occur twice; declare each once.")
    absent = frame[list(dict.fromkeys(needed))].isna()
    complete = ~absent.any(axis=1).to_numpy()
    missing = tuple(Gap(str(name), int(count)) for name, count in absent.sum().items() if count)
    if not complete.any():
        told = ", ".join(f"{gap.column} ({gap.n_missing})" for gap in missing) or "the table is empty"
        raise StatsError(
            f"None of {len(frame)} rows is complete: {told} missing. Complete rows are needed.\n"
            "    Leave out the emptiest column, or impute."
        )
    used = frame.loc[complete]
    coded = {term.name: _coded(used, term) for term in terms}
    blocks = [(name, labels, columns) for name, (labels, columns) in coded.items()]
    blocks += [_product(coded, pair) for pair in interactions]
    if intercept:
        blocks.insert(0, (INTERCEPT, (INTERCEPT,), np.ones((len(used), 1))))
    return Design(
        matrix=np.ascontiguousarray(np.hstack([b[2] for b in blocks])) if blocks else np.empty((len(used), 0)),
        names=tuple(label for b in blocks for label in b[1]),
        terms=tuple(b[0] for b in blocks for _ in b[1]),
        rows=np.flatnonzero(complete),
        n=len(used),
        n_dropped=int(len(frame) - len(used)),
        missing=missing,
    )


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


def _coded(frame: pd.DataFrame, term: Term) -> tuple[tuple[str, ...], Matrix]:
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


def _product(
    coded: dict[str, tuple[tuple[str, ...], Matrix]], pair: tuple[str, str]
) -> tuple[str, tuple[str, ...], Matrix]:
    for name in pair:
        if name not in coded:
            raise StatsError(f"Interaction {pair[0]}:{pair[1]} names {name!r}, which is no term; declare it too.")
    (left_names, left), (right_names, right) = coded[pair[0]], coded[pair[1]]
    names = tuple(f"{a}:{b}" for a in left_names for b in right_names)
    columns = [left[:, i] * right[:, j] for i in range(left.shape[1]) for j in range(right.shape[1])]
    return f"{pair[0]}:{pair[1]}", names, np.column_stack(columns)
