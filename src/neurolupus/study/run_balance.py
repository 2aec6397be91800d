"""Balance of a matched or weighted cohort: standardised differences of every baseline row, love plot, overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.smd import StandardisedDifference
from neurolupus.study.results import Block, Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.results_figures import LoveFigure, LoveRow, OverlapFigure, OverlapPanel
from neurolupus.study.run_context import Cohort, Context, is_exposed, level_label
from neurolupus.study.run_part import Part, cautions, number
from neurolupus.study.run_rows import Reference, standardised
from neurolupus.study.schema_design import Balance, Group
from neurolupus.study.schema_fields import Field

BINS = 20


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One variable before and after; None where there is no standardised difference."""

    field: Field
    before: StandardisedDifference | None
    after: StandardisedDifference | None
    in_score: bool


def balance_part(
    context: Context, cohort: Cohort, group: Group, balance: Balance, covariates: Sequence[str], *, love: bool
) -> Part:
    """How alike the arms are in a matched or weighted cohort, over every baseline row.

    Parameters
    ----------
    covariates : sequence of str
        Terms of the score.
    love : bool
        Draw the love plot.
    """
    names = covariates if balance.rows == ("covariates",) else context.study.rows_of(balance.rows)
    names = [*names, *(c for c in covariates if c not in names)]
    fields = [context.fields[n] for n in names if n in context.fields and n != group.name]
    rows = [_row(context, cohort, group, entry, entry.name in covariates) for entry in fields]
    title = f"Balance, {cohort.label}{context.suffix}"
    table = _table(context, cohort, rows, balance, title)
    blocks: tuple[Block, ...] = (table, _love(context, cohort, rows, balance)) if love else (table,)
    return Part(blocks, tuple(_numbers(context, cohort, rows)), cautions(title, _told(cohort, rows, balance)))


def _row(context: Context, cohort: Cohort, group: Group, entry: Field, in_score: bool) -> BalanceRow:
    full = context.full
    there = full.frame[group.name].notna().to_numpy()
    base = Reference(full.frame, is_exposed(full.frame, group), there)
    found: list[StandardisedDifference | None] = []
    for which, reference in ((full, None), (cohort, base)):
        try:
            used = which.frame[group.name].notna().to_numpy()
            exposed = is_exposed(which.frame, group)
            found.append(standardised(entry, which, exposed, used, _scale(context), reference))
        except StatsError:
            found.append(None)
    return BalanceRow(entry, found[0], found[1], in_score)


def _scale(context: Context) -> str:
    """What differences are divided by: as the first table of characteristics says."""
    return context.study.table1[0].smd_scale if context.study.table1 else "full_cohort_sd"


def _value(one: StandardisedDifference | None) -> float | None:
    return None if one is None else one.smd


def _table(context: Context, cohort: Cohort, rows: Sequence[BalanceRow], balance: Balance, title: str) -> ResultTable:
    printer = context.printer
    made: list[Row] = []
    section = ""
    for row in rows:
        if row.field.section != section:
            section = row.field.section
            if section:
                made.append(Row((Cell(section),), is_heading=True))
        cells = [Cell(row.field.label + (" *" if row.in_score else ""))]
        for one in (row.before, row.after):
            value = _value(one)
            cells.append(Cell(printer.plain(value, 3), value, value is not None and abs(value) > balance.warn_smd))
        for one in (row.before, row.after):
            ratio = None if one is None else one.variance_ratio
            cells.append(Cell("" if ratio is None else printer.plain(ratio, 2), ratio, _is_outside(ratio, balance)))
        made.append(Row(tuple(cells)))
    columns = (
        Column("", "text"), Column("before", span="SMD"), Column("after", span="SMD"),
        Column("before", span="variance ratio"), Column("after", span="variance ratio"),
    )  # fmt: skip
    notes = (
        f"* in the propensity score. Bold: |SMD| above {balance.warn_smd:g}, or a ratio of variances outside "
        f"{balance.variance_ratio[0]:g} to {balance.variance_ratio[1]:g}. SMDs are divided by "
        f"{_scale(context).replace('_', ' ').replace('sd', 'SD')} of the full cohort, before and after.",
    )
    return ResultTable(context.block_id("balance", cohort.name), title, columns, tuple(made), notes)


def _is_outside(ratio: float | None, balance: Balance) -> bool:
    return ratio is not None and not balance.variance_ratio[0] <= ratio <= balance.variance_ratio[1]


def _love(context: Context, cohort: Cohort, rows: Sequence[BalanceRow], balance: Balance) -> LoveFigure:
    ordered = sorted(rows, key=lambda row: -abs(_value(row.before) or 0.0))
    words = "weighting" if cohort.kind == "weighted" else "matching"
    return LoveFigure(
        context.block_id("love", cohort.name),
        f"Balance before and after {words}, {cohort.label}{context.suffix}",
        f"Absolute standardised mean differences of every baseline variable; shaded up to {balance.warn_smd:g}. "
        "* in the propensity score.",
        (context.full.label, cohort.label),
        tuple(LoveRow(r.field.label, (_value(r.before), _value(r.after)), r.in_score) for r in ordered),
        balance.warn_smd,
    )


def _told(cohort: Cohort, rows: Sequence[BalanceRow], balance: Balance) -> list[str]:
    told = []
    off = [(row, value) for row in rows if (value := _value(row.after)) is not None and abs(value) > balance.warn_smd]
    if off:
        words = ", ".join(
            f"{row.field.label} ({abs(value):.2f})" for row, value in sorted(off, key=lambda o: -abs(o[1]))
        )
        told.append(
            f"{len(off)} of {len(rows)} baseline variables are not balanced in {cohort.label} (|SMD| > "
            f"{balance.warn_smd:g}): {words}. Those outside the score are not made alike by it."
        )
    far = [row.field.label for row in rows if row.after is not None and _is_outside(row.after.variance_ratio, balance)]
    if far:
        low, high = balance.variance_ratio
        told.append(f"Ratio of variances outside {low:g} to {high:g} in {cohort.label}: {', '.join(far)}.")
    return told


def _numbers(context: Context, cohort: Cohort, rows: Sequence[BalanceRow]) -> list[ResultNumber]:
    made = []
    for row in rows:
        for what, one in (("before", row.before), ("after", row.after)):
            if one is None:
                continue
            n = one.n_treated + one.n_control
            path = context.path("balance", cohort.name, row.field.name)
            made.append(number(f"{path}.smd_{what}", one.smd, "SD", f"divided by {one.denominator}", n))
            if one.variance_ratio is not None:
                made.append(number(f"{path}.variance_ratio_{what}", one.variance_ratio, "ratio", "variances", n))
    return made


def _counts(
    values: NDArray[np.float64], edges: NDArray[np.float64], weights: NDArray[np.float64], rows: NDArray[np.bool_]
) -> tuple[float, ...]:
    return tuple(np.histogram(values[rows], edges, weights=weights[rows])[0].tolist())


def overlap_figure(
    context: Context, cohort: Cohort, group: Group, score: NDArray[np.float64], score_after: NDArray[np.float64]
) -> OverlapFigure:
    """Propensity scores of both arms, in the full cohort and in `cohort`.

    Parameters
    ----------
    score : (n,) float array
        Of the full cohort; NaN where the score could not be computed.
    score_after : (m,) float array
        Of the rows of `cohort`.
    """
    edges = np.linspace(0, 1, BINS + 1)
    panels = []
    for which, values in ((context.full, score), (cohort, score_after)):
        exposed = is_exposed(which.frame, group)
        weights = np.ones(len(values)) if which.weights is None else which.weights
        seen = np.isfinite(values)
        counts = [_counts(values, edges, weights, rows & seen) for rows in (exposed, ~exposed)]
        panels.append(OverlapPanel(which.label, counts[0], counts[1]))
    labels = (level_label(group, group.reference), level_label(group, group.others[0]))
    words = "after weighting" if cohort.kind == "weighted" else "after matching"
    return OverlapFigure(
        context.block_id("overlap", cohort.name),
        f"Overlap of the propensity scores before and {words}{context.suffix}",
        f"{labels[1]} upwards, {labels[0]} downwards; where one side is empty nobody can be compared.",
        tuple(edges.tolist()),
        tuple(panels),
        labels,
    )
