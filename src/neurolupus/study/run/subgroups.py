"""Subgroups: effect and log-rank test in each, and whether the effects differ, with corrected p-values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.stats.cox import Errors, cox_regression
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.multiplicity import adjust
from neurolupus.stats.wald import joint_wald_test
from neurolupus.study.derive.outcomes import Survival
from neurolupus.study.results import Block, Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import ForestFigure, ForestPanel, ForestRow
from neurolupus.study.run.context import Cohort, Context, check_two_levels, is_exposed, is_unexposed
from neurolupus.study.run.cox_blocks import ADJUSTED, CITED, NAMED
from neurolupus.study.run.cox_data import CoxData, fit_cox
from neurolupus.study.run.cox_fit import fit_terms, se_kind
from neurolupus.study.run.immortal import immortal_cautions
from neurolupus.study.run.kaplan_meier import Curves, figure_of, fit_curves
from neurolupus.study.run.outcomes import outcome_label, survival_of
from neurolupus.study.run.part import Part, cautions, estimate_numbers, first_line, joined, number
from neurolupus.study.run.rows import level_texts
from neurolupus.study.schema.design import Group
from neurolupus.study.schema.extras import Subgroups
from neurolupus.study.schema.fields import Field
from neurolupus.study.schema.models import Cox, KaplanMeier

PRODUCT = "product"


@dataclass(frozen=True, slots=True, eq=False)
class Subgroup:
    """One level of one variable.

    Attributes
    ----------
    events, sizes : (control, exposed)
    estimate, curves : or None where there were too few events
    """

    field: Field
    level: str
    label: str
    sizes: tuple[int, int]
    events: tuple[int, int]
    estimate: Estimate | None = None
    curves: Curves | None = None
    why: str = ""

    @property
    def logrank_p(self) -> float | None:
        """p-value of the log-rank test."""
        return self.curves.test.p_value if self.curves and self.curves.test else None


@dataclass(frozen=True, slots=True)
class Interaction:
    """Whether the effect differs between the levels of one variable."""

    name: str
    p_value: float | None
    ratio: Estimate | None
    why: str = ""


def subgroups_part(context: Context, spec: Subgroups) -> Part:
    """Forest plot, table and curves of the subgroups, cohort by cohort."""
    group = context.group(spec.exposure)
    check_two_levels(group)
    return joined(_cohort_part(context, spec, group, context.cohort(name)) for name in spec.cohort)


def _cohort_part(context: Context, spec: Subgroups, group: Group, cohort: Cohort) -> Part:
    fields = [context.fields[name] for name in spec.of]
    found = [one for entry in fields for one in _levels(context, spec, group, cohort, entry)]
    differ = [interaction_of(context, spec, cohort, entry) for entry in fields] if spec.interaction_test else []
    title = (spec.label or f"Subgroups: {outcome_label(context, spec.outcome)}") + f", {cohort.label}" + context.suffix
    key = (spec.name or "subgroups", cohort.name)
    p_difference = _corrected([one.p_value for one in differ], spec)
    p_logrank = _corrected([one.logrank_p for one in found], spec)
    table = _table(context, spec, key, title, found, differ, p_difference, p_logrank)
    blocks: list[Block] = [_forest(context, spec, key, title, found, differ), table]
    if spec.curves:
        figure = _curves(context, spec, key, title, found)
        blocks += [figure] if figure else []
    numbers = _numbers(context, key, spec, found, differ, p_difference, p_logrank)
    told = _told(context, spec, found, differ)
    words = MethodsPart(
        "Effects in subgroups were estimated by Cox regression within each"
        + (", and compared by tests of interaction" if spec.interaction_test else "")
        + (f"; p-values were corrected ({NAMED[spec.adjust]})." if spec.adjust != "none" else "."),
        (*(("altman2003",) if spec.interaction_test else ()), *CITED.get(spec.adjust, ())),
    )
    told_of = (*cautions(title, told), *immortal_cautions(context, spec.outcome, (group.name,)))
    return Part(tuple(blocks), tuple(numbers), told_of, (words,))


def _levels(context: Context, spec: Subgroups, group: Group, cohort: Cohort, entry: Field) -> list[Subgroup]:
    texts = level_texts(cohort.frame, entry).to_numpy()
    return [
        _subgroup(context, spec, group, cohort.taken(np.array([t == v.value for t in texts])), entry, v.value, v.label)
        for v in entry.levels
    ]


def _subgroup(
    context: Context, spec: Subgroups, group: Group, part: Cohort, entry: Field, level: str, label: str
) -> Subgroup:
    survival = survival_of(context, part.frame, spec.outcome)
    exposed = is_exposed(part.frame, group)
    sides = [survival.is_known & is_unexposed(part.frame, group), survival.is_known & exposed]
    sizes = (int(sides[0].sum()), int(sides[1].sum()))
    events = (int(survival.event[sides[0]].sum()), int(survival.event[sides[1]].sum()))
    blank = Subgroup(entry, level, label, sizes, events)
    if sum(events) == 0 or min(sizes) == 0:
        return replace(blank, why="no events" if min(sizes) else "one arm only")
    if min(events) < spec.min_events_per_arm:
        return replace(blank, why=f"fewer than {spec.min_events_per_arm} events in an arm")
    try:
        fitted = fit_terms(context, _cox(spec, group), part, (group.name,))
        curves = fit_curves(context, _kaplan_meier(spec, group), part)
    except StatsError as error:
        return replace(blank, why=first_line(error))
    return replace(blank, estimate=fitted.estimates[0], curves=curves)


def _cox(spec: Subgroups, group: Group) -> Cox:
    return Cox(outcome=spec.outcome, terms=(group.name,), name=spec.name, ph_test=False)


def _kaplan_meier(spec: Subgroups, group: Group) -> KaplanMeier:
    return KaplanMeier(outcome=spec.outcome, by=group.name, name=spec.name, stratify_pairs=False)


def interaction_of(
    context: Context, spec: Subgroups, cohort: Cohort, entry: Field, *, survival: Survival | None = None,
    firth: bool = True,
) -> Interaction:  # fmt: skip
    """Whether the effect of the exposure differs between the levels of one variable: Wald test of the products.

    Parameters
    ----------
    survival : Survival or None
        Of the cohort, where it is at hand.
    firth : bool
        Firth's penalty where a level has no event in one arm; without it such an interaction has no p-value.
    """
    group = context.group(spec.exposure)
    times = survival or survival_of(context, cohort.frame, spec.outcome)
    data = _products(_cox(spec, group), cohort, entry, group, times)
    level = context.study.study.level
    try:
        if len(data.names) == 3:
            fitted = fit_cox(data, ties="efron", firth=firth, ph_test=False, level=level)
            one = fitted.estimates[-1]
            return Interaction(entry.name, one.p_value, one)
        errors: Errors = "robust" if data.is_robust else "model"
        fit = cox_regression(
            data.time, data.event, data.design, data.names, weights=data.weights, errors=errors, cluster=data.cluster,
            level=level,
        )  # fmt: skip
        if fit.separated:
            return Interaction(entry.name, None, None, f"a level of {entry.label} has no event in one arm")
        columns = [k for k, term in enumerate(data.terms) if term == PRODUCT]
        test = joint_wald_test(PRODUCT, fit.coefficients, fit.covariance, columns)
    except StatsError as error:
        return Interaction(entry.name, None, None, first_line(error))
    return Interaction(entry.name, test.p_value, None)


def _products(model: Cox, cohort: Cohort, entry: Field, group: Group, survival: Survival) -> CoxData:
    """Exposure, levels of the variable, and their products, on the complete rows."""
    texts = level_texts(cohort.frame, entry).to_numpy()
    rows = survival.is_known & cohort.frame[[group.name, entry.name]].notna().all(axis=1).to_numpy()
    texts = texts[rows]
    exposed = is_exposed(cohort.frame, group)[rows].astype(np.float64)
    present = [v.value for v in entry.levels if (texts == v.value).any()]
    reference = entry.reference if entry.reference in present else next(iter(present), "")
    others = [value for value in present if value != reference]
    here = [(texts == value).astype(np.float64) for value in others]
    design = np.column_stack([exposed, *here, *(exposed * x for x in here)])
    kind = se_kind(model, cohort)
    return CoxData(
        time=survival.time[rows],
        event=survival.event[rows] > 0,
        design=design,
        names=(group.name, *others, *(f"{group.name}:{value}" for value in others)),
        terms=(group.name, *(entry.name for _ in others), *(PRODUCT for _ in others)),
        ids=np.flatnonzero(rows),
        weights=None if cohort.weights is None else cohort.weights[rows],
        cluster=cohort.pairs[rows] if kind == "cluster_pair" and cohort.pairs is not None else None,
        is_robust=kind != "classical",
    )


def _corrected(values: Sequence[float | None], spec: Subgroups) -> list[float | None]:
    if spec.adjust == "none":
        return [None] * len(values)
    at = [i for i, value in enumerate(values) if value is not None and np.isfinite(value)]
    out: list[float | None] = [None] * len(values)
    if at:
        for i, value in zip(at, adjust([float(values[i] or 0.0) for i in at], spec.adjust), strict=True):
            out[i] = float(value)
    return out


def _table(
    context: Context, spec: Subgroups, key: tuple[str, str], title: str, found: Sequence[Subgroup],
    differ: Sequence[Interaction], p_difference: Sequence[float | None], p_logrank: Sequence[float | None],
) -> ResultTable:  # fmt: skip
    printer, group = context.printer, context.group(spec.exposure)
    names = [next(v.label for v in group.levels if (v.value == group.reference) is first) for first in (True, False)]
    columns = [Column("", "text")]
    columns += [Column(name, span="events / patients") for name in names]
    columns += [Column(f"HR ({printer.ci})"), Column("log-rank p")]
    correction = spec.adjust != "none"
    columns += [Column(ADJUSTED[spec.adjust])] if correction else []
    columns += [Column("p", span="interaction")] if differ else []
    columns += [Column(ADJUSTED[spec.adjust], span="interaction")] if differ and correction else []
    by_name = {one.name: (one, p) for one, p in zip(differ, p_difference, strict=True)}
    rows: list[Row] = []
    for i, one in enumerate(found):
        is_first = i == 0 or found[i - 1].field.name != one.field.name
        if is_first:
            rows.append(Row((Cell(one.field.label),), is_heading=True))
        cells = [Cell(one.label)]
        cells += [Cell(f"{e} / {n}", e) for e, n in zip(one.events, one.sizes, strict=True)]
        cells.append(printer.ratio_cell(one.estimate) if one.estimate else Cell(one.why))
        cells.append(printer.p_cell(one.logrank_p) if one.logrank_p is not None else Cell(""))
        if correction:
            cells.append(printer.p_cell(p_logrank[i]) if p_logrank[i] is not None else Cell(""))
        if differ:
            test, p = by_name[one.field.name]
            cells.append(printer.p_cell(test.p_value) if is_first and test.p_value is not None else Cell(""))
            if correction:
                cells.append(printer.p_cell(p) if is_first and p is not None else Cell(""))
        rows.append(Row(tuple(cells), 1))
    notes = [
        f"Subgroups with fewer than {spec.min_events_per_arm} events in an arm are counted, not tested.",
        "Whether an effect differs is judged by the interaction, never by one subgroup being significant and another "
        "not." + ("" if differ else " Here it was not tested."),
    ]
    return ResultTable(context.block_id(*key), title, tuple(columns), tuple(rows), tuple(notes))


def _forest(
    context: Context, spec: Subgroups, key: tuple[str, str], title: str, found: Sequence[Subgroup],
    differ: Sequence[Interaction],
) -> ForestFigure:  # fmt: skip
    printer = context.printer
    by_name = {one.name: one for one in differ}
    rows: list[ForestRow] = []
    for i, one in enumerate(found):
        if i == 0 or found[i - 1].field.name != one.field.name:
            test = by_name.get(one.field.name)
            told = f" (interaction {printer.p_said(test.p_value)})" if test and test.p_value is not None else ""
            rows.append(ForestRow(one.field.label + told, is_heading=True))
        count = f"{sum(one.events)} / {sum(one.sizes)}"
        if one.estimate is None:
            rows.append(ForestRow(one.label, text="not tested", n_text=count))
            continue
        x = one.estimate.exponentiated()
        rows.append(
            ForestRow(
                one.label,
                x.value,
                x.ci_low,
                x.ci_high,
                printer.ratio(one.estimate),
                printer.p(one.estimate.p_value),
                count,
            )
        )
    return ForestFigure(
        context.block_id(*key, "forest"), title,
        f"Hazard ratios of the exposure within subgroups, {printer.percent} confidence intervals.",
        (ForestPanel("", tuple(rows)),), "Hazard ratio, log scale", printer.ci, n_heading="events / n",
        lower_is="fewer events", higher_is="more events",
    )  # fmt: skip


def _curves(
    context: Context, spec: Subgroups, key: tuple[str, str], title: str, found: Sequence[Subgroup]
) -> Block | None:
    made = [
        replace(one.curves, cohort=replace(one.curves.cohort, label=f"{one.field.label}: {one.label.lower()}"))
        for one in found
        if one.curves is not None
    ]
    if not made:
        return None
    model = replace(_kaplan_meier(spec, context.group(spec.exposure)), name=key[0])
    figure = figure_of(context, model, made, title)
    return replace(figure, id=context.block_id(*key, "curves"))


def _told(context: Context, spec: Subgroups, found: Sequence[Subgroup], differ: Sequence[Interaction]) -> list[str]:
    alpha = context.study.study.alpha
    told = [f"{one.field.label}, {one.label}: not tested, {one.why}." for one in found if one.why]
    told += [f"Interaction with {context.label(one.name)} not tested: {one.why}." for one in differ if one.why]
    tested = [one for one in found if one.logrank_p is not None]
    if len(tested) > 1:
        chance = 1 - (1 - alpha) ** len(tested)
        told.append(
            f"{len(tested)} subgroup tests: if there were no effect at all, at least one p < {alpha:g} would be found "
            "in about "
            f"{100 * chance:.0f} % of such studies."
        )
    for one in differ:
        levels = [s for s in found if s.field.name == one.name and s.logrank_p is not None]
        split = {(s.logrank_p or 1.0) < alpha for s in levels}
        if len(split) == 2 and (one.p_value is None or one.p_value >= alpha):
            told.append(
                f"{context.label(one.name)}: significant in one subgroup and not in the other, but the effects do not "
                "differ "
                f"({context.printer.p_said(one.p_value)} for interaction); this is no evidence of a difference."
            )
    return told


def _numbers(
    context: Context, key: tuple[str, str], spec: Subgroups, found: Sequence[Subgroup], differ: Sequence[Interaction],
    p_difference: Sequence[float | None], p_logrank: Sequence[float | None],
) -> list[ResultNumber]:  # fmt: skip
    made: list[ResultNumber] = []
    for one, adjusted in zip(found, p_logrank, strict=True):
        path = context.path(*key, one.field.name, one.level)
        n = sum(one.sizes)
        for arm, events in zip(("control", "exposed"), one.events, strict=True):
            made.append(number(f"{path}.{arm}.events", events, "count", "count", n))
        if one.estimate:
            made += estimate_numbers(path, one.estimate, "hazard_ratio", "Cox regression", n, ratio=True)
        if one.curves and one.curves.test:
            made.append(number(f"{path}.logrank.p_value", one.logrank_p, "probability", one.curves.test.method, n))
            if adjusted is not None:
                made.append(number(f"{path}.logrank.p_{spec.adjust}", adjusted, "probability", spec.adjust, n))
    for test, adjusted in zip(differ, p_difference, strict=True):
        path = context.path(*key, test.name, "interaction")
        made.append(number(f"{path}.p_value", test.p_value, "probability", "Wald test of the product term", 0))
        if test.ratio:
            made.append(
                number(f"{path}.ratio_of_hazard_ratios", test.ratio.exponentiated().value, "ratio", "Cox regression", 0)
            )
        if adjusted is not None:
            made.append(number(f"{path}.p_{spec.adjust}", adjusted, "probability", spec.adjust, 0))
    return made
