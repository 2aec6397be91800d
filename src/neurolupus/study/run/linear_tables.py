"""Tables of linear models: contrasts with corrected p-values, and their precision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from neurolupus.stats.describe import describe_continuous
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.formats import mean_sd, median_iqr, median_p10_p90
from neurolupus.stats.multiplicity import adjust
from neurolupus.study.results import Cell, Column, ResultTable, Row
from neurolupus.study.run.context import Cohort, Context, Rows, group_rows, level_label, numbers_of
from neurolupus.study.run.linear_fit import OneFit, hc3_first, pair_words
from neurolupus.study.run.terms import back_factor, entered_as, gives_ratio, is_log, model_unit
from neurolupus.study.schema.design import Group
from neurolupus.study.schema.fields import Field
from neurolupus.study.schema.models import Linear

_BACK = {"log": "its exponential", "log2": "2 to its power", "log10": "10 to its power"}


@dataclass(frozen=True, slots=True)
class Corrected:
    """Corrected p-values of one table, row by row; None where there is none."""

    holm: tuple[float | None, ...]
    bh: tuple[float | None, ...]


def corrected_p(model: Linear, fits: Sequence[OneFit]) -> Corrected:
    """Holm's and Benjamini and Hochberg's p over all comparisons of one table; None where there is none."""
    at = [i for i, one in enumerate(fits) if one.result is not None]
    p = [one.result.estimate.p_value for one in fits if one.result is not None]
    made = []
    for method in ("holm", "benjamini_hochberg"):
        column: list[float | None] = [None] * len(fits)
        for i, value in zip(at, adjust(p, method) if p else [], strict=True):
            column[i] = float(value)
        made.append(tuple(column))
    return Corrected(made[0], made[1])


def linear_table(
    context: Context, model: Linear, cohort: Cohort, group: Group, name: str, terms: Sequence[str],
    fits: Sequence[OneFit], *, without_zeros: bool = False,
) -> ResultTable:  # fmt: skip
    """The contrasts of one adjustment set: both groups described, B, p, ratios, corrected p-values.

    With `without_zeros` patients whose outcome is zero are not described either.
    """
    printer = context.printer
    corrected = corrected_p(model, fits)
    columns = [
        Column("", "text"),
        Column("first group"),
        Column("second group"),
        Column("n"),
        Column(f"B ({printer.ci})"),
        Column("p"),
    ]
    ratios = any(gives_ratio(context.fields[o]) for o in model.outcomes)
    if ratios:
        columns.append(Column(f"ratio ({printer.ci})"))
    if model.correction != "none":
        columns.append(Column(f"p ({model.correction.capitalize()})"))
    for key, title in (("holm", "p, Holm"), ("benjamini_hochberg", "p, BH")):
        if key in model.report:
            columns.append(Column(title))
    rows: list[Row] = []
    for i, one in enumerate(fits):
        if i == 0 or fits[i - 1].pair != one.pair:
            sizes = [int(group_rows(cohort.frame, group, level).sum()) for level in one.pair]
            words = " vs ".join(
                f"{level_label(group, level)} (n = {size})" for level, size in zip(one.pair, sizes, strict=True)
            )
            rows.append(Row((Cell(words),), is_heading=True))
        entry = context.fields[one.outcome]
        label = entry.label + (f", {entry.unit}" if entry.unit else "")
        frame = cohort.frame
        if without_zeros:
            frame = frame.loc[numbers_of(frame, one.outcome) != 0]
        sides = [_described(context, entry, frame, group_rows(frame, group, level)) for level in one.pair]
        cells = [Cell(label), *map(Cell, sides)]
        if one.result is None:
            rows.append(Row((*cells, *(Cell("–") for _ in columns[3:])), 1))
            continue
        result = one.result
        digits = digits_of(entry.digits if not entered_as(entry) else None, result.estimate, is_log(entry))
        cells += [
            Cell(str(result.n), result.n),
            Cell(printer.difference(result.estimate, digits), result.estimate.value),
        ]
        cells.append(printer.p_cell(result.estimate.p_value))
        if ratios:
            cells.append(
                printer.ratio_cell(natural(result.estimate, back_factor(entry))) if gives_ratio(entry) else Cell("")
            )
        if model.correction != "none":
            cells.append(printer.p_cell(result.p_adjusted))
        if "holm" in model.report:
            cells.append(printer.p_cell(corrected.holm[i]))
        if "benjamini_hochberg" in model.report:
            cells.append(printer.p_cell(corrected.bh[i]))
        rows.append(Row(tuple(cells), 1))
    title = model.label or f"Adjusted differences, {model.name}"
    where = f", {cohort.label}" if len(model.cohort) > 1 else ""
    return ResultTable(
        context.block_id(model.name, cohort.name, name),
        f"{title}: {name} adjustment{where}{context.suffix}"
        if terms
        else f"{title}: unadjusted{where}{context.suffix}",
        tuple(columns),
        tuple(rows),
        _notes(context, model, terms, fits),
    )


def _described(context: Context, entry: Field, frame: pd.DataFrame, rows: Rows) -> str:
    """A numeric variable in some rows, as the variable says it is shown."""
    summary = describe_continuous(numbers_of(frame, entry.name)[rows], quantile_type=context.quantile_type)
    if not summary.n:
        return "–"
    digits = 1 if entry.digits is None else entry.digits
    printed = {"median_iqr": median_iqr, "median_p10_p90": median_p10_p90}.get(entry.show, mean_sd)
    return printed(summary, digits=digits, rounding=context.printer.rounding).replace("-", "−")


def precision_table(
    context: Context, model: Linear, cohort: Cohort, group: Group, name: str, fits: Sequence[OneFit]
) -> tuple[ResultTable, ...]:
    """HC3 errors and minimum detectable effects, where the file asks for them."""
    hc3, mde = set(model.se) == {"classical", "hc3"}, "mde80" in model.report
    if not hc3 and not mde:
        return ()
    printer = context.printer
    columns = [Column("", "text")]
    if hc3:
        columns += [Column("SE, classical"), Column("SE, HC3"), Column(f"B ({printer.ci}), HC3"), Column("p, HC3")]
    columns += [Column("MDE80")] if mde else []
    rows: list[Row] = []
    for i, one in enumerate(fits):
        if i == 0 or fits[i - 1].pair != one.pair:
            rows.append(Row((Cell(pair_words(group, one.pair)),), is_heading=True))
        entry = context.fields[one.outcome]
        cells = [Cell(entry.label + (f", {entry.unit}" if entry.unit else ""))]
        if one.result is None:
            rows.append(Row((*cells, *(Cell("–") for _ in columns[1:])), 1))
            continue
        robust = one.result.estimate_hc3
        digits = digits_of(entry.digits if not entered_as(entry) else None, one.result.estimate, is_log(entry))
        if hc3:
            cells += [Cell(printer.plain(se, digits + 1), se) for se in (one.result.se_classical, robust.se)]
            cells += [Cell(printer.difference(robust, digits), robust.value), printer.p_cell(robust.p_value)]
        if mde:
            cells.append(Cell(printer.plain(one.result.mde80, digits), one.result.mde80))
        rows.append(Row(tuple(cells), 1))
    notes = []
    if hc3:
        notes.append("HC3: errors that do not need a constant residual variance.")
    if hc3 and any(one.by_set for one in fits):
        notes.append("Neither takes account of the matched sets; the main table's errors do.")
    if mde:
        alpha = f"{context.study.study.alpha:g}"
        notes.append(
            f"MDE80: the true difference that a study of this precision finds with 80 % power at alpha {alpha}."
        )
    title = f"{model.label or f'Adjusted differences, {model.name}'}: {name} adjustment, precision"
    where = f", {cohort.label}" if len(model.cohort) > 1 else ""
    key = context.block_id(model.name, cohort.name, name, "precision")
    return (ResultTable(key, title + where + context.suffix, tuple(columns), tuple(rows), tuple(notes)),)


def digits_of(declared: int | None, estimate: Estimate, log: bool) -> int:
    """Decimals of a difference: as declared and one more, else three figures of its interval; two of logarithms."""
    if log:
        return 2
    if declared is not None:
        return declared + 1
    size = max(abs(estimate.ci_high - estimate.ci_low), 1e-9)
    return int(min(6, max(1, 2 - math.floor(math.log10(size)))))


def natural(estimate: Estimate, factor: float) -> Estimate:
    """The estimate on the scale of natural logarithms."""
    return replace(
        estimate, value=estimate.value * factor, ci_low=estimate.ci_low * factor, ci_high=estimate.ci_high * factor
    )


def _notes(context: Context, model: Linear, terms: Sequence[str], fits: Sequence[OneFit]) -> tuple[str, ...]:
    told = ["B: difference of adjusted means, first group minus second."]
    if any(one.by_set for one in fits):
        told.append("Intervals and p-values are robust and clustered by matched set.")
    elif hc3_first(model):
        told.append("Intervals and p-values are by HC3 errors, which do not need a constant residual variance.")
    if terms:
        told.append(f"Adjusted for {', '.join(context.label(t) for t in terms)}.")
    subset = (
        "Each contrast is a model of its two groups alone, so slopes and residual variance differ between contrasts."
    )
    told.append(
        subset if model.contrast_model == "pairwise_subset" else "All contrasts come from one model of all groups."
    )
    for entry in (context.fields[o] for o in model.outcomes):
        if not (how := entered_as(entry)):
            continue
        zeros = max((one.zeros for one in fits if one.outcome == entry.name), default=0)
        zero = f"; {zeros} zeros taken as half the detection limit" if zeros else ""
        ratio = f"; the ratio is {_BACK[model_unit(entry)]}" if gives_ratio(entry) else ""
        unit = f", in units of {model_unit(entry)}" if entry.unit and not is_log(entry) and "root" not in how else ""
        told.append(f"{entry.label}: B is a difference of {how}{unit}{ratio}{zero}.")
    count = sum(one.result is not None for one in fits)
    if set(model.report) & {"holm", "benjamini_hochberg"}:
        told.append(f"Holm and Benjamini–Hochberg (BH) correct for the {count} comparisons of this table.")
    return tuple(told)
