"""Outcomes as arrays: time and event, levels, two measurements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.study.schema.fields import YES_WORDS
from neurolupus.study.schema.outcomes import BinaryOutcome, Change, NominalOutcome, TimeToEvent

Floats = NDArray[np.float64]  # (patients,)


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """Time to event of every patient.

    Attributes
    ----------
    time : (patients,) float array
        NaN where it is missing.
    event : (patients,) float array
        1 for any event, 0 for none, NaN where it is missing.
    component : (patients,) array of str
        Which event; empty where none occurred or it is missing.
    """

    time: Floats
    event: Floats
    component: NDArray[np.str_]

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Patients with both time and event."""
        return np.asarray(np.isfinite(self.time) & np.isfinite(self.event))

    def event_of(self, components: tuple[str, ...]) -> Floats:
        """1 for one of some components, 0 for any other event or none, NaN where it is missing."""
        hit = np.isin(self.component, components)
        return np.where(np.isnan(self.event), np.nan, hit.astype(float))


def survival_of(outcome: TimeToEvent, frame: pd.DataFrame) -> Survival:
    """Time and event of an outcome, from the frame that `derive_fields` gives."""
    time = np.asarray(frame[outcome.time], dtype=float)
    cells = frame[outcome.event]
    if pd.api.types.is_numeric_dtype(cells.dtype):
        cells = cells.map(lambda cell: None if np.isnan(cell) else f"{cell:g}")
    known = cells.notna().to_numpy()
    censored = cells.isin(outcome.censored).to_numpy()
    codes = outcome.codes or dict.fromkeys((*YES_WORDS, "event"), outcome.name)
    component = np.array([codes.get(cell, "") if isinstance(cell, str) else "" for cell in cells], dtype=str)
    event = np.where(known, (~censored & known).astype(float), np.nan)
    return Survival(time, event, component)


def levels_of(outcome: NominalOutcome | BinaryOutcome, frame: pd.DataFrame) -> pd.Series:
    """The level of every patient: text of a nominal outcome, 1 and 0 of a binary one; missing as NaN or None."""
    return frame[outcome.column or outcome.name]


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """Two measurements of every patient; NaN where one is missing."""

    before: Floats
    after: Floats

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Patients with both measurements."""
        return np.asarray(np.isfinite(self.before) & np.isfinite(self.after))


def paired_of(outcome: Change, frame: pd.DataFrame) -> Paired:
    """Both measurements of an outcome of type change."""
    before, after = (np.asarray(frame[name], dtype=float) for name in (outcome.before, outcome.after))
    return Paired(before, after)
