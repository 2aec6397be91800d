"""The values of everything a study names: columns converted, labels taken apart, new variables derived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.study.grammar import parse_rest
from neurolupus.study.grammar.evaluate import Meanings, total_of, truth_of
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.fields import flag_meanings
from neurolupus.study.schema.variables import Derivation, Variable


def derive_fields(study: StudyFile, converted: dict[str, pd.Series]) -> pd.DataFrame:
    """The values of every field of a study, and of the columns that are no field.

    Parameters
    ----------
    converted : mapping of column of the table to values
        As `convert` gives them; columns of the flow may be absent.

    Returns
    -------
    DataFrame
        Variables, groups, labels and derived variables under their names, other columns under theirs. Numbers are
        floats, yes/no is 1 and 0, levels are text as declared, multilabel cells are frozensets; NaN or None is missing.
    """
    taken = {variable.column or variable.name for variable in study.variables.values()}
    taken |= {group.column for group in study.groups.values()}
    values: dict[str, pd.Series] = {name: series for name, series in converted.items() if name not in taken}
    for variable in study.variables.values():
        values[variable.name] = converted[variable.column or variable.name]
    for group in study.groups.values():
        values[group.name] = converted[group.column]
    for variable in study.variables.values():
        if variable.kind == "multilabel":
            values |= _labels(values[variable.name], [label.value for label in variable.vocabulary])
        for name, derivation in variable.derive.items():
            values[name] = _derived(values[variable.name], variable, derivation)
    for name in _in_order(study):
        values[name] = pd.Series(_made(study, name, values), index=next(iter(converted.values())).index)
    return pd.DataFrame(values)


def meanings_of(study: StudyFile) -> Meanings:
    """What a value of a condition stands for: a merged level for its levels, a yes/no variable's values for 0 and 1."""
    merged = {
        group.name: {name: merged.levels for name, merged in group.merge.items()} for group in study.groups.values()
    }
    flags = {name: flag_meanings(field.variable) for name, field in study.fields.items() if field.kind == "binary"}
    return {**merged, **flags}


def _labels(cells: pd.Series, labels: Sequence[str]) -> dict[str, pd.Series]:
    """A column of 1, 0 or NaN for each label; each different set of labels is looked into once."""
    codes, sets = pd.factorize(cells)
    found = {}
    for label in labels:
        has = np.array([*(float(label in one) for one in sets), np.nan])  # the last, -1, is a missing cell
        found[label] = pd.Series(has[codes], index=cells.index)
    return found


def _derived(cells: pd.Series, variable: Variable, derivation: Derivation) -> pd.Series:
    if derivation.is_.strip() == "count":
        counts = cells.map(lambda cell: float(len(cell)) if isinstance(cell, frozenset) else float("nan"))
        return counts.astype(float)
    meanings = {variable.name: flag_meanings(variable)} if variable.kind == "binary" else {}
    truth = truth_of(parse_rest(variable.name, derivation.is_), {variable.name: cells}, meanings)
    return pd.Series(truth.as_floats(), index=cells.index)


def parents_of(study: StudyFile, name: str) -> tuple[str, ...]:
    """What a derived variable, or one of `derive:`, is made from directly; nothing for what is no such variable."""
    if name in study.derived:
        one = study.derived[name]
        return one.is_.names if one.is_ else one.value.names if one.value else ()
    return tuple(variable.name for variable in study.variables.values() if name in variable.derive)


def derived_again(study: StudyFile, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The frame with these derived variables made again from the columns as they now are."""
    made = frame.copy()
    for variable in study.variables.values():
        for name, derivation in variable.derive.items():
            if name in names:
                made[name] = _derived(made[variable.name], variable, derivation)
    for name in _in_order(study):
        if name in names:
            made[name] = _made(study, name, made)
    return made


def _made(study: StudyFile, name: str, values: Mapping[str, pd.Series] | pd.DataFrame) -> NDArray[np.float64]:
    """The values of a derived variable."""
    one = study.derived[name]
    if one.is_ is not None:
        return truth_of(one.is_, values, meanings_of(study)).as_floats()
    assert one.value is not None
    return total_of(one.value, values)


def _in_order(study: StudyFile) -> list[str]:
    """Derived variables, those that others need first."""
    needs = {name: {part for part in parents_of(study, name) if part in study.derived} for name in study.derived}
    return list(TopologicalSorter(needs).static_order())
