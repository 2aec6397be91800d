"""Cox regression: multivariable models, proportional hazards, E-values; screens beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neurolupus.errors import StatsError
from neurolupus.stats.cox_ph_test import HazardsTest
from neurolupus.stats.sensitivity import EValue, e_value
from neurolupus.study.results import Block, Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import ForestFigure, ForestPanel
from neurolupus.study.run.context import Cohort, Context
from neurolupus.study.run.cox_blocks import (
    cox_methods,
    cox_numbers,
    cox_title,
    forest_row,
    strata_words,
    time_cautions,
)
from neurolupus.study.run.cox_fit import CoxModel, fit_terms
from neurolupus.study.run.cox_screen import screen_part
from neurolupus.study.run.estimates import NamedEstimate
from neurolupus.study.run.outcomes import landmark_notes
from neurolupus.study.run.part import Part, cautions, joined, number
from neurolupus.study.schema.models import Cox

COMMON = 0.15


def cox_part(context: Context, model: Cox) -> Part:
    """A screen, a multivariable model, or both, cohort by cohort; then from each landmark on."""
    parts = []
    if model.each:
        parts.append(screen_part(context, model))
    if model.terms:
        parts.append(_models_part(context, model))
    return joined(parts)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """One multivariable model: where, from when on, and what came out."""

    cohort: Cohort
    since: float
    fitted: CoxModel
    e_values: tuple[tuple[str, EValue], ...]

    @property
    def key(self) -> str:
        return f"{self.cohort.name}_from_{self.since:g}" if self.since else self.cohort.name


def _models_part(context: Context, model: Cox) -> Part:
    """The multivariable model in every cohort and from every landmark on, in one table."""
    title = cox_title(context, model) + context.suffix
    fits: list[_Fit] = []
    told: list[str] = []
    places = [(context.cohort(name), 0.0) for name in model.cohort]
    places += [(context.cohort(name), mark) for name in model.cohort for mark in model.landmark]
    for cohort, since in places:
        where = _where(context, model, cohort, since)
        told += landmark_notes(cohort, since) if since else []
        try:
            fitted = fit_terms(
                context, replace(model, exposure="fixed") if since else model, cohort, model.terms, since=since
            )
        except StatsError as error:
            told.append(f"{where}not estimated. {error}")
            continue
        found = tuple((name, _e_value(fitted, name)) for name in model.evalue if fitted.has(name))
        fits.append(_Fit(cohort, since, fitted, found))
        told += [where + note for note in _fit_notes(context, model, fitted)]
    warnings = (*cautions(title, told), *time_cautions(context, model, model.terms))
    if not fits:
        return Part(warnings=warnings)
    blocks: list[Block] = [_models_table(context, model, fits, title)]
    if model.figure == "forest":
        blocks += [_forest(context, model, one.fitted, title + _after(context, model, one), one.key) for one in fits]
    numbers = [
        n
        for one in fits
        for n in (
            *cox_numbers(context, model, one.cohort, one.fitted, one.key),
            *_evalue_numbers(context, model, one.key, one.fitted, one.e_values),
        )
    ]
    methods = cox_methods(context, model, [one.fitted for one in fits])
    return Part(tuple(blocks), tuple(numbers), warnings, methods)


def _e_value(fitted: CoxModel, name: str) -> EValue:
    """E-values of a term; the outcome is common when more than 15 % have it (VanderWeele and Ding)."""
    return e_value(fitted.estimate(name), "hr_common" if fitted.n_events > COMMON * fitted.n else "hr_rare")


def _where(context: Context, model: Cox, cohort: Cohort, since: float) -> str:
    if since:
        return f"{cohort.label}, from {since:g} on: " if len(model.cohort) > 1 else f"From {since:g} on: "
    return f"{cohort.label}: " if len(model.cohort) + len(model.landmark) > 1 else ""


def _after(context: Context, model: Cox, one: _Fit) -> str:
    where = _where(context, model, one.cohort, one.since)
    return f", {where[0].lower()}{where[1:-2]}" if where.startswith("From") else f", {where[:-2]}" if where else ""


def _fit_notes(context: Context, model: Cox, fitted: CoxModel) -> list[str]:
    alpha = context.study.study.alpha
    told = [*fitted.notes, *_epv(fitted, model)]
    if fitted.is_firth:
        told.append(_firth_words(fitted))
    off = [fitted.labels[k] for k in range(len(fitted.estimates)) if (p := fitted.ph_of(k)) is not None and p < alpha]
    if off or (fitted.ph_global is not None and fitted.ph_global.p_value < alpha):
        which = f" of {', '.join(dict.fromkeys(off))}" if off else ""
        told.append(f"hazards{which} are not proportional; the hazard ratio is an average over the follow-up.")
    return told


def _models_table(context: Context, model: Cox, fits: Sequence[_Fit], title: str) -> ResultTable:
    has_ph, has_e = any(one.fitted.ph for one in fits), any(one.e_values for one in fits)
    columns = [Column("", "text"), Column(f"HR ({context.printer.ci})"), Column("p")]
    span = "proportional hazards"
    columns += [Column("chi-square", span=span), Column("p", span=span)] if has_ph else []
    columns += [Column("E-value"), Column("E-value of\nthe nearer limit")] if has_e else []
    rows: list[Row] = []
    for one in fits:
        where = _where(context, model, one.cohort, one.since)
        if where:
            sizes = f"{one.fitted.n} patients, {one.fitted.n_events} events"
            rows.append(Row((Cell(f"{where[:-2]} ({sizes})"),), is_heading=True))
        rows += _model_rows(context, one, has_ph=has_ph, has_e=has_e, indent=1 if where else 0)
    notes = []
    stratified = f", stratified by {strata_words(context, model)}" if model.strata else ""
    for one in fits:
        where = _where(context, model, one.cohort, one.since)
        fitted = one.fitted
        notes.append(
            f"{where}{fitted.method}{stratified}; {fitted.n} patients, {fitted.n_events} events, "
            f"{fitted.n_dropped} left out for "
            "missing "
            "values."
        )
    words = next((e.words for one in fits for _, e in one.e_values), "")
    if words:
        notes.append(
            "E-value: how strongly an unmeasured confounder would have to be associated with exposure and outcome to "
            f"explain the estimate away; {words}."
        )
    return ResultTable(context.block_id(model.name), title, tuple(columns), tuple(rows), tuple(notes))


def _model_rows(context: Context, one: _Fit, *, has_ph: bool, has_e: bool, indent: int) -> list[Row]:
    printer, fitted = context.printer, one.fitted
    by_name = dict(one.e_values)
    rows: list[Row] = []
    for k, e in enumerate(fitted.estimates):
        mark = " †" if fitted.is_firth else ""
        cells = [
            Cell(fitted.labels[k]),
            Cell(printer.ratio(e) + mark, e.exponentiated().value),
            printer.p_cell(e.p_value),
        ]
        if has_ph:
            cells += _ph_cells(context, fitted.ph_row(k))
        if has_e:
            found = by_name.get(e.name.partition("[")[0])
            cells.append(Cell(printer.plain(found.point, 2), found.point) if found else Cell(""))
            cells.append(Cell(printer.plain(found.limit, 2), found.limit) if found else Cell(""))
        rows.append(Row(tuple(cells), indent))
    if fitted.ph_global is not None and len(fitted.estimates) > 1 and has_ph:
        filler = [Cell("")] * (2 if has_e else 0)
        cells = [
            Cell("All terms together (GLOBAL)"),
            Cell(""),
            Cell(""),
            *_ph_cells(context, fitted.ph_global),
            *filler,
        ]
        rows.append(Row(tuple(cells), indent))
    return rows


def _ph_cells(context: Context, test: HazardsTest | None) -> list[Cell]:
    if test is None:
        return [Cell(""), Cell("")]
    return [Cell(context.printer.plain(test.statistic, 2), test.statistic), context.printer.p_cell(test.p_value)]


def _forest(context: Context, model: Cox, fitted: CoxModel, title: str, key: str) -> ForestFigure:
    rows = tuple(forest_row(context, fitted.labels[k], e, fitted) for k, e in enumerate(fitted.estimates))
    return ForestFigure(
        context.block_id(model.name, key, "forest"), title,
        f"Hazard ratios with {context.printer.percent} confidence intervals; {fitted.n} patients, "
        f"{fitted.n_events} events.",
        (ForestPanel("", rows),), "Hazard ratio, log scale", context.printer.ci,
        lower_is="fewer events", higher_is="more events",
    )  # fmt: skip


def _epv(fitted: CoxModel, model: Cox) -> list[str]:
    terms = len(fitted.estimates)
    if not terms or fitted.n_events / terms >= model.epv_warn:
        return []
    return [
        f"{fitted.n_events} events for {terms} terms: {fitted.n_events / terms:.1f} per term, fewer than "
        f"{model.epv_warn:g}; hazard ratios lie too far from 1 and intervals are too narrow."
    ]


def _firth_words(fitted: CoxModel) -> str:
    names = ", ".join(fitted.separated) or "a term"
    return f"no event in one level of {names}; the hazard ratios are Firth's, with profile limits."


def _evalue_numbers(
    context: Context, model: Cox, key: str, fitted: CoxModel, found: Sequence[tuple[str, EValue]]
) -> list[ResultNumber]:
    made = []
    for name, one in found:
        path = context.path(model.name, key, name)
        made.append(number(f"{path}.evalue", one.point, "ratio", one.words, fitted.n))
        made.append(number(f"{path}.evalue_limit", one.limit, "ratio", one.words, fitted.n))
    return made


def cox_estimates(context: Context, model: Cox, cohort: Cohort) -> list[NamedEstimate]:
    """The hazard ratios of one cohort without checks, tables and tests."""
    bare = replace(model, ph_test=False)
    made = []
    each = [(entry.name,) for entry in context.rows_of(model.each)]
    for terms in [*each, *([model.terms] if model.terms else [])]:
        try:
            fitted = fit_terms(context, bare, cohort, terms)
        except StatsError:
            if not model.each:
                raise
            continue
        for label, e in zip(fitted.labels, fitted.estimates, strict=True):
            is_exposure = e.name.partition("[")[0] in context.study.groups
            path = f"{model.name}.{cohort.name}.{e.name}"
            made.append(NamedEstimate(path, label, "hazard_ratio", e, e.p_value, fitted.n, is_exposure))
    return made
