"""Made-up outcomes that depend on the patients' values as `simulate: effects:` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.optimize import brentq

from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.outcomes import TimeToEvent
from neurolupus.study.schema.simulate import SimulatedEffect, TermEffect
from neurolupus.study.simulate.baseline import by_arm
from neurolupus.study.simulate.distributions import MEDIAN_IQR, from_percentiles

Floats = NDArray[np.float64]  # (patients,)
Levels = NDArray[np.object_]  # (patients,)
DEFAULT_RATE, DEFAULT_FOLLOW_UP = 0.1, (3.0, 1.5, 4.5)
SHORTEST_FOLLOW_UP = 0.01
_CALIBRATION_ROWS = 5_000
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(48)


def linear_predictor(
    effects: Sequence[TermEffect], frame: pd.DataFrame, study: StudyFile, scale: Callable[[float], float]
) -> Floats:
    """Sum of effects, patient by patient; numbers as they are, levels against their reference."""
    total = np.zeros(len(frame))
    for effect in effects:
        product = np.ones(len(frame))
        for name in effect.term.split(":"):
            product = product * indicator(name, effect.level, frame, study)
        total += scale(effect.value) * product
    return total


def indicator(name: str, level: str, frame: pd.DataFrame, study: StudyFile) -> Floats:
    """A term as a number: its value, or 1 where it has the level (of two levels, the one that is not the reference)."""
    field = study.fields[name]
    if field.kind in ("continuous", "binary") and not level:
        return np.asarray(np.nan_to_num(np.asarray(frame[name], dtype=float)))
    if field.kind == "binary":
        return np.asarray(np.asarray(frame[name], dtype=float) == float(level), dtype=float)
    wanted = level or next(one.value for one in field.levels if one.value != field.reference)
    return np.asarray((frame[name] == wanted).to_numpy(), dtype=float)


def simulate_survival(
    outcome: TimeToEvent,
    effect: SimulatedEffect,
    observed: Floats,
    asked: Floats,
    arms: Levels,
    rng: Generator,
    *,
    longest: float = np.inf,
) -> tuple[Floats, Levels]:
    """Time and event code of every patient.

    Parameters
    ----------
    observed, asked : (patients,) float array
        Log hazard ratio of every patient as the cohort is, from which the baseline hazard follows, and as it is to be
        simulated; they differ in counterfactual cohorts.
    longest : float
        No patient is followed for longer.
    """
    follow_up = np.empty(len(arms))
    scores = rng.standard_normal(len(arms))
    for arm in dict.fromkeys(arms):
        rows = arms == arm
        middle, low, high = by_arm(effect.follow_up, str(arm)) or DEFAULT_FOLLOW_UP
        follow_up[rows] = from_percentiles(scores[rows], MEDIAN_IQR, (low, middle, high))
    follow_up = np.clip(follow_up, SHORTEST_FOLLOW_UP, longest)
    baseline = _baseline_hazard(effect, observed[:_CALIBRATION_ROWS], follow_up[:_CALIBRATION_ROWS])
    waiting = (rng.exponential(size=len(arms)) / (baseline * np.exp(asked))) ** (1 / effect.shape)
    time = np.round(np.maximum(np.minimum(waiting, follow_up), 0.001), 4)
    kinds = _kinds(outcome, effect)
    drawn = rng.choice(np.array(list(kinds), dtype=object), size=len(arms), p=list(kinds.values()))
    return time, np.where(waiting <= follow_up, drawn, outcome.censored[0]).astype(object)


def _kinds(outcome: TimeToEvent, effect: SimulatedEffect) -> dict[str, float]:
    """Event code -> share of events."""
    if not outcome.components:
        return {"1": 1.0}
    expected = {name: float(one.expect or 1) for name, one in outcome.components.items()}
    numbers = {name: effect.kinds.get(name, 0.0) for name in expected} if effect.kinds else expected
    total = sum(numbers.values())
    return {code: numbers[name] / total for code, name in outcome.codes.items()}


def _baseline_hazard(effect: SimulatedEffect, predictor: Floats, follow_up: Floats) -> float:
    """The factor of the cumulative hazard at which events per person-time are as stated."""
    rate = DEFAULT_RATE if effect.rate is None else effect.rate
    ratios = np.exp(predictor)
    nodes = (_NODES + 1) / 2 * follow_up[:, None]

    def misses(log_hazard: float) -> float:
        hazards = np.exp(log_hazard) * ratios
        events = -np.expm1(-hazards * follow_up**effect.shape)
        at_risk = np.exp(-hazards[:, None] * nodes**effect.shape) @ _NODE_WEIGHTS * follow_up / 2
        return float(events.sum() / at_risk.sum() - rate)

    middle = float(np.log(rate / ratios.mean()))
    return float(np.exp(brentq(misses, middle - 15, middle + 15)))


def simulate_levels(
    levels: Sequence[str], reference: str, shares: Mapping[str, float], observed: Floats, asked: Floats, rng: Generator
) -> Levels:
    """A level of every patient.

    Parameters
    ----------
    shares : mapping of level to share
        In the whole cohort; equal ones when empty.
    observed, asked : (patients, levels) float array
        Log odds ratios against the reference, zero for it; see `simulate_survival`.
    """
    wanted = np.array([shares.get(level, 1.0) for level in levels]) if shares else np.ones(len(levels))
    wanted = wanted / wanted.sum()
    intercepts = np.log(np.maximum(wanted, 1e-12))
    for _ in range(500):
        reached = _softmax(observed[:_CALIBRATION_ROWS] + intercepts).mean(axis=0)
        step = np.log(np.maximum(wanted, 1e-12) / np.maximum(reached, 1e-300))
        intercepts = intercepts + step
        if np.abs(step).max() < 1e-10:
            break
    cumulated = np.cumsum(_softmax(asked + intercepts), axis=1)
    chosen = (rng.random(len(asked))[:, None] > cumulated[:, :-1]).sum(axis=1)
    return np.asarray(np.array(list(levels), dtype=object)[chosen], dtype=object)


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
