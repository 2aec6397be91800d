"""Agreement of raters beyond chance: Cohen's kappa, weighted kappa, Fleiss' kappa for more than two."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix
from neurolupus.stats.wald import critical_value

Weights = Literal["none", "linear", "quadratic"]


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance; None is what these ratings do not define.

    Attributes
    ----------
    method : str
    value : float or None
        1 is full agreement, 0 is chance; None when chance alone agrees fully (everybody used one category).
    ci_low, ci_high : float or None
        Limits, cut off at -1 and 1; None without a value, and at full agreement, where the standard error is zero.
    se : float or None
        Standard error for the interval, not the one under chance.
    observed, expected : float
        Share of agreement, weighted if asked, seen and expected by chance.
    n, n_dropped, raters : int
        Subjects used, subjects left out because a rating was missing, and raters.
    """

    method: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    se: float | None
    observed: float
    expected: float
    n: int
    n_dropped: int
    raters: int
    level: float = 0.95


def cohen_kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    *,
    categories: Sequence[Hashable] | None = None,
    weights: Weights = "none",
    level: float = 0.95,
) -> Kappa:
    """Cohen's kappa of two raters' categories.

    Parameters
    ----------
    first, second : sequences
        One rating per subject, in the same order; None is missing and drops the subject.
    categories : sequence or None
        In their order, which weights need; None: those that occur, sorted.
    weights : {'none', 'linear', 'quadratic'}
        What near misses count: nothing, 1 - |i - j| / (k - 1), or 1 - (i - j)² / (k - 1)².

    Raises
    ------
    StatsError
        The lengths differ, nobody was rated by both, or a rating is none of `categories`.

    References
    ----------
    .. [1] Cohen (1960), Educ Psychol Meas 20:37, doi:10.1177/001316446002000104; weighted: Cohen (1968),
       Psychol Bull 70:213, doi:10.1037/h0026256.

    Examples
    --------
    >>> cohen_kappa(["a", "a", "b", "b"], ["a", "b", "b", "b"]).value
    0.5
    """
    if len(first) != len(second):
        raise StatsError(
            f"One rater has {len(first)} ratings, the other {len(second)}; one of each per subject is needed.\n"
            "    Match the ratings by scan first."
        )
    both = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    used = {rating for pair in both for rating in pair}
    order = list(categories) if categories is not None else sorted(used, key=_sorting)
    strangers = sorted(str(rating) for rating in used - set(order))
    if strangers:
        raise StatsError(
            f"Rating {strangers[0]!r} is none of {', '.join(map(str, order))}; known ones are needed.\n"
            "    Correct the rating, or add its category."
        )
    table = np.zeros((len(order), len(order)))
    place = {category: index for index, category in enumerate(order)}
    for a, b in both:
        table[place[a], place[b]] += 1
    return kappa_of_table(table, weights=weights, level=level, n_dropped=len(first) - len(both))


def kappa_of_table(
    table: ArrayLike, *, weights: Weights | Matrix = "none", level: float = 0.95, n_dropped: int = 0
) -> Kappa:
    """Cohen's kappa of a (k, k) table of counts, rows one rater and columns the other.

    Parameters
    ----------
    weights : {'none', 'linear', 'quadratic'} or (k, k) array
        An array says what each cell counts, from 0 to 1 with 1 on its diagonal.

    Notes
    -----
    The standard error is the one for large samples of Fleiss, Cohen and Everitt [1]_.

    References
    ----------
    .. [1] Fleiss, Cohen and Everitt (1969), Psychol Bull 72:323, doi:10.1037/h0028106.
    """
    counts = np.asarray(table, np.float64)
    n = float(counts.sum())
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or n <= 0:
        raise StatsError(
            f"A table of shape {counts.shape} with {n:g} subjects was given; a square one with somebody in it is "
            "needed.\n    Check that both raters rated the same scans."
        )
    kind, w = _weights(weights, len(counts))
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float((w * p).sum()), float(rows @ w @ columns)
    value = se = None
    if 1 - expected > 1e-12:
        value = (observed - expected) / (1 - expected)
        mean_w = (w @ columns)[:, None] + (rows @ w)[None, :]
        spread = (p * (w * (1 - expected) - mean_w * (1 - observed)) ** 2).sum()
        variance = (spread - (observed * expected - 2 * expected + observed) ** 2) / (n * (1 - expected) ** 4)
        se = float(np.sqrt(max(float(variance), 0.0)))
    return _kappa(f"Cohen's kappa{kind}", value, se, observed, expected, int(n), n_dropped, 2, level)


def fleiss_kappa(counts: ArrayLike, *, level: float = 0.95, n_dropped: int = 0) -> Kappa:
    """Fleiss' kappa of more than two raters, or of different raters for each subject.

    Parameters
    ----------
    counts : (n, k) array
        How many raters put each subject into each category; as many raters for every subject.

    Raises
    ------
    StatsError
        A subject was rated by fewer than two raters, or by more or fewer than another.

    Notes
    -----
    Kappa as Fleiss [1]_; its standard error by leaving out one subject after the other (the jackknife [2]_), with t on
    n - 1 degrees of freedom, since the one printed in 1971 holds under chance only.

    References
    ----------
    .. [1] Fleiss (1971), Psychol Bull 76:378, doi:10.1037/h0031619.
    .. [2] Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11.
    """
    x = np.asarray(counts, np.float64)
    raters = x.sum(axis=1) if x.ndim == 2 else np.zeros(0)
    if not len(raters) or raters.min() < 2 or raters.min() != raters.max():
        seen = f"{raters.min():g} to {raters.max():g} raters" if len(raters) else "nobody"
        raise StatsError(
            f"Each subject was rated by {seen}; as many for every subject, and two at least, are needed.\n"
            "    Leave out subjects that not everybody rated."
        )
    value, observed, expected = _fleiss(x)
    se = None
    if value is not None and len(x) > 2:
        left_out = [_fleiss(np.delete(x, i, axis=0))[0] for i in range(len(x))]
        known = np.array([one for one in left_out if one is not None])
        if len(known) == len(x):
            se = float(np.sqrt((len(x) - 1) / len(x) * np.sum((known - known.mean()) ** 2)))
    return _kappa(
        "Fleiss' kappa", value, se, observed, expected, len(x), n_dropped, int(raters[0]), level, df=len(x) - 1
    )


def counts_of_ratings(ratings: Sequence[Sequence[Hashable]]) -> NDArray[np.float64]:
    """How many raters chose each category: (subjects, categories) from one row of ratings per subject.

    Examples
    --------
    >>> counts_of_ratings([["a", "a", "b"], ["b", "b", "b"]])
    array([[2., 1.],
           [0., 3.]])
    """
    order = sorted({rating for row in ratings for rating in row}, key=_sorting)
    return np.array([[sum(rating == category for rating in row) for category in order] for row in ratings], np.float64)


def _fleiss(x: Matrix) -> tuple[float | None, float, float]:
    raters = x[0].sum()
    observed = float(np.mean((np.sum(x**2, axis=1) - raters) / (raters * (raters - 1))))
    expected = float(np.sum((x.sum(axis=0) / x.sum()) ** 2))
    return (None if 1 - expected <= 1e-12 else (observed - expected) / (1 - expected)), observed, expected


def _weights(weights: Weights | Matrix, k: int) -> tuple[str, Matrix]:
    """What to call the weights, and the (k, k) array of them."""
    if not isinstance(weights, str):
        return ", weighted", np.asarray(weights, np.float64)
    if weights == "none" or k == 1:
        return "", np.eye(k)
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / (k - 1)
    return f", {weights} weights", 1 - (apart if weights == "linear" else apart**2)


def _kappa(
    method: str,
    value: float | None,
    se: float | None,
    observed: float,
    expected: float,
    n: int,
    n_dropped: int,
    raters: int,
    level: float,
    *,
    df: float | None = None,
) -> Kappa:
    low = high = None
    if value is not None and se is not None and se > 1e-9:
        half = critical_value(level, df) * se
        low, high = max(value - half, -1.0), min(value + half, 1.0)
    return Kappa(method, value, low, high, se, observed, expected, n, n_dropped, raters, level)


def _sorting(rating: Any) -> tuple[int, float, str]:
    """Numbers by size, then words by the alphabet."""
    try:
        return 0, float(rating), ""
    except (TypeError, ValueError):
        return 1, 0.0, str(rating)
