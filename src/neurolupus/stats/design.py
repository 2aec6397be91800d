"""Declared terms and a table become a design matrix: treatment coding, a stated reference, dropped rows counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.coding import Kind, Term, check_columns, coded_block
from neurolupus.stats.complete import Matrix

__all__ = ["INTERCEPT", "Design", "Gap", "Kind", "Term", "build_design", "check_columns"]

INTERCEPT = "intercept"


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
    coded = {term.name: coded_block(used, term) for term in terms}
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
