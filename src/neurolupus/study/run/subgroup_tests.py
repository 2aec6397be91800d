"""The p-values of a subgroup screen alone: what its habit of finding something is judged by."""

from __future__ import annotations

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.stats.logrank import logrank, weighted_logrank
from neurolupus.study.derive.outcomes import Survival
from neurolupus.study.run.context import Cohort, Context, is_exposed, is_unexposed
from neurolupus.study.run.estimates import NamedEstimate
from neurolupus.study.run.outcomes import survival_of
from neurolupus.study.run.rows import level_texts
from neurolupus.study.run.subgroups import interaction_of
from neurolupus.study.schema.extras import Subgroups


def subgroup_p_values(context: Context, spec: Subgroups) -> list[NamedEstimate]:
    """The smallest p-value of the log-rank tests of all subgroups, and the smallest of the interactions.

    Subgroups with too few events are left out, as the file says; so are interactions with a level that has no event
    in one arm.
    """
    cohort = context.cohort(spec.cohort[0])
    survival = survival_of(context, cohort.frame, spec.outcome)
    found = {"any log-rank": _logrank_p(context, spec, cohort, survival)}
    if spec.interaction_test:
        fields = [context.fields[name] for name in spec.of]
        tests = [
            interaction_of(context, spec, cohort, entry, survival=survival, firth=False).p_value for entry in fields
        ]
        found["any interaction"] = [p for p in tests if p is not None and np.isfinite(p)]
    title = spec.label or spec.name or "subgroups"
    made = []
    for what, values in found.items():
        if values:
            path = f"{spec.name or 'subgroups'}.{what.replace(' ', '_').replace('-', '')}"
            label = f"{title}: {what} test with p below alpha"
            made.append(NamedEstimate(path, label, "logrank", None, min(values), cohort.n, is_exposure=True))
    return made


def _logrank_p(context: Context, spec: Subgroups, cohort: Cohort, survival: Survival) -> list[float]:
    """The log-rank p-value of each subgroup with events enough."""
    group = context.group(spec.exposure)
    exposed, unexposed = is_exposed(cohort.frame, group), is_unexposed(cohort.frame, group)
    happened = survival.event > 0
    made = []
    for name in spec.of:
        entry = context.fields[name]
        texts = level_texts(cohort.frame, entry).to_numpy()
        for level in entry.levels:
            rows = survival.is_known & (texts == level.value)
            events = [int((rows & happened & arm).sum()) for arm in (exposed, unexposed)]
            if min(events) < spec.min_events_per_arm or not sum(events):
                continue
            time, event, arms = survival.time[rows], happened[rows], exposed[rows]
            try:
                if cohort.weights is None:
                    made.append(logrank(time, event, arms).p_value)
                else:
                    made.append(weighted_logrank(time, event, arms, cohort.weights[rows]).p_value)
            except StatsError:
                continue
    return made
