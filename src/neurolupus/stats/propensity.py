"""Propensity scores, and how far the scores of two arms overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_matrix, complete_vector
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.logistic import logistic_regression

SURE = 1e-6  # a score this near to 0 or 1 says that the covariates told the arm


@dataclass(frozen=True, slots=True, eq=False)
class PropensityScore:
    """The probability of the exposure given the covariates, and the model behind it.

    Attributes
    ----------
    score : (n,) float array
    logit : (n,) float array
        Log odds of the score; finite where the score rounds to 0 or 1.
    estimates : tuple of Estimate
        Log odds ratios of the exposure.
    """

    score: Vector
    logit: Vector
    estimates: tuple[Estimate, ...]
    n: int
    n_dropped: int
    notes: Notes
    method: str


@dataclass(frozen=True, slots=True)
class CommonSupport:
    """The range of scores that both arms reach, and how many of each arm lie inside.

    Attributes
    ----------
    low, high : float
        The larger of both minima, the smaller of both maxima; `low` exceeds `high` when the arms do not meet.
    """

    low: float
    high: float
    n_treated: int
    n_control: int
    n_treated_inside: int
    n_control_inside: int
    method: str
    n: int
    notes: Notes


def propensity_score(
    treated: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    n_dropped: int = 0,
) -> PropensityScore:
    """Propensity scores by logistic regression, maximum likelihood without penalty.

    Parameters
    ----------
    treated : (n,) array
        0 or 1.
    design : (n, p) float array
        With its column of ones.
    names : sequence of str
        One per column.
    weights : (n,) float array or None
        Sampling weights or counts; rows of weight zero are scored, but do not shape the model.
    n_dropped : int
        Rows the caller left out, carried along.

    Raises
    ------
    StatsError
        One arm, missing values, dependent columns, or covariates that tell the arms apart completely.

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [0.0, 0, 1, 1]])
    >>> propensity_score([0, 1, 0, 1], x, ["intercept", "female"]).score.round(6).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    arm = complete_vector(treated, "treated")
    x = complete_matrix(design, names, len(arm))
    fit = logistic_regression(arm, x, names, weights=weights, n_dropped=n_dropped)
    logit = np.asarray(x @ fit.coefficients)
    score = np.asarray(special.expit(logit))
    sure = np.minimum(score, 1 - score) < SURE
    if sure.all():
        told = ", ".join(fit.separated) or ", ".join(fit.names)
        raise StatsError(
            f"The covariates tell the arms of all {len(arm)} patients apart (columns: {told}); "
            "patients who could have been in either arm are needed.\n    Take out what defines the exposure."
        )
    notes = list(fit.notes)
    if sure.any():
        notes.append(
            f"{int(sure.sum())} of {len(arm)} patients have a score of 0 or 1; nobody is comparable with them."
        )
    return PropensityScore(score, logit, fit.estimates, fit.n, n_dropped, tuple(notes), fit.method)


def common_support(score: ArrayLike, treated: ArrayLike) -> CommonSupport:
    """Range of scores both arms reach, and who lies in it.

    Parameters
    ----------
    score : (n,) float array
        Score or logit.
    treated : (n,) array
        0 or 1.

    Raises
    ------
    StatsError
        Values are missing or an arm is empty.

    Examples
    --------
    >>> support = common_support([0.1, 0.3, 0.5, 0.3, 0.6, 0.9], [0, 0, 0, 1, 1, 1])
    >>> support.low, support.high, support.n_control_inside, support.n_treated_inside
    (0.3, 0.5, 2, 1)
    """
    values, exposed = complete_vector(score, "the score"), complete_vector(treated, "treated") != 0
    if len(values) != len(exposed) or exposed.all() or not exposed.any():
        raise StatsError(
            f"There are {len(values)} scores and {int(exposed.sum())} exposed of {len(exposed)} patients; a score for "
            "each and both arms are needed.\n    Check the exposure and the filters before it."
        )
    low = max(float(values[exposed].min()), float(values[~exposed].min()))
    high = min(float(values[exposed].max()), float(values[~exposed].max()))
    inside = (values >= low) & (values <= high)
    n1, n0 = int(exposed.sum()), int((~exposed).sum())
    in1, in0 = int((inside & exposed).sum()), int((inside & ~exposed).sum())
    notes: Notes = ()
    if not in1 or not in0:
        notes = ("The scores of the arms do not overlap; the groups cannot be compared by them.",)
    elif in1 < n1 or in0 < n0:
        notes = (
            f"{n1 - in1} of {n1} exposed patients and {n0 - in0} of {n0} controls lie outside the range of scores "
            f"that both arms reach ({low:.3g} to {high:.3g}).",
        )
    return CommonSupport(low, high, n1, n0, in1, in0, "overlap of ranges", len(values), notes)
