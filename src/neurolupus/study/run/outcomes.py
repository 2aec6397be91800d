"""Outcomes of a cohort as arrays, by their name in the study file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.study.derive import outcomes as derive_outcomes
from neurolupus.study.derive.outcomes import Survival
from neurolupus.study.run.context import Cohort, Context, is_exposed, numbers_of
from neurolupus.study.run.rows import coded
from neurolupus.study.schema.fields import flag_meanings
from neurolupus.study.schema.outcomes import BinaryOutcome, NominalOutcome, TimeToEvent


def survival_of(context: Context, frame: pd.DataFrame, name: str) -> Survival:
    """Times and events of an outcome, row by row of `frame`.

    Raises
    ------
    StatsError
        A time is negative.
    """
    outcome = context.study.outcomes[name]
    assert isinstance(outcome, TimeToEvent)
    found = derive_outcomes.survival_of(outcome, frame)
    negative = int(np.count_nonzero(found.time < 0))
    if negative:
        raise StatsError(
            f"{outcome.time} is negative in {negative} of {len(frame)} patients (smallest {np.nanmin(found.time):g}); "
            "times of zero or more are needed.\n    Correct the cells, or check how the time was computed."
        )
    return found


def groups_as_then(context: Context, frame: pd.DataFrame, names: Sequence[str], since: float) -> pd.DataFrame:
    """Groups as they were at a landmark: who began later counts as unexposed (Anderson et al. 1983).

    Of an exposed patient without a time of beginning the group is not known.
    """
    changed = frame.copy()
    for name in names:
        group = context.study.groups.get(name)
        if group is None or group.starts in ("", "baseline"):
            continue
        began, exposed = numbers_of(frame, group.starts), is_exposed(frame, group)
        changed[name] = changed[name].where(~(exposed & (began > since)), group.reference)
        changed[name] = changed[name].where(~(exposed & np.isnan(began)), None)
    return changed


def landmark_notes(cohort: Cohort, since: float) -> list[str]:
    """What to tell of a landmark in a cohort that was made alike at time zero."""
    if cohort.kind == "full":
        return []
    return [
        f"{cohort.label}, from {since:g} on: the cohort was {cohort.kind} at time zero; those left, with the exposure "
        "as it was then, need no longer be alike."
    ]


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
    if column not in context.fields:
        return numbers_of(frame, column)  # 1 and 0 by the levels of the outcome, as every yes/no column of the table
    entry = context.fields[column]
    flags = coded(frame, entry)
    yes = outcome.levels[-1].value if outcome.levels else "1"
    return 1 - flags if flag_meanings(entry.variable).get(yes) == ("0",) and outcome.levels else flags


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
