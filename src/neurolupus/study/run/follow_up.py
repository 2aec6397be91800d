"""Follow-up and events: person-time, events by kind, rates, and whether they are as the paper says."""

from __future__ import annotations

import numpy as np

from neurolupus.stats.describe import describe_continuous
from neurolupus.stats.formats import median_iqr
from neurolupus.stats.person_time import event_rate
from neurolupus.study.results import Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.run.context import Context, Rows, group_rows
from neurolupus.study.run.outcomes import outcome_label, survival_of
from neurolupus.study.run.part import Part, cautions, joined, number
from neurolupus.study.schema.outcomes import TimeToEvent

PER = 100


def follow_up_part(context: Context) -> Part:
    """One table per outcome of type time_to_event, in the full cohort, by the first group."""
    return joined(
        _outcome_part(context, name, outcome)
        for name, outcome in context.study.outcomes.items()
        if isinstance(outcome, TimeToEvent)
    )


def _outcome_part(context: Context, name: str, outcome: TimeToEvent) -> Part:
    frame, printer = context.full.frame, context.printer
    survival = survival_of(context, frame, name)
    arms: list[tuple[str, str, Rows]] = []
    if context.study.groups:
        group = context.group()
        for one in sorted(group.levels, key=lambda v: v.value != group.reference):
            arms.append((one.value, one.label, group_rows(frame, group, one.value)))
    arms.append(("all", "All", np.ones(len(frame), dtype=bool)))
    columns = [Column("", "text"), *(Column(f"{label}\n(n = {int(rows.sum())})") for _, label, rows in arms)]
    kinds = [(key, one.label or key) for key, one in outcome.components.items()]
    follow, total, events, rate = ([] for _ in range(4))
    by_kind: dict[str, list[Cell]] = {key: [] for key, _ in kinds}
    numbers: list[ResultNumber] = []
    for level, _, rows in arms:
        used = rows & survival.is_known
        n, lost = int(used.sum()), int((rows & ~survival.is_known).sum())
        summary = describe_continuous(survival.time[used], quantile_type=context.quantile_type)
        person_time = float(survival.time[used].sum())
        count = int(survival.event[used].sum())
        per_time = event_rate(count, person_time, level=context.study.study.level)
        follow.append(Cell(median_iqr(summary, digits=2, rounding=printer.rounding), summary.median))
        total.append(Cell(printer.plain(person_time, 1), person_time))
        events.append(Cell(str(count), count))
        texts = [printer.plain(PER * x, 2) for x in (per_time.rate, per_time.ci_low, per_time.ci_high)]
        rate.append(Cell(f"{texts[0]} ({texts[1]}–{texts[2]})", PER * per_time.rate))
        path = context.path("follow_up", name) + ("" if level == "all" else f".{level}")
        numbers.append(number(f"{path}.events", count, "count", "events", n, lost))
        numbers.append(number(f"{path}.person_time", person_time, outcome.unit, "sum of follow-up", n, lost))
        numbers.append(number(f"{path}.median_follow_up", summary.median, outcome.unit, "median", n, lost))
        for what, value in (
            ("rate", per_time.rate),
            ("rate_ci_low", per_time.ci_low),
            ("rate_ci_high", per_time.ci_high),
        ):
            numbers.append(number(f"{path}.{what}", value, f"1/{outcome.unit}", per_time.method, n, lost))
        for key, _ in kinds:
            found = int((survival.component[used] == key).sum())
            by_kind[key].append(Cell(str(found), found))
            numbers.append(number(f"{path}.{key}", found, "count", "events", n, lost))
    rows_made = [Row((Cell(f"Follow-up, {outcome.unit}, median [quartiles]"), *follow))]
    if outcome.person_time:
        rows_made.append(Row((Cell(f"Person-{outcome.unit}"), *total)))
    rows_made.append(Row((Cell("Events"), *events)))
    rows_made += [Row((Cell(label), *by_kind[key]), 1) for key, label in kinds]
    if outcome.person_time:
        rows_made.append(Row((Cell(f"Events per {PER} person-{outcome.unit} ({context.printer.ci})"), *rate)))
    told = []
    lost = int((~survival.is_known).sum())
    if lost:
        told.append(f"{lost} patients have no known time or event and are left out of all analyses of this outcome.")
    title = f"Follow-up and person-time: {outcome_label(context, name)}"
    notes = ("Follow-up is the observed time, to the event or the last visit. Rates with exact Poisson limits.",)
    table = ResultTable(context.block_id("follow_up", name), title, tuple(columns), tuple(rows_made), notes)
    return Part((table,), tuple(numbers), cautions(title, told))
