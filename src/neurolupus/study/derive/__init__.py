"""The values of everything a study names: columns converted, labels taken apart, new variables derived."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter

import numpy as np
import pandas as pd

from neurolupus.study.grammar import parse_rest
from neurolupus.study.grammar.evaluate import Merged, total_of, truth_of
from neurolupus.study.schema import StudyFile
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
        one = study.derived[name]
        if one.is_ is not None:
            floats = truth_of(one.is_, values, merged_levels(study)).as_floats()
        else:
            assert one.value is not None
            floats = total_of(one.value, values)
        index = next(iter(converted.values())).index
        values[name] = pd.Series(floats, index=index)
    return pd.DataFrame(values)


def merged_levels(study: StudyFile) -> Merged:
    """Group -> merged level -> the levels it stands for."""
    return {
        group.name: {name: merged.levels for name, merged in group.merge.items()} for group in study.groups.values()
    }


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
    truth = truth_of(parse_rest(variable.name, derivation.is_), {variable.name: cells})
    return pd.Series(truth.as_floats(), index=cells.index)


def _in_order(study: StudyFile) -> list[str]:
    """Derived variables, those that others need first."""
    needs = {
        name: {
            part
            for part in (one.is_.names if one.is_ else one.value.names if one.value else ())
            if part in study.derived
        }
        for name, one in study.derived.items()
    }
    return list(TopologicalSorter(needs).static_order())
