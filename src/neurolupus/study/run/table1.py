"""Tables of characteristics: every row described, compared by the declared rules, with its standardised difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurolupus.stats.choice import Rules
from neurolupus.study.results import Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.run.context import Cohort, Context, Rows, group_rows, level_label
from neurolupus.study.run.part import Part, cautions, number
from neurolupus.study.run.rows import RowSummary, row_words, summarise_row
from neurolupus.study.run.rules import house_rules
from neurolupus.study.schema.design import Group, Table1
from neurolupus.study.schema.fields import Field

MARKS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, eq=False)
class _Arms:
    """One cohort of the table and who is in which of its columns."""

    cohort: Cohort
    rows: tuple[Rows, ...]


def table1_part(context: Context, spec: Table1, position: int = 0, *, called: str = "") -> Part:
    """One table of characteristics with its numbers and warnings.

    Parameters
    ----------
    position : int
        Its place among the tables of the file, from 0.
    called : str
        Its id, where it is not one of them.
    """
    group = context.group(spec.by)
    levels = spec.levels or tuple(level.value for level in _in_order(group))
    fields = [entry for entry in context.rows_of(spec.rows) if entry.name != group.name]
    name = called or ("table1" if position == 0 else f"table1_{position + 1}")
    cohorts = [_arms(context.cohort(c), group, levels) for c in spec.cohorts]
    if context.study.data.missing.describe == "complete_case":
        cohorts = [_arms(_complete(a.cohort, fields), group, levels) for a in cohorts]
    rules = house_rules(context.study.tests)
    summaries = [
        [summarise_row(context, spec, entry, a.cohort, a.rows, rules, levels) for a in cohorts] for entry in fields
    ]
    marks = _Marks()
    rows: list[Row] = []
    section = ""
    for entry, found in zip(fields, summaries, strict=True):
        if entry.section != section:
            section = entry.section
            if section:
                rows.append(Row((Cell(section),), is_heading=True))
        rows += _rows(context, spec, entry, found, cohorts, levels, marks, has_missing=_has_missing(summaries))
    table = ResultTable(
        id=context.block_id(name),
        title=(spec.title or f"Characteristics by {context.label(group.name).lower()}") + context.suffix,
        columns=_columns(context, spec, group, cohorts, levels, has_missing=_has_missing(summaries)),
        rows=tuple(rows),
        notes=_notes(context, spec, rules, marks, cohorts, summaries),
    )
    told = _missing_cautions(context, fields, cohorts[0]) + [
        f"{entry.label}: {note}" for entry, found in zip(fields, summaries, strict=True) for one in found
        for note in one.notes
    ]  # fmt: skip
    numbers = tuple(
        made
        for entry, found in zip(fields, summaries, strict=True)
        for a, one in zip(cohorts, found, strict=True)
        for made in _numbers(context, name, entry, a, one, levels)
    )
    return Part((table,), numbers, cautions(table.title, told))


_SCALES = {
    "pooled_sd": "the root mean of both arms' variances",
    "full_cohort_sd": "the SD of all rows",
    "treated_sd": "the SD of the arm that is not the reference",
    "control_sd": "the SD of the reference",
}


class _Marks:
    """Letters for the tests, in the order in which they first occur."""

    def __init__(self) -> None:
        self.methods: dict[str, str] = {}

    def of(self, method: str) -> str:
        if not method:
            return ""
        letter = self.methods.setdefault(method, MARKS[len(self.methods) % len(MARKS)])
        return f"\u2009{_SUPERSCRIPT[letter]}"


_SUPERSCRIPT = dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)) | {"q": "q"}


def _in_order(group: Group) -> list[Any]:
    """Levels with the reference first."""
    return sorted(group.levels, key=lambda level: level.value != group.reference)


def _arms(cohort: Cohort, group: Group, levels: Sequence[str]) -> _Arms:
    return _Arms(cohort, tuple(group_rows(cohort.frame, group, level) for level in levels))


def _complete(cohort: Cohort, fields: Sequence[Field]) -> Cohort:
    complete = cohort.frame[[f.name for f in fields if f.name in cohort.frame]].notna().all(axis=1).to_numpy()
    return cohort.taken(complete)


def _has_missing(summaries: Sequence[Sequence[RowSummary]]) -> bool:
    return any(any(one.n_missing) for found in summaries for one in found[:1])


def _columns(
    context: Context, spec: Table1, group: Group, cohorts: Sequence[_Arms], levels: Sequence[str], *, has_missing: bool
) -> tuple[Column, ...]:
    made = [Column("", "text")]
    several = len(cohorts) > 1
    for i, a in enumerate(cohorts):
        span = a.cohort.label if several else ""
        for level, rows in zip(levels, a.rows, strict=True):
            size = f"n = {int(rows.sum())}" if a.cohort.weights is None else "weighted"
            made.append(Column(f"{level_label(group, level)}\n({size})", "number", span))
        if spec.overall:
            everybody = np.any(np.stack(a.rows), axis=0)
            made.append(Column(f"All\n(n = {int(everybody.sum())})", "number", span))
        if has_missing and i == 0:
            made.append(Column("missing", "number", span))
        if _with_p(spec, a.cohort):
            made.append(Column("p", "number", span))
        if spec.smd:
            made.append(Column("SMD", "number", span))
    return tuple(made)


def _with_p(spec: Table1, cohort: Cohort) -> bool:
    return (spec.p and cohort.kind == "full") or (
        spec.p_in_matched and cohort.kind == "matched" and cohort.weights is None
    )


def _rows(
    context: Context, spec: Table1, entry: Field, found: Sequence[RowSummary], cohorts: Sequence[_Arms],
    levels: Sequence[str], marks: _Marks, *, has_missing: bool,
) -> list[Row]:  # fmt: skip
    printer = context.printer
    lines = row_words(context, entry, found[0], levels)
    made: list[Row] = []
    for number_of_line, (label, indent) in enumerate(lines):
        cells = [Cell(label)]
        for i, (a, one) in enumerate(zip(cohorts, found, strict=True)):
            texts = one.texts[number_of_line]
            shown = texts if spec.overall else texts[: len(levels)]
            cells += [Cell(text) for text in shown]
            is_first = number_of_line == 0
            if has_missing and i == 0:
                told = "/".join(map(str, one.n_missing)) if is_first and any(one.n_missing) else ""
                cells.append(Cell(told))
            if _with_p(spec, a.cohort):
                cells.append(printer.p_cell(one.p_value, marks.of(one.method)) if is_first and one.method else Cell(""))
            if spec.smd:
                strong = one.smd is not None and abs(one.smd) > _limit(context)
                text = printer.plain(one.smd, 3)
                cells.append(Cell(text, one.smd, strong) if is_first else Cell(""))
        made.append(Row(tuple(cells), indent))
    return made


def _limit(context: Context) -> float:
    limits = [m.balance.warn_smd for m in context.study.match.values()]
    return min(limits, default=0.1)


def _notes(
    context: Context, spec: Table1, rules: Rules, marks: _Marks, cohorts: Sequence[_Arms],
    summaries: Sequence[Sequence[RowSummary]],
) -> tuple[str, ...]:  # fmt: skip
    shows = {show for found in summaries for show in (found[0].show,)}
    words = {
        "mean_sd": "mean ± SD",
        "median_iqr": "median [quartiles]",
        "median_p10_p90": "median (10–90 %)",
        "n_percent": "n (%)",
    }
    kind = "type 6, as SPSS" if context.study.tests.preset == "spss" else "type 7, as R"
    told = [f"Values are {', '.join(words[s] for s in words if s in shows)}; quantiles of {kind}."]
    if any(any(one.n_missing) for found in summaries for one in found):
        told.append("Percentages are of the patients whose value is known; missing are counted by column.")
    if any(_with_p(spec, a.cohort) for a in cohorts):
        told.append(f"Tests ({rules.name}). {rules.in_words()}")
        told += [f"{_SUPERSCRIPT[letter]} {method}" for method, letter in marks.methods.items()]
    if spec.smd:
        scale = _SCALES[spec.smd_scale]
        kept = " of the full cohort, also after matching or weighting" if len(cohorts) > 1 else ""
        told.append(
            f"SMD: standardised mean difference, second column minus first, divided by {scale}{kept}; of nominal rows "
            "the Mahalanobis distance. "
            f"Bold above {_limit(context):g}."
        )
        if len(cohorts[0].rows) > 2:
            told.append("With more than two columns the SMD is the largest of all pairs.")
    if any(a.cohort.kind == "matched" for a in cohorts) and spec.p_in_matched:
        told.append("p-values after matching say little about balance: they depend on the number of pairs.")
    return tuple(told)


def _missing_cautions(context: Context, fields: Sequence[Field], arms: _Arms) -> list[str]:
    limit = context.study.data.missing.flag_above
    used = np.any(np.stack(arms.rows), axis=0)
    told = []
    for entry in fields:
        missing = int(arms.cohort.frame.loc[used, entry.name].isna().sum())
        if used.sum() and missing / used.sum() > limit:
            told.append(f"{entry.label} is missing in {missing} of {int(used.sum())} patients, more than {limit:.0%}.")
    return told


def _numbers(
    context: Context, name: str, entry: Field, arms: _Arms, one: RowSummary, levels: Sequence[str]
) -> list[ResultNumber]:
    made = []
    where = (name, arms.cohort.name, entry.name)
    for level, values, n, missing in zip(levels, one.values, one.n, one.n_missing, strict=False):
        for what, value in values:
            scale = "count" if what.endswith("count") else "share" if what.endswith("share") else entry.unit or "value"
            made.append(number(context.path(*where, level, what), value, scale, "description", n, missing))
    dropped = sum(one.n_missing)
    if one.method:
        notes = (one.rule,) if one.rule else ()
        p = number(context.path(*where, "p_value"), one.p_value, "probability", one.method, sum(one.n), dropped)
        made += [replace(p, notes=p.notes + notes)]
        made.append(
            number(context.path(*where, "statistic"), one.statistic, "statistic", one.method, sum(one.n), dropped)
        )
    made.append(
        number(context.path(*where, "smd"), one.smd, "SD", f"divided by {one.denominator}", sum(one.n), dropped)
    )
    return made
