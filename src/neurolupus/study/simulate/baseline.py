"""Made-up values of the columns that no outcome determines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from neurolupus.study.grammar import Compare, parse_rest
from neurolupus.study.grammar.sums import as_number
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.columns import Column
from neurolupus.study.schema.simulate import EVERYBODY, SimulatedVariable
from neurolupus.study.simulate.distributions import (
    MEDIAN_IQR,
    MEDIAN_P10_P90,
    from_counts,
    from_mean_sd,
    from_percentiles,
    from_poisson,
    from_share,
)
from neurolupus.study.simulate.scores import correlation_matrix, draw_labels, draw_scores

Floats = NDArray[np.float64]  # (patients,)
Levels = NDArray[np.object_]  # (patients,) level of the first group
DEFAULT_SHARE, DEFAULT_LABEL_SHARE = 0.3, 0.15


def simulate_baseline(
    study: StudyFile, columns: Mapping[str, Column], arms: Levels, rng: Generator
) -> dict[str, pd.Series]:
    """Values of some columns, correlated as the file says, by the level of the first group.

    Parameters
    ----------
    columns : mapping of column of the table to Column
        Those to make up.
    arms : (patients,) array
        Level of the first group of every patient.
    """
    declared = study.simulate.variables if study.simulate else {}
    correlations = study.simulate.correlations if study.simulate else ()
    singles = [column for column in columns.values() if column.kind != "labels"]
    several = [column for column in columns.values() if column.kind == "labels"]
    labels = [level.value for column in several for level in column.levels]
    matrix = correlation_matrix([*(simulated_name(column) for column in singles), *labels], correlations)
    n_singles = len(singles)
    scores = draw_scores(len(arms), matrix[:n_singles, :n_singles], rng)
    found: dict[str, pd.Series] = {}
    for number, column in enumerate(singles):
        one = declared.get(simulated_name(column), SimulatedVariable())
        found[column.name] = pd.Series(_single(scores[:, number], arms, one, column))
    for column in several:
        one = declared.get(simulated_name(column), SimulatedVariable())
        names = [level.value for level in column.levels]
        kept = [*range(n_singles), *(n_singles + labels.index(name) for name in names)]
        inner = matrix[np.ix_(kept, kept)]
        found[column.name] = _labels(scores, inner, arms, one, names, rng)
    return found


def simulated_name(column: Column) -> str:
    """The name under which `simulate: variables:` speaks of a column: the variable's, else the column's."""
    return column.variable.name if column.variable else column.name


def by_arm(mapping: Mapping[str, Any], arm: str) -> Any:
    """What is said for a level of the group, else for everybody; None when nothing is."""
    return mapping.get(arm, mapping.get(EVERYBODY))


def _single(scores: Floats, arms: Levels, one: SimulatedVariable, column: Column) -> Any:
    is_text = column.kind in ("level", "text", "date", "id")
    values: Any = np.empty(len(scores), dtype=object if is_text else float)
    for arm in dict.fromkeys(arms):
        rows = arms == arm
        values[rows] = _drawn(scores[rows], str(arm), one, column)
    if column.kind == "number":
        if column.range is not None:
            values = np.clip(values, *column.range)
        digits = one.digits if one.digits is not None else _digits(column)
        values = np.round(values, digits)
    return values


def _digits(column: Column) -> int:
    declared = column.variable.digits if column.variable else None
    return 2 if declared is None else declared


def _drawn(scores: Floats, arm: str, one: SimulatedVariable, column: Column) -> Any:
    if column.kind == "binary":
        share = by_arm(one.share, arm)
        return from_share(scores, DEFAULT_SHARE if share is None else share)
    if column.kind in ("level", "text", "id"):
        counts = by_arm(one.counts, arm) or dict.fromkeys(one.text or [level.value for level in column.levels], 1.0)
        return from_counts(scores, counts or {"made up": 1.0})
    if column.kind == "date":
        return np.array([str(np.datetime64("2018-01-01") + int(np.clip(250 * z, -1000, 1000))) for z in scores])
    if (numbers := by_arm(one.mean_sd, arm)) is not None:
        return from_mean_sd(scores, *numbers)
    for form, percents in (("median_iqr", MEDIAN_IQR), ("median_p10_p90", MEDIAN_P10_P90)):
        if (numbers := by_arm(getattr(one, form), arm)) is not None:
            return from_percentiles(scores, percents, (numbers[1], numbers[0], numbers[2]))
    if (points := by_arm(one.quantiles, arm)) is not None:
        pairs = sorted(points.items())
        return from_percentiles(scores, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    if (mean := by_arm(one.poisson, arm)) is not None:
        return from_poisson(scores, mean[0])
    if (counts := by_arm(one.counts, arm)) is not None:
        return from_counts(scores, counts).astype(float)
    if (share := by_arm(one.share, arm)) is not None:
        return from_share(scores, share)
    if (threshold := _threshold(column)) is not None:
        return from_mean_sd(scores, threshold, abs(threshold) / 4 or 1.0)
    low, high = column.range or (0.0, float("inf"))
    if np.isfinite(low) and np.isfinite(high):
        return from_mean_sd(scores, (low + high) / 2, (high - low) / 6)
    return from_mean_sd(scores, 10.0, 2.0)


def _threshold(column: Column) -> float | None:
    """The first number that something derived from a variable is compared with: made-up values lie around it."""
    for one in column.variable.derive.values() if column.variable else ():
        tree = parse_rest("x", one.is_).tree
        if isinstance(tree, Compare) and as_number(tree.values[0]) is not None:
            return as_number(tree.values[0])
    return None


def _labels(
    scores: Floats, matrix: Floats, arms: Levels, one: SimulatedVariable, names: list[str], rng: Generator
) -> pd.Series:
    cells = np.empty(len(arms), dtype=object)
    for arm in dict.fromkeys(arms):
        rows = np.flatnonzero(arms == arm)
        stated = [by_arm(one.labels.get(name, {}), str(arm)) for name in names]
        rest = 0.0 if one.labels else DEFAULT_LABEL_SHARE
        shares = np.array([rest if share is None else share for share in stated], dtype=float)
        has = draw_labels(
            scores[rows], matrix, scores.shape[1], shares, rng, at_least_one=one.at_least_one and len(rows) > 0
        )
        for row, marks in zip(rows, has, strict=True):
            cells[row] = frozenset(name for name, mark in zip(names, marks, strict=True) if mark)
    return pd.Series(cells, dtype=object)
