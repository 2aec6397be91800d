"""How normal the numeric variables are, arm by arm: skewness, kurtosis, Shapiro–Wilk, histograms and Q–Q plots."""

from __future__ import annotations

import numpy as np

from neurolupus.stats.normality import histogram, judge_normality, normality, quantile_points
from neurolupus.study.results import Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import DistributionFigure, DistributionPanel
from neurolupus.study.run.context import Context, group_rows, level_label, numbers_of
from neurolupus.study.run.part import Part, number
from neurolupus.study.run.rules import house_rules
from neurolupus.study.schema.design import Table1
from neurolupus.study.schema.fields import Field

MOST_PANELS = 12


def normality_part(context: Context, spec: Table1) -> Part:
    """The shape of every numeric row of a table of characteristics in the full cohort."""
    group = context.group(spec.by)
    levels = spec.levels or tuple(v.value for v in sorted(group.levels, key=lambda v: v.value != group.reference))
    fields = [entry for entry in context.rows_of(spec.rows) if entry.kind == "continuous"]
    if not fields:
        return Part()
    rows: list[Row] = []
    numbers: list[ResultNumber] = []
    for entry in fields:
        made, found = _rows(context, entry, levels, spec)
        rows += made
        numbers += found
    columns = (
        Column("", "text"), Column("n"), Column("skewness", span="shape"), Column("z", span="shape"),
        Column("kurtosis", span="shape"), Column("z", span="shape"), Column("W", span="Shapiro–Wilk"),
        Column("p", span="Shapiro–Wilk"), Column("held for normal", "text"),
    )  # fmt: skip
    criteria = house_rules(context.study.tests).normality
    rule = (
        f"Held for normal by {' and '.join(criteria).replace('_', ' and ')}." if criteria else "No criterion declared."
    )
    table = ResultTable(
        context.block_id("normality"), "Normality of the numeric variables", columns, tuple(rows),
        ("Skewness and kurtosis (excess) as SPSS prints them, z: divided by their standard errors.", rule),
    )  # fmt: skip
    if not context.study.tests.normality_figures:
        return Part((table,), tuple(numbers))
    used = np.any(np.stack([group_rows(context.full.frame, group, level) for level in levels]), axis=0)
    panels = tuple(p for f in fields[:MOST_PANELS] if (p := _panel(context, f, used)) is not None)
    figure = DistributionFigure(
        context.block_id("normality", "figure"),
        "Histograms and Q–Q plots of the numeric variables",
        "All patients together; points on the line are those of a normal distribution.",
        panels,
    )
    return Part((table, figure), tuple(numbers))


def _rows(
    context: Context, entry: Field, levels: tuple[str, ...], spec: Table1
) -> tuple[list[Row], list[ResultNumber]]:
    printer, group = context.printer, context.group(spec.by)
    criteria = house_rules(context.study.tests).normality or ("shapiro",)
    rows, numbers = [Row((Cell(entry.label),), is_heading=True)], []
    for level in levels:
        values = numbers_of(context.full.frame, entry.name)[group_rows(context.full.frame, group, level)]
        values = values[np.isfinite(values)]
        if not len(values):
            continue
        shape = normality(values)
        verdict = judge_normality(values, criteria)
        cells = [Cell(level_label(group, level)), Cell(str(shape.n), shape.n)]
        for value, digits in (
            (shape.skewness, 2), (shape.skewness_z, 2), (shape.kurtosis, 2), (shape.kurtosis_z, 2),
            (shape.shapiro_w, 3),
        ):  # fmt: skip
            cells.append(Cell(printer.plain(value, digits), value))
        cells += [printer.p_cell(shape.shapiro_p), Cell("yes" if verdict.normal else "no")]
        rows.append(Row(tuple(cells), 1))
        path = context.path("normality", entry.name, level)
        for what in ("skewness", "kurtosis", "shapiro_w", "shapiro_p"):
            numbers.append(number(f"{path}.{what}", getattr(shape, what), "shape", "normality", shape.n))
    return rows, numbers


def _panel(
    context: Context, entry: Field, used: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> DistributionPanel | None:
    values = numbers_of(context.full.frame, entry.name)[used]
    values = values[np.isfinite(values)]
    if len(values) < 3 or np.ptp(values) == 0:
        return None
    bars, points = histogram(values), quantile_points(values)
    return DistributionPanel(
        entry.label + (f", {entry.unit}" if entry.unit else ""),
        tuple(bars.edges.tolist()), tuple(bars.counts.tolist()),
        tuple(points.theoretical.tolist()), tuple(points.sample.tolist()),
    )  # fmt: skip
