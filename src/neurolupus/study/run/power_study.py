"""A study file without what the judged analyses do not use: cohorts of it are drawn and checked much faster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.data import FlowSection
from neurolupus.study.schema.extras import Power
from neurolupus.study.schema.outcomes import Change, TimeToEvent
from neurolupus.study.schema.simulate import SimulatedEffect


def needed_study(study: StudyFile, power: Power) -> StudyFile:
    """The study with the models judged, the cohorts they need, and only the variables behind them."""
    models = {name: study.models[name] for name in power.of if name in study.models}
    subgroups = {name: study.subgroups[name] for name in power.of if name in study.subgroups}
    cohorts = {name for one in (*models.values(), *subgroups.values()) for name in one.cohort}
    weights = {name: one for name, one in study.weights.items() if name in cohorts}
    match = {
        name: one
        for name, one in study.match.items()
        if name in cohorts or any(name == weighting.from_ for weighting in weights.values())
    }
    named = list(study.groups)
    for model in models.values():
        named += _model_names(study, model)
    for one in subgroups.values():
        named += [one.outcome, *one.of]
    for matched in match.values():
        named += [*matched.covariates, *matched.exact]
    for weighting in weights.values():
        named += weighting.covariates
    kept = _with_origins(study, named)
    outcomes = {name: one for name, one in study.outcomes.items() if name in kept}
    simulate = study.simulate
    if simulate is not None:
        simulate = replace(
            simulate,
            variables={
                name: one for name, one in simulate.variables.items() if name in kept or name not in study.variables
            },
            correlations=tuple(one for one in simulate.correlations if {one.first, one.second} <= kept),
            effects={name: one for name, one in simulate.effects.items() if name in kept},
        )
        kept |= _with_origins(study, [n for one in simulate.variables.values() for n in _conditions(one)])
    return replace(
        study,
        flow=FlowSection(),
        variables={name: one for name, one in study.variables.items() if name in kept},
        derived={name: one for name, one in study.derived.items() if name in kept},
        table1=(),
        match=match,
        weights=weights,
        outcomes=outcomes,
        models=models,
        subgroups=subgroups,
        sensitivity={},
        safety=None,
        power=None,
        validate=None,
        simulate=simulate,
    )


def _model_names(study: StudyFile, model: object) -> list[str]:
    """Every variable and outcome that a model names."""
    names: list[str] = []
    for key in ("outcome", "by"):
        names += [value] if (value := getattr(model, key, "")) else []
    for key in ("terms", "outcomes", "strata"):
        names += getattr(model, key, ())
    names += study.rows_of(getattr(model, "each", ()))
    adjust = getattr(model, "adjust", None)
    if isinstance(adjust, dict):
        names += [term for terms in adjust.values() for term in terms]
    return names


def _with_origins(study: StudyFile, names: Iterable[str]) -> set[str]:
    """Names with everything they are derived from, and with the terms that their simulated effects need."""
    kept: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name and name not in kept:
            kept.add(name)
            todo += _origins(study, name)
    return kept


def _origins(study: StudyFile, name: str) -> Iterator[str]:
    field = study.fields.get(name)
    if field is not None:
        yield field.parent
        variable = study.variables.get(name)
        if variable is not None and variable.identity is not None:
            yield from variable.identity.sum.names
        yield from (label.value for label in variable.vocabulary) if variable is not None else ()
    if name in study.derived:
        one = study.derived[name]
        yield from one.is_.names if one.is_ else ()
        yield from one.value.names if one.value else ()
    outcome = study.outcomes.get(name)
    if isinstance(outcome, TimeToEvent):
        yield from (outcome.time, outcome.event)
    elif isinstance(outcome, Change):
        yield from (outcome.before, outcome.after)
    elif outcome is not None:
        yield outcome.column
    if study.simulate is not None:
        if name in study.simulate.effects:
            yield from _effect_terms(study.simulate.effects[name])
        if name in study.simulate.variables:
            yield from _conditions(study.simulate.variables[name])


def _effect_terms(effect: SimulatedEffect) -> Iterator[str]:
    several = (effect.hazard_ratios, effect.b, *effect.odds_ratios.values())
    for terms in several:
        for one in terms:
            yield from one.term.split(":")
    yield from effect.correlated_with


def _conditions(variable: object) -> Iterator[str]:
    only_if, value = getattr(variable, "only_if", None), getattr(variable, "value", None)
    yield from only_if.names if only_if else ()
    yield from value.names if value else ()
