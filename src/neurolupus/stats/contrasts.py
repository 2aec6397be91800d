"""Adjusted differences between levels of a group: each pair by itself, or all in one joint model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix, complete_vector
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.matrix_checks import size_notes
from neurolupus.stats.multiplicity import adjust, tukey, tukey_critical_value
from neurolupus.stats.power import minimum_detectable_effect
from neurolupus.stats.regression import LinearFit, linear_regression

Levels = NDArray[np.object_]
Model = Literal["pairwise_subset", "joint"]
Multiplicity = Literal["none", "holm", "tukey"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Mean of `levels` minus mean of `against`; several levels are merged into one group."""

    name: str
    levels: tuple[Hashable, ...]
    against: tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class ContrastResult:
    """One adjusted difference.

    Attributes
    ----------
    estimate, estimate_hc3 : Estimate
        Difference on the outcome's scale; exponentiate for the ratio of a log outcome. With `tukey` the limits of
        `estimate` hold for all contrasts at once. Where `hc3` errors were asked for, both are the same.
    se_classical : float
    p_adjusted : float
        That of `estimate`, adjusted for the number of contrasts as `adjustment` says.
    mde80 : float
        The difference that this model would have found in 80 of 100 studies of its size.
    n, group_sizes : int, (levels, against)
        Rows of the model the number comes from, and of the two sides.
    """

    contrast: Contrast
    estimate: Estimate
    estimate_hc3: Estimate
    se_classical: float
    p_adjusted: float
    adjustment: Multiplicity
    mde80: float
    n: int
    group_sizes: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class ContrastFit:
    """All contrasts of one outcome, and the model or models behind them (one per contrast, or one)."""

    results: tuple[ContrastResult, ...]
    fits: tuple[LinearFit, ...]
    model: Model
    method: str
    n: int
    n_dropped: int
    notes: Notes


@dataclass(frozen=True, slots=True)
class _Precision:
    """By which errors, and how sure: see `adjusted_contrasts`."""

    hc3: bool
    level: float
    alpha: float


def adjusted_contrasts(
    outcome: ArrayLike,
    group: ArrayLike,
    contrasts: Sequence[Contrast],
    covariates: ArrayLike,
    covariate_names: Sequence[str],
    *,
    model: Model = "pairwise_subset",
    adjustment: Multiplicity = "none",
    hc3: bool = False,
    per_group: int = 10,
    n_dropped: int = 0,
    level: float = 0.95,
    alpha: float = 0.05,
) -> ContrastFit:
    """Differences between groups, adjusted for covariates by linear regression.

    Parameters
    ----------
    outcome : (n,) float array
    group : (n,) array
        A level per row; complete.
    contrasts : sequence of Contrast
    covariates : (n, q) float array
        Without an intercept; (n, 0) is allowed.
    covariate_names : sequence of str
    model : str
        `pairwise_subset` fits each contrast on its own rows, so covariate slopes and residual variance differ between
        contrasts; `joint` fits all rows once, all levels as indicators. A merged side of a joint contrast is the mean
        of its levels weighted by their sizes.
    adjustment : str
        Of the p-values across `contrasts`: `none`, `holm`, or `tukey` (joint only, single levels only).
    hc3 : bool
        Errors, limits and p-values that do not need a constant residual variance (MacKinnon and White 1985); Tukey's
        adjustment has none.
    per_group : int
        Smaller sides get a note.
    level : float
        Of the intervals.
    alpha : float
        At which `mde80` would have been significant.

    Raises
    ------
    StatsError
        A side has no row, a level is unknown, or Tukey is asked of merged or subset contrasts or with `hc3`.

    Examples
    --------
    >>> y, g = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0], ["a", "a", "b", "b", "c", "c"]
    >>> fit = adjusted_contrasts(y, g, [Contrast("b - a", ("b",), ("a",))], np.empty((6, 0)), [], model="joint")
    >>> round(fit.results[0].estimate.value, 6)
    2.0
    """
    y = complete_vector(outcome, "the outcome")
    x = complete_matrix(covariates, covariate_names, len(y))
    levels = _complete_levels(group, len(y))
    if not contrasts:
        raise StatsError("No contrast was given; name at least one pair of groups.")
    for contrast in contrasts:
        _check_contrast(contrast, levels)
    if hc3 and adjustment == "tukey":
        raise StatsError("Tukey's adjustment needs a constant residual variance; adjust HC3 errors by Holm.")
    precision = _Precision(hc3, level, alpha)
    if model == "joint":
        fits, found = _joint(y, levels, contrasts, x, covariate_names, adjustment, precision)
    elif model == "pairwise_subset":
        if adjustment == "tukey":
            raise StatsError(
                "Tukey's adjustment needs one joint model; write contrast_model: joint, or adjust by Holm."
            )
        fits, found = _subsets(y, levels, contrasts, x, covariate_names, precision)
    else:
        raise StatsError(f"Contrast model {model!r} is unknown; choose pairwise_subset or joint.")
    adjusted = _adjusted_p(found, adjustment, levels, fits[0])
    results = tuple(
        replace(r, p_adjusted=float(p), adjustment=adjustment) for r, p in zip(found, adjusted, strict=True)
    )
    told = dict.fromkeys(note for fit in fits for note in fit.notes)
    notes = (*told, *size_notes(0, 0, group_sizes=_named_sides(found), per_group=per_group))
    words = "one joint model" if model == "joint" else "one model per contrast on its own rows"
    return ContrastFit(results, fits, model, f"linear regression, {words}", len(y), n_dropped, notes)


def _subsets(
    y: Vector,
    levels: Levels,
    contrasts: Sequence[Contrast],
    x: Matrix,
    names: Sequence[str],
    precision: _Precision,
) -> tuple[tuple[LinearFit, ...], list[ContrastResult]]:
    fits, found = [], []
    for contrast in contrasts:
        high, low = (among(levels, side) for side in (contrast.levels, contrast.against))
        rows = high | low
        design = np.column_stack([np.ones(int(rows.sum())), high[rows].astype(float), x[rows]])
        fit = linear_regression(y[rows], design, ["intercept", contrast.name, *names], level=precision.level)
        pick = np.zeros(design.shape[1])
        pick[1] = 1.0
        fits.append(fit)
        found.append(_result(fit, contrast, pick, (int(high.sum()), int(low.sum())), precision))
    return tuple(fits), found


def _joint(
    y: Vector,
    levels: Levels,
    contrasts: Sequence[Contrast],
    x: Matrix,
    names: Sequence[str],
    adjustment: Multiplicity,
    precision: _Precision,
) -> tuple[tuple[LinearFit, ...], list[ContrastResult]]:
    order = list(dict.fromkeys(levels))
    indicators = np.column_stack([(levels == g).astype(float) for g in order])
    fit = linear_regression(
        y, np.column_stack([indicators, x]), [*(f"group[{g}]" for g in order), *names], level=precision.level
    )
    sizes = dict(zip(order, indicators.sum(axis=0), strict=True))
    found = []
    for contrast in contrasts:
        if adjustment == "tukey" and (len(contrast.levels) > 1 or len(contrast.against) > 1):
            raise StatsError(
                f"Contrast {contrast.name!r} merges levels; Tukey's adjustment holds for pairs of single levels only.\n"
                "    Adjust by Holm."
            )
        pick = np.concatenate([contrast_weights(contrast, sizes), np.zeros(x.shape[1])])
        both = (int(sum(sizes[g] for g in contrast.levels)), int(sum(sizes[g] for g in contrast.against)))
        found.append(_result(fit, contrast, pick, both, precision))
    if adjustment == "tukey":
        found = [_simultaneous(r, len(order), fit.df_residual) for r in found]
    return (fit,), found


def contrast_weights(contrast: Contrast, sizes: Mapping[Hashable, float]) -> Vector:
    """What the mean of each level is multiplied by, (levels,) in the order of `sizes`; merged ones by their sizes.

    Examples
    --------
    >>> contrast_weights(Contrast("b or c - a", ("b", "c"), ("a",)), {"a": 9, "b": 3, "c": 1}).tolist()
    [-1.0, 0.75, 0.25]
    """
    order = list(sizes)
    pick = np.zeros(len(order))
    for side, sign in ((contrast.levels, 1.0), (contrast.against, -1.0)):
        total = sum(sizes[g] for g in side)
        for g in side:
            pick[order.index(g)] += sign * sizes[g] / total
    return pick


def _result(
    fit: LinearFit, contrast: Contrast, pick: Vector, sizes: tuple[int, int], precision: _Precision
) -> ContrastResult:
    plain, robust = (fit.combination(contrast.name, pick, hc3=way) for way in (False, True))
    estimate = robust if precision.hc3 else plain
    return ContrastResult(
        contrast=contrast,
        estimate=estimate,
        estimate_hc3=robust,
        se_classical=plain.se,
        p_adjusted=estimate.p_value,
        adjustment="none",
        mde80=minimum_detectable_effect(estimate.se, df=fit.df_residual, alpha=precision.alpha),
        n=fit.n,
        group_sizes=sizes,
    )


def _simultaneous(result: ContrastResult, groups: int, df: int) -> ContrastResult:
    e = result.estimate
    half = tukey_critical_value(e.level, groups, df) * e.se
    return replace(result, estimate=replace(e, ci_low=e.value - half, ci_high=e.value + half))


def _adjusted_p(found: Sequence[ContrastResult], adjustment: Multiplicity, levels: Levels, fit: LinearFit) -> Vector:
    if adjustment == "tukey":
        return tukey([r.estimate.statistic for r in found], len(set(levels)), fit.df_residual)
    return adjust([r.estimate.p_value for r in found], adjustment)


def _named_sides(found: Sequence[ContrastResult]) -> list[tuple[str, int]]:
    named: dict[str, int] = {}
    for r in found:
        for side, size in zip((r.contrast.levels, r.contrast.against), r.group_sizes, strict=True):
            named[" + ".join(map(str, side))] = size
    return list(named.items())


def among(levels: Levels, wanted: Sequence[Hashable]) -> NDArray[np.bool_]:
    """Which rows have one of the levels wanted, (n,)."""
    meant = frozenset(wanted)
    return np.fromiter((level in meant for level in levels), bool, len(levels))


def _complete_levels(group: ArrayLike, n: int) -> Levels:
    levels = np.asarray(group, dtype=object)
    missing = pd.isna(levels)
    if len(levels) != n or missing.any():
        raise StatsError(
            f"The group column has {len(levels)} rows, {int(missing.sum())} missing, for {n} outcomes; one group "
            "per outcome is needed.\n    Drop these rows and report the count."
        )
    return levels


def _check_contrast(contrast: Contrast, levels: Levels) -> None:
    there = set(levels)
    unknown = [g for g in (*contrast.levels, *contrast.against) if g not in there]
    if unknown:
        raise StatsError(
            f"Contrast {contrast.name!r} needs level {unknown[0]!r}, which no row has; there are "
            f"{sorted(map(str, there))}.\n    Check the group column and the filters before it."
        )
    if not contrast.levels or not contrast.against or set(contrast.levels) & set(contrast.against):
        raise StatsError(f"Contrast {contrast.name!r} must have different levels on both sides.")
