"""The p-values of a subgroup screen alone: what its habit of finding something is judged by."""

from __future__ import annotations

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.study.run_context import Context
from neurolupus.study.run_estimates import NamedEstimate
from neurolupus.study.run_kaplan_meier import fit_curves
from neurolupus.study.run_rows import level_texts
from neurolupus.study.run_subgroups import interaction_of
from neurolupus.study.schema_extras import Subgroups
from neurolupus.study.schema_models import KaplanMeier


def subgroup_p_values(context: Context, spec: Subgroups) -> list[NamedEstimate]:
    """The smallest p-value of the log-rank tests of all subgroups, and the smallest of the interactions."""
    group = context.group(spec.exposure)
    cohort = context.cohort(spec.cohort[0])
    model = KaplanMeier(outcome=spec.outcome, by=group.name, stratify_pairs=False)
    logrank, interactions = [], []
    for name in spec.of:
        entry = context.fields[name]
        texts = level_texts(cohort.frame, entry).to_numpy()
        for level in entry.levels:
            try:
                made = fit_curves(context, model, cohort.taken(np.array([t == level.value for t in texts])))
            except StatsError:
                continue
            if made.test:
                logrank.append(made.test.p_value)
        if spec.interaction_test:
            p = interaction_of(context, spec, cohort, entry).p_value
            interactions += [p] if p is not None and np.isfinite(p) else []
    title = spec.label or spec.name or "subgroups"
    made_all = []
    for what, values in (("any log-rank", logrank), ("any interaction", interactions)):
        if values:
            path = f"{spec.name or 'subgroups'}.{what.replace(' ', '_').replace('-', '')}"
            label = f"{title}: {what} of {len(values)} tests"
            made_all.append(NamedEstimate(path, label, "logrank", None, min(values), cohort.n, is_exposure=True))
    return made_all
