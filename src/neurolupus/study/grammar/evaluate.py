"""Conditions and sums of a study file, worked out on a table of values; what is not known stays not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.study.grammar import Compare, Condition, Flag, Join, Node, Not
from neurolupus.study.grammar.sums import LinearSum, as_number

Mask = NDArray[np.bool_]  # (patients,)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Whether a condition holds for each patient; neither `holds` nor `fails` where that is not known."""

    holds: Mask
    fails: Mask

    @property
    def unknown(self) -> Mask:
        """True where it is not known whether the condition holds."""
        return ~(self.holds | self.fails)

    def as_floats(self) -> NDArray[np.float64]:
        """1, 0, or NaN where it is not known."""
        return np.where(self.holds, 1.0, np.where(self.fails, 0.0, np.nan))


def truth_of(
    condition: Condition, values: Mapping[str, pd.Series] | pd.DataFrame, meanings: Meanings | None = None
) -> Truth:
    """Whether a condition holds, patient by patient; Kleene's logic: unknown or true is true, not unknown is unknown.

    Parameters
    ----------
    values : mapping of name to Series
        As `convert` and `derive_fields` give them.
    meanings : mapping of name to mapping of a value as written to values of the table
        A merged level of a group stands for its levels, the declared value of a yes/no variable for 0 or 1.
    """
    return _truth(condition.tree, values, meanings or {})


Meanings = Mapping[str, Mapping[str, tuple[str, ...]]]


def total_of(total: LinearSum, values: Mapping[str, pd.Series] | pd.DataFrame) -> NDArray[np.float64]:
    """A sum, patient by patient; NaN where a part is not known."""
    parts = [factor * np.asarray(values[name], dtype=float) for factor, name in total.terms]
    return np.asarray(np.sum(parts, axis=0) + total.constant, dtype=float)


def _truth(node: Node, values: Any, meanings: Meanings) -> Truth:
    if isinstance(node, Join):
        parts = [_truth(part, values, meanings) for part in node.parts]
        over, under = (np.logical_or, np.logical_and) if node.word == "or" else (np.logical_and, np.logical_or)
        return Truth(over.reduce([part.holds for part in parts]), under.reduce([part.fails for part in parts]))
    if isinstance(node, Not):
        part = _truth(node.part, values, meanings)
        return Truth(part.fails, part.holds)
    series = values[node.name]
    known = series.notna().to_numpy()
    if isinstance(node, Flag):
        holds = known & (np.asarray(series, dtype=float) != 0)
    else:
        holds = known & _holds(node, series, meanings.get(node.name, {}))
    return Truth(holds, known & ~holds)


def _holds(node: Compare, series: pd.Series, meanings: Mapping[str, tuple[str, ...]]) -> Mask:
    operator, values = node.operator, [text for value in node.values for text in meanings.get(value, (value,))]
    known = series.dropna()
    if len(known) and isinstance(known.iloc[0], frozenset):
        wanted = frozenset(values)
        return np.array([isinstance(cell, frozenset) and _has(cell, operator, wanted) for cell in series], dtype=bool)
    numbers = [as_number(value) for value in values]
    if pd.api.types.is_numeric_dtype(series.dtype) and all(number is not None for number in numbers):
        return _compared(np.asarray(series, dtype=float), operator, [float(number or 0) for number in numbers])
    if operator in (">", ">=", "<", "<="):  # an ordinal level written as a number
        return _compared(
            series.map(lambda cell: as_number(str(cell))).to_numpy(dtype=float), operator, [float(values[0])]
        )
    is_in: Mask = series.isin(values).to_numpy(dtype=bool)
    return ~is_in if operator == "!=" else is_in


def _has(labels: frozenset[str], operator: str, wanted: frozenset[str]) -> bool:
    if operator == "has":
        return wanted <= labels
    if operator == "in":
        return bool(labels) and labels <= wanted
    return (labels == wanted) is (operator == "==")


def _compared(left: NDArray[np.float64], operator: str, right: list[float]) -> Mask:
    if operator in ("==", "in", "!="):
        is_in = np.isin(left, right)
        return ~is_in if operator == "!=" else is_in
    with np.errstate(invalid="ignore"):
        compare = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal}[operator]
        return np.asarray(compare(left, right[0]), dtype=bool)
