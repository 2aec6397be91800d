"""Competing risks: Fine–Gray regression and cumulative incidence by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.cumulative_incidence import CumulativeIncidence, cumulative_incidence
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.fine_gray import fine_gray
from neurolupus.study.results import Block, Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import KaplanMeierFigure, StepCurve, SurvivalPanel
from neurolupus.study.run.context import Cohort, Context, known
from neurolupus.study.run.estimates import NamedEstimate
from neurolupus.study.run.immortal import immortal_cautions
from neurolupus.study.run.kaplan_meier import risk_times, shown_until
from neurolupus.study.run.outcomes import survival_of
from neurolupus.study.run.part import Part, cautions, estimate_numbers, joined, number
from neurolupus.study.run.rows import level_texts
from neurolupus.study.run.terms import model_terms
from neurolupus.study.schema.models import FineGray
from neurolupus.study.schema.outcomes import TimeToEvent

CENSORED, CAUSE, COMPETING = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class SubdistributionModel:
    """A fitted Fine–Gray model with printed names."""

    estimates: tuple[Estimate, ...]
    labels: tuple[str, ...]
    terms: tuple[str, ...]
    method: str
    n: int
    n_dropped: int
    n_cause: int
    n_competing: int
    notes: tuple[str, ...]


def fine_gray_part(context: Context, model: FineGray) -> Part:
    """Subdistribution hazard ratios and cumulative incidence, cohort by cohort."""
    return joined(_cohort_part(context, model, context.cohort(name)) for name in model.cohort)


def competing_of(context: Context, model: FineGray) -> tuple[str, ...]:
    """The kinds of event that compete with the cause."""
    outcome = context.study.outcomes[model.outcome]
    assert isinstance(outcome, TimeToEvent)
    if model.competing:
        return model.competing
    if model.cause in outcome.competing:
        return (outcome.competing[model.cause],)
    return tuple(name for name in outcome.components if name != model.cause)


def _component_label(context: Context, model: FineGray, name: str) -> str:
    outcome = context.study.outcomes[model.outcome]
    assert isinstance(outcome, TimeToEvent)
    one = outcome.components.get(name)
    return one.label or name if one else name


def _status(
    context: Context, model: FineGray, cohort: Cohort
) -> tuple[NDArray[np.float64], NDArray[np.int_], NDArray[np.bool_]]:
    survival = survival_of(context, cohort.frame, model.outcome)
    status = np.full(len(survival.time), CENSORED)
    status[np.isin(survival.component, competing_of(context, model))] = COMPETING
    status[survival.component == model.cause] = CAUSE
    return survival.time, status, survival.is_known


def fit_subdistribution(context: Context, model: FineGray, cohort: Cohort) -> SubdistributionModel:
    """The Fine–Gray model of one cohort.

    Raises
    ------
    StatsError
        It cannot be fitted.
    """
    time, status, is_known = _status(context, model, cohort)
    frame = cohort.frame.loc[is_known]
    time, status = time[is_known], status[is_known]
    terms = model_terms(context, frame, model.terms)
    rows = terms.design.rows
    cluster = None if cohort.pairs is None else cohort.pairs[is_known][rows]
    if cohort.weights is not None:
        raise StatsError(
            f"Fine–Gray regression takes no weights, and cohort {cohort.name!r} has them (as after matching 1:2 or "
            "with replacement); name the full cohort or one matched 1:1.\n"
            "    Give cohort: full, or fit the cause-specific Cox model there."
        )
    dropped = int((~is_known).sum()) + terms.design.n_dropped
    fitted = fine_gray(
        time[rows],
        status[rows],
        terms.design.matrix,
        terms.design.names,
        cause=CAUSE,
        cluster=cluster,
        n_dropped=dropped,
        level=context.study.study.level,
    )
    labels = tuple(terms.labels.get(e.name, e.name) for e in fitted.estimates)
    notes = (*fitted.notes, *((terms.dropped_words(),) if terms.design.n_dropped else ()))
    return SubdistributionModel(
        fitted.estimates, labels, terms.design.terms, fitted.method, fitted.n, dropped, fitted.n_events,
        fitted.n_competing, notes,
    )  # fmt: skip


def _cohort_part(context: Context, model: FineGray, cohort: Cohort) -> Part:
    cause = _component_label(context, model, model.cause)
    others = ", ".join(_component_label(context, model, name) for name in competing_of(context, model))
    title = (model.label or f"{cause}, with {others.lower()} competing") + f", {cohort.label}" * (len(model.cohort) > 1)
    title += context.suffix
    try:
        fitted = fit_subdistribution(context, model, cohort)
    except StatsError as error:
        return Part(warnings=cautions(title, [f"Not estimated. {error}"]))
    printer = context.printer
    rows = tuple(
        Row((Cell(label), printer.ratio_cell(e), printer.p_cell(e.p_value)))
        for label, e in zip(fitted.labels, fitted.estimates, strict=True)
    )
    note = (
        f"{fitted.method}; {fitted.n} patients, {fitted.n_cause} with {cause.lower()}, {fitted.n_competing} with "
        f"{others.lower()}, "
        f"{fitted.n_dropped} left out for missing values. A subdistribution hazard ratio tells of the cumulative "
        "incidence, "
        "not of the rate among those still free of events."
    )
    columns = (Column("", "text"), Column(f"subdistribution HR ({context.printer.ci})"), Column("p"))
    table = ResultTable(context.block_id(model.name, cohort.name), title, columns, rows, (note,))
    numbers = [
        n
        for e in fitted.estimates
        for n in estimate_numbers(
            context.path(model.name, cohort.name, e.name), e, "subdistribution_hazard_ratio", fitted.method, fitted.n,
            fitted.n_dropped, ratio=True,
        )
    ]  # fmt: skip
    blocks: tuple[Block, ...] = (table,)
    groups = [t for t in model.terms if t in context.study.groups]
    if groups:
        figure, more = _incidence(context, model, cohort, groups[0], title)
        blocks, numbers = (table, figure), numbers + more
    told = list(fitted.notes)
    if fitted.n_cause < 10 * len(fitted.estimates):
        told.append(f"{fitted.n_cause} events of the cause for {len(fitted.estimates)} terms; fewer than 10 per term.")
    words = MethodsPart(
        f"{cause} with {others.lower()} as a competing event was analysed by Fine–Gray regression.", ("fine1999",)
    )
    told_of = (*cautions(title, told), *immortal_cautions(context, model.outcome, model.terms))
    return Part(blocks, tuple(numbers), told_of, (words,))


def _incidence(
    context: Context, model: FineGray, cohort: Cohort, group: str, title: str
) -> tuple[KaplanMeierFigure, list[ResultNumber]]:
    outcome = context.study.outcomes[model.outcome]
    assert isinstance(outcome, TimeToEvent)
    time, status, is_known = _status(context, model, cohort)
    rows = is_known & known(cohort.frame, [group])
    entry = context.fields[group]
    texts = level_texts(cohort.frame, entry).to_numpy()
    times = risk_times(shown_until(time[rows]))
    made: list[tuple[str, str, CumulativeIncidence, NDArray[np.float64]]] = []
    for level in entry.levels:
        here = rows & np.array([t == level.value for t in texts])
        if here.any():
            found = cumulative_incidence(time[here], status[here], cause=CAUSE, level=context.study.study.level)
            made.append((level.value, level.label, found, time[here]))
    curves = tuple(_step(label, curve, x, times) for _, label, curve, x in made)
    cause = _component_label(context, model, model.cause)
    figure = KaplanMeierFigure(
        context.block_id(model.name, cohort.name, "incidence"), title,
        "Cumulative incidence with the other events competing (Aalen–Johansen), "
        f"{context.printer.percent} confidence limits.",
        (SurvivalPanel(cohort.label, curves, times),), f"{outcome.unit[:1].upper()}{outcome.unit[1:]}",
        f"Cumulative incidence of {cause[:1].lower()}{cause[1:]}", is_incidence=True,
    )  # fmt: skip
    numbers: list[ResultNumber] = []
    for value_of, _, curve, x in made:
        for t in times[1:]:
            at = curve.at(t)
            path = context.path(model.name, cohort.name, value_of, f"incidence_{t:g}")
            for what, name in (("value", ""), ("ci_low", ".ci_low"), ("ci_high", ".ci_high")):
                found_at = None if at is None else getattr(at, what)
                numbers.append(number(path + name, found_at, "probability", curve.method, len(x)))
    return figure, numbers


def _step(label: str, curve: CumulativeIncidence, time: NDArray[np.float64], times: tuple[float, ...]) -> StepCurve:
    """The curve drawn on to the end of follow-up."""
    drawn = [np.append(curve.time, curve.last_time)]
    drawn += [np.append(v, v[-1] if len(v) else 0.0) for v in (curve.value, curve.ci_low, curve.ci_high)]
    columns = [tuple(values.tolist()) for values in drawn]
    return StepCurve(
        label, columns[0], columns[1], columns[2], columns[3], (), tuple(int((time >= t).sum()) for t in times)
    )


def fine_gray_estimates(context: Context, model: FineGray, cohort: Cohort) -> list[NamedEstimate]:
    """The subdistribution hazard ratios of one cohort."""
    fitted = fit_subdistribution(context, model, cohort)
    return [
        NamedEstimate(
            f"{model.name}.{cohort.name}.{e.name}", label, "subdistribution_hazard_ratio", e, e.p_value, fitted.n,
            e.name.partition("[")[0] in context.study.groups,
        )
        for label, e in zip(fitted.labels, fitted.estimates, strict=True)
    ]  # fmt: skip
