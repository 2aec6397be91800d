"""A design matrix looked at before a model: constant and dependent columns, variance inflation, leverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.estimate import Notes

DEPENDENT = 1e-7  # share of a column's length left after the columns before it; R's lm uses the same


@dataclass(frozen=True, slots=True)
class Dependence:
    """A column that others determine: `name` is a linear combination of `of`."""

    name: str
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inflation:
    """Variance inflation factor of one column, 1 / (1 - R²) on the others."""

    name: str
    vif: float


def check_full_rank(matrix: Matrix, names: Sequence[str]) -> None:
    """Raise when a column is constant (besides one intercept) or a combination of those before it.

    Raises
    ------
    StatsError
        Every such column is named, with those it depends on.
    """
    n, p = matrix.shape
    if n < p:
        raise StatsError(
            f"{n} rows for {p} coefficients ({', '.join(names)}); more rows than coefficients are needed.\n"
            "    Take terms out of the model."
        )
    faults = [f"{name} is constant" for name in constant_columns(matrix, names)]
    faults += [f"{d.name} is a combination of {' and '.join(d.of)}" for d in dependent_columns(matrix, names)]
    if faults:
        raise StatsError(
            f"The design of {n} rows cannot be fitted: {'; '.join(faults)}. Independent, varying columns are needed.\n"
            "    Take these terms out of the model, or merge levels."
        )


def constant_columns(matrix: Matrix, names: Sequence[str]) -> tuple[str, ...]:
    """Columns that hold one value only, other than one column of ones."""
    constant = [int(i) for i in np.flatnonzero(_is_constant(matrix))]
    intercept = next((i for i in constant if matrix[0, i] == 1), None)
    return tuple(names[i] for i in constant if i != intercept)


def has_intercept(matrix: Matrix) -> bool:
    """Whether a column is constant and not zero."""
    return bool((_is_constant(matrix) & (matrix[0] != 0)).any())


def _is_constant(matrix: Matrix) -> NDArray[np.bool_]:
    """Which columns hold one value, (p,); most show in their first rows that they do not."""
    constant = np.asarray((matrix[:64] == matrix[0]).all(axis=0))
    for column in np.flatnonzero(constant):
        constant[column] = (matrix[:, column] == matrix[0, column]).all()
    return constant


def dependent_columns(matrix: Matrix, names: Sequence[str]) -> tuple[Dependence, ...]:
    """Columns that those before them determine, constants left to `constant_columns`."""
    if len(matrix) > 4 * matrix.shape[1]:
        # X = Q R: the columns of R have the lengths and dependences of those of X, and are short.
        short: Matrix = np.asarray(np.linalg.qr(matrix, mode="r"))
        return dependent_columns_of(short, names, ~_is_constant(matrix))
    return dependent_columns_of(matrix, names, ~_is_constant(matrix))


def dependent_columns_of(matrix: Matrix, names: Sequence[str], varying: NDArray[np.bool_]) -> tuple[Dependence, ...]:
    """As `dependent_columns`, told which columns vary."""
    basis: list[Vector] = []
    kept: list[int] = []
    found = []
    for i in range(matrix.shape[1]):
        column = matrix[:, i]
        length = float(np.linalg.norm(column))
        rest = column.copy()
        for _ in range(2):  # twice is enough (Kahan and Parlett)
            for direction in basis:
                rest = rest - direction * float(direction @ rest)
        left = float(np.linalg.norm(rest))
        if length > 0 and left > DEPENDENT * length:
            basis.append(rest / left)
            kept.append(i)
        elif varying[i]:
            found.append(_dependence(matrix, names, i, kept))
    return tuple(found)


def variance_inflation(matrix: Matrix, names: Sequence[str]) -> tuple[Inflation, ...]:
    """Variance inflation factors of all columns but the intercept; 1 where a column stands alone.

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [-1.0, -1, 1, 1], [-1.0, 1, -1, 1]])
    >>> [factor.vif for factor in variance_inflation(x, ["intercept", "a", "b"])]
    [1.0, 1.0]
    """
    varying = [i for i in range(matrix.shape[1]) if np.ptp(matrix[:, i]) > 0]
    if not varying:
        return ()
    x = matrix[:, varying]
    if has_intercept(matrix):
        x = x - x.mean(axis=0)
    scaled = x / np.linalg.norm(x, axis=0)
    factors = np.diag(np.linalg.inv(scaled.T @ scaled))
    return tuple(Inflation(names[i], float(factor)) for i, factor in zip(varying, factors, strict=True))


def leverage(matrix: Matrix, weights: Vector | None = None) -> Vector:
    """Diagonal of the hat matrix, (n,); with weights of the weighted fit."""
    x = matrix if weights is None else matrix * np.sqrt(weights)[:, None]
    q = np.linalg.qr(x)[0]
    return np.asarray(np.sum(q**2, axis=1))


def size_notes(
    n: int,
    terms: int,
    *,
    unit: str = "rows",
    per_term: int = 10,
    group_sizes: Sequence[tuple[str, int]] = (),
    per_group: int = 10,
) -> Notes:
    """Warnings about too few rows (or events) for the terms, and about small groups.

    Parameters
    ----------
    n : int
        Rows of a linear model; the rarer outcome's count of a logistic one; events of a Cox model.
    terms : int
        Coefficients besides the intercept.
    unit : str
        What `n` counts, for the sentence.
    per_term, per_group : int
        What is held for enough.
    group_sizes : sequence of (name, size)

    Examples
    --------
    >>> size_notes(38, 5, group_sizes=[("ischaemic", 12), ("psychosis", 4)])
    ('38 rows for 5 terms: 7.6 per term, fewer than 10.', 'Group psychosis has 4, fewer than 10.')
    """
    notes = []
    if terms and n < per_term * terms:
        notes.append(f"{n} {unit} for {terms} terms: {n / terms:.1f} per term, fewer than {per_term}.")
    notes += [f"Group {name} has {size}, fewer than {per_group}." for name, size in group_sizes if size < per_group]
    return tuple(notes)


def _dependence(matrix: Matrix, names: Sequence[str], column: int, kept: list[int]) -> Dependence:
    if not kept:
        return Dependence(names[column], ())
    before = matrix[:, kept]
    scale = np.linalg.norm(before, axis=0)
    shares = np.linalg.lstsq(before / scale, matrix[:, column], rcond=None)[0]
    part = np.abs(shares) > 1e-6 * float(np.abs(shares).max())
    return Dependence(names[column], tuple(names[i] for i, used in zip(kept, part, strict=True) if used))
