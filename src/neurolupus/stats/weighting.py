"""Weights from propensity scores: inverse probability for ATE, ATT and ATC, and overlap weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector, complete_weights
from neurolupus.stats.estimate import Notes

Estimand = Literal["ATT", "ATE", "ATC", "ATO"]
LARGE = 10.0  # times the mean weight of the arm: said aloud
LOST = 0.5  # so is an arm whose effective size is less than this share of its patients


@dataclass(frozen=True, slots=True, eq=False)
class PropensityWeights:
    """One weight per patient.

    Attributes
    ----------
    weights : (n,) float array
    n_truncated : int
        Weights set to a percentile.
    limits : (float, float) or None
        These percentiles' values.
    effective_treated, effective_control : float
        Kish's effective sample sizes.
    largest : float
    """

    weights: Vector
    estimand: Estimand
    n_truncated: int
    limits: tuple[float, float] | None
    effective_treated: float
    effective_control: float
    largest: float
    method: str
    n: int
    n_dropped: int
    notes: Notes


def propensity_weights(
    score: ArrayLike,
    treated: ArrayLike,
    *,
    estimand: Estimand = "ATE",
    stabilised: bool = True,
    trim: float = 0.0,
) -> PropensityWeights:
    """Weights that make both arms alike in what the score knows.

    Parameters
    ----------
    score : (n,) float array
        Probability of the exposure, above 0 and below 1.
    treated : (n,) array
        0 or 1.
    estimand : str
        Whose effect: of everybody (ATE: 1/p and 1/(1 - p)), the treated (ATT: 1 and p/(1 - p)), the controls
        (ATC: (1 - p)/p and 1), the overlap (ATO: 1 - p and p).
    stabilised : bool
        Times the share of the arm: ATE weights have mean 1 or near it, and the weighted arm of ATT and ATC about its
        own size. ATO has no use for it.
    trim : float
        Weights beyond the quantiles `trim` and 1 - `trim` are set to them: of all weights for ATE, of the controls'
        for ATT, of the exposed's for ATC. 0: none. Refused for ATO, whose weights are below 1.

    Raises
    ------
    StatsError
        A score is not inside (0, 1), an arm is empty, or an option does not fit.

    References
    ----------
    .. [1] Cole and Hernán (2008), Am J Epidemiol 168:656, doi:10.1093/aje/kwn164.
    .. [2] Li, Morgan and Zaslavsky (2018), JASA 113:390, doi:10.1080/01621459.2016.1260466.

    Examples
    --------
    >>> propensity_weights([0.5, 0.25], [1, 0], estimand="ATE", stabilised=False).weights.tolist()
    [2.0, 1.3333333333333333]
    """
    p, exposed = _checked(score, treated)
    if estimand not in get_args(Estimand):
        raise StatsError(f"Estimand {estimand!r} is unknown; choose one of {', '.join(get_args(Estimand))}.")
    if not 0 <= trim < 0.5 or (trim and estimand == "ATO"):
        raise StatsError(
            f"Truncation at quantile {trim:g} does not fit {estimand}; 0 to below 0.5 is needed, and 0 for overlap "
            "weights, which are below 1.\n    Set trim: 0."
        )
    weights = _raw(p, exposed, estimand)
    if stabilised and estimand != "ATO":
        weights = weights * _shares(exposed, estimand)
    varying = {"ATE": np.ones(len(p), bool), "ATT": ~exposed, "ATC": exposed, "ATO": np.zeros(len(p), bool)}[estimand]
    limits, truncated = None, 0
    if trim:
        low, high = (float(q) for q in np.quantile(weights[varying], [trim, 1 - trim]))
        limits = (low, high)
        beyond = varying & ((weights < low) | (weights > high))
        truncated = int(beyond.sum())
        weights = np.where(varying, np.clip(weights, low, high), weights)
    effective = effective_sample_size(weights[exposed]), effective_sample_size(weights[~exposed])
    return PropensityWeights(
        weights=weights,
        estimand=estimand,
        n_truncated=truncated,
        limits=limits,
        effective_treated=effective[0],
        effective_control=effective[1],
        largest=float(weights.max()),
        method=_method(estimand, stabilised, trim),
        n=len(p),
        n_dropped=0,
        notes=_notes(weights, exposed, effective, truncated, trim),
    )


def effective_sample_size(weights: ArrayLike) -> float:
    """Kish's effective sample size, (sum w)² / sum w².

    Examples
    --------
    >>> effective_sample_size([1.0, 1.0, 2.0])
    2.6666666666666665
    """
    w = complete_vector(weights, "weights")
    complete_weights(w, len(w))
    w = w / w.max()  # squares neither overflow nor vanish
    return float(w.sum()) ** 2 / float(w @ w)


def _checked(score: ArrayLike, treated: ArrayLike) -> tuple[Vector, NDArray[np.bool_]]:
    p, arm = complete_vector(score, "the propensity score"), complete_vector(treated, "treated")
    if len(p) != len(arm) or not np.isin(arm, (0, 1)).all() or arm.all() or not arm.any():
        raise StatsError(
            f"There are {len(p)} scores and {len(arm)} arms with values {np.unique(arm)[:4].tolist()}; 0 or 1 for each "
            "patient, and both, are needed.\n    Check the exposure and the filters before it."
        )
    outside = int(np.count_nonzero((p <= 0) | (p >= 1)))
    if outside:
        raise StatsError(
            f"{outside} of {len(p)} scores are not between 0 and 1 (they run from {p.min():g} to {p.max():g}); such "
            "patients have no counterpart and no weight.\n    Take out the covariate that tells the arms apart."
        )
    return p, np.asarray(arm == 1)


def _raw(p: Vector, exposed: NDArray[np.bool_], estimand: Estimand) -> Vector:
    if estimand == "ATE":
        return np.where(exposed, 1 / p, 1 / (1 - p))
    if estimand == "ATT":
        return np.where(exposed, 1.0, p / (1 - p))
    if estimand == "ATC":
        return np.where(exposed, (1 - p) / p, 1.0)
    return np.where(exposed, 1 - p, p)


def _shares(exposed: NDArray[np.bool_], estimand: Estimand) -> Vector:
    share = float(exposed.mean())
    if estimand == "ATE":
        return np.where(exposed, share, 1 - share)
    if estimand == "ATT":
        return np.where(exposed, 1.0, (1 - share) / share)
    return np.where(exposed, share / (1 - share), 1.0)


def _method(estimand: Estimand, stabilised: bool, trim: float) -> str:
    if estimand == "ATO":
        return "overlap weights"
    kind = "stabilised inverse" if stabilised else "inverse"
    cut = f", truncated at percentiles {100 * trim:g} and {100 * (1 - trim):g}" if trim else ""
    return f"{kind} probability of treatment weights, {estimand}{cut}"


def _notes(
    weights: Vector, exposed: NDArray[np.bool_], effective: tuple[float, float], truncated: int, trim: float
) -> Notes:
    notes = []
    if truncated:
        notes.append(
            f"{truncated} of {len(weights)} weights lay beyond percentiles {100 * trim:g} and {100 * (1 - trim):g} and "
            "were set to them."
        )
    for name, rows, size in (("exposed", exposed, effective[0]), ("control", ~exposed, effective[1])):
        n = int(rows.sum())
        if size < LOST * n:
            notes.append(f"The {n} {name} patients weigh as {size:.1f}; few of them carry the result.")
        large = weights[rows] > LARGE * float(weights[rows].mean())
        if large.any():
            notes.append(
                f"{int(large.sum())} {name} patients weigh more than {LARGE:g} times the mean of their arm (largest "
                f"{float(weights[rows].max()):.1f})."
            )
    return tuple(notes)
