"""The estimates of a model and nothing else: what is pooled, resampled, simulated and set side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurolupus.errors import StatsError
from neurolupus.stats.estimate import Estimate
from neurolupus.study.run.context import Cohort, Context, level_label
from neurolupus.study.run.linear_fit import contrasts_of, fit_outcome
from neurolupus.study.run.logistic import fit_odds
from neurolupus.study.run.outcomes import outcome_label
from neurolupus.study.schema.models import ChangeModel, Cox, FineGray, KaplanMeier, Linear, Logistic, Model, Multinomial


@dataclass(frozen=True, slots=True)
class NamedEstimate:
    """One estimate of a model, or one test.

    Attributes
    ----------
    path : str
        Within the study: `t3.matched.it`.
    label : str
        In words.
    what : str
        hazard_ratio, odds_ratio, difference, or logrank (which has a p-value only).
    estimate : Estimate or None
        On the linear scale.
    p_value : float
    n : int
    is_exposure : bool
        Of the group, not of another term.
    complete_df : float
        Degrees of freedom without missing values; infinite for likelihood models.
    """

    path: str
    label: str
    what: str
    estimate: Estimate | None
    p_value: float
    n: int
    is_exposure: bool
    complete_df: float = math.inf

    @property
    def is_ratio(self) -> bool:
        """Whether it is reported as a ratio."""
        return self.what.endswith("ratio")


def model_estimates(context: Context, model: Model, *, exposure_only: bool = False) -> tuple[NamedEstimate, ...]:
    """The estimates of one model in all its cohorts, without tables, figures and checks.

    Raises
    ------
    StatsError
        A cohort cannot be analysed.
    """
    made: list[NamedEstimate] = []
    for name in model.cohort:
        made += _cohort_estimates(context, model, context.cohort(name))
    return tuple(one for one in made if one.is_exposure or not exposure_only)


def _cohort_estimates(context: Context, model: Model, cohort: Cohort) -> list[NamedEstimate]:
    if isinstance(model, (Multinomial, Logistic)):
        return _odds(context, model, cohort)
    if isinstance(model, Linear):
        return _linear(context, model, cohort)
    if isinstance(model, Cox):
        from neurolupus.study.run.cox import cox_estimates

        return cox_estimates(context, model, cohort)
    if isinstance(model, KaplanMeier):
        from neurolupus.study.run.kaplan_meier import logrank_estimates

        return logrank_estimates(context, model, cohort)
    if isinstance(model, FineGray):
        from neurolupus.study.run.fine_gray import fine_gray_estimates

        return fine_gray_estimates(context, model, cohort)
    assert isinstance(model, ChangeModel)
    return _change(context, model, cohort)


def _odds(context: Context, model: Multinomial | Logistic, cohort: Cohort) -> list[NamedEstimate]:
    fitted = fit_odds(context, model, cohort)
    made = []
    for column in fitted.columns:
        for e in column.estimates:
            term = e.name.partition("[")[0]
            label = f"{fitted.terms.labels[e.name]}{f', {column.title}' if column.title else ''}"
            path = ".".join(part for part in (model.name, cohort.name, column.level, e.name) if part)
            is_exposure = term in context.study.groups
            made.append(NamedEstimate(path, label, "odds_ratio", e, e.p_value, fitted.n, is_exposure))
    return made


def _linear(context: Context, model: Linear, cohort: Cohort) -> list[NamedEstimate]:
    group = context.group(model.by)
    made = []
    failed: list[str] = []
    sets = model.adjust or {"unadjusted": ()}
    name, terms = next(iter(sets.items()))
    pairs = contrasts_of(model, group)
    for outcome in model.outcomes:
        for pair, one in zip(pairs, fit_outcome(context, model, cohort, outcome, pairs, terms), strict=True):
            if one.result is None or one.fit is None:
                failed.append(one.notes[0])
                continue
            e = one.result.estimate
            words = f"{context.label(outcome)}, {level_label(group, pair[0])} vs {level_label(group, pair[1])}"
            path = f"{model.name}.{cohort.name}.{name}.{pair[0]}_vs_{pair[1]}.{outcome}"
            df = float(one.fit.df_residual)
            made.append(NamedEstimate(path, words, "difference", e, e.p_value, one.result.n, True, df))
    if failed and not made:
        raise StatsError(failed[0])
    return made


def _change(context: Context, model: ChangeModel, cohort: Cohort) -> list[NamedEstimate]:
    from neurolupus.study.run.change import analyse_outcome

    group = context.group(model.by)
    made = []
    for name in model.outcomes:
        one = analyse_outcome(context, cohort, group, name)
        e = one.analysis.adjusted
        label = f"{outcome_label(context, name)}, adjusted for baseline"
        path = f"{model.name}.{cohort.name}.{name}.adjusted"
        made.append(NamedEstimate(path, label, "difference", e, e.p_value, one.analysis.n, True))
    return made
