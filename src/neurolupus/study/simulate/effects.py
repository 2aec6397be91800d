"""Effects put into a made-up cohort: continuous variables first, then sums of them, then outcomes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from neurolupus.errors import StudyFileError
from neurolupus.study.derive import derive_fields
from neurolupus.study.grammar.evaluate import total_of
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.columns import Column
from neurolupus.study.schema.outcomes import BinaryOutcome, Change, NominalOutcome, TimeToEvent
from neurolupus.study.schema.simulate import Correlation, SimulatedEffect, SimulatedVariable
from neurolupus.study.schema.variables import Transform
from neurolupus.study.simulate.baseline import by_arm
from neurolupus.study.simulate.columns import column_of
from neurolupus.study.simulate.outcomes import linear_predictor, simulate_levels, simulate_survival
from neurolupus.study.simulate.scores import correlation_matrix, draw_scores

Floats = NDArray[np.float64]  # (patients,)
Levels = NDArray[np.object_]  # (patients,)
Values = dict[str, pd.Series]
DEFAULT_DIGITS = 2


def put_in_effects(
    study: StudyFile,
    columns: Mapping[str, Column],
    values: Values,
    arms: Levels,
    rng: Generator,
    exposed_as: str | None = None,
) -> Values:
    """Values with every column that effects determine filled in; the mapping given is changed and returned."""
    _continuous(study, values, rng, exposed_as)
    frame = derive_fields(study, values)
    asked = _exposed(study, frame, exposed_as)
    effects = study.simulate.effects if study.simulate else {}
    for outcome in study.outcomes.values():
        effect = effects.get(outcome.name, SimulatedEffect(name=outcome.name))
        if isinstance(outcome, TimeToEvent):
            observed, wanted = (linear_predictor(effect.hazard_ratios, one, study, math.log) for one in (frame, asked))
            column = columns[column_of(study, outcome.time)]
            longest = column.range[1] if column.range else np.inf
            time, codes = simulate_survival(outcome, effect, observed, wanted, arms, rng, longest=longest)
            for group in study.groups.values():
                if group.starts in values:  # who was exposed lived until then
                    starts = values[group.starts].to_numpy(dtype=float)
                    is_exposed = (values[group.column] == group.others[0]).to_numpy()
                    time = np.where(is_exposed & (starts >= time), np.round(starts + 0.001, 4), time)
            values[column_of(study, outcome.time)] = pd.Series(time)
            values[column_of(study, outcome.event)] = pd.Series(codes, dtype=object)
        elif isinstance(outcome, NominalOutcome):
            levels = [level.value for level in outcome.levels]
            reference = outcome.reference or levels[0]
            observed, wanted = (_log_odds(levels, effect, one, study) for one in (frame, asked))
            drawn = simulate_levels(levels, reference, effect.shares, observed, wanted, rng)
            values[column_of(study, outcome.column or outcome.name)] = pd.Series(drawn, dtype=object)
        elif isinstance(outcome, BinaryOutcome):
            _binary(study, outcome, effect, frame, asked, values, rng)
        else:
            assert isinstance(outcome, Change)
            _change(study, columns, outcome, effect, frame, values, arms, rng)
    return values


def _continuous(study: StudyFile, values: Values, rng: Generator, exposed_as: str | None) -> None:
    """Continuous variables with effects, and sums, each when everything it needs is there."""
    section = study.simulate
    if section is None:
        return
    linear = {name: one for name, one in section.effects.items() if name not in study.outcomes}
    sums = {name: one for name, one in section.variables.items() if one.value}
    residuals = _residuals(linear, len(next(iter(values.values()))), rng)
    pending = [*linear, *sums]
    while pending:
        ready = [name for name in pending if not _needs(study, name, linear, sums) & set(pending)]
        if not ready:
            raise StudyFileError(
                f"{study.source}: simulate: {', '.join(pending)} are made from one another.\n    Break the circle."
            )
        for name in ready:
            pending.remove(name)
            frame = derive_fields(study, values)
            variable = study.variables.get(name)
            if name in sums:
                total = sums[name].value
                assert total is not None
                made = total_of(total, frame)
            else:
                predictor = _centred(linear[name], frame, _exposed(study, frame, exposed_as), study)
                stated_sd = linear[name].sd
                made = (
                    (linear[name].mean or 0.0) + predictor + (1.0 if stated_sd is None else stated_sd) * residuals[name]
                )
                made = untransformed(made, variable.transform) if variable else made
            stated = section.variables.get(name, SimulatedVariable()).digits
            digits = stated if stated is not None else (variable.digits if variable else None)
            made = np.round(made, DEFAULT_DIGITS if digits is None else digits)
            if variable and variable.range:
                made = np.clip(made, *variable.range)
            values[column_of(study, name)] = pd.Series(made)


def _needs(
    study: StudyFile, name: str, linear: Mapping[str, SimulatedEffect], sums: Mapping[str, SimulatedVariable]
) -> set[str]:
    """Variables that a term or sum needs; what is derived needs what it is derived from."""
    named = (
        {part for term in linear[name].b for part in term.term.split(":")}
        if name in linear
        else set(sums[name].value.names)  # type: ignore[union-attr]
    )
    found: set[str] = set()
    below = list(named)
    while below:
        one = below.pop()
        if one in found:
            continue
        found.add(one)
        field = study.fields.get(one)
        if field and field.parent:
            below.append(field.parent)
        derived = study.derived.get(one)
        if derived:
            below += derived.is_.names if derived.is_ else derived.value.names if derived.value else ()
    return found - {name}


def _residuals(linear: Mapping[str, SimulatedEffect], n: int, rng: Generator) -> dict[str, Floats]:
    names = list(linear)
    correlations = [
        Correlation(name, other, value) for name, one in linear.items() for other, value in one.correlated_with.items()
    ]
    scores = draw_scores(n, correlation_matrix(names, correlations), rng) if names else np.empty((n, 0))
    return {name: scores[:, number] for number, name in enumerate(names)}


def _centred(effect: SimulatedEffect, frame: pd.DataFrame, asked: pd.DataFrame, study: StudyFile) -> Floats:
    """Sum of effects; numbers are counted from their mean, so that `mean` is that of an average patient."""
    total = linear_predictor(effect.b, asked, study, float)
    for one in effect.b:
        field = study.fields.get(one.term)
        if field and field.kind == "continuous":
            total = total - one.value * float(np.nanmean(np.asarray(frame[one.term], dtype=float)))
    return total


def untransformed(values: Floats, transform: Transform) -> Floats:
    """Values in the variable's own unit, from the scale on which models see them."""
    if transform.fn == "none":
        return values
    base = {"log": np.e, "log2": 2.0, "log10": 10.0}
    raised = np.square(values) if transform.fn == "sqrt" else np.power(base[transform.fn], values)
    return np.asarray(raised / transform.scale)


def _exposed(study: StudyFile, frame: pd.DataFrame, level: str | None) -> pd.DataFrame:
    """The same patients, all with one level of the first group; as they are when none is asked for."""
    if level is None:
        return frame
    return frame.assign(**{next(iter(study.groups)): level})


def _log_odds(levels: list[str], effect: SimulatedEffect, frame: pd.DataFrame, study: StudyFile) -> Floats:
    parts = [linear_predictor(effect.odds_ratios.get(level, ()), frame, study, math.log) for level in levels]
    return np.column_stack(parts)


def _binary(
    study: StudyFile,
    outcome: BinaryOutcome,
    effect: SimulatedEffect,
    frame: pd.DataFrame,
    asked: pd.DataFrame,
    values: Values,
    rng: Generator,
) -> None:
    name = column_of(study, outcome.column or outcome.name)
    field = study.fields.get(outcome.column or outcome.name)
    if field is not None and (field.origin != "variable" or not (effect.shares or effect.odds_ratios)):
        return  # it follows from columns that are there already
    terms = next(iter(effect.odds_ratios.values()), ())
    share = next(iter(effect.shares.values()), 0.3)
    observed, wanted = (
        np.column_stack([np.zeros(len(one)), linear_predictor(terms, one, study, math.log)]) for one in (frame, asked)
    )
    drawn = simulate_levels(("0", "1"), "0", {"0": 1 - share, "1": share}, observed, wanted, rng)
    values[name] = pd.Series((drawn == "1").astype(float))


def _change(
    study: StudyFile,
    columns: Mapping[str, Column],
    outcome: Change,
    effect: SimulatedEffect,
    frame: pd.DataFrame,
    values: Values,
    arms: Levels,
    rng: Generator,
) -> None:
    before = np.asarray(frame[outcome.before], dtype=float)
    shift = np.array([(by_arm(effect.mean_change, str(arm)) or (0.0,))[0] for arm in arms])
    spread = effect.sd if effect.sd is not None else float(np.nanstd(before)) / 2
    after = before + shift + spread * rng.standard_normal(len(arms))
    column = columns[column_of(study, outcome.after)]
    variable = study.variables.get(outcome.before)
    if variable and variable.range:
        after = np.clip(after, *variable.range)
    elif np.nanmin(before) >= 0:
        after = np.maximum(after, 0.0)
    stated = [by_arm(effect.measured, str(arm)) for arm in arms]
    shares = np.array([1.0 if share is None else share for share in stated])
    digits = variable.digits if variable and variable.digits is not None else DEFAULT_DIGITS
    measured = rng.random(len(arms)) < shares
    values[column.name] = pd.Series(np.where(measured, np.round(after, digits), np.nan))
