"""Cox regression: screens with a model for each variable, multivariable models, proportional hazards, E-values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.stats.cox_ph_test import HazardsTest
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.multiplicity import adjust
from neurolupus.stats.sensitivity import EValue, e_value
from neurolupus.study.results import Block, Caution, Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import ForestFigure, ForestPanel, ForestRow
from neurolupus.study.run.context import Cohort, Context
from neurolupus.study.run.cox_fit import CoxModel, fit_terms
from neurolupus.study.run.estimates import NamedEstimate
from neurolupus.study.run.immortal import immortal_cautions
from neurolupus.study.run.outcomes import outcome_label
from neurolupus.study.run.part import Part, cautions, estimate_numbers, first_line, joined, number
from neurolupus.study.schema.models import Adjustment, Cox

ADJUSTED = {"holm": "p, Holm", "benjamini_hochberg": "p, BH", "bonferroni": "p, Bonferroni"}
COMMON = 0.15
NAMED = {"holm": "Holm", "benjamini_hochberg": "Benjamini–Hochberg", "bonferroni": "Bonferroni"}
CITED = {"holm": ("holm1979",), "benjamini_hochberg": ("benjamini1995",)}


@dataclass(frozen=True, slots=True, eq=False)
class ScreenRow:
    """One variable's own model in one cohort; `fitted` None where there is none, `why` says so."""

    name: str
    fitted: CoxModel | None
    why: str = ""


def cox_part(context: Context, model: Cox) -> Part:
    """A screen, a multivariable model, or both, cohort by cohort; then from each landmark on."""
    parts = []
    if model.each:
        parts.append(_screen_part(context, model))
    if model.terms:
        parts.append(_models_part(context, model))
    return joined(parts)


def _title(context: Context, model: Cox) -> str:
    return model.label or f"Cox regression: {outcome_label(context, model.outcome)}"


def _screen_part(context: Context, model: Cox) -> Part:
    names = [entry.name for entry in context.rows_of(model.each)]
    cohorts = [context.cohort(name) for name in model.cohort]
    found = [[_screened(context, model, cohort, name) for cohort in cohorts] for name in names]
    title = _title(context, model) + context.suffix
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
            numbers += _cox_numbers(context, model, cohort, one.fitted)
            adjusted = p_adjusted[j].get(name)
            if adjusted is not None:
                path = context.path(model.name, cohort.name, name, f"p_{model.adjust}")
                numbers.append(number(path, adjusted, "probability", model.adjust, one.fitted.n))
    told += _screen_firth(context, cohorts, found)
    if not context.prefix:  # a sensitivity analysis does not repeat what holds for any screen
        told += _screen_notes(context, model, cohorts, found)
    warnings = (*cautions(title, told), *_immortal(context, model, names))
    return Part(tuple(blocks), tuple(numbers), warnings, _methods(context, model, found))


def _screened(context: Context, model: Cox, cohort: Cohort, name: str) -> ScreenRow:
    try:
        return ScreenRow(name, fit_terms(context, model, cohort, (name,)))
    except StatsError as error:
        return ScreenRow(name, None, first_line(error))


def _adjusted(rows: Sequence[ScreenRow], method: Adjustment) -> dict[str, float]:
    """Corrected p-values of the variables with one estimate, by name."""
    if method == "none":
        return {}
    kept = [
        (row.name, row.fitted.estimates[0].p_value) for row in rows if row.fitted and len(row.fitted.estimates) == 1
    ]
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
        columns += [Column("HR (95 % CI)", span=span), Column("p", span=span)]
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
    notes = [_about(found, model)]
    if any(one.fitted and one.fitted.is_firth for row in found for one in row):
        notes.append("† no event in one level: Firth's penalised likelihood with profile limits.")
    if model.adjust != "none":
        count = len(p_adjusted[0])
        notes.append(f"{ADJUSTED[model.adjust]}: corrected for the {count} tests of the column.")
    if model.ph_test:
        notes.append("p, PH: test of proportional hazards (Grambsch and Therneau, on Kaplan–Meier time).")
    return ResultTable(context.block_id(model.name), title, tuple(columns), tuple(rows), tuple(notes))


def _about(found: Sequence[Sequence[ScreenRow]], model: Cox) -> str:
    first = next((one.fitted for row in found for one in row if one.fitted), None)
    return f"Each row is a model of its own. {first.method}." if first else "Each row is a model of its own."


def _screen_cells(context: Context, model: Cox, one: ScreenRow, k: int, adjusted: dict[str, float]) -> list[Cell]:
    printer = context.printer
    width = 2 + (model.adjust != "none") + model.ph_test
    if one.fitted is None or k >= len(one.fitted.estimates):
        return [Cell("–"), *(Cell("") for _ in range(width - 1))]
    e = one.fitted.estimates[k]
    mark = " †" if one.fitted.is_firth else ""
    cells = [Cell(printer.ratio(e) + mark, e.exponentiated().value), printer.p_cell(e.p_value)]
    if model.adjust != "none":
        cells.append(printer.p_cell(adjusted.get(one.name)) if k == 0 and one.name in adjusted else Cell(""))
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
            _forest_row(context, one.labels[k], e, one)
            for row in found
            if (one := row[j].fitted) is not None
            for k, e in enumerate(one.estimates)
        ]
        panels.append(ForestPanel(cohort.label, tuple(rows)))
    return ForestFigure(
        context.block_id(model.name, "forest"), title,
        "Hazard ratios with 95 % confidence intervals, one model per row.",
        tuple(panels), "Hazard ratio, log scale", lower_is="fewer events", higher_is="more events",
    )  # fmt: skip


def _forest_row(context: Context, label: str, e: Estimate, fitted: CoxModel) -> ForestRow:
    x, printer = e.exponentiated(), context.printer
    mark = " †" if fitted.is_firth else ""
    return ForestRow(label, x.value, x.ci_low, x.ci_high, printer.ratio(e) + mark, printer.p(e.p_value))


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
    title = _title(context, model) + context.suffix
    fits: list[_Fit] = []
    told: list[str] = []
    places = [(context.cohort(name), 0.0) for name in model.cohort]
    places += [(context.cohort(model.cohort[0]), mark) for mark in model.landmark]
    for cohort, since in places:
        where = _where(context, model, cohort, since)
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
    warnings = (*cautions(title, told), *_immortal(context, model, model.terms))
    if not fits:
        return Part(warnings=warnings)
    blocks: list[Block] = [_models_table(context, model, fits, title)]
    if model.figure == "forest":
        blocks += [_forest(context, model, one.fitted, title + _after(context, model, one), one.key) for one in fits]
    numbers = [
        n
        for one in fits
        for n in (
            *_cox_numbers(context, model, one.cohort, one.fitted, one.key),
            *_evalue_numbers(context, model, one.key, one.fitted, one.e_values),
        )
    ]
    methods = _methods(context, model, [[ScreenRow("", one.fitted)] for one in fits])
    return Part(tuple(blocks), tuple(numbers), warnings, methods)


def _e_value(fitted: CoxModel, name: str) -> EValue:
    """E-values of a term; the outcome is common when more than 15 % have it (VanderWeele and Ding)."""
    return e_value(fitted.estimate(name), "hr_common" if fitted.n_events > COMMON * fitted.n else "hr_rare")


def _where(context: Context, model: Cox, cohort: Cohort, since: float) -> str:
    if since:
        return f"From {since:g} on: "
    return f"{cohort.label}: " if len(model.cohort) + len(model.landmark) > 1 else ""


def _after(context: Context, model: Cox, one: _Fit) -> str:
    where = _where(context, model, one.cohort, one.since)
    return f", {where[0].lower()}{where[1:-2]}" if where else ""


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
    columns = [Column("", "text"), Column("HR (95 % CI)"), Column("p")]
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
    for one in fits:
        where = _where(context, model, one.cohort, one.since)
        fitted = one.fitted
        notes.append(
            f"{where}{fitted.method}; {fitted.n} patients, {fitted.n_events} events, {fitted.n_dropped} left out for "
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
    rows = tuple(_forest_row(context, fitted.labels[k], e, fitted) for k, e in enumerate(fitted.estimates))
    return ForestFigure(
        context.block_id(model.name, key, "forest"), title,
        f"Hazard ratios with 95 % confidence intervals; {fitted.n} patients, {fitted.n_events} events.",
        (ForestPanel("", rows),), "Hazard ratio, log scale", lower_is="fewer events", higher_is="more events",
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


def _immortal(context: Context, model: Cox, names: Sequence[str]) -> tuple[Caution, ...]:
    """The warning of immortal time, unless the exposure enters as it was at each moment."""
    return () if model.exposure == "time_varying" else immortal_cautions(context, model.outcome, names)


def _methods(context: Context, model: Cox, found: Sequence[Sequence[ScreenRow]]) -> tuple[MethodsPart, ...]:
    ties = ("Efron's", ("cox1972", "efron1977")) if model.ties == "efron" else ("Breslow's", ("cox1972",))
    made = [MethodsPart(f"Hazard ratios were estimated by Cox regression with {ties[0]} handling of ties.", ties[1])]
    fits = [one.fitted for row in found for one in row if one.fitted]
    if any(one.is_clustered for one in fits):
        made.append(
            MethodsPart("Standard errors in matched cohorts are robust and clustered by matched set.", ("lin1989",))
        )
    if any(one.is_firth for one in fits):
        made.append(
            MethodsPart(
                "Where a level had no event, Firth's penalised likelihood with profile intervals was used.",
                ("heinze2001",),
            )
        )
    if model.ph_test:
        made.append(
            MethodsPart(
                "Proportional hazards were tested by the score test of Grambsch and Therneau.", ("grambsch1994",)
            )
        )
    if model.adjust != "none":
        made.append(
            MethodsPart(
                f"p-values of the screen were also corrected ({NAMED[model.adjust]}).",
                CITED.get(model.adjust, ()),
            )
        )
    if model.evalue:
        made.append(
            MethodsPart(
                "E-values describe the strength of unmeasured confounding that would explain an estimate.",
                ("vanderweele2017",),
            )
        )
    if model.exposure == "time_varying":
        made.append(MethodsPart("The exposure was counted from the day it began (time-varying).", ("suissa2008",)))
    return tuple(made)


def _cox_numbers(context: Context, model: Cox, cohort: Cohort, fitted: CoxModel, key: str = "") -> list[ResultNumber]:
    made: list[ResultNumber] = []
    for k, e in enumerate(fitted.estimates):
        path = context.path(model.name, key or cohort.name, e.name)
        made += estimate_numbers(path, e, "hazard_ratio", fitted.method, fitted.n, fitted.n_dropped, ratio=True)
        test = fitted.ph_row(k)
        if test:
            made.append(number(f"{path}.ph_chi2", test.statistic, "chi-square", "proportional hazards", fitted.n))
            made.append(number(f"{path}.ph_p", test.p_value, "probability", "proportional hazards", fitted.n))
    if fitted.ph_global and len(fitted.estimates) > 1:
        path = context.path(model.name, key or cohort.name, "GLOBAL")
        made.append(
            number(f"{path}.ph_chi2", fitted.ph_global.statistic, "chi-square", "proportional hazards", fitted.n)
        )
        made.append(number(f"{path}.ph_p", fitted.ph_global.p_value, "probability", "proportional hazards", fitted.n))
    return made


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
