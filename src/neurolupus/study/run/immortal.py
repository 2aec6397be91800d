"""Immortal time: the warning wherever an exposure that begins later is counted from time zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurolupus.stats.landmark import immortal_time
from neurolupus.study.results import Caution
from neurolupus.study.run.context import Context, is_exposed, numbers_of
from neurolupus.study.run.outcomes import survival_of


def immortal_cautions(context: Context, outcome: str, names: Sequence[str]) -> tuple[Caution, ...]:
    """One caution for each group among `names` that may begin after time zero; said once for the study."""
    told: list[Caution] = []
    if context.prefix:
        return ()
    for name in names:
        group = context.study.groups.get(name)
        if group is None or group.starts == "baseline":
            continue
        if group.starts:
            survival = survival_of(context, context.full.frame, outcome)
            rows = survival.is_known
            frame = context.full.frame.loc[rows]
            began = np.where(is_exposed(frame, group), numbers_of(frame, group.starts), np.nan)
            texts = list(immortal_time(survival.time[rows], survival.event[rows], began).notes)
        else:
            texts = [
                f"{group.label or group.name} is counted from time zero. If it began later, patients had to be free of "
                "the event until then, which favours it. Declare when it begins (starts:) and use exposure: "
                "time_varying or landmark."
            ]
        told += [Caution("Immortal time", text) for text in texts]
    return tuple(told)
