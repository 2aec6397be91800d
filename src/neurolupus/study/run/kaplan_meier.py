"""Kaplan–Meier curves with numbers at risk, survival at stated times, and log-rank tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.kaplan_meier import SurvivalCurve, kaplan_meier, patients_at_risk
from neurolupus.stats.logrank import LogRank, logrank, weighted_logrank
from neurolupus.study.results import Block, Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import KaplanMeierFigure, StepCurve, SurvivalPanel
from neurolupus.study.run.context import Cohort, Context, known
from neurolupus.study.run.estimates import NamedEstimate
from neurolupus.study.run.immortal import immortal_cautions
from neurolupus.study.run.outcomes import groups_as_then, landmark_notes, outcome_label, survival_of
from neurolupus.study.run.part import Part, cautions, number
from neurolupus.study.run.rows import level_texts
from neurolupus.study.schema.models import KaplanMeier
from neurolupus.study.schema.outcomes import TimeToEvent

MOST_RISK_TIMES = 7
FEWEST_SHOWN = 10  # patients at risk where the axis ends


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One curve: who it is of, and the times of censoring."""

    level: str
    label: str
    curve: SurvivalCurve
    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    weights: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """The curves of one cohort and the tests between them."""

    cohort: Cohort
    arms: tuple[Arm, ...]
    test: LogRank | None
    by_pair: LogRank | None
    n: int
    n_dropped: int
    since: float = 0.0


def kaplan_meier_part(context: Context, model: KaplanMeier) -> Part:
    """The figure (one panel per cohort), survival at the times asked for, and the tests."""
    made, told = [], []
    for name in model.cohort:
        try:
            made.append(fit_curves(context, model, context.cohort(name)))
        except StatsError as error:
            told.append(f"{name}: {error}")
    for name, mark in ((name, mark) for name in model.cohort for mark in model.landmark):
        cohort = context.cohort(name)
        told += landmark_notes(cohort, mark)
        try:
            made.append(fit_curves(context, model, cohort, since=mark))
        except StatsError as error:
            told.append(f"{name}, from {mark:g} on: {error}")
    title = (model.label or f"Survival: {outcome_label(context, model.outcome)}") + context.suffix
    if not made:
        return Part(warnings=cautions(title, told))
    blocks: tuple[Block, ...] = (figure_of(context, model, made, title), _table(context, model, made, title))
    numbers = tuple(n for one in made for n in _numbers(context, model, one))
    told += [note for one in made for note in _notes(context, one)]
    words = MethodsPart(
        "Survival was estimated by the Kaplan–Meier method; limits are symmetric on the log scale.", ("kaplan1958",)
    )
    tests = MethodsPart(f"Curves were compared by the log-rank test{_by_pair_words(made)}.")
    told_of = (*cautions(title, told), *immortal_cautions(context, model.outcome, (model.by,) if model.by else ()))
    return Part(blocks, numbers, told_of, (words, tests) if model.test == "logrank" else (words,))


def _by_pair_words(made: Sequence[Curves]) -> str:
    return ", in matched cohorts also stratified by pair" if any(one.by_pair for one in made) else ""


def fit_curves(context: Context, model: KaplanMeier, cohort: Cohort, *, since: float = 0.0) -> Curves:
    """Curves and tests of one cohort.

    Parameters
    ----------
    since : float
        Count from this time on, for patients still at risk then.

    Raises
    ------
    StatsError
        A group is empty, or nobody has a known time.
    """
    by = model.by or context.group().name
    entry = context.fields[by]
    survival = survival_of(context, cohort.frame, model.outcome)
    rows = survival.is_known & known(cohort.frame, [by])
    n_dropped = int((~rows).sum())
    if since:
        rows = rows & (survival.time > since)
    frame = groups_as_then(context, cohort.frame, [by], since) if since else cohort.frame
    unknown = rows & ~known(frame, [by])  # exposed patients without a time at which it began
    rows, n_dropped = rows & ~unknown, n_dropped + int(unknown.sum())
    texts = level_texts(frame, entry).to_numpy()[rows]
    time, event = survival.time[rows] - since, survival.event[rows] > 0
    weights = None if cohort.weights is None else cohort.weights[rows]
    pairs = None if cohort.pairs is None else cohort.pairs[rows]
    arms = []
    for level in entry.levels:
        here = np.array([text == level.value for text in texts], dtype=bool)
        if not here.any():
            if level.value in set(texts.tolist()) or entry.origin == "group":
                raise StatsError(f"Group {level.label} has no patient; two groups are needed.")
            continue
        w = None if weights is None else weights[here]
        sets = None if weights is None or pairs is None else pairs[here]
        curve = kaplan_meier(time[here], event[here], weights=w, cluster=sets, level=context.study.study.level)
        arms.append(Arm(level.value, level.label, curve, time[here], event[here], w))
    if entry.kind == "binary":
        arms = [replace(arm, label=f"{entry.label}: {arm.label.lower()}") for arm in arms]
    tested = model.test == "logrank" and len(arms) > 1 and bool(event.any())
    test = _test(time, event, texts, weights, pairs) if tested else None
    paired = tested and model.stratify_pairs and pairs is not None and cohort.kind == "matched"
    by_pair = _within_pairs(time, event, texts, pairs) if paired and pairs is not None else None
    return Curves(cohort, tuple(arms), test, by_pair, int(rows.sum()), n_dropped, since)


def _test(
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    group: NDArray[np.object_],
    weights: NDArray[np.float64] | None,
    pairs: NDArray[np.int64] | None,
) -> LogRank:
    if weights is None:
        return logrank(time, event, group)
    return weighted_logrank(time, event, group, weights, cluster=pairs)


def _within_pairs(
    time: NDArray[np.float64], event: NDArray[np.bool_], group: NDArray[np.object_], pairs: NDArray[np.int64]
) -> LogRank | None:
    """The test stratified by matched set; None where no set has both arms at risk when an event happens."""
    try:
        return logrank(time, event, group, strata=pairs)
    except StatsError:
        return None


def figure_of(context: Context, model: KaplanMeier, made: Sequence[Curves], title: str) -> KaplanMeierFigure:
    """The curves drawn, cohort beside cohort."""
    outcome = context.study.outcomes[model.outcome]
    assert isinstance(outcome, TimeToEvent)
    panels = tuple(_panel(context, model, one) for one in made)
    limits = f" with {context.printer.percent} confidence limits" if model.ci else ""
    return KaplanMeierFigure(
        context.block_id(model.name, "curves"),
        title,
        f"Kaplan–Meier curves{limits}; ticks mark the end of follow-up. The axis ends where {FEWEST_SHOWN} patients "
        "are left at risk.",
        panels,
        f"{outcome.unit[:1].upper()}{outcome.unit[1:]}",
        f"Free of {_lower(outcome_label(context, model.outcome))}",
    )


def _lower(text: str) -> str:
    return text if text[:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _panel(context: Context, model: KaplanMeier, one: Curves) -> SurvivalPanel:
    times = risk_times(shown_until(np.concatenate([arm.time for arm in one.arms])))
    curves = tuple(_step(model, arm, times) for arm in one.arms)
    printer = context.printer
    words = []
    if one.test:
        words.append(f"log-rank {printer.p_said(one.test.p_value)}")
    if one.by_pair:
        words.append(f"by pair {printer.p_said(one.by_pair.p_value)}")
    title = one.cohort.label if not one.since else f"{one.cohort.label}, from {one.since:g} on"
    return SurvivalPanel(title, curves, times, "; ".join(words))


def _step(model: KaplanMeier, arm: Arm, times: tuple[float, ...]) -> StepCurve:
    censored = arm.time[~arm.event]
    at_risk = patients_at_risk(arm.time, times, weights=arm.weights)
    counts = tuple(round(x) for x in at_risk.tolist()) if model.risk_table else ()
    c = arm.curve
    limits = (tuple(c.ci_low.tolist()), tuple(c.ci_high.tolist())) if model.ci else ((), ())
    values = tuple(c.survival.tolist())
    return StepCurve(arm.label, tuple(c.time.tolist()), values, *limits, tuple(censored.tolist()), counts)


def shown_until(time: NDArray[np.float64]) -> float:
    """Where a curve's axis ends: the last time at which ten patients are still at risk, so that no tail misleads.

    Examples
    --------
    >>> shown_until(np.arange(1.0, 31.0))
    21.0
    """
    ordered = np.sort(time)
    return float(ordered[max(len(ordered) - FEWEST_SHOWN, 0)]) if len(ordered) > FEWEST_SHOWN else float(ordered[-1])


def risk_times(longest: float) -> tuple[float, ...]:
    """Round times from 0 to just beyond the longest follow-up.

    Examples
    --------
    >>> risk_times(7.3)
    (0.0, 2.0, 4.0, 6.0, 8.0)
    """
    for step in (s * 10.0**e for e in range(-3, 6) for s in (1, 2, 2.5, 5)):
        if longest / step <= MOST_RISK_TIMES - 1:
            count = int(np.ceil(longest / step - 1e-9))
            return tuple(float(step * i) for i in range(max(count, 1) + 1))
    return (0.0, longest)


def _table(context: Context, model: KaplanMeier, made: Sequence[Curves], title: str) -> ResultTable:
    printer = context.printer
    outcome = context.study.outcomes[model.outcome]
    assert isinstance(outcome, TimeToEvent)
    columns = [Column("", "text"), Column("n"), Column("events")]
    columns += [Column(f"free at {t:g} {outcome.unit}\n({printer.ci})") for t in model.times]
    columns += [Column(f"median, {outcome.unit}\n({printer.ci})"), Column("log-rank p")]
    paired = any(one.by_pair for one in made)
    columns += [Column("p, by pair")] if paired else []
    rows: list[Row] = []
    for one in made:
        words = one.cohort.label if not one.since else f"{one.cohort.label}, from {one.since:g} {outcome.unit} on"
        rows.append(Row((Cell(words),), is_heading=True))
        for i, arm in enumerate(one.arms):
            events = int(arm.event.sum())
            cells = [Cell(arm.label), Cell(str(len(arm.time)), len(arm.time)), Cell(str(events), events)]
            for t in model.times:
                at = arm.curve.at(t)
                text = "–" if at is None else (
                    f"{printer.plain(at.survival, 3)} ({printer.plain(at.ci_low, 3)}–{printer.plain(at.ci_high, 3)})"
                )  # fmt: skip
                cells.append(Cell(text, None if at is None else at.survival))
            cells.append(Cell(_median(context, arm.curve), arm.curve.median))
            cells.append(printer.p_cell(one.test.p_value) if one.test and i == 0 else Cell(""))
            if paired:
                cells.append(printer.p_cell(one.by_pair.p_value) if one.by_pair and i == 0 else Cell(""))
            rows.append(Row(tuple(cells), 1))
    notes = ["Median: the time at which half have had the event; not reached where the curve stays above one half."]
    if any(one.cohort.weights is not None for one in made):
        notes.append("Weighted: numbers at risk are sums of weights; n and events count patients.")
    return ResultTable(context.block_id(model.name), title, tuple(columns), tuple(rows), tuple(notes))


def _median(context: Context, curve: SurvivalCurve) -> str:
    """`3.1 (2.4 to not reached)`: a limit that the curve of limits never crosses is not reached either."""
    shown, low, high = (
        "not reached" if x is None else context.printer.plain(x, 1)
        for x in (curve.median, curve.median_low, curve.median_high)
    )
    if curve.median_low is None and curve.median_high is None:
        return shown
    join = "–" if curve.median_high is not None else " to "
    return f"{shown} ({low}{join}{high})"


def _notes(context: Context, one: Curves) -> list[str]:
    told = []
    if one.n_dropped:
        told.append(f"{one.cohort.label}: {one.n_dropped} patients without a known time, event or group left out.")
    few = [f"{arm.label} ({int(arm.event.sum())})" for arm in one.arms if arm.event.sum() < 10]
    if few:
        told.append(f"{one.cohort.label}: fewer than 10 events in {', '.join(few)}; the curves are imprecise.")
    for test in (one.test, one.by_pair):
        told += list(test.notes) if test else []
    return told


def _numbers(context: Context, model: KaplanMeier, one: Curves) -> list[ResultNumber]:
    cohort = f"{one.cohort.name}_from_{one.since:g}" if one.since else one.cohort.name
    made: list[ResultNumber] = []
    for arm in one.arms:
        path = context.path(model.name, cohort, arm.level)
        n = len(arm.time)
        made.append(number(f"{path}.events", int(arm.event.sum()), "count", "Kaplan–Meier", n, one.n_dropped))
        for t in model.times:
            at = arm.curve.at(t)
            for what in ("survival", "ci_low", "ci_high"):
                name = what if what == "survival" else f"survival_{what}"
                value = None if at is None else getattr(at, what)
                made.append(number(f"{path}.{name}_{t:g}", value, "probability", "Kaplan–Meier", n, one.n_dropped))
        for what in ("median", "median_low", "median_high"):
            name = what.replace("_", "_ci_")
            value = getattr(arm.curve, what)
            notes = () if value is not None else ("The value is not reached.",)
            made.append(number(f"{path}.{name}", value, "time", "Kaplan–Meier", n, one.n_dropped, notes))
    for what, test in (("logrank", one.test), ("logrank_by_pair", one.by_pair)):
        if test:
            path = context.path(model.name, cohort, what)
            made.append(number(f"{path}.statistic", test.statistic, "chi-square", test.method, one.n, one.n_dropped))
            made.append(number(f"{path}.p_value", test.p_value, "probability", test.method, one.n, one.n_dropped))
    return made


def logrank_estimates(context: Context, model: KaplanMeier, cohort: Cohort) -> list[NamedEstimate]:
    """The log-rank tests of one cohort, for tables that set analyses side by side."""
    one = fit_curves(context, model, cohort)
    made = []
    for what, label, test in (
        ("logrank", "log-rank", one.test), ("logrank_by_pair", "log-rank, by pair", one.by_pair),
    ):  # fmt: skip
        if test:
            path = f"{model.name}.{cohort.name}.{what}"
            made.append(NamedEstimate(path, label, "logrank", None, test.p_value, one.n, is_exposure=True))
    return made
