"""Declared terms as a design matrix, with the words each of its columns is printed by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.design import INTERCEPT, Design, Gap, Term, build_design, check_columns
from neurolupus.stats.transform import LogTransformed, log_transform
from neurolupus.study.run.context import Context, numbers_of
from neurolupus.study.run.rows import coded, level_texts
from neurolupus.study.schema.fields import Field
from neurolupus.study.schema.variables import Transform

_BASES = {"log": 1.0, "log2": float(np.log(2)), "log10": float(np.log(10))}


@dataclass(frozen=True, slots=True, eq=False)
class ModelTerms:
    """A design with printed names.

    Attributes
    ----------
    design : Design
        Of the complete rows.
    labels : mapping of column to text
    notes : tuple of str
        What was done to transformed columns.
    """

    design: Design
    labels: dict[str, str]
    notes: tuple[str, ...]

    def dropped_words(self, outcome: str = "") -> str:
        """`12 patients left out: Age (8), Smoking (4) missing`; empty when nobody was."""
        if not self.design.n_dropped:
            return ""
        names = {outcome: "the outcome", "_outcome": "the outcome"}
        gaps = ", ".join(
            f"{names.get(g.column) or self.labels.get(g.column, g.column).partition(', per ')[0]} ({g.n_missing})"
            for g in self.design.missing
        )
        who = "patient" if self.design.n_dropped == 1 else "patients"
        return f"{self.design.n_dropped} {who} left out for missing values: {gaps}."


@dataclass(frozen=True, slots=True, eq=False)
class Transformed:
    """A column as models use it; `zeros` counts those taken as half the detection limit."""

    values: NDArray[np.float64]
    zeros: int = 0
    notes: tuple[str, ...] = ()


def model_terms(
    context: Context,
    frame: pd.DataFrame,
    names: Sequence[str],
    *,
    interactions: Sequence[tuple[str, str]] = (),
    also_complete: Sequence[str] = (),
    intercept: bool = False,
) -> ModelTerms:
    """The design of these terms on the complete rows of `frame`.

    Parameters
    ----------
    names : sequence of str
        Variables, labels, derived variables, groups.
    also_complete : sequence of str
        Further columns that must have a value.

    Raises
    ------
    StatsError
        A column is absent, or no row is complete.
    """
    check_columns(frame, [*names, *also_complete])
    terms: list[Term] = []
    labels: dict[str, str] = {}
    notes: list[str] = []
    columns: dict[str, NDArray[Any]] = {}
    for name in names:
        entry = context.fields[name]
        term, words, absent = _term(frame, entry)
        terms.append(term)
        notes += absent
        labels |= words
        if term.kind == "continuous":
            made = transformed(numbers_of(frame, name), entry)
            columns[name] = made.values
            notes += [f"{entry.label}: {note}" for note in made.notes]
        elif term.kind == "binary":
            columns[name] = _two_valued(frame, entry)
        else:
            columns[name] = level_texts(frame, entry).to_numpy()
    labels |= {f"{a}:{b}": f"{labels.get(a, a)} × {labels.get(b, b)}" for a, b in interactions}
    others = {name: frame[name] for name in also_complete if name not in columns}
    if not interactions and all(term.kind != "nominal" for term in terms) and len(columns) == len(terms):
        design = _plain_design(columns, others, len(frame), intercept=intercept)
    else:
        table = pd.DataFrame({**columns, **{name: column.to_numpy() for name, column in others.items()}})
        table.index = frame.index
        design = build_design(
            table, terms, interactions=interactions, intercept=intercept, also_complete=list(also_complete)
        )
    labels |= {name: name for name in design.names if name not in labels}
    made_terms = ModelTerms(design, labels, tuple(notes))
    if design.n_dropped and context.study.data.missing.models == "refuse":
        raise StatsError(
            f"{made_terms.dropped_words()} The study file refuses missing values in models (missing: models: refuse).\n"
            "    Impute, or write models: complete_case."
        )
    return made_terms


def _plain_design(columns: dict[str, NDArray[Any]], others: dict[str, pd.Series], n: int, *, intercept: bool) -> Design:
    """What `build_design` gives for numbers and yes/no alone, without its tables: for resampling."""
    absent = {name: ~np.isfinite(values) for name, values in columns.items()}
    absent |= {name: column.isna().to_numpy() for name, column in others.items()}
    lost = np.zeros(n, dtype=bool)
    for gaps in absent.values():
        lost |= gaps
    rows = np.flatnonzero(~lost)
    missing = tuple(Gap(name, int(gaps.sum())) for name, gaps in absent.items() if gaps.any())
    if not len(rows):
        told = ", ".join(f"{gap.column} ({gap.n_missing})" for gap in missing) or "the table is empty"
        raise StatsError(
            f"None of {n} rows is complete: {told} missing. Complete rows are needed.\n"
            "    Leave out the emptiest column, or impute."
        )
    first = [np.ones(len(rows))] if intercept else []
    blocks = [*first, *(values[rows] for values in columns.values())]
    names = ((INTERCEPT,) if intercept else ()) + tuple(columns)
    matrix = np.column_stack(blocks) if blocks else np.empty((len(rows), 0))
    return Design(np.ascontiguousarray(matrix, np.float64), names, names, rows, len(rows), n - len(rows), missing)


def transformed(values: NDArray[np.float64], entry: Field) -> Transformed:
    """A column on the scale its variable declares; missing stays missing."""
    how = entry.variable.transform if entry.variable else Transform()
    if how.fn == "none":
        return Transformed(values * how.scale if how.scale != 1 else values)
    present = np.isfinite(values)
    out = np.full(len(values), np.nan)
    if how.fn == "sqrt":
        if (values[present] < 0).any():
            raise StatsError(f"{entry.label} has negative values; a square root needs zero or more.")
        out[present] = np.sqrt(how.scale * values[present])
        return Transformed(out)
    made = logarithm(values[present], entry)
    out[present] = made.values / _BASES[how.fn]
    return Transformed(out, made.n_zero, made.notes)


def logarithm(values: NDArray[np.float64], entry: Field) -> LogTransformed:
    """Natural logarithms of complete values, zeros as the variable declares.

    Raises
    ------
    StatsError
        A value is zero and zeros are refused.
    """
    how = entry.variable.transform if entry.variable else Transform(fn="log")
    if how.zero == "refuse" and (values == 0).any():
        count = int((values == 0).sum())
        raise StatsError(
            f"{entry.label} is zero in {count} of {len(values)} patients and zeros are refused; a logarithm needs "
            "positive values.\n    Write zero: half_detection_limit, or leave these patients out."
        )
    return log_transform(values, scale=how.scale, detection_limit=how.detection_limit)


def is_log(entry: Field) -> bool:
    """Whether effects on a variable are differences of logarithms."""
    return entry.variable is not None and entry.variable.transform.fn in _BASES


def gives_ratio(entry: Field) -> bool:
    """Whether differences of logarithms are also printed as ratios, as the variable declares."""
    return is_log(entry) and entry.variable is not None and entry.variable.back == "ratio"


def back_factor(entry: Field) -> float:
    """What a coefficient is multiplied by before exp() gives the ratio: 1, log 2 or log 10."""
    return _BASES[entry.variable.transform.fn] if entry.variable else 1.0


def model_unit(entry: Field) -> str:
    """The unit in which a model sees a variable: `years`, `10 years` with a scale of 0.1, `log`, `sqrt`.

    The scale of a logarithm moves the intercept only; that of a square root stretches it.
    """
    how = entry.variable.transform if entry.variable else Transform()
    if how.fn == "none":
        return entry.unit if how.scale == 1 else f"{1 / how.scale:g} {entry.unit}".rstrip()
    return how.fn if how.fn != "sqrt" or how.scale == 1 else f"sqrt({how.scale:g} x)"


def entered_as(entry: Field) -> str:
    """How a model sees a variable, in words: `logarithms (log2)`, `square roots of 10 × the value`; empty as it is."""
    how = entry.variable.transform if entry.variable else Transform()
    of = f" of {how.scale:,g} × the value" if how.scale != 1 else ""
    if how.fn == "none":
        return f"{how.scale:,g} × the value" if of else ""
    return f"square roots{of}" if how.fn == "sqrt" else f"{how.fn} values{of}"


def columns_of(design: Design, name: str) -> list[int]:
    """The columns of a term, without the intercept."""
    return [i for i in design.columns_of(name) if design.names[i] != INTERCEPT]


def _term(frame: pd.DataFrame, entry: Field) -> tuple[Term, dict[str, str], list[str]]:
    """The term, its words, and which declared levels nobody has."""
    if entry.kind == "continuous":
        return Term(entry.name), {entry.name: _with_unit(entry)}, []
    if entry.kind == "binary":
        return Term(entry.name, "binary"), {entry.name: entry.label}, []
    if entry.kind not in ("nominal", "ordinal"):
        raise StatsError(f"{entry.label} is of type {entry.kind}; a model needs numbers, yes/no or levels.")
    reference = next(level for level in entry.levels if level.value == entry.reference)
    others = [level for level in entry.levels if level.value != entry.reference]
    if len(others) == 1:
        label = entry.label if entry.origin == "group" else f"{entry.label}: {others[0].label} vs {reference.label}"
        return Term(entry.name, "binary"), {entry.name: label}, []
    present = set(level_texts(frame, entry).dropna())
    if reference.value not in present:
        raise StatsError(
            f"{entry.label}: nobody has the reference level {reference.label}, and others are compared with it.\n"
            "    Name another level with reference:."
        )
    absent = [level.label for level in others if level.value not in present]
    others = [level for level in others if level.value in present]
    told = [f"{entry.label}: nobody has {', '.join(absent)}; the model is without."] if absent else []
    levels = tuple(level.value for level in (reference, *others))
    words = {f"{entry.name}[{v.value}]": f"{entry.label}: {v.label} vs {reference.label}" for v in others}
    return Term(entry.name, "nominal", levels, reference.value), {**words, entry.name: entry.label}, told


def _two_valued(frame: pd.DataFrame, entry: Field) -> NDArray[np.float64]:
    if entry.kind == "binary":
        return coded(frame, entry)
    column = frame[entry.name]
    return np.where(column.isna(), np.nan, (column != entry.reference).to_numpy(np.float64))


def _with_unit(entry: Field) -> str:
    how = entry.variable.transform if entry.variable else Transform()
    if how.fn != "none":
        return f"{how.fn} {entry.label}"
    unit = model_unit(entry)
    return f"{entry.label}, per {unit}" if unit else entry.label
