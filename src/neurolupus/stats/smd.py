"""Standardised mean differences: how far two groups lie apart, in standard deviations."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_vector, complete_weights, shown
from neurolupus.stats.describe import weighted_variance
from neurolupus.stats.estimate import Notes

Denominator = Literal["pooled_sd", "full_cohort_sd", "treated_sd", "control_sd"]


@dataclass(frozen=True, slots=True)
class StandardisedDifference:
    """One standardised mean difference (`smd`), treated minus control; None where the denominator is zero.

    Attributes
    ----------
    smd : float or None
        Signed for continuous and binary columns; a distance (zero or more) for nominal ones.
    kind : str
        continuous, binary or nominal.
    denominator : str
        What it was divided by.
    denominator_value : float or None
        Its value; None for nominal columns, whose denominator is a matrix.
    variance_ratio : float or None
        Variance of the treated over that of the controls, continuous columns only.
    """

    smd: float | None
    kind: str
    denominator: Denominator
    denominator_value: float | None
    variance_ratio: float | None
    n_treated: int
    n_control: int
    weighted: bool
    notes: Notes = ()


@dataclass(frozen=True, slots=True)
class _Arms:
    x: Matrix  # (n, p)
    treated: NDArray[np.bool_]
    weights: Vector
    weighted: bool


def smd_continuous(
    values: ArrayLike,
    treated: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    denominator: Denominator = "pooled_sd",
    reference_values: ArrayLike | None = None,
    reference_treated: ArrayLike | None = None,
) -> StandardisedDifference:
    """Difference of (weighted) means over a standard deviation.

    Parameters
    ----------
    values : (n,) float array
        Complete.
    treated : (n,) bool array
    weights : (n,) float array or None
        For the means and the variance ratio, and for the SD unless a reference is given.
    denominator : str
        `pooled_sd`: the root of the mean of both variances (Austin 2009); `full_cohort_sd`: the SD of all rows;
        `treated_sd`, `control_sd`: of one group.
    reference_values, reference_treated : (m,) arrays or None
        The unmatched, unweighted cohort for the denominator, so that a smaller SD after matching does not look like
        imbalance; None takes the denominator from the rows themselves.

    References
    ----------
    .. [1] Austin (2009), Stat Med 28:3083, doi:10.1002/sim.3697.

    Examples
    --------
    >>> round(smd_continuous([1, 2, 3, 3, 4, 5], [0, 0, 0, 1, 1, 1]).smd, 3)
    2.0
    """
    arms = _arms(np.reshape(complete_vector(values, "values"), (-1, 1)), treated, weights)
    base = arms
    if reference_values is not None:
        if reference_treated is None:
            raise StatsError("Reference values came without their groups; give `reference_treated` too.")
        base = _arms(np.reshape(complete_vector(reference_values, "reference"), (-1, 1)), reference_treated, None)
    difference = _mean_difference(arms)[0]
    variances = {
        "treated_sd": _variance(base, base.treated),
        "control_sd": _variance(base, ~base.treated),
        "full_cohort_sd": _variance(base, np.ones(len(base.x), bool)),
    }
    variances["pooled_sd"] = (variances["treated_sd"] + variances["control_sd"]) / 2
    own = _variance(arms, arms.treated), _variance(arms, ~arms.treated)
    ratio = own[0] / own[1] if own[1] > 0 else None
    return _result(arms, float(difference), _checked(denominator), variances[denominator], ratio, "continuous")


def smd_binary(
    values: ArrayLike,
    treated: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    denominator: Denominator = "pooled_sd",
    reference_values: ArrayLike | None = None,
    reference_treated: ArrayLike | None = None,
) -> StandardisedDifference:
    """Difference of proportions over a binomial standard deviation, sqrt(p (1 - p)).

    Parameters are those of `smd_continuous`, values 0 or 1; `denominator` says whose p.

    Examples
    --------
    >>> round(smd_binary([0, 1, 0, 0, 1, 1, 1, 0], [0, 0, 0, 0, 1, 1, 1, 1]).smd, 3)
    1.155
    """
    column = complete_vector(values, "values")
    if not np.isin(column, (0, 1)).all():
        raise StatsError(f"Values {np.unique(column)[:5].tolist()} are not 0 and 1; code the binary column so.")
    arms = _arms(column[:, None], treated, weights)
    base = arms
    if reference_values is not None:
        if reference_treated is None:
            raise StatsError("Reference values came without their groups; give `reference_treated` too.")
        base = _arms(complete_vector(reference_values, "reference")[:, None], reference_treated, None)
    p1, p0 = _mean(base, base.treated)[0], _mean(base, ~base.treated)[0]
    p = _mean(base, np.ones(len(base.x), bool))[0]
    variances = {"treated_sd": p1 * (1 - p1), "control_sd": p0 * (1 - p0), "full_cohort_sd": p * (1 - p)}
    variances["pooled_sd"] = (variances["treated_sd"] + variances["control_sd"]) / 2
    difference = float(_mean_difference(arms)[0])
    return _result(arms, difference, _checked(denominator), float(variances[denominator]), None, "binary")


def smd_nominal(
    values: ArrayLike,
    treated: ArrayLike,
    levels: Sequence[Hashable],
    *,
    weights: ArrayLike | None = None,
    denominator: Denominator = "pooled_sd",
    reference_values: ArrayLike | None = None,
    reference_treated: ArrayLike | None = None,
) -> StandardisedDifference:
    """Mahalanobis distance between the level shares of two groups (Yang and Dalton).

    Parameters
    ----------
    values : (n,) array
        Complete; every value is one of `levels`.
    denominator : str
        Whose multinomial covariance: the mean of both groups' (`pooled_sd`), or one group's, or that of all rows.
    reference_values, reference_treated : (m,) arrays or None
        Rows the covariance is taken of, unweighted: the full cohort, so that a smaller spread after matching does not
        look like imbalance.

    Notes
    -----
    Levels that no row has are left out; the covariance is inverted without its first level, on whose choice the
    distance does not depend. A singular covariance (a level that only one group has, with `treated_sd`) is
    inverted in the sense of Moore and Penrose.

    References
    ----------
    .. [1] Yang and Dalton (2012), SAS Global Forum, paper 335-2012.
    """
    column = pd.Series(values, dtype=object)
    spread = column if reference_values is None else pd.Series(reference_values, dtype=object)
    used = [level for level in levels if (column == level).any() or (spread == level).any()]
    if not column.isin(used).all():
        strange = column[~column.isin(used)].iloc[0]
        raise StatsError(
            f"Value {shown(strange)} is not among the declared levels {list(levels)}; declare or correct it."
        )
    indicator = np.column_stack([(column == level).to_numpy(float) for level in used])
    arms = _arms(indicator, treated, weights)
    if len(used) < 2:
        return _result(arms, 0.0, _checked(denominator), 0.0, None, "nominal")
    p1, p0 = _mean(arms, arms.treated)[1:], _mean(arms, ~arms.treated)[1:]
    base = arms
    if reference_values is not None and reference_treated is not None:
        base = _arms(np.column_stack([(spread == level).to_numpy(float) for level in used]), reference_treated, None)
    q1, q0 = _mean(base, base.treated)[1:], _mean(base, ~base.treated)[1:]
    q = _mean(base, np.ones(len(base.x), bool))[1:]
    covariances = {"treated_sd": _multinomial(q1), "control_sd": _multinomial(q0), "full_cohort_sd": _multinomial(q)}
    covariances["pooled_sd"] = (covariances["treated_sd"] + covariances["control_sd"]) / 2
    difference = p1 - p0
    distance = float(np.sqrt(difference @ np.linalg.pinv(covariances[_checked(denominator)]) @ difference))
    return StandardisedDifference(distance, "nominal", denominator, None, None, *_sizes(arms), arms.weighted)


def _checked(denominator: Denominator) -> Denominator:
    if denominator not in get_args(Denominator):
        raise StatsError(f"Denominator {denominator!r} is unknown; choose one of {', '.join(get_args(Denominator))}.")
    return denominator


def _arms(x: Matrix, treated: ArrayLike, weights: ArrayLike | None) -> _Arms:
    group = complete_vector(treated, "treated") != 0
    if len(group) != len(x):
        raise StatsError(f"There are {len(x)} values and {len(group)} group labels; one per row is needed.")
    w = complete_weights(weights, len(x))
    w = np.ones(len(x)) if w is None else w
    for name, arm in (("treated", group), ("control", ~group)):
        if not w[arm].sum() > 0:
            raise StatsError(
                f"The {name} group has no row (or no weight) among {len(x)}; both groups are needed.\n"
                "    Check the group column and the filters before it."
            )
    return _Arms(x, group, w, weights is not None)


def _mean(arms: _Arms, rows: NDArray[np.bool_]) -> Vector:
    w = arms.weights[rows]
    return np.asarray(w @ arms.x[rows] / w.sum())


def _mean_difference(arms: _Arms) -> Vector:
    return _mean(arms, arms.treated) - _mean(arms, ~arms.treated)


def _variance(arms: _Arms, rows: NDArray[np.bool_]) -> float:
    return weighted_variance(arms.x[rows, 0], arms.weights[rows])


def _multinomial(p: Vector) -> Matrix:
    return np.diag(p) - np.outer(p, p)


def _sizes(arms: _Arms) -> tuple[int, int]:
    used = arms.weights > 0
    return int((arms.treated & used).sum()), int((~arms.treated & used).sum())


def _result(
    arms: _Arms, difference: float, denominator: Denominator, variance: float, ratio: float | None, kind: str
) -> StandardisedDifference:
    sd = float(np.sqrt(variance)) if variance > 0 else 0.0
    smd: float | None = difference / sd if sd else (0.0 if difference == 0 else None)
    notes = () if smd is not None else (f"The {denominator.replace('_', ' ')} is zero; the difference has no scale.",)
    return StandardisedDifference(smd, kind, denominator, sd, ratio, *_sizes(arms), arms.weighted, notes)
