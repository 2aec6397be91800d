"""What every model asks of its arrays first: numbers, of one length, complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError

Vector = NDArray[np.float64]  # (n,)
Matrix = NDArray[np.float64]  # (n, p)


def complete_vector(values: ArrayLike, name: str, *, at_least: int = 1) -> Vector:
    """The values as a float vector without a gap.

    Raises
    ------
    StatsError
        It is no vector of numbers, holds NaN or infinity, or has fewer than `at_least` values.

    Examples
    --------
    >>> complete_vector([1, 2], "age")
    array([1., 2.])
    """
    vector = _floats(values, name)
    if vector.ndim != 1:
        raise StatsError(
            f"{name} has shape {vector.shape}; one column of numbers is needed.\n    Give one value per row."
        )
    _refuse_gaps(vector, name)
    if len(vector) < at_least:
        raise StatsError(
            f"{name} has {len(vector)} values; at least {at_least} are needed.\n"
            "    Leave it out of the analysis, or widen the cohort."
        )
    return vector


def complete_matrix(matrix: ArrayLike, names: Sequence[str], n: int) -> Matrix:
    """The design as an (n, p) float matrix without a gap, one name per column.

    Raises
    ------
    StatsError
        Shapes do not fit, or a column has missing values; each such column is named with its count.
    """
    design = _floats(matrix, "the design")
    if design.ndim != 2 or design.shape != (n, len(names)):
        raise StatsError(
            f"The design has shape {design.shape} for {n} outcomes and {len(names)} names; "
            f"({n}, {len(names)}) is needed.\n    Build both from the same complete rows."
        )
    gaps = np.count_nonzero(~np.isfinite(design), axis=0)
    if gaps.any():
        told = ", ".join(f"{name} ({count})" for name, count in zip(names, gaps, strict=True) if count)
        raise StatsError(
            f"The design has missing values in {told} of {n} rows; complete rows are needed.\n"
            "    Drop these rows and report the count, or impute."
        )
    return np.ascontiguousarray(design)


def complete_weights(weights: ArrayLike | None, n: int) -> Vector | None:
    """The weights as a float vector, or None as given.

    Raises
    ------
    StatsError
        A weight is negative or missing, all are zero, or there are not `n`.
    """
    if weights is None:
        return None
    vector = complete_vector(weights, "weights")
    if len(vector) != n:
        raise StatsError(f"There are {len(vector)} weights for {n} rows; one weight per row is needed.")
    if (vector < 0).any() or not vector.any():
        raise StatsError(
            f"Weights run from {vector.min():g} to {vector.max():g}; weights of zero or more, not all zero, are "
            "needed.\n    Check the model the weights come from."
        )
    return vector


def shown(value: object) -> str:
    """A cell as an error shows it: a number as a number, text in quotes.

    Examples
    --------
    >>> shown(np.int64(2)), shown("2")
    ('2', "'2'")
    """
    return repr(value.item() if isinstance(value, np.generic) else value)


def _floats(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        seen = _first_text(values)
        raise StatsError(
            f"{name} holds {shown(seen)}; numbers are needed.\n    Correct the cell, or declare the column as nominal."
        ) from error


def _first_text(values: ArrayLike) -> Any:
    for value in np.ravel(np.asarray(values, dtype=object)):
        try:
            float(value)
        except (TypeError, ValueError):
            return value
    return "rows of unequal length"


def _refuse_gaps(vector: Vector, name: str) -> None:
    gaps = int(np.count_nonzero(~np.isfinite(vector)))
    if gaps:
        raise StatsError(
            f"{name} has {gaps} missing or infinite of {len(vector)} values; complete values are needed.\n"
            "    Drop these rows and report the count, or impute."
        )
