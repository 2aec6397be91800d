"""Made-up cohorts as the analyses take them; many are drawn at once and dealt out, arm by arm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.random import Generator

from neurolupus.errors import StatsError
from neurolupus.study.check import check_table
from neurolupus.study.run.context import Context
from neurolupus.study.run.power_study import needed_study
from neurolupus.study.schema import FULL
from neurolupus.study.schema.extras import Power
from neurolupus.study.simulate import simulate_cohort
from neurolupus.study.simulate.truth import with_exposure_effects

ROWS_AT_ONCE = 40_000


def made_up_frames(context: Context, power: Power, effects: dict[str, float], rng: Generator) -> Iterator[pd.DataFrame]:
    """`power.runs` cohorts drawn as the study file states, with these effects of the exposure.

    Every cohort has the same number of patients in each arm (but for rounding).

    Raises
    ------
    StatsError
        The file says nothing of how to draw patients.
    """
    study = context.study
    if study.simulate is None:
        raise StatsError("The file has no simulate: section; it says how patients are drawn. Add one, or drop power:.")
    changed = with_exposure_effects(needed_study(study, power), effects, power.exposure)
    n = power.n or study.simulate.n or sum(study.simulate.groups.values()) or len(context.full.frame)
    left = power.runs
    while left > 0:
        count = max(1, min(left, ROWS_AT_ONCE // n))
        made = simulate_cohort(changed, n=n * count, seed=int(rng.integers(2**31)), screened=False)
        frame = check_table(changed, made.as_table()).frame
        yield from _dealt(frame, context.group(power.exposure).name, count)
        left -= count


def _dealt(frame: pd.DataFrame, group: str, count: int) -> Iterator[pd.DataFrame]:
    """The rows of each arm dealt out to `count` cohorts, one after another."""
    place = frame.groupby(group, sort=False, dropna=False).cumcount().to_numpy() % count
    for i in range(count):
        yield frame.iloc[np.flatnonzero(place == i)].reset_index(drop=True)


def context_of(context: Context, frame: pd.DataFrame) -> Context:
    """The study with this cohort as its only one."""
    return replace(context, cohorts={FULL: replace(context.full, frame=frame)}, prefix="", suffix="")
