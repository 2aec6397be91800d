"""What a reader must know of linear models: residuals, influence, inflation, and whether parts add up to their sum."""

from __future__ import annotations

from collections.abc import Sequence

from neurolupus.stats.diagnostics import ResidualDiagnostics, residual_diagnostics
from neurolupus.stats.normality import histogram
from neurolupus.study.results import Block, Cell, Column, ResultTable, Row
from neurolupus.study.results.figures import DistributionFigure, DistributionPanel
from neurolupus.study.run.context import Cohort, Context, level_label
from neurolupus.study.run.linear_fit import OneFit
from neurolupus.study.schema.models import Linear

NEAR = 1e-6  # relative: identities hold exactly but for rounding in the table


def diagnostics_blocks(context: Context, model: Linear, cohort: Cohort, fits: Sequence[OneFit]) -> tuple[Block, ...]:
    """The table of diagnostics and, where declared, histograms and Q–Q plots of residuals."""
    if not model.diagnostics:
        return ()
    found = [(one, residual_diagnostics(one.fit)) for one in fits if one.fit is not None and one.result is not None]
    if not found:
        return ()
    blocks: list[Block] = [_table(context, model, cohort, found)]
    if "residual_qq" in model.diagnostics:
        first = found[0][0].pair
        panels = tuple(_panel(context, one) for one, _ in found if one.pair == first)
        group = context.group(model.by)
        pair = f"{level_label(group, first[0])} vs {level_label(group, first[1])}"
        blocks.append(
            DistributionFigure(
                context.block_id(model.name, cohort.name, "residuals"),
                f"Residuals of the linear models{context.suffix}",
                f"Histogram of the residuals and normal Q–Q plot, {pair}. Points near the line: the model's assumption "
                "of normal residuals holds.",
                panels,
            )
        )
    return tuple(blocks)


def _table(
    context: Context, model: Linear, cohort: Cohort, found: Sequence[tuple[OneFit, ResidualDiagnostics]]
) -> ResultTable:
    group, printer = context.group(model.by), context.printer
    columns = (
        Column("", "text"), Column("Shapiro–Wilk p"), Column("Breusch–Pagan p"), Column("largest Cook's D"),
        Column("high leverage, n"), Column("largest VIF"),
    )  # fmt: skip
    rows: list[Row] = []
    for i, (one, d) in enumerate(found):
        if i == 0 or found[i - 1][0].pair != one.pair:
            words = f"{level_label(group, one.pair[0])} vs {level_label(group, one.pair[1])}"
            rows.append(Row((Cell(words),), is_heading=True))
        vif = max((v.vif for v in d.vif), default=float("nan"))
        rows.append(
            Row(
                (
                    Cell(context.label(one.outcome)), printer.p_cell(d.shapiro_p), printer.p_cell(d.breusch_pagan_p),
                    Cell(printer.plain(d.cook_max, 2), d.cook_max, d.cook_max > 1),
                    Cell(str(d.high_leverage), d.high_leverage), Cell(printer.plain(vif, 1), vif, vif > 5),
                ),
                1,
            )
        )  # fmt: skip
    return ResultTable(
        context.block_id(model.name, cohort.name, "diagnostics"),
        f"Diagnostics of the linear models{context.suffix}",
        columns,
        tuple(rows),
        (
            "Small Shapiro–Wilk p: residuals are not normal; small Breusch–Pagan p: their variance is not constant, "
            "prefer HC3. Cook's D above 1: one patient moves the result. VIF above 5: terms overlap.",
        ),
    )  # fmt: skip


def _panel(context: Context, one: OneFit) -> DistributionPanel:
    assert one.fit is not None
    bars = histogram(one.fit.residuals)
    points = residual_diagnostics(one.fit).qq
    label = context.label(one.outcome)
    return DistributionPanel(
        label,
        tuple(bars.edges.tolist()),
        tuple(bars.counts.tolist()),
        tuple(points.theoretical.tolist()),
        tuple(points.sample.tolist()),
    )


def additivity_notes(context: Context, model: Linear, fits: Sequence[OneFit]) -> list[str]:
    """Where a sum's difference is not the sum of its parts' differences: B(TBV) = B(WM) + B(GM)."""
    told = []
    by_key = {(one.pair, one.outcome): one for one in fits if one.result is not None}
    for (pair, outcome), one in by_key.items():
        variable = context.fields[outcome].variable
        identity = variable.identity if variable else None
        parts = [by_key.get((pair, name)) for name in identity.sum.names] if identity else []
        if identity is None or not parts or any(p is None for p in parts):
            continue
        if any(
            p is not None and p.result is not None and one.result is not None and p.result.n != one.result.n
            for p in parts
        ):
            told.append(
                f"{context.label(outcome)} and its parts have different patients; their differences need not add up."
            )
            continue
        assert one.result is not None
        total = sum(
            factor * p.result.estimate.value
            for (factor, _), p in zip(identity.sum.terms, parts, strict=True)
            if p is not None and p.result is not None
        )
        off = one.result.estimate.value - total
        if abs(off) > max(NEAR, identity.tolerance) * max(one.result.estimate.se, abs(total)):
            told.append(
                f"B of {context.label(outcome)} ({one.result.estimate.value:.2f}) is not {identity.sum.text} "
                f"({total:.2f}): the table's sums do not hold in every row."
            )
    return told
