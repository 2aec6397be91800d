"""Normal scores -> values whose mean, quartiles or shares are the published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import poisson

Floats = NDArray[np.float64]  # (patients,)
MEDIAN_IQR, MEDIAN_P10_P90 = (25.0, 50.0, 75.0), (10.0, 50.0, 90.0)
_MOST_SKEW = 8.0


def from_percentiles(scores: Floats, percents: Sequence[float], values: Sequence[float]) -> Floats:
    """Values of a shifted log-normal distribution with three given percentiles.

    Parameters
    ----------
    scores : (n,) float array
        Standard normal.
    percents, values : three rising numbers each

    Notes
    -----
    x = a + b exp(s z): the skewness s follows from how far the outer percentiles lie from the inner one, so a variable
    whose upper quartile is far away is skewed to the right, and one with equal distances is normal.

    Examples
    --------
    >>> quartiles = ndtri([0.25, 0.5, 0.75])
    >>> from_percentiles(quartiles, MEDIAN_IQR, (21.75, 29, 40.25)).round(6).tolist()
    [21.75, 29.0, 40.25]
    """
    low, middle, high = ndtri(np.asarray(percents, dtype=float) / 100)
    x_low, x_middle, x_high = values
    wanted = np.log((x_high - x_middle) / (x_middle - x_low))

    def misses(skew: float) -> float:
        # expm1 keeps the ratio exact for a skewness near zero
        above = np.expm1(skew * (high - middle)) / skew
        below = -np.expm1(skew * (low - middle)) / skew
        return float(np.log(above / below) - wanted)

    flat = float(np.log((high - middle) / (middle - low)) - wanted)
    if abs(flat) < 1e-9:
        return np.asarray(x_middle + (scores - middle) * (x_high - x_middle) / (high - middle))
    ends = (1e-9, _MOST_SKEW) if flat < 0 else (-_MOST_SKEW, -1e-9)
    skew = float(brentq(misses, *ends))
    factor = (x_high - x_middle) / np.expm1(skew * (high - middle))
    return np.asarray(x_middle + factor * np.expm1(skew * (scores - middle)))


def from_mean_sd(scores: Floats, mean: float, sd: float) -> Floats:
    """Normal values."""
    return np.asarray(mean + sd * scores)


def from_poisson(scores: Floats, mean: float) -> Floats:
    """Counts."""
    return np.asarray(poisson.ppf(ndtr(scores), mean), dtype=float)


def from_share(scores: Floats, share: float) -> Floats:
    """1 for the given share of patients with the highest scores, else 0."""
    return np.asarray(scores > ndtri(1 - share), dtype=float) if 0 < share < 1 else np.full(len(scores), float(share))


def from_counts(scores: Floats, counts: Mapping[str, float]) -> NDArray[np.object_]:
    """Levels in the proportions of some counts, in their order from low scores to high ones."""
    levels = np.array(list(counts), dtype=object)
    edges = np.cumsum(list(counts.values()))[:-1] / sum(counts.values())
    return np.asarray(levels[np.searchsorted(edges, ndtr(scores), side="right")], dtype=object)
