"""Balance of a matched or weighted cohort: standardised differences of every baseline row, love plot, overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.smd import StandardisedDifference
from neurolupus.study.results import Block, Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import LoveFigure, LoveRow, OverlapFigure, OverlapPanel
from neurolupus.study.run.context import Cohort, Context, is_exposed, level_label
from neurolupus.study.run.part import Part, cautions, number
from neurolupus.study.run.rows import Reference, standardised
from neurolupus.study.schema.design import Balance, Group
from neurolupus.study.schema.fields import Field

BINS = 20
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One variable before, and in each cohort made; None where there is no standardised difference."""

    field: Field
    before: StandardisedDifference | None
    after: tuple[StandardisedDifference | None, ...]
    in_score: bool


def balance_part(
    context: Context,
    cohorts: Sequence[Cohort],
    group: Group,
    balance: Balance,
    covariates: Sequence[str],
    *,
    love: bool,
    key: str = "",
) -> Part:
    """How alike the arms are before and in each matched or weighted cohort, over every baseline row.

    Parameters
    ----------
    cohorts : sequence of Cohort
        Made for one group.
    covariates : sequence of str
        Terms of the score.
    love : bool
        Draw the love plot.
    key : str
        Tells a further table of balance from the first.
    """
    fields = balance_fields(context, group, balance, covariates)
    rows = [_row(context, cohorts, group, entry, entry.name in covariates) for entry in fields]
    title = f"Balance before and after{context.suffix}"
    if key:
        title = f"Balance before and after, {cohorts[0].label}{context.suffix}"
    blocks: tuple[Block, ...] = (_love(context, cohorts, rows, balance, title, key),) if love else ()
    blocks += (_table(context, cohorts, rows, balance, title, key),)
    told = [
        caution
        for k, cohort in enumerate(cohorts)
        for caution in cautions(f"Balance, {cohort.label}", _told(rows, k, balance))
    ]
    return Part(blocks, tuple(_numbers(context, cohorts, rows, key)), tuple(told))


def balance_fields(context: Context, group: Group, balance: Balance, covariates: Sequence[str]) -> list[Field]:
    """The rows of a balance table; every covariate of the score is among them."""
    fields = [] if balance.rows == ("covariates",) else list(context.rows_of(balance.rows))
    there = {entry.name for entry in fields}
    fields += [context.fields[name] for name in covariates if name not in there]
    return [entry for entry in fields if entry.name != group.name]


def _row(context: Context, cohorts: Sequence[Cohort], group: Group, entry: Field, in_score: bool) -> BalanceRow:
    full = context.full
    base = Reference(full.frame, is_exposed(full.frame, group), full.frame[group.name].notna().to_numpy())
    after = tuple(_difference(context, cohort, group, entry, base) for cohort in cohorts)
    return BalanceRow(entry, _difference(context, full, group, entry, None), after, in_score)


def _difference(
    context: Context, cohort: Cohort, group: Group, entry: Field, base: Reference | None
) -> StandardisedDifference | None:
    used = cohort.frame[group.name].notna().to_numpy()
    try:
        return standardised(entry, cohort, is_exposed(cohort.frame, group), used, _scale(context), base)
    except StatsError:
        return None


def _scale(context: Context) -> str:
    """What differences are divided by: as the first table of characteristics says."""
    return context.study.table1[0].smd_scale if context.study.table1 else "full_cohort_sd"


def _value(one: StandardisedDifference | None) -> float | None:
    return None if one is None else one.smd


def _table(
    context: Context, cohorts: Sequence[Cohort], rows: Sequence[BalanceRow], balance: Balance, title: str, key: str
) -> ResultTable:
    printer = context.printer
    made: list[Row] = []
    section = ""
    for row in rows:
        if row.field.section != section:
            section = row.field.section
            if section:
                made.append(Row((Cell(section),), is_heading=True))
        cells = [Cell(row.field.label + (" *" if row.in_score else ""))]
        for one in (row.before, *row.after):
            value = _value(one)
            cells.append(Cell(printer.plain(value, 3), value, value is not None and abs(value) > balance.warn_smd))
        for one in (row.before, *row.after):
            ratio = None if one is None else one.variance_ratio
            cells.append(Cell("" if ratio is None else printer.plain(ratio, 2), ratio, _is_outside(ratio, balance)))
        made.append(Row(tuple(cells)))
    names = (context.full.label, *(cohort.label for cohort in cohorts))
    columns = [Column("", "text"), *(Column(name, span="SMD") for name in names)]
    columns += [Column(name, span="ratio of variances") for name in names]
    scale = {
        "pooled_sd": "pooled SD",
        "full_cohort_sd": "SD",
        "treated_sd": "SD of the exposed",
        "control_sd": "SD of the controls",
    }
    note = (
        f"* in the propensity score. Bold: |SMD| above {balance.warn_smd:g}, or a ratio of variances outside "
        f"{balance.variance_ratio[0]:g} to {balance.variance_ratio[1]:g}. SMDs are divided by the "
        f"{scale[_scale(context)]} "
        "of the full cohort throughout."
    )
    return ResultTable(context.block_id("balance", key), title, tuple(columns), tuple(made), (note,))


def _is_outside(ratio: float | None, balance: Balance) -> bool:
    if ratio is None or np.isnan(ratio):  # an arm without spread has no ratio
        return False
    return not balance.variance_ratio[0] <= ratio <= balance.variance_ratio[1]


def _love(
    context: Context, cohorts: Sequence[Cohort], rows: Sequence[BalanceRow], balance: Balance, title: str, key: str
) -> LoveFigure:
    ordered = sorted(rows, key=lambda row: -abs(_value(row.before) or 0.0))
    return LoveFigure(
        context.block_id("love", key),
        title,
        f"Absolute standardised mean differences of every baseline variable; shaded up to {balance.warn_smd:g}. "
        "* in the propensity score.",
        (context.full.label, *(cohort.label for cohort in cohorts)),
        tuple(
            LoveRow(row.field.label, (_value(row.before), *(_value(one) for one in row.after)), row.in_score)
            for row in ordered
        ),
        balance.warn_smd,
    )


def _told(rows: Sequence[BalanceRow], k: int, balance: Balance) -> list[str]:
    told = []
    found = [(row, value) for row in rows if (value := _value(row.after[k])) is not None]
    off = sorted(((row, v) for row, v in found if abs(v) > balance.warn_smd), key=lambda one: -abs(one[1]))
    inside = [row.field.label for row, _ in off if row.in_score]
    if inside:
        told.append(
            f"The score did not make its own covariates alike (|SMD| > {balance.warn_smd:g}): {', '.join(inside)}."
        )
    if off:
        words = ", ".join(f"{row.field.label} ({abs(value):.2f})" for row, value in off[:MOST_NAMED])
        more = f" and {len(off) - MOST_NAMED} more" if len(off) > MOST_NAMED else ""
        told.append(
            f"{len(off)} of {len(rows)} baseline variables are not balanced (|SMD| > {balance.warn_smd:g}): "
            f"{words}{more}. Those outside the score are not made alike by it."
        )
    far = [
        row.field.label
        for row in rows
        if (one := row.after[k]) is not None and _is_outside(one.variance_ratio, balance)
    ]
    if far:
        low, high = balance.variance_ratio
        told.append(f"Ratio of variances outside {low:g} to {high:g}: {', '.join(far)}.")
    return told


def _numbers(context: Context, cohorts: Sequence[Cohort], rows: Sequence[BalanceRow], key: str) -> list[ResultNumber]:
    made = []
    names = [cohort.name for cohort in cohorts]
    for row in rows:
        for name, one in zip((f"{context.full.name}.{key}".rstrip("."), *names), (row.before, *row.after), strict=True):
            if one is None:
                continue
            n = one.n_treated + one.n_control
            path = context.path("balance", name, row.field.name)
            made.append(number(f"{path}.smd", one.smd, "SD", f"divided by {one.denominator}", n))
            if one.variance_ratio is not None:
                made.append(number(f"{path}.variance_ratio", one.variance_ratio, "ratio", "variances", n))
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
