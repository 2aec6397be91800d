"""Outcomes as arrays: levels, yes/no, times with what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.study.run_context import Context, Rows, numbers_of
from neurolupus.study.run_rows import coded
from neurolupus.study.schema_outcomes import BinaryOutcome, NominalOutcome, TimeToEvent

YES = {"1", "true", "yes", "y"}


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """Times and what happened then.

    Attributes
    ----------
    time : (n,) float array
    event : (n,) bool array
        Any event.
    kind : (n,) object array
        Name of the component, "" where censored; `event` alone where the outcome declares none.
    known : (n,) bool array
        Rows with a time and an event status; the others hold NaN and must be left out.
    """

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    kind: NDArray[np.object_]
    known: Rows

    def taken(self, rows: Rows | NDArray[np.intp]) -> Survival:
        """Some of its rows."""
        return Survival(self.time[rows], self.event[rows], self.kind[rows], self.known[rows])


def survival_of(context: Context, frame: pd.DataFrame, name: str) -> Survival:
    """The times and events of an outcome, row by row of `frame`.

    Raises
    ------
    StatsError
        A status is neither censored nor a declared event.
    """
    outcome = context.study.outcomes[name]
    assert isinstance(outcome, TimeToEvent)
    time = numbers_of(frame, outcome.time)
    status = [_text(value) for value in frame[outcome.event]]
    censored = {word.lower() for word in outcome.censored}
    codes = {code.lower(): kind for code, kind in outcome.codes.items()}
    kinds: list[str | None] = []
    for value in status:
        if value is None:
            kinds.append(None)
        elif value.lower() in censored and value.lower() not in codes:
            kinds.append("")
        elif codes and value.lower() in codes:
            kinds.append(codes[value.lower()])
        elif not codes and value.lower() in YES:
            kinds.append("event")
        else:
            raise StatsError(
                f"{outcome.event} holds {value!r}; {', '.join([*codes, *sorted(censored)])} are declared.\n"
                "    Declare it under components or censored, or correct the cells."
            )
    known = np.isfinite(time) & np.array([kind is not None for kind in kinds])
    event = np.array([bool(kind) for kind in kinds])
    return Survival(time, event & known, np.array(kinds, dtype=object), known)


def outcome_label(context: Context, name: str) -> str:
    """The printed name of an outcome or variable."""
    outcome = context.study.outcomes.get(name)
    return (outcome.label or name) if outcome else context.label(name)


def nominal_of(context: Context, frame: pd.DataFrame, outcome: NominalOutcome) -> pd.Series:
    """The level of each row as declared text; None where missing."""
    column = frame[_column(frame, outcome.name, outcome.column)]
    return pd.Series([_text(value) for value in column], index=frame.index, dtype=object)


def binary_of(context: Context, frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """An outcome or yes/no variable as 0, 1 and NaN."""
    outcome = context.study.outcomes.get(name)
    if not isinstance(outcome, BinaryOutcome):
        return coded(frame, context.fields[name])
    column = _column(frame, outcome.name, outcome.column)
    if column in context.fields and not outcome.levels:
        return coded(frame, context.fields[column])
    yes = {outcome.levels[-1].value.lower()} if outcome.levels else YES
    texts = [_text(value) for value in frame[column]]
    return np.array([np.nan if t is None else float(t.lower() in yes) for t in texts])


def _column(frame: pd.DataFrame, name: str, column: str) -> str:
    return name if name in frame.columns else column or name


def _text(value: object) -> str | None:
    """A cell as text: 1.0 is 1; None where missing."""
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
