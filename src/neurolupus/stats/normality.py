"""How normal a column looks: skewness, kurtosis, Shapiro–Wilk; points of a Q–Q plot and bars of a histogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector
from neurolupus.stats.estimate import Notes

Criterion = Literal["shapiro", "skew_kurtosis"]
SHAPIRO_FROM, SHAPIRO_UP_TO = 3, 5000  # Royston's approximation was fitted in this range
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Normality:
    """Shape of one column; None is what cannot be computed for so few (or so many) or equal values.

    Attributes
    ----------
    skewness, kurtosis : float or None
        G1 and G2 (excess) of Joanes and Gill, "type 2", as SPSS and SAS print them; need 3 and 4 values.
    skewness_z, kurtosis_z : float or None
        Divided by their standard errors under normality.
    shapiro_w, shapiro_p : float or None
        For 3 to 5000 values.
    """

    n: int
    skewness: float | None
    skewness_se: float | None
    skewness_z: float | None
    kurtosis: float | None
    kurtosis_se: float | None
    kurtosis_z: float | None
    shapiro_w: float | None
    shapiro_p: float | None
    notes: Notes = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a column is held for normal, and why, in words."""

    normal: bool
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class QuantilePoints:
    """A normal Q–Q plot: `theoretical` standard normal and `sample` quantiles, (n,), and its line through quartiles."""

    theoretical: Vector
    sample: Vector
    line_slope: float
    line_intercept: float


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """`counts` (k,) between `edges` (k + 1,)."""

    edges: Vector
    counts: Vector


def normality(values: ArrayLike) -> Normality:
    """Skewness, kurtosis and Shapiro–Wilk test of complete values.

    References
    ----------
    .. [1] Joanes and Gill (1998), Statistician 47:183, doi:10.1111/1467-9884.00122.
    .. [2] Royston (1995), Appl Stat 44:547, doi:10.2307/2986146 (AS R94).

    Examples
    --------
    >>> round(normality([1.0, 2.0, 3.0, 10.0]).skewness, 4)
    1.7636
    """
    x = complete_vector(values, "values")
    n = len(x)
    if n < SHAPIRO_FROM or x.min() == x.max():
        why = "all values are equal" if n >= SHAPIRO_FROM else f"{n} value(s) are too few"
        return Normality(n, *(None,) * 8, notes=(f"Shape not judged: {why}.",))
    skew, skew_se = _g1(x), skewness_se(n)
    kurt = kurt_se = None
    if n > 3:
        kurt, kurt_se = _g2(x), kurtosis_se(n)
    w = p = None
    notes: Notes = ()
    if n <= SHAPIRO_UP_TO:
        test = stats.shapiro(x)
        w, p = float(test.statistic), float(test.pvalue)
    else:
        notes = (f"Shapiro–Wilk not computed for {n} values; it is defined up to {SHAPIRO_UP_TO}.",)
    kurt_z = None if kurt is None or kurt_se is None else kurt / kurt_se
    return Normality(n, skew, skew_se, skew / skew_se, kurt, kurt_se, kurt_z, w, p, notes)


def skewness_se(n: int) -> float:
    """Standard error of G1 in normal samples, as SPSS prints it.

    Examples
    --------
    >>> round(skewness_se(155), 3)
    0.195
    """
    return float(np.sqrt(6 * n * (n - 1) / ((n - 2) * (n + 1) * (n + 3))))


def kurtosis_se(n: int) -> float:
    """Standard error of G2 in normal samples, as SPSS prints it."""
    return float(2 * skewness_se(n) * np.sqrt((n**2 - 1) / ((n - 3) * (n + 5))))


def judge_normality(values: ArrayLike, criteria: Sequence[Criterion] = ("shapiro",)) -> Verdict:
    """Whether the values pass every criterion; without criteria they do.

    Parameters
    ----------
    values : (n,) float array
        Complete.
    criteria : sequence of str
        `shapiro`: p of at least 0.05. `skew_kurtosis`: both |z| at most 1.96 below 50 values and 3.29 up to 300;
        beyond, |skewness| at most 2 and |kurtosis| at most 7 (Kim 2013).

    Notes
    -----
    Small samples pass nearly always, large ones hardly ever: a test of normality says little about whether a t-test
    is safe. Too few or equal values count as not normal.

    References
    ----------
    .. [1] Kim (2013), Restor Dent Endod 38:52, doi:10.5395/rde.2013.38.1.52.
    """
    shape = normality(values)
    passed, words = True, []
    for criterion in criteria:
        if criterion == "shapiro":
            ok, told = _by_shapiro(shape)
        elif criterion == "skew_kurtosis":
            ok, told = _by_shape(shape)
        else:
            raise StatsError(f"Normality criterion {criterion!r} is unknown; choose shapiro or skew_kurtosis.")
        passed = passed and ok
        words.append(told)
    return Verdict(passed, ", ".join(words))


def quantile_points(values: ArrayLike) -> QuantilePoints:
    """Points of a normal Q–Q plot at R's `ppoints`, and the line through the quartiles (R's `qqline`)."""
    sample = np.sort(complete_vector(values, "values", at_least=2))
    n = len(sample)
    offset = 3 / 8 if n <= 10 else 1 / 2
    theoretical = special.ndtri((np.arange(1, n + 1) - offset) / (n + 1 - 2 * offset))
    low, high = np.quantile(sample, [0.25, 0.75])
    slope = float((high - low) / (2 * special.ndtri(0.75)))
    return QuantilePoints(np.asarray(theoretical), sample, slope, float((low + high) / 2))


def histogram(values: ArrayLike) -> Histogram:
    """Bars whose width follows Freedman and Diaconis, or Sturges where the quartiles coincide; at most 60."""
    x = complete_vector(values, "values")
    bins = min(60, max(1, len(np.histogram_bin_edges(x, bins="auto")) - 1))
    counts, edges = np.histogram(x, bins=bins)
    return Histogram(np.asarray(edges, float), np.asarray(counts, float))


def _g1(x: Vector) -> float:
    n, z = len(x), (x - x.mean()) / x.std()
    return float(np.mean(z**3) * np.sqrt(n * (n - 1)) / (n - 2))


def _g2(x: Vector) -> float:
    n, z = len(x), (x - x.mean()) / x.std()
    return float((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (np.mean(z**4) - 3) + 6))


def _by_shapiro(shape: Normality) -> tuple[bool, str]:
    if shape.shapiro_p is None:
        return shape.n > SHAPIRO_UP_TO, f"n {shape.n}: Shapiro–Wilk not computed"
    return shape.shapiro_p >= ALPHA, f"n {shape.n}: Shapiro–Wilk p {shape.shapiro_p:.3g}"


def _by_shape(shape: Normality) -> tuple[bool, str]:
    if shape.skewness is None or shape.kurtosis is None or shape.skewness_z is None or shape.kurtosis_z is None:
        return False, f"n {shape.n}: skewness and kurtosis not computed"
    told = f"n {shape.n}: skewness {shape.skewness:.2f}, kurtosis {shape.kurtosis:.2f}"
    if shape.n > 300:
        return abs(shape.skewness) <= 2 and abs(shape.kurtosis) <= 7, told
    limit = 1.96 if shape.n < 50 else 3.29
    return max(abs(shape.skewness_z), abs(shape.kurtosis_z)) <= limit, told
