"""The truth of a made-up cohort: every effect that was put in, on the linear scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.outcomes import Change, TimeToEvent
from neurolupus.study.schema.simulate import SimulatedEffect, TermEffect

Scale = Literal["log_hazard_ratio", "log_odds_ratio", "b", "mean_change"]


@dataclass(frozen=True, slots=True)
class TrueEffect:
    """One effect that was put in.

    Attributes
    ----------
    outcome : str
        An outcome, or a continuous variable.
    term : str
    value : float
        On the linear scale: log hazard ratio, log odds ratio, B on the transformed scale, mean change.
    scale : log_hazard_ratio, log_odds_ratio, b or mean_change
    term_level : str
        Of a term with levels, against its reference; empty for numbers and yes/no.
    outcome_level : str
        Of a nominal outcome, against its reference.
    """

    outcome: str
    term: str
    value: float
    scale: Scale
    term_level: str = ""
    outcome_level: str = ""


def truth_of_study(study: StudyFile) -> tuple[TrueEffect, ...]:
    """Every effect that `simulate: effects:` states; effects that are not stated are zero."""
    found: list[TrueEffect] = []
    for effect in study.simulate.effects.values() if study.simulate else ():
        found += [_true(effect, one, "log_hazard_ratio", study) for one in effect.hazard_ratios]
        found += [_true(effect, one, "b", study) for one in effect.b]
        for level, several in effect.odds_ratios.items():
            found += [replace(_true(effect, one, "log_odds_ratio", study), outcome_level=level) for one in several]
        if isinstance(study.outcomes.get(effect.name), Change) and study.groups:
            group = next(iter(study.groups))
            found += [
                TrueEffect(effect.name, group, numbers[0], "mean_change", level)
                for level, numbers in effect.mean_change.items()
            ]
    return tuple(found)


def _true(effect: SimulatedEffect, one: TermEffect, scale: Scale, study: StudyFile) -> TrueEffect:
    value = one.value if scale == "b" else math.log(one.value)
    group = study.groups.get(one.term)
    level = one.level or (group.others[0] if group and len(group.others) == 1 else "")
    return TrueEffect(effect.name, one.term, value, scale, level)


def with_exposure_effects(study: StudyFile, effects: Mapping[str, float], exposure: str = "") -> StudyFile:
    """The same study, simulated with another effect of the exposure on some outcomes: a scenario of `power:`.

    Parameters
    ----------
    effects : mapping of outcome to hazard ratio, odds ratio or B
        An odds ratio holds for every level of the outcome; B for every level of the exposure.
    exposure : str
        The group; the only one, or the first, when empty.
    """
    if study.simulate is None or not study.groups:
        return study
    group = study.groups[exposure or next(iter(study.groups))]
    changed = dict(study.simulate.effects)
    for outcome, value in effects.items():
        effect = changed.get(outcome, SimulatedEffect(name=outcome))
        put = tuple(TermEffect(group.name, value, level) for level in group.others)

        def others(several: tuple[TermEffect, ...], name: str = group.name) -> tuple[TermEffect, ...]:
            return tuple(one for one in several if name not in one.term.split(":"))

        kind = study.outcomes.get(outcome)
        if isinstance(kind, TimeToEvent):
            effect = replace(effect, hazard_ratios=(*others(effect.hazard_ratios), *put))
        elif kind is None:
            effect = replace(effect, b=(*others(effect.b), *put))
        else:
            ratios = {level: (*others(several), *put) for level, several in effect.odds_ratios.items()}
            effect = replace(effect, odds_ratios=ratios)
        changed[outcome] = effect
    return replace(study, simulate=replace(study.simulate, effects=changed))
