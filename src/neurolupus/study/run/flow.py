"""The flow of patients as a table, numbers and a diagram."""

from __future__ import annotations

from collections.abc import Sequence

from neurolupus.study.population import CountedStep, Flow
from neurolupus.study.results import Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import FlowBox, FlowFigure, FlowStep
from neurolupus.study.run.context import Cohort, Context, group_rows, level_label
from neurolupus.study.run.part import Part, cautions, number
from neurolupus.study.schema.design import Group

TITLE = "Selection of patients"


def flow_part(context: Context, flow: Flow, matched: Sequence[Cohort] = ()) -> Part:
    """The flow diagram with arms (and matched patients) at its end, a table of the steps, and what does not agree."""
    numbers = [number("flow.n", flow.n, "count", "patients analysed", flow.n)]
    if flow.start is not None:
        numbers.insert(0, number("flow.start", flow.start, "count", "patients screened", flow.start))
    for i, step in enumerate(flow.steps, start=1):
        numbers += _step_numbers(i, step)
    blocks = (_figure(context, flow, matched), *((_table(flow),) if flow.steps else ()))
    return Part(blocks, tuple(numbers), cautions(TITLE, flow.notes))


def _step_numbers(position: int, step: CountedStep) -> list[ResultNumber]:
    method = "counted in the table" if step.is_counted else "declared in the study file"
    made = []
    for what, value in (("dropped", step.n_dropped), ("remaining", step.n_after)):
        if value is not None:
            made.append(number(f"flow.step_{position}.{what}", value, "count", method, step.n_before or value))
    for reason in step.reasons:
        key = "_".join(reason.label.lower().split())
        made.append(number(f"flow.step_{position}.{key}", reason.n, "count", method, step.n_before or reason.n))
    return made


def _figure(context: Context, flow: Flow, matched: Sequence[Cohort]) -> FlowFigure:
    steps = []
    previous = flow.start
    for i, step in enumerate(flow.steps):
        left = FlowBox(
            "Excluded" if step.reasons else f"Excluded: {step.label}",
            step.n_dropped or 0,
            tuple(f"{reason.label}: {reason.n}" for reason in step.reasons),
        )
        is_last = i == len(flow.steps) - 1
        label = flow.end_label if is_last and flow.end_label else "Analysed" if is_last else _remaining(step)
        after = step.n_after if step.n_after is not None else previous or flow.n
        steps.append(FlowStep(left if step.n_dropped else None, FlowBox(label, after)))
        previous = after
    if not context.study.groups:
        return FlowFigure("flow", TITLE, _caption(flow), _start(flow), tuple(steps))
    group = context.group()
    arms, below = _arms(context, group), _below(group, matched, context)
    return FlowFigure("flow", TITLE, _caption(flow), _start(flow), tuple(steps), arms, below)


def _start(flow: Flow) -> FlowBox:
    return FlowBox(flow.start_label or "Screened", flow.start if flow.start is not None else flow.n)


def _remaining(step: CountedStep) -> str:
    return "Remaining" if step.reasons else f"After: {step.label}"


def _caption(flow: Flow) -> str:
    counted = sum(step.is_counted for step in flow.steps)
    if not flow.steps:
        return "All rows of the table."
    if counted == len(flow.steps):
        return "Every step was counted in the table."
    if not counted:
        return "The table holds the final patients only; the steps before are as the study file declares them."
    return f"{counted} of {len(flow.steps)} steps were counted in the table, the others are as the file declares them."


def _arms(context: Context, group: Group) -> tuple[FlowBox, ...]:
    """The arms; levels that are merged stand under their merged level."""
    frame = context.full.frame
    merged = {level for one in group.merge.values() for level in one.levels}
    boxes = [FlowBox(level_label(group, name), int(group_rows(frame, group, name).sum())) for name in group.merge]
    ordered = sorted(group.levels, key=lambda v: v.value != group.reference)
    boxes += [FlowBox(v.label, int(group_rows(frame, group, v.value).sum())) for v in ordered if v.value not in merged]
    return tuple(boxes)


def _below(group: Group, matched: Sequence[Cohort], context: Context) -> tuple[tuple[FlowBox, ...], ...]:
    if group.merge:
        frame = context.full.frame
        rows = [
            tuple(FlowBox(level_label(group, v), int(group_rows(frame, group, v).sum())) for v in one.levels)
            for one in group.merge.values()
        ]
        return tuple(rows)
    if not matched:
        return ()
    ordered = sorted(group.levels, key=lambda v: v.value != group.reference)
    return tuple(
        tuple(FlowBox(cohort.label, int(group_rows(cohort.frame, group, v.value).sum())) for cohort in matched)
        for v in ordered
    )


def _table(flow: Flow) -> ResultTable:
    rows = [Row((Cell(flow.start_label or "Screened"), Cell(""), Cell(_text(flow.start), flow.start), Cell("")))]
    for step in flow.steps:
        expected = "" if step.expected_after is None else f"{step.expected_after}"
        told = Cell(expected if step.is_counted else "as declared", step.expected_after, step.agrees is False)
        counts = (Cell(_text(step.n_dropped), step.n_dropped), Cell(_text(step.n_after), step.n_after))
        rows.append(Row((Cell(step.label), *counts, told)))
        for reason in step.reasons:
            words = "" if reason.expected is None or not step.is_counted else str(reason.expected)
            wrong = reason.expected is not None and reason.expected != reason.n
            rows.append(Row((Cell(reason.label), Cell(str(reason.n), reason.n), Cell(""), Cell(words, None, wrong)), 1))
    columns = (Column("", "text"), Column("left"), Column("remained"), Column("expected"))
    note = "A patient for whom several reasons hold is counted under the first. Bold: not as expected."
    return ResultTable("flow-steps", "Steps of the selection", columns, tuple(rows), (note,))


def _text(value: int | None) -> str:
    return "–" if value is None else str(value)
