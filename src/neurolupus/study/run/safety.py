"""Safety: adverse events per patient and per injection, injections, stopping reasons, causes of death, syndromes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.choice import compare_counts
from neurolupus.stats.person_time import event_rate
from neurolupus.study.results import Block, Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import BarFigure, BarSeries
from neurolupus.study.run.context import Context, Rows, group_rows, level_label, numbers_of
from neurolupus.study.run.format import percent
from neurolupus.study.run.part import Part, cautions, joined, number
from neurolupus.study.run.rows import coded, level_texts
from neurolupus.study.run.rules import house_rules
from neurolupus.study.run.table1 import table1_part
from neurolupus.study.schema.design import Table1
from neurolupus.study.schema.extras import Safety
from neurolupus.study.schema.fields import Field
from neurolupus.study.schema.variables import Level

PER = 100  # injections
ID = "safety"


def safety_part(context: Context, safety: Safety) -> Part:
    """The tables and figures that the file asks for, in the full cohort."""
    group = context.group(safety.by)
    levels = [v.value for v in sorted(group.levels, key=lambda v: v.value != group.reference)]
    arms = [group_rows(context.full.frame, group, level) for level in levels]
    titles = [level_label(group, level) for level in levels]
    made = []
    if safety.events:
        made.append(_events(context, safety, arms, titles, levels))
    if safety.injections:
        made.append(_injections(context, safety, arms, titles, levels))
    for name, title in ((safety.stopping_reason, "Why injections ended"), (safety.cause_of_death, "Causes of death")):
        if name:
            made.append(_reasons(context, name, title, arms, titles, levels))
    if safety.syndromes:
        made.append(_syndromes(context, safety, arms, titles))
    return joined(made)


def _events(
    context: Context, safety: Safety, arms: Sequence[Rows], titles: Sequence[str], levels: Sequence[str]
) -> Part:
    frame, printer = context.full.frame, context.printer
    rules = house_rules(context.study.tests)
    given = numbers_of(frame, safety.injections) if safety.injections else np.full(len(frame), np.nan)
    counted = np.isfinite(given)  # events of patients whose injections are not known belong to no rate
    totals = [float(given[rows & counted].sum()) for rows in arms]
    columns = [Column("", "text")]
    columns += [
        Column(f"{t}\n(n = {int(rows.sum())})", span="patients, n (%)") for t, rows in zip(titles, arms, strict=True)
    ]
    columns.append(Column("p", span="patients, n (%)"))
    exposed = [i for i, total in enumerate(totals) if total > 0]
    columns += [Column(titles[i], span=f"per {PER} injections ({printer.ci})") for i in exposed]
    rows_made, numbers, told = [], [], []
    for name in safety.events:
        entry = _field(context, name)
        events = coded(frame, entry)
        counts, sizes = [], []
        for rows in arms:
            known = rows & np.isfinite(events)
            counts.append(int((events[known] > 0).sum()))
            sizes.append(int(known.sum()))
        cells = [Cell(entry.label)]
        for count, size, level in zip(counts, sizes, levels, strict=True):
            cells.append(Cell(f"{count} ({percent(count, size)})", count))
            path = context.path(ID, name, level)
            numbers.append(number(f"{path}.count", count, "count", "patients with the event", size))
            numbers.append(
                number(f"{path}.share", count / size if size else None, "share", "patients with the event", size)
            )
        try:
            table = np.array([[s - c for c, s in zip(counts, sizes, strict=True)], counts])
            test = compare_counts(table, rules)
            cells.append(printer.p_cell(test.p_value))
            numbers.append(
                number(context.path(ID, name, "p_value"), test.p_value, "probability", test.method, sum(sizes))
            )
        except StatsError:
            cells.append(Cell("–"))
        for i in exposed:
            both = arms[i] & counted & np.isfinite(events)
            total, of = float(events[both].sum()), float(given[both].sum())
            if of <= 0:
                cells.append(Cell("–"))
                continue
            found = event_rate(round(total), of, level=printer.level)
            rate, low, high = (PER * one for one in (found.rate, found.ci_low, found.ci_high))
            cells.append(Cell(f"{printer.plain(rate, 1)} ({printer.plain(low, 1)}–{printer.plain(high, 1)})", rate))
            path = context.path(ID, name, levels[i], f"per_{PER}_injections")
            for what, value in (("", rate), (".ci_low", low), (".ci_high", high)):
                numbers.append(number(path + what, value, "rate", "exact Poisson interval", int(of)))
        rows_made.append(Row(tuple(cells)))
    notes = ["Patients with at least one event."]
    if exposed:
        words = ", ".join(f"{titles[i]} {totals[i]:.0f}" for i in exposed)
        notes.append(
            f"Injections: {words}; rates have exact Poisson intervals, which take injections of one patient for "
            "independent."
        )
        lost = sum(int((arms[i] & ~counted).sum()) for i in exposed)
        if lost:
            told.append(f"Injections are not known for {lost} patients; rates per injection leave them out.")
        told.append(
            "Rates per injection take several injections of one patient as independent; the intervals are too narrow."
        )
    notes.append(f"Tests ({rules.name}). {rules.in_words()}")
    title = safety.label or "Adverse events"
    table_made = ResultTable(context.block_id(ID, "events"), title, tuple(columns), tuple(rows_made), tuple(notes))
    return Part((table_made,), tuple(numbers), cautions(title, told))


def _field(context: Context, name: str) -> Field:
    """The field of a name; a column that is no variable has the values that occur as its levels."""
    if name in context.fields:
        return context.fields[name]
    column = context.full.frame[name]
    is_number = column.dtype == np.float64
    values = () if is_number else tuple(sorted({str(cell) for cell in column.dropna()}))
    kind = "continuous" if is_number else "nominal"
    label = name.replace("_", " ")
    return Field(name, label, kind, "column", levels=tuple(Level(value, value) for value in values))


def _injections(
    context: Context, safety: Safety, arms: Sequence[Rows], titles: Sequence[str], levels: Sequence[str]
) -> Part:
    given = numbers_of(context.full.frame, safety.injections)
    blocks: list[Block] = []
    numbers: list[ResultNumber] = []
    for rows, title, level in zip(arms, titles, levels, strict=True):
        found = given[rows & np.isfinite(given) & (given > 0)]
        if not len(found):
            continue
        values, counts = np.unique(found, return_counts=True)
        total = float(found.sum())
        words = f"Injections per patient, {title}"
        lines = [
            Row((Cell(f"{v:g}"), Cell(f"{c} ({percent(c, len(found))})", int(c))))
            for v, c in zip(values, counts, strict=True)
        ]
        lines.append(Row((Cell("all injections"), Cell(f"{total:.0f}", total))))
        blocks.append(
            ResultTable(
                context.block_id(ID, "injections", level), words,
                (Column("injections", "text"), Column(f"patients, n (%)\n(n = {len(found)})")), tuple(lines),
            )
        )  # fmt: skip
        told = f"{total:.0f} injections in {len(found)} patients."
        blocks.append(
            BarFigure(
                context.block_id(ID, "injections", level, "figure"), words, told,
                tuple(f"{v:g}" for v in values), (BarSeries(title, tuple(counts.astype(float).tolist())),), "Patients",
            )
        )  # fmt: skip
        numbers.append(number(context.path(ID, "injections", level, "total"), total, "count", "sum", len(found)))
        for v, c in zip(values, counts, strict=True):
            numbers.append(
                number(context.path(ID, "injections", level, f"{v:g}"), int(c), "count", "patients", len(found))
            )
    return Part(tuple(blocks), tuple(numbers))


def _reasons(
    context: Context, name: str, title: str, arms: Sequence[Rows], titles: Sequence[str], levels: Sequence[str]
) -> Part:
    entry = _field(context, name)
    column = level_texts(context.full.frame, entry).to_numpy()
    known: NDArray[np.bool_] = np.array([x is not None for x in column])
    everybody = np.any(np.stack(arms), axis=0)
    sides = [*arms, everybody]
    sizes = [int((rows & known).sum()) for rows in sides]
    columns = [Column("", "text")]
    columns += [Column(f"{t}\n(n = {size})") for t, size in zip([*titles, "All"], sizes, strict=True)]
    rows_made, numbers = [], []
    for level in entry.levels:
        here = np.array([x == level.value for x in column])
        counts = [int((rows & here).sum()) for rows in sides]
        cells = [Cell(level.label)] + [
            Cell(f"{c} ({percent(c, s)})" if s else "–", c) for c, s in zip(counts, sizes, strict=True)
        ]
        rows_made.append(Row(tuple(cells)))
        for c, s, arm in zip(counts, sizes, [*levels, "all"], strict=True):
            numbers.append(number(context.path(ID, name, level.value, arm), c, "count", "patients", s))
    note = f"n (%) of the patients with a recorded {entry.label[0].lower()}{entry.label[1:]}."
    table = ResultTable(context.block_id(ID, name), title, tuple(columns), tuple(rows_made), (note,))
    return Part((table,), tuple(numbers))


def _syndromes(context: Context, safety: Safety, arms: Sequence[Rows], titles: Sequence[str]) -> Part:
    labels = [f.name for f in context.fields.values() if f.parent == safety.syndromes and f.origin == "label"]
    present = [
        name for name in labels if name in context.full.frame and coded(context.full.frame, context.fields[name]).any()
    ]
    title = f"{context.label(safety.syndromes)}, by arm"
    spec = Table1(by=context.group(safety.by).name, rows=tuple(present), title=title)
    table = table1_part(context, spec, called="syndromes")
    shares = []
    for rows in arms:
        found = [coded(context.full.frame, context.fields[name])[rows] for name in present]
        shares.append([float(100 * np.nanmean(x)) for x in found])
    order = sorted(range(len(present)), key=lambda i: -max(s[i] for s in shares))
    figure = BarFigure(
        context.block_id(ID, "syndromes", "figure"), title,
        "Share of patients with each syndrome; a patient can have several.",
        tuple(context.label(present[i]) for i in order),
        tuple(BarSeries(t, tuple(s[i] for i in order)) for t, s in zip(titles, shares, strict=True)),
        "% of patients", is_horizontal=True,
    )  # fmt: skip
    absent = [context.label(name) for name in labels if name not in present]
    told = (f"Nobody had {', '.join(absent)}.",) if absent else ()
    return table + Part((*told, figure))
