"""The SD of each patient's measurement error, on the scale of the models, from what the study file says of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.measurement_error import (
    expected_sd_of_logarithm,
    sd_of_interval,
    sd_of_logarithm,
    sd_of_reliability,
    sd_of_sdc,
)
from neurolupus.study.run.context import Context, numbers_of
from neurolupus.study.run.rows import level_texts
from neurolupus.study.run.terms import back_factor, is_log, transformed
from neurolupus.study.schema.fields import Field
from neurolupus.study.schema.measurement_error import MeasurementError
from neurolupus.study.schema.simulate import EVERYBODY
from neurolupus.study.schema.variables import Transform

Floats = NDArray[np.float64]  # (patients,)


@dataclass(frozen=True, slots=True, eq=False)
class ErrorSd:
    """SDs of the error, NaN where the size of a patient's error is not known; what was done, and in which words."""

    values: Floats
    words: str
    notes: tuple[str, ...] = ()


def error_sd_of(context: Context, error: MeasurementError, frame: pd.DataFrame) -> ErrorSd:
    """The error SD of each row on the scale on which the variable enters models.

    Raises
    ------
    StatsError
        Intervals are upside down, changes negative, or a level has too few values for its reliability.
    """
    entry = context.fields[error.variable]
    measured = transformed(numbers_of(frame, error.variable), entry).values
    if error.error_sd:
        values = _by_level(context, error, frame, error.error_sd)
        return ErrorSd(values, f"error SD {_said(context, error, error.error_sd)}")
    if error.reliability:
        values = _of_reliability(context, error, frame, measured)
        return ErrorSd(values, f"reliability {_said(context, error, error.reliability)}")
    if error.interval:
        low, high = (numbers_of(frame, name) for name in error.interval)
        return _of_interval(entry, error.interval, low, high, numbers_of(frame, error.variable))
    return ErrorSd(
        _of_sdc(entry, numbers_of(frame, error.sdc), numbers_of(frame, error.variable), measured),
        f"smallest detectable change of each value ({error.sdc})",
    )


def _said(context: Context, error: MeasurementError, sizes: dict[str, float]) -> str:
    if EVERYBODY in sizes:
        return f"{sizes[EVERYBODY]:g}"
    labels = {level.value: level.label for level in context.fields[error.by].levels}
    return ", ".join(f"{labels.get(level, level)} {size:g}" for level, size in sizes.items())


def _by_level(context: Context, error: MeasurementError, frame: pd.DataFrame, sizes: dict[str, float]) -> Floats:
    if EVERYBODY in sizes:
        return np.full(len(frame), sizes[EVERYBODY])
    levels = level_texts(frame, context.fields[error.by])
    return np.array([sizes.get(level, np.nan) for level in levels], dtype=float)


def _of_reliability(context: Context, error: MeasurementError, frame: pd.DataFrame, measured: Floats) -> Floats:
    shares = _by_level(context, error, frame, error.reliability)
    found = np.full(len(frame), np.nan)
    levels = (
        level_texts(frame, context.fields[error.by]).to_numpy() if error.by else np.full(len(frame), "", dtype=object)
    )
    for level in dict.fromkeys(levels):
        rows = (levels == level) & np.isfinite(shares)
        if rows.any():
            found[rows] = sd_of_reliability(measured[rows & np.isfinite(measured)], float(shares[rows][0]))
    return found


def _of_interval(entry: Field, names: tuple[str, str], low: Floats, high: Floats, values: Floats) -> ErrorSd:
    known = np.isfinite(low) & np.isfinite(high) & np.isfinite(values)
    found = np.full(len(values), np.nan)
    notes = []
    lower, upper, at = low[known], high[known], values[known]
    outside = int(((at < lower) | (at > upper)).sum())
    if outside:
        notes.append(f"{outside} of {len(at)} values lie outside their own interval ({names[0]} to {names[1]}).")
    how = entry.variable.transform if entry.variable else Transform()
    if is_log(entry):
        floor = _floor(how, values)
        raised = int((lower < floor).sum())
        if raised:
            notes.append(
                f"{raised} lower limits were below half the detection limit ({floor:g}) and were taken as that, since "
                "a logarithm needs a positive number."
            )
        lower, upper = np.log(np.maximum(lower, floor)), np.log(np.maximum(upper, floor))
        found[known] = sd_of_interval(lower, upper) / back_factor(entry)
    elif how.fn == "sqrt":
        found[known] = sd_of_interval(*(np.sqrt(how.scale * np.maximum(limit, 0)) for limit in (lower, upper)))
    else:
        found[known] = sd_of_interval(lower, upper) * abs(how.scale)
    return ErrorSd(found, f"95 % interval of each value ({names[0]} to {names[1]})", tuple(notes))


def _floor(how: Transform, values: Floats) -> float:
    """What zeros are taken as: half the detection limit, declared or the smallest positive value."""
    if how.detection_limit is not None:
        return how.detection_limit / 2
    positive = values[np.isfinite(values) & (values > 0)]
    if not len(positive):
        raise StatsError("No value is positive; a logarithm needs some.")
    return float(positive.min()) / 2


def _of_sdc(entry: Field, sdc: Floats, values: Floats, measured: Floats) -> Floats:
    known = np.isfinite(sdc) & np.isfinite(values)
    found = np.full(len(values), np.nan)
    how = entry.variable.transform if entry.variable else Transform()
    sd = sd_of_sdc(sdc[known]) if known.any() else sdc[known]
    if is_log(entry):
        # the value as the model has it, zeros replaced, brought back to its unit
        at = np.exp(measured[known] * back_factor(entry)) / how.scale
        measured_at_all = values[known] > 0  # a zero stands for something below a limit and tells of no true value
        errors = sd_of_logarithm(sd, at)
        if measured_at_all.any():
            errors[measured_at_all] = expected_sd_of_logarithm(sd[measured_at_all], at[measured_at_all])
        found[known] = errors / back_factor(entry)
    else:
        found[known] = sd * abs(how.scale)
    return found
