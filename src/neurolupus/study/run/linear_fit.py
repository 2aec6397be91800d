"""The contrasts of one outcome by linear regression, fitted or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.contrasts import Contrast, ContrastResult, adjusted_contrasts, among
from neurolupus.stats.power import minimum_detectable_effect
from neurolupus.stats.regression import LinearFit, linear_regression
from neurolupus.study.run.context import Cohort, Context, level_label, numbers_of
from neurolupus.study.run.part import first_line
from neurolupus.study.run.terms import Transformed, model_terms, transformed
from neurolupus.study.schema.design import Group
from neurolupus.study.schema.models import Linear

Pair = tuple[str, str]  # level minus level


@dataclass(frozen=True, slots=True, eq=False)
class OneFit:
    """A contrast of one outcome; `result` None where it could not be estimated.

    Attributes
    ----------
    outcome : str
    pair : (level, level)
    zeros : int
        Values taken as half the detection limit.
    rows : (n,) int array or None
        Which rows of the cohort's table the model was fitted to.
    by_set : bool
        Whether the errors of `result.estimate` are clustered by matched set.
    """

    outcome: str
    pair: tuple[str, str]
    result: ContrastResult | None = None
    fit: LinearFit | None = None
    n_dropped: int = 0
    notes: tuple[str, ...] = ()
    zeros: int = 0
    rows: NDArray[np.intp] | None = None
    by_set: bool = False

    def done(
        self, result: ContrastResult, fit: LinearFit, n_dropped: int, notes: tuple[str, ...], zeros: int,
        rows: NDArray[np.intp],
    ) -> OneFit:  # fmt: skip
        """The same with its result."""
        return replace(self, result=result, fit=fit, n_dropped=n_dropped, notes=notes, zeros=zeros, rows=rows)

    @property
    def method(self) -> str:
        """How the model was fitted, and by which errors where matched sets count."""
        words = self.fit.method if self.fit else "linear regression"
        return f"{words}, errors by matched set" if self.by_set else words

    def failed(self, note: str) -> OneFit:
        """The same with the reason why there is no result."""
        return replace(self, notes=(note,))


def contrasts_of(model: Linear, group: Group) -> tuple[tuple[str, str], ...]:
    """Pairs of levels compared: as declared, else each level against the reference."""
    if model.contrasts:
        return tuple((pair[0], pair[1]) for pair in model.contrasts)
    return tuple((level, group.reference) for level in group.others)


def hc3_first(model: Linear) -> bool:
    """Whether intervals and p-values of the main table are by HC3 errors."""
    return model.se[:1] == ("hc3",)


def levels_of(group: Group, level: str) -> tuple[str, ...]:
    """The levels that a (merged) level stands for."""
    return group.merge[level].levels if level in group.merge else (level,)


def pair_words(group: Group, pair: Pair) -> str:
    """`inflammatory vs non-NPSLE`."""
    return f"{level_label(group, pair[0])} vs {level_label(group, pair[1])}"


def fit_outcome(
    context: Context,
    model: Linear,
    cohort: Cohort,
    outcome: str,
    pairs: Sequence[Pair],
    terms: Sequence[str],
    *,
    leave_out_zeros: bool = False,
) -> list[OneFit]:
    """The contrasts of one outcome, one fit per pair; what cannot be estimated says why.

    Parameters
    ----------
    pairs : sequence of (level, level)
        Contrasts wanted; a joint model's correction always counts all that the file declares.
    terms : sequence of str
        Covariates.
    leave_out_zeros : bool
        Without patients whose outcome is zero.
    """
    group, entry = context.group(model.by), context.fields[outcome]
    frame, weights, sets = cohort.frame, cohort.weights, cohort.pairs
    kept = frame[group.name].notna().to_numpy()
    if leave_out_zeros:
        kept = kept & (numbers_of(frame, outcome) != 0)
    frame, weights = frame.loc[kept], None if weights is None else weights[kept]
    sets = None if sets is None else sets[kept]
    blanks = [OneFit(outcome, pair) for pair in pairs]
    try:
        found = transformed(numbers_of(frame, outcome), entry)
    except StatsError as error:
        return [blank.failed(f"{entry.label}: {first_line(error)}") for blank in blanks]
    table = frame.assign(**{outcome: found.values})
    data = _Data(context, model, group, outcome, table, np.flatnonzero(kept), weights, sets, tuple(terms))
    if model.contrast_model == "joint" and weights is None:
        return _joint(data, blanks, found)
    return [_subset(data, blank, found) for blank in blanks]


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """What the models of one outcome are fitted to; the outcome is on the scale of the model."""

    context: Context
    model: Linear
    group: Group
    outcome: str
    table: pd.DataFrame
    positions: NDArray[np.intp]
    weights: NDArray[np.float64] | None
    sets: NDArray[np.int64] | None
    terms: tuple[str, ...]

    def contrast(self, pair: Pair) -> Contrast:
        return Contrast(f"{pair[0]} - {pair[1]}", levels_of(self.group, pair[0]), levels_of(self.group, pair[1]))

    def label(self, pair: Pair) -> str:
        return f"{self.context.label(self.outcome)}, {pair_words(self.group, pair)}"


def _subset(data: _Data, blank: OneFit, found: Transformed) -> OneFit:
    """A model of the two sides alone."""
    spec = data.contrast(blank.pair)
    in_pair = among(data.table[data.group.name].to_numpy(dtype=object), spec.levels + spec.against)
    table = data.table.loc[in_pair]
    level, alpha = data.context.study.study.level, data.context.study.study.alpha
    try:
        made = model_terms(data.context, table, data.terms, also_complete=[data.outcome, data.group.name])
        rows, design = made.design.rows, made.design
        y = table[data.outcome].to_numpy(np.float64)[rows]
        levels = table[data.group.name].to_numpy(dtype=object)[rows]
        used = data.positions[in_pair][rows]
        if data.weights is not None or data.sets is not None:
            weights = np.ones(len(rows)) if data.weights is None else data.weights[in_pair][rows]
            sets = None if data.sets is None else data.sets[in_pair][rows][weights > 0]
            kept = weights > 0
            result, fit, notes = _robust(
                y[kept], levels[kept], spec, design.matrix[kept], design.names,
                None if data.weights is None else weights[kept], sets, level, alpha,
            )  # fmt: skip
            used = used[kept]
        else:
            whole = adjusted_contrasts(
                y, levels, [spec], design.matrix, design.names, hc3=hc3_first(data.model),
                per_group=data.model.per_group_min, level=level, alpha=alpha,
            )  # fmt: skip
            result, fit, notes = whole.results[0], whole.fits[0], whole.notes
    except StatsError as error:
        return blank.failed(f"{data.label(blank.pair)}: {first_line(error)}")
    told = _told(data, blank.pair, (*notes, made.dropped_words(data.outcome)), found)
    done = blank.done(result, fit, made.design.n_dropped, told, found.zeros, used)
    return replace(done, by_set=data.sets is not None)


def _joint(data: _Data, blanks: Sequence[OneFit], found: Transformed) -> list[OneFit]:
    """One model of all groups, its contrasts corrected together."""
    pairs = contrasts_of(data.model, data.group)
    specs = [data.contrast(pair) for pair in pairs]
    try:
        made = model_terms(data.context, data.table, data.terms, also_complete=[data.outcome, data.group.name])
        rows, design = made.design.rows, made.design
        whole = adjusted_contrasts(
            data.table[data.outcome].to_numpy(np.float64)[rows],
            data.table[data.group.name].to_numpy(dtype=object)[rows],
            specs,
            design.matrix,
            design.names,
            model="joint",
            adjustment=data.model.correction,
            hc3=hc3_first(data.model),
            per_group=data.model.per_group_min,
            level=data.context.study.study.level,
            alpha=data.context.study.study.alpha,
        )
    except StatsError as error:
        return [blank.failed(f"{data.label(blank.pair)}: {first_line(error)}") for blank in blanks]
    told = _told(data, None, (*whole.notes, made.dropped_words(data.outcome)), found)
    return [
        blank.done(
            whole.results[pairs.index(blank.pair)],
            whole.fits[0],
            design.n_dropped,
            told,
            found.zeros,
            data.positions[rows],
        )
        for blank in blanks
    ]


def _told(data: _Data, pair: Pair | None, notes: Sequence[str], found: Transformed) -> tuple[str, ...]:
    where = f"{pair_words(data.group, pair)}: " if pair else ""
    label = data.context.label(data.outcome)
    # patients per term are said once for all outcomes, with the file's own limit
    kept = [note for note in notes if note and "per term" not in note]
    return (*(f"{label}: {note}" for note in found.notes), *(where + note for note in kept))


def _robust(
    y: NDArray[np.float64], levels: NDArray[np.object_], spec: Contrast, x: NDArray[np.float64], names: Sequence[str],
    weights: NDArray[np.float64] | None, sets: NDArray[np.int64] | None, level: float, alpha: float,
) -> tuple[ContrastResult, LinearFit, tuple[str, ...]]:  # fmt: skip
    """A contrast in a matched or weighted cohort; its errors are robust, by matched set where there are sets."""
    high, low = among(levels, spec.levels), among(levels, spec.against)
    design = np.column_stack([np.ones(len(y)), high.astype(float), x])
    fit = linear_regression(y, design, ["intercept", spec.name, *names], weights=weights, level=level)
    hc3 = fit.estimate(spec.name, hc3=True)
    pick = np.eye(design.shape[1])[1]
    main = hc3 if sets is None else fit.combination(spec.name, pick, cluster=sets)
    se_classical = hc3.se if sets is None else fit.estimate(spec.name).se
    mde = minimum_detectable_effect(main.se, df=fit.df_residual, alpha=alpha)
    sizes = (int(high.sum()), int(low.sum()))
    result = ContrastResult(spec, main, hc3, se_classical, main.p_value, "none", mde, fit.n, sizes)
    return result, fit, (*fit.notes, *(() if sets is not None else ("Weighted: both errors are the robust HC3 ones.",)))
