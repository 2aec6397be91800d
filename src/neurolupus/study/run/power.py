"""How often this very design finds something: made-up cohorts, analysed as the file says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from neurolupus.errors import StatsError
from neurolupus.stats.power import RejectionRate, simulate_rejections
from neurolupus.study.results import Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.run.cohorts import cohorts_of
from neurolupus.study.run.context import Context
from neurolupus.study.run.estimates import NamedEstimate, model_estimates
from neurolupus.study.run.part import Part, cautions, number
from neurolupus.study.run.power_cohort import context_of, made_up_frames
from neurolupus.study.run.subgroup_tests import subgroup_p_values
from neurolupus.study.schema import FULL
from neurolupus.study.schema.extras import Power

Say = Callable[[str], None]
TITLE = "Error rates of this design"


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis judged: a test of a model in a cohort, or whether any subgroup is significant."""

    key: str
    label: str


def power_part(context: Context, say: Say) -> Part:
    """Share of made-up cohorts in which each analysis has p below alpha, scenario by scenario."""
    power = context.study.power
    assert power is not None
    rows: list[Row] = []
    numbers: list[ResultNumber] = []
    told: list[str] = []
    for name, effects in (power.scenarios or {"as_simulated": {}}).items():
        say(f"power, {name}")
        try:
            found = scenario_rates(context, power, name, effects)
        except StatsError as error:
            told.append(f"{name}: not simulated. {error}")
            continue
        told += _failures(name, [rate for _, rate in found])
        words = ", ".join(f"{_named(context, o)}: {value:g}" for o, value in effects.items())
        rows.append(
            Row((Cell(f"{name.replace('_', ' ')} ({words})" if words else name.replace("_", " ")),), is_heading=True)
        )
        for analysis, rate in found:
            rows.append(_row(context, analysis, rate))
            path = f"power.{name}.{analysis.key}"
            for what in ("rate", "ci_low", "ci_high"):
                numbers.append(
                    number(f"{path}.{what}", getattr(rate, what), "probability", rate.method, rate.n_simulations)
                )
    columns = (Column("", "text"), Column("p < alpha (95 % interval)"), Column("of"))
    alpha = context.study.study.alpha
    notes = (
        f"Share of made-up cohorts in which the analysis has p < {alpha:g}; with an effect of 1 it should be "
        f"{alpha:g}. The "
        "interval is that of the simulation.",
    )
    table = ResultTable("power", TITLE, columns, tuple(rows), notes)
    sentence = MethodsPart(
        f"Type I error and power of the design were simulated in {power.runs} cohorts per scenario, drawn as the "
        "study file "
        "states and analysed as the study was."
    )
    return Part((table,) if rows else (), tuple(numbers), cautions(TITLE, told), (sentence,))


def _failures(name: str, rates: Sequence[RejectionRate]) -> list[str]:
    """In how many cohorts analyses gave no p-value, told once for each number."""
    counts: dict[int, int] = {}
    for rate in rates:
        counts[rate.n_failed] = counts.get(rate.n_failed, 0) + 1
    return [
        f"{name.replace('_', ' ')}: {failed} of {rates[0].n_simulations} cohorts gave no p-value in {several} "
        f"{'analysis' if several == 1 else 'analyses'}."
        for failed, several in counts.items()
        if failed
    ]


def _row(context: Context, analysis: Analysis, rate: RejectionRate) -> Row:
    shares = [context.printer.plain(100 * x, 1) for x in (rate.rate, rate.ci_low, rate.ci_high)]
    return Row(
        (
            Cell(analysis.label),
            Cell(f"{shares[0]} % ({shares[1]}–{shares[2]})", rate.rate),
            Cell(str(rate.n_simulations)),
        ),
        1,
    )


def _named(context: Context, outcome: str) -> str:
    """The printed name of an outcome, or of the variable that is one in a linear model."""
    declared = context.study.outcomes.get(outcome)
    return (declared.label if declared is not None else None) or context.label(outcome)


def scenario_rates(
    context: Context, power: Power, name: str, effects: dict[str, float]
) -> list[tuple[Analysis, RejectionRate]]:
    """The rejection rate of every analysis in one scenario.

    All analyses of one run see the same cohort, so that they are compared like with like.
    """
    rng = np.random.default_rng([context.study.study.seed, 41, *name.encode()])
    drawn: list[dict[str, float]] = []
    labels: dict[str, str] = {}
    for frame in made_up_frames(context, power, effects, rng):
        p_values: dict[str, float] = {}
        for one in _tests(context_of(context, frame), power):
            p_values[one.path] = one.p_value
            labels.setdefault(one.path, one.label)
        drawn.append(p_values)
    return [
        (Analysis(key, label), _rate(context, [one.get(key) for one in drawn], rng)) for key, label in labels.items()
    ]


def _rate(context: Context, p_values: Sequence[float | None], rng: Generator) -> RejectionRate:
    values = iter([None if p is None or not np.isfinite(p) else p for p in p_values])
    return simulate_rejections(lambda _: next(values), len(p_values), rng, alpha=context.study.study.alpha)


def _tests(context: Context, power: Power) -> Sequence[NamedEstimate]:
    """The tests of the exposure in one made-up cohort; what cannot be tested there is left out."""
    study = context.study
    models = [study.models[name] for name in power.of if name in study.models]
    subgroups = [study.subgroups[name] for name in power.of if name in study.subgroups]
    needed = {c for one in (*models, *subgroups) for c in one.cohort if c != FULL}
    again, _ = cohorts_of(context, needed)
    whole = replace(context, cohorts={**context.cohorts, **again})
    made: list[NamedEstimate] = []
    for model in models:
        try:
            found = model_estimates(whole, model, exposure_only=True)
        except StatsError:
            continue
        for one in found:
            label = model.label or model.name
            cohort = one.path.split(".")[1]
            where = whole.cohorts[cohort].label if cohort in whole.cohorts else cohort
            what = one.label if one.what == "logrank" else f"{one.label}"
            made.append(replace(one, label=f"{label}, {where}: {what}"))
    for spec in subgroups:
        made += subgroup_p_values(whole, spec)
    return made
