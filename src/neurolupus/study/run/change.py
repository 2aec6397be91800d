"""Change between two measurements: within each arm, between the arms, adjusted for baseline; who was measured again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.change import ArmChange, ChangeAnalysis, analyse_change
from neurolupus.stats.formats import median_iqr
from neurolupus.stats.paired import paired_t
from neurolupus.stats.ranks import mann_whitney
from neurolupus.stats.tests import Comparison, student_t, welch_t
from neurolupus.study.results import Block, Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import PairedFigure, PairedGroup, PairedPanel
from neurolupus.study.run.context import Cohort, Context, check_two_levels, is_exposed, level_label, numbers_of
from neurolupus.study.run.part import Part, cautions, estimate_numbers, joined, number
from neurolupus.study.schema.design import Group
from neurolupus.study.schema.models import ChangeModel
from neurolupus.study.schema.outcomes import Change


@dataclass(frozen=True, slots=True, eq=False)
class ChangeOutcome:
    """One outcome measured twice, analysed."""

    name: str
    declared: Change
    analysis: ChangeAnalysis
    within: tuple[Comparison | None, Comparison | None]
    between: Comparison | None
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    exposed: NDArray[np.bool_]


def change_part(context: Context, model: ChangeModel) -> Part:
    """The table and figure of outcomes of type change, cohort by cohort."""
    return joined(_cohort_part(context, model, context.cohort(name)) for name in model.cohort)


def _cohort_part(context: Context, model: ChangeModel, cohort: Cohort) -> Part:
    group = context.group(model.by)
    check_two_levels(group)
    title = (model.label or "Change between two measurements") + f", {cohort.label}" * (len(model.cohort) > 1)
    title += context.suffix
    made, told = [], []
    for name in model.outcomes:
        declared = context.study.outcomes[name]
        assert isinstance(declared, Change)
        try:
            one = analyse_outcome(context, cohort, group, name)
        except StatsError as error:
            told.append(f"{declared.label or name}: not analysed. {error}")
            continue
        made.append(one)
        told += [f"{declared.label or name}: {note}" for note in _notes(one, declared)]
    if cohort.pairs is not None:
        sets = "sets and their weights are" if cohort.weights is not None else "pairs are"
        told.append(f"Arms are compared as two groups; the matched {sets} not used.")
    if not made:
        return Part(warnings=cautions(title, told))
    blocks: tuple[Block, ...] = (
        _table(context, model, cohort, group, made, title),
        _figure(context, model, cohort, group, made, title),
    )
    numbers = tuple(n for one in made for n in _numbers(context, model, cohort, one))
    adjusted = "; the later value was also compared adjusted for the earlier one by linear regression"
    words = MethodsPart(
        f"Changes between two measurements were compared within arms ({_tests(made, 'within')}) and between arms "
        f"({_tests(made, 'between')}){adjusted if any(one.declared.baseline_adjusted for one in made) else ''}."
    )
    return Part(blocks, numbers, cautions(title, told), (words,))


def _tests(made: list[ChangeOutcome], where: Literal["within", "between"]) -> str:
    """The tests used, each once; which outcome had which where they differ."""
    told: dict[str, list[str]] = {}
    for one in made:
        tests = one.within if where == "within" else (one.between,)
        words = " and ".join(dict.fromkeys(_method(test) for test in tests))
        told.setdefault(words, []).append(one.declared.label or one.name)
    if len(told) == 1:
        return next(iter(told))
    return "; ".join(f"{words}: {', '.join(names)}" for words, names in told.items())


def _method(test: Comparison | None) -> str:
    return test.method if test else "not tested"


def analyse_outcome(context: Context, cohort: Cohort, group: Group, name: str) -> ChangeOutcome:
    """One outcome of type change in one cohort.

    Raises
    ------
    StatsError
        An arm has fewer than two patients measured twice.
    """
    declared = context.study.outcomes[name]
    assert isinstance(declared, Change)
    frame = cohort.frame.loc[cohort.frame[group.name].notna()]
    before, after = numbers_of(frame, declared.before), numbers_of(frame, declared.after)
    exposed = is_exposed(frame, group)
    names = (level_label(group, group.reference), level_label(group, group.others[0]))
    analysis = analyse_change(
        before, after, exposed.astype(float), arm_names=names, correction=declared.between != "mann_whitney_nocc",
        quantile_type=context.quantile_type, level=context.study.study.level,
    )  # fmt: skip
    pairs = np.isfinite(before) & np.isfinite(after)
    within = tuple(
        _within(declared, arm, before[pairs & rows], after[pairs & rows])
        for arm, rows in ((analysis.control, ~exposed), (analysis.treated, exposed))
    )
    change = after - before
    between = _between(declared, analysis, change[pairs & exposed], change[pairs & ~exposed])
    return ChangeOutcome(name, declared, analysis, (within[0], within[1]), between, before, after, exposed)


def _within(
    declared: Change, arm: ArmChange, before: NDArray[np.float64], after: NDArray[np.float64]
) -> Comparison | None:
    if declared.within == "none":
        return None
    return arm.within if declared.within == "wilcoxon_signed_rank" else paired_t(before, after)


def _between(
    declared: Change, analysis: ChangeAnalysis, treated: NDArray[np.float64], control: NDArray[np.float64]
) -> Comparison | None:
    if declared.between == "none":
        return None
    if declared.between == "welch":
        return welch_t(treated, control)
    if declared.between == "student":
        return student_t(treated, control)
    if declared.between == "mann_whitney_nocc":
        return mann_whitney(treated, control, correction=False, exact=False, location=True)
    return analysis.between


def _notes(one: ChangeOutcome, declared: Change) -> list[str]:
    told = list(one.analysis.notes)
    shares = [arm.n_pairs / arm.n_arm for arm in (one.analysis.control, one.analysis.treated)]
    is_uneven = min(shares) == 0 or max(shares) / min(shares) > declared.warn_ratio
    if is_uneven and not any("measured" in note.lower() for note in told):
        arms = (one.analysis.control, one.analysis.treated)
        words = ", ".join(f"{arm.name} {arm.n_pairs} of {arm.n_arm}" for arm in arms)
        told.append(f"Measured twice: {words}; who was measured again differs between the arms.")
    return told


def _table(
    context: Context, model: ChangeModel, cohort: Cohort, group: Group, made: list[ChangeOutcome], title: str
) -> ResultTable:
    printer = context.printer
    columns = (
        Column("", "text"), Column("measured twice"), Column("before"), Column("after"), Column("change"),
        Column("p, within"), Column("p, between"), Column(f"difference after, adjusted\nfor before ({printer.ci})"),
        Column("p, adjusted"),
    )  # fmt: skip
    rows: list[Row] = []
    for one in made:
        unit = f", {one.declared.unit}" if one.declared.unit else ""
        rows.append(Row((Cell((one.declared.label or one.name) + unit),), is_heading=True))
        digits = _digits(one)
        for i, arm in enumerate((one.analysis.control, one.analysis.treated)):
            cells = [Cell(arm.name), Cell(f"{arm.n_pairs}/{arm.n_arm}", arm.n_pairs)]
            for summary in (arm.before, arm.after, arm.change):
                text = median_iqr(summary, digits=digits, rounding=printer.rounding).replace("-", "−")
                cells.append(Cell(text, summary.median))
            test = one.within[i]
            cells.append(printer.p_cell(test.p_value) if test else Cell(""))
            if i == 0:
                cells += [Cell(""), Cell(""), Cell("")]
            else:
                cells.append(printer.p_cell(one.between.p_value) if one.between else Cell(""))
                adjusted = one.analysis.adjusted
                shown = one.declared.baseline_adjusted
                cells.append(Cell(printer.difference(adjusted, digits + 1), adjusted.value) if shown else Cell(""))
                cells.append(printer.p_cell(adjusted.p_value) if shown else Cell(""))
            rows.append(Row(tuple(cells), 1))
    notes: tuple[str, ...] = (
        "Median [quartiles] of patients measured twice.",
        f"Within arms: {_tests(made, 'within')}. Between arms, of the changes: {_tests(made, 'between')}.",
    )
    if any(one.declared.baseline_adjusted for one in made):
        notes += (
            f"Adjusted: {level_label(group, group.others[0])} minus {level_label(group, group.reference)}, linear "
            "regression of the later value on arm and earlier value.",
        )
    return ResultTable(context.block_id(model.name, cohort.name), title, columns, tuple(rows), notes)


def _digits(one: ChangeOutcome) -> int:
    size = abs(one.analysis.treated.before.median)
    return 0 if size >= 50 else 1 if size >= 5 else 2


def _figure(
    context: Context, model: ChangeModel, cohort: Cohort, group: Group, made: list[ChangeOutcome], title: str
) -> PairedFigure:
    printer = context.printer
    panels = []
    for one in made:
        pairs = np.isfinite(one.before) & np.isfinite(one.after)
        groups = []
        for arm, rows, test in (
            (one.analysis.control, ~one.exposed & pairs, one.within[0]),
            (one.analysis.treated, one.exposed & pairs, one.within[1]),
        ):
            words = printer.p_said(test.p_value) if test else ""
            groups.append(
                PairedGroup(arm.name, tuple(one.before[rows].tolist()), tuple(one.after[rows].tolist()), words)
            )
        between = f"between arms {printer.p_said(one.between.p_value)}" if one.between else ""
        label = one.declared.label or one.name
        panels.append(PairedPanel(label, one.declared.unit or label, tuple(groups), between))
    return PairedFigure(
        context.block_id(model.name, cohort.name, "figure"),
        title,
        "Each thin line is a patient measured twice; thick lines join the medians.",
        tuple(panels),
    )


def _numbers(context: Context, model: ChangeModel, cohort: Cohort, one: ChangeOutcome) -> list[ResultNumber]:
    path = context.path(model.name, cohort.name, one.name)
    unit = one.declared.unit or "value"
    made: list[ResultNumber] = []
    for key, arm, test in (
        ("control", one.analysis.control, one.within[0]),
        ("exposed", one.analysis.treated, one.within[1]),
    ):
        lost = arm.n_arm - arm.n_pairs
        for what, summary in (("before", arm.before), ("after", arm.after), ("change", arm.change)):
            for name in ("median", "q1", "q3", "mean", "sd"):
                value = float(getattr(summary, name))
                made.append(number(f"{path}.{key}.{what}.{name}", value, unit, "description", arm.n_pairs, lost))
        if test:
            made.append(number(f"{path}.{key}.p_within", test.p_value, "probability", test.method, arm.n_pairs, lost))
            made.append(number(f"{path}.{key}.statistic", test.statistic, "statistic", test.method, arm.n_pairs, lost))
    if one.between:
        made.append(
            number(f"{path}.p_between", one.between.p_value, "probability", one.between.method, one.between.n,
                   one.analysis.n_dropped)
        )  # fmt: skip
    if not one.declared.baseline_adjusted:
        return made
    made += estimate_numbers(
        f"{path}.adjusted", one.analysis.adjusted, "difference", "linear regression adjusted for baseline",
        one.analysis.n, one.analysis.n_dropped, ratio=False, unit=unit,
    )  # fmt: skip
    return made
