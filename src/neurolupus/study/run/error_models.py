"""A declared model as something that can be fitted again with other values of one term."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.stats.contrasts import Contrast, among, contrast_weights
from neurolupus.stats.design import INTERCEPT
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.logistic import logistic_regression
from neurolupus.stats.regression import linear_regression
from neurolupus.study.run.context import Cohort, Context, numbers_of
from neurolupus.study.run.cox_data import CoxData, fit_cox
from neurolupus.study.run.cox_fit import cox_rows
from neurolupus.study.run.linear_fit import contrasts_of, hc3_first, levels_of, pair_words
from neurolupus.study.run.logistic import errors_of, logistic_data
from neurolupus.study.run.terms import model_terms, transformed
from neurolupus.study.schema.models import Cox, Linear, Logistic

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
ERROR = "_error_sd"  # a column of the cohort's table, put there by the caller


@dataclass(frozen=True, slots=True, eq=False)
class Refittable:
    """One model in one cohort, to be fitted again with other values of one term.

    Attributes
    ----------
    path : str
        Within the study: `risk.full`; of a linear model with set, contrast and outcome.
    title : str
        What sets it apart from the other models of the table.
    what : hazard_ratio, odds_ratio or difference
    term : (n,) float array
        The term as it was measured, on the scale of the model.
    error_sd : (n,) float array
    others : (n, q) float array
        The other columns of the design, an intercept first.
    refit : callable
        From values of the term and the rows they belong to, to the estimates.
    labels : mapping of name of an estimate to text
    exposures : tuple of str
        Estimates that are of a group.
    df : float or None
        Of t limits.
    cluster : (n,) int array or None
        Matched sets.
    n_dropped : int
    """

    path: str
    title: str
    what: str
    term: Floats
    error_sd: Floats
    others: Floats
    refit: Callable[[Floats, Positions], Sequence[Estimate]]
    labels: dict[str, str]
    exposures: tuple[str, ...]
    df: float | None
    cluster: NDArray[np.int64] | None
    n_dropped: int

    @property
    def is_ratio(self) -> bool:
        """Whether estimates are reported as ratios."""
        return self.what.endswith("ratio")


def refittable_models(
    context: Context, model: Linear | Logistic | Cox, cohort: Cohort, variable: str
) -> Iterator[Refittable]:
    """The models of a declared one in which a variable is a term: one, or one for each outcome, contrast and set.

    Raises
    ------
    StatsError
        No row is complete.
    """
    if isinstance(model, Logistic):
        yield _logistic(context, model, cohort, variable)
    elif isinstance(model, Cox):
        yield _cox(context, model, cohort, variable)
    else:
        for name, terms in model.adjust.items():
            if variable in terms:
                for outcome in model.outcomes:
                    yield from _linear(context, model, cohort, variable, name, terms, outcome)


def _logistic(context: Context, model: Logistic, cohort: Cohort, variable: str) -> Refittable:
    data = logistic_data(context, model, cohort)
    design = data.terms.design
    column = design.names.index(variable)
    errors = errors_of(model, data)

    def refit(values: Floats, rows: Positions) -> tuple[Estimate, ...]:
        matrix = design.matrix[rows]
        matrix[:, column] = values
        fit = logistic_regression(
            data.y[rows], matrix, design.names, weights=None if data.weights is None else data.weights[rows],
            errors=errors, cluster=None if data.pairs is None else data.pairs[rows], level=context.study.study.level,
        )  # fmt: skip
        return tuple(e for e in fit.estimates if e.name != INTERCEPT)

    return Refittable(
        path=f"{model.name}.{cohort.name}",
        title="",
        what="odds_ratio",
        term=design.matrix[:, column],
        error_sd=numbers_of(cohort.frame, ERROR)[design.rows],
        others=np.delete(design.matrix, column, axis=1),
        refit=refit,
        labels=data.terms.labels,
        exposures=_of_groups(context, design.names),
        df=None,
        cluster=data.pairs,
        n_dropped=design.n_dropped,
    )


def _cox(context: Context, model: Cox, cohort: Cohort, variable: str) -> Refittable:
    chosen = cox_rows(context, model, cohort, model.terms)
    data, design = chosen.data, chosen.terms.design
    column = design.names.index(variable)

    def refit(values: Floats, rows: Positions) -> tuple[Estimate, ...]:
        drawn = data.taken(rows)
        matrix = drawn.design.copy()
        matrix[:, column] = values
        return _hazards(replace(drawn, design=matrix), model, context.study.study.level)

    patients = numbers_of(cohort.frame, ERROR)[chosen.known][design.rows]
    others = np.column_stack([np.ones(data.n), np.delete(design.matrix, column, axis=1), *_between(data)])
    return Refittable(
        path=f"{model.name}.{cohort.name}",
        title="",
        what="hazard_ratio",
        term=design.matrix[:, column],
        error_sd=patients,
        others=others,
        refit=refit,
        labels=chosen.terms.labels,
        exposures=_of_groups(context, design.names),
        df=None,
        cluster=data.cluster,
        n_dropped=int((~chosen.survival.is_known).sum()) + design.n_dropped,
    )


def _between(data: CoxData) -> list[Floats]:
    """A column for each stratum but one: patients are compared within strata alone, so only variance there counts."""
    if data.strata is None:
        return []
    return [(data.strata == one).astype(float) for one in list(dict.fromkeys(data.strata.tolist()))[1:]]


def _hazards(data: CoxData, model: Cox, level: float) -> tuple[Estimate, ...]:
    return fit_cox(data, ties=model.ties, firth=False, ph_test=False, level=level).estimates


def _of_groups(context: Context, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name.partition("[")[0] in context.study.groups)


def _linear(
    context: Context, model: Linear, cohort: Cohort, variable: str, name: str, terms: Sequence[str], outcome: str
) -> Iterator[Refittable]:
    group = context.group(model.by)
    known = cohort.frame[group.name].notna().to_numpy()
    frame = cohort.frame.loc[known]
    weights = None if cohort.weights is None else cohort.weights[known]
    sets = None if cohort.pairs is None else cohort.pairs[known]
    made = transformed(numbers_of(frame, outcome), context.fields[outcome])
    table = frame.assign(**{outcome: made.values})
    is_joint = model.contrast_model == "joint" and weights is None
    for pair in contrasts_of(model, group):
        spec = Contrast(f"{pair[0]}_vs_{pair[1]}", levels_of(group, pair[0]), levels_of(group, pair[1]))
        levels = table[group.name].to_numpy(dtype=object)
        rows = np.ones(len(table), dtype=bool) if is_joint else among(levels, spec.levels + spec.against)
        words = (f"{context.label(outcome)}, {pair_words(group, pair)}, {name} adjustment", pair_words(group, pair))
        own = _LinearModel(
            context, model, table.loc[rows], None if weights is None else weights[rows],
            None if sets is None else sets[rows], spec, is_joint,
        )  # fmt: skip
        yield own.refittable(group.name, variable, terms, outcome, name, cohort, words)


@dataclass(frozen=True, slots=True, eq=False)
class _LinearModel:
    """One contrast of one outcome, the outcome on its scale."""

    context: Context
    model: Linear
    table: pd.DataFrame
    weights: Floats | None
    sets: NDArray[np.int64] | None
    spec: Contrast
    is_joint: bool

    def refittable(
        self,
        group: str,
        variable: str,
        terms: Sequence[str],
        outcome: str,
        adjustment: str,
        cohort: Cohort,
        words: tuple[str, str],
    ) -> Refittable:
        """The contrast and the slope of the term, fitted again as often as asked."""
        made = model_terms(self.context, self.table, terms, also_complete=[outcome, group])
        design = made.design
        y = self.table[outcome].to_numpy(np.float64)[design.rows]
        levels = self.table[group].to_numpy(dtype=object)[design.rows]
        weights = None if self.weights is None else self.weights[design.rows]
        sides, pick = self._sides(levels, design.matrix.shape[1])
        matrix = np.column_stack([sides, design.matrix])
        names = [*(f"side {i}" for i in range(sides.shape[1])), *design.names]
        column = names.index(variable)
        level = self.context.study.study.level
        is_robust = weights is not None or hc3_first(self.model)
        sets = None if self.sets is None or self.is_joint else self.sets[design.rows]
        alone = np.eye(matrix.shape[1])[column]

        def refit(values: Floats, rows: Positions) -> tuple[Estimate, ...]:
            x = matrix[rows]
            x[:, column] = values
            fit = linear_regression(y[rows], x, names, weights=None if weights is None else weights[rows], level=level)
            cluster = None if sets is None else sets[rows]
            return (
                fit.combination(self.spec.name, pick, hc3=is_robust, cluster=cluster),
                fit.combination(variable, alone, hc3=is_robust, cluster=cluster),
            )

        return Refittable(
            path=f"{self.model.name}.{cohort.name}.{adjustment}.{self.spec.name}.{outcome}",
            title=words[0],
            what="difference",
            term=design.matrix[:, design.names.index(variable)],
            error_sd=numbers_of(self.table, ERROR)[design.rows],
            others=np.delete(matrix, column, axis=1),
            refit=refit,
            labels={**made.labels, self.spec.name: words[1]},
            exposures=(self.spec.name,),
            df=float(len(y) - matrix.shape[1]),
            cluster=sets,
            n_dropped=design.n_dropped,
        )

    def _sides(self, levels: NDArray[np.object_], n_terms: int) -> tuple[Floats, Floats]:
        """The columns of the group, and what makes the contrast of all coefficients."""
        if self.is_joint:
            order = list(dict.fromkeys(levels))
            sides = np.column_stack([(levels == one).astype(float) for one in order])
            sizes = dict(zip(order, sides.sum(axis=0).tolist(), strict=True))
            return sides, np.concatenate([contrast_weights(self.spec, sizes), np.zeros(n_terms)])
        high = among(levels, self.spec.levels).astype(float)
        return np.column_stack([np.ones(len(levels)), high]), np.array([0.0, 1.0, *np.zeros(n_terms)])
