"""A Cox model for each of many variables: the univariable screen of a paper, with what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.stats.multiplicity import adjust
from neurolupus.study.results import Block, Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import ForestFigure, ForestPanel
from neurolupus.study.run.context import Cohort, Context
from neurolupus.study.run.cox_blocks import (
    ADJUSTED,
    cox_methods,
    cox_numbers,
    cox_title,
    forest_row,
    time_cautions,
)
from neurolupus.study.run.cox_fit import CoxModel, fit_terms
from neurolupus.study.run.part import Part, cautions, first_line, number
from neurolupus.study.schema.models import Adjustment, Cox


@dataclass(frozen=True, slots=True, eq=False)
class ScreenRow:
    """One variable's own model in one cohort; `fitted` None where there is none, `why` says so."""

    name: str
    fitted: CoxModel | None
    why: str = ""


def screen_part(context: Context, model: Cox) -> Part:
    """A model for each variable, cohort beside cohort; p-values corrected where asked for."""
    names = [entry.name for entry in context.rows_of(model.each)]
    cohorts = [context.cohort(name) for name in model.cohort]
    found = [[_screened(context, model, cohort, name) for cohort in cohorts] for name in names]
    title = cox_title(context, model) + context.suffix
    p_adjusted = [_adjusted([row[j] for row in found], model.adjust) for j in range(len(cohorts))]
    table = _screen_table(context, model, cohorts, found, p_adjusted, title)
    blocks: list[Block] = [table]
    if model.figure == "forest":
        blocks.append(_screen_forest(context, model, cohorts, found, title))
    numbers: list[ResultNumber] = []
    told: list[str] = []
    for row, name in zip(found, names, strict=True):
        for j, (one, cohort) in enumerate(zip(row, cohorts, strict=True)):
            if one.fitted is None:
                told.append(f"{context.label(name)}, {cohort.label}: not estimated, {one.why[:1].lower()}{one.why[1:]}")
                continue
            numbers += cox_numbers(context, model, cohort, one.fitted)
            for e in one.fitted.estimates:
                if (adjusted := p_adjusted[j].get(e.name)) is not None:
                    path = context.path(model.name, cohort.name, e.name, f"p_{model.adjust}")
                    numbers.append(number(path, adjusted, "probability", model.adjust, one.fitted.n))
    told += _screen_firth(context, cohorts, found)
    if not context.prefix:  # a sensitivity analysis does not repeat what holds for any screen
        told += _screen_notes(context, model, cohorts, found)
    warnings = (*cautions(title, told), *time_cautions(context, model, names))
    return Part(
        tuple(blocks),
        tuple(numbers),
        warnings,
        cox_methods(context, model, [one.fitted for row in found for one in row if one.fitted]),
    )


def _screened(context: Context, model: Cox, cohort: Cohort, name: str) -> ScreenRow:
    try:
        return ScreenRow(name, fit_terms(context, model, cohort, (name,)))
    except StatsError as error:
        return ScreenRow(name, None, first_line(error))


def _adjusted(rows: Sequence[ScreenRow], method: Adjustment) -> dict[str, float]:
    """Corrected p-values of every row of the screen, by the name of its estimate."""
    if method == "none":
        return {}
    kept = [(e.name, e.p_value) for row in rows if row.fitted for e in row.fitted.estimates]
    kept = [(name, p) for name, p in kept if np.isfinite(p)]
    if not kept:
        return {}
    return dict(zip((n for n, _ in kept), (float(p) for p in adjust([p for _, p in kept], method)), strict=True))


def _screen_table(
    context: Context, model: Cox, cohorts: Sequence[Cohort], found: Sequence[Sequence[ScreenRow]],
    p_adjusted: Sequence[dict[str, float]], title: str,
) -> ResultTable:  # fmt: skip
    columns = [Column("", "text")]
    for cohort in cohorts:
        span = cohort.label if len(cohorts) > 1 else ""
        columns += [Column(f"HR ({context.printer.ci})", span=span), Column("p", span=span)]
        columns += [Column(ADJUSTED[model.adjust], span=span)] if model.adjust != "none" else []
        columns += [Column("p, PH", span=span)] if model.ph_test else []
    rows: list[Row] = []
    section = ""
    for row in found:
        entry = context.fields[row[0].name]
        if entry.section != section:
            section = entry.section
            if section:
                rows.append(Row((Cell(section),), is_heading=True))
        lines = max((len(one.fitted.estimates) for one in row if one.fitted), default=1)
        for k in range(lines):
            label = next(
                (one.fitted.labels[k] for one in row if one.fitted and k < len(one.fitted.labels)), entry.label
            )
            cells = [Cell(label)]
            for j, one in enumerate(row):
                cells += _screen_cells(context, model, one, k, p_adjusted[j])
            rows.append(Row(tuple(cells)))
    notes = [_about(found)]
    if any(one.fitted and one.fitted.is_firth for row in found for one in row):
        notes.append("† no event in one level: Firth's penalised likelihood with profile limits.")
    if model.adjust != "none":
        count = len(p_adjusted[0])
        notes.append(f"{ADJUSTED[model.adjust]}: corrected for the {count} tests of the column.")
    if model.ph_test:
        notes.append("p, PH: test of proportional hazards (Grambsch and Therneau, on Kaplan–Meier time).")
    return ResultTable(context.block_id(model.name), title, tuple(columns), tuple(rows), tuple(notes))


def _about(found: Sequence[Sequence[ScreenRow]]) -> str:
    """What the rows are; Firth's rows are marked, and told apart in a line of their own."""
    methods = dict.fromkeys(one.fitted.method for row in found for one in row if one.fitted and not one.fitted.is_firth)
    return " ".join(["Each row is a model of its own.", *(f"{method}." for method in methods)])


def _screen_cells(context: Context, model: Cox, one: ScreenRow, k: int, adjusted: dict[str, float]) -> list[Cell]:
    printer = context.printer
    width = 2 + (model.adjust != "none") + model.ph_test
    if one.fitted is None or k >= len(one.fitted.estimates):
        return [Cell("–"), *(Cell("") for _ in range(width - 1))]
    e = one.fitted.estimates[k]
    mark = " †" if one.fitted.is_firth else ""
    cells = [Cell(printer.ratio(e) + mark, e.exponentiated().value), printer.p_cell(e.p_value)]
    if model.adjust != "none":
        cells.append(printer.p_cell(adjusted[e.name]) if e.name in adjusted else Cell(""))
    if model.ph_test:
        ph = one.fitted.ph_of(k)
        cells.append(printer.p_cell(ph) if ph is not None else Cell(""))
    return cells


def _screen_forest(
    context: Context, model: Cox, cohorts: Sequence[Cohort], found: Sequence[Sequence[ScreenRow]], title: str
) -> ForestFigure:
    panels = []
    for j, cohort in enumerate(cohorts):
        rows = [
            forest_row(context, one.labels[k], e, one)
            for row in found
            if (one := row[j].fitted) is not None
            for k, e in enumerate(one.estimates)
        ]
        panels.append(ForestPanel(cohort.label, tuple(rows)))
    return ForestFigure(
        context.block_id(model.name, "forest"), title,
        f"Hazard ratios with {context.printer.percent} confidence intervals, one model per row.",
        tuple(panels), "Hazard ratio, log scale", context.printer.ci, lower_is="fewer events", higher_is="more events",
    )  # fmt: skip


def _screen_firth(context: Context, cohorts: Sequence[Cohort], found: Sequence[Sequence[ScreenRow]]) -> list[str]:
    """Which variables of each cohort have a level without events."""
    told = []
    for j, cohort in enumerate(cohorts):
        names = [context.label(row[j].name) for row in found if (one := row[j].fitted) is not None and one.is_firth]
        if names:
            told.append(
                f"{cohort.label}: no event in one level of {', '.join(names)}; these hazard ratios are Firth's, with "
                "profile limits (elsewhere printed as 0, from 0 to infinity)."
            )
    return told


def _screen_notes(
    context: Context, model: Cox, cohorts: Sequence[Cohort], found: Sequence[Sequence[ScreenRow]]
) -> list[str]:
    told = []
    alpha = context.study.study.alpha
    for j, cohort in enumerate(cohorts):
        p = [row[j].fitted.estimates[0].p_value for row in found if row[j].fitted is not None]  # type: ignore[union-attr]
        hits = sum(value < alpha for value in p)
        if len(p) > 5:
            expected = alpha * len(p)
            told.append(
                f"{cohort.label}: {len(p)} variables were screened, {hits} with p < {alpha:g}; about {expected:.1f} "
                "would be "
                "by chance alone if none had an effect. A screen raises questions, it answers none."
            )
        off = [
            context.label(row[j].name)
            for row in found
            if (one := row[j].fitted) is not None and (ph := one.ph_of(0)) is not None and ph < alpha
        ]
        if off:
            told.append(f"{cohort.label}: hazards are not proportional (p < {alpha:g}) for {', '.join(off)}.")
    return told
