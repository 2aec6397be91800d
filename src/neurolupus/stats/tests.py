"""Means of groups compared: Student's and Welch's t, one-way analysis of variance; and what a comparison returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.wald import wald_estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test between groups, or within pairs.

    Attributes
    ----------
    method : str
        In words, with its variant: "Mann–Whitney test, normal approximation with continuity correction".
    statistic : float
        t, F, W, V, H or chi-square; NaN where the test has none (Fisher).
    df : float or None
        Degrees of freedom; the numerator's for F.
    df_denominator : float or None
        For F only.
    p_value : float
        Two-sided.
    n, group_sizes : int, tuple of int
        Rows used, in all and by group.
    effect : Estimate or None
        What the test is about, on the linear scale: difference of means or locations, log odds ratio.
    rule : str
        Why this test was chosen, where a rule chose it.
    """

    method: str
    statistic: float
    df: float | None
    p_value: float
    n: int
    group_sizes: tuple[int, ...]
    n_dropped: int = 0
    df_denominator: float | None = None
    effect: Estimate | None = None
    rule: str = ""
    notes: Notes = ()


def student_t(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Comparison:
    """Student's t-test with a pooled variance; the effect is mean(a) - mean(b).

    Parameters
    ----------
    a, b : (n,) and (m,) float arrays
        Complete; at least two values each.

    Examples
    --------
    >>> round(student_t([1, 2, 3], [2, 3, 4]).p_value, 4)
    0.2879
    """
    x, y = _two_samples(a, b)
    return student_t_from_summary(x.mean(), x.std(ddof=1), len(x), y.mean(), y.std(ddof=1), len(y), level=level)


def welch_t(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Comparison:
    """Welch's t-test, variances apart, degrees of freedom after Satterthwaite; the effect is mean(a) - mean(b)."""
    x, y = _two_samples(a, b)
    return welch_t_from_summary(x.mean(), x.std(ddof=1), len(x), y.mean(), y.std(ddof=1), len(y), level=level)


def student_t_from_summary(
    mean_a: float, sd_a: float, n_a: int, mean_b: float, sd_b: float, n_b: int, *, level: float = 0.95
) -> Comparison:
    """Student's t-test from printed means, standard deviations and group sizes."""
    _check_sizes(n_a, n_b)
    df = n_a + n_b - 2
    pooled = ((n_a - 1) * sd_a**2 + (n_b - 1) * sd_b**2) / df
    se = float(np.sqrt(pooled * (1 / n_a + 1 / n_b)))
    return _t_result("Student's t-test", float(mean_a - mean_b), se, float(df), (n_a, n_b), level)


def welch_t_from_summary(
    mean_a: float, sd_a: float, n_a: int, mean_b: float, sd_b: float, n_b: int, *, level: float = 0.95
) -> Comparison:
    """Welch's t-test from printed means, standard deviations and group sizes."""
    _check_sizes(n_a, n_b)
    va, vb = sd_a**2 / n_a, sd_b**2 / n_b
    if va + vb <= 0:
        raise _no_spread((n_a, n_b))
    df = (va + vb) ** 2 / (va**2 / (n_a - 1) + vb**2 / (n_b - 1))
    return _t_result("Welch's t-test", float(mean_a - mean_b), float(np.sqrt(va + vb)), float(df), (n_a, n_b), level)


def anova(groups: Sequence[ArrayLike]) -> Comparison:
    """One-way analysis of variance with equal variances; F and both degrees of freedom.

    Parameters
    ----------
    groups : sequence of (n_k,) float arrays
        Two or more groups, complete.
    """
    samples = several_samples(groups)
    everything = np.concatenate(samples)
    n, k = len(everything), len(samples)
    between = sum(len(s) * (s.mean() - everything.mean()) ** 2 for s in samples)
    within = sum(float(np.sum((s - s.mean()) ** 2)) for s in samples)
    sizes = tuple(len(s) for s in samples)
    if within <= 0 or n <= k:
        raise _no_spread(sizes)
    f = float(between / (k - 1) / (within / (n - k)))
    p = float(special.fdtrc(k - 1, n - k, f))
    return Comparison("one-way analysis of variance", f, float(k - 1), p, n, sizes, df_denominator=float(n - k))


def welch_anova(groups: Sequence[ArrayLike]) -> Comparison:
    """Welch's analysis of variance, variances apart (R's `oneway.test`).

    References
    ----------
    .. [1] Welch (1951), Biometrika 38:330, doi:10.2307/2332579.
    """
    samples = several_samples(groups, at_least=2)
    sizes = np.array([len(s) for s in samples], float)
    means, variances = np.array([s.mean() for s in samples]), np.array([s.var(ddof=1) for s in samples])
    if (variances <= 0).any():
        raise _no_spread(tuple(len(s) for s in samples))
    k, w = len(samples), sizes / variances
    spread = float(np.sum((1 - w / w.sum()) ** 2 / (sizes - 1)) / (k**2 - 1))
    grand = float(np.sum(w * means) / w.sum())
    f = float(np.sum(w * (means - grand) ** 2) / ((k - 1) * (1 + 2 * (k - 2) * spread)))
    df2 = 1 / (3 * spread)
    return Comparison(
        "Welch's analysis of variance",
        f,
        float(k - 1),
        float(special.fdtrc(k - 1, df2, f)),
        int(sizes.sum()),
        tuple(len(s) for s in samples),
        df_denominator=df2,
    )


def several_samples(groups: Sequence[ArrayLike], *, at_least: int = 1) -> list[Vector]:
    """The groups as complete float vectors.

    Raises
    ------
    StatsError
        There is one group only, or one has fewer than `at_least` values.
    """
    if len(groups) < 2:
        raise StatsError(f"{len(groups)} group was given; two or more are needed.\n    Check the group column.")
    return [complete_vector(g, f"group {i}", at_least=at_least) for i, g in enumerate(groups, start=1)]


def _two_samples(a: ArrayLike, b: ArrayLike) -> tuple[Vector, Vector]:
    x, y = several_samples([a, b], at_least=2)
    return x, y


def _check_sizes(n_a: int, n_b: int) -> None:
    if min(n_a, n_b) < 2:
        raise StatsError(f"Groups of {n_a} and {n_b} were given; at least 2 in each are needed for a t-test.")


def _no_spread(sizes: tuple[int, ...]) -> StatsError:
    told = ", ".join(map(str, sizes))
    return StatsError(
        f"Groups of {told} have no spread: all values of a group are equal; differing values are needed.\n"
        "    Describe the column and leave the test out."
    )


def _t_result(method: str, difference: float, se: float, df: float, sizes: tuple[int, int], level: float) -> Comparison:
    if se <= 0:
        raise _no_spread(sizes)
    effect = wald_estimate("difference of means", difference, se, df=df, level=level)
    return Comparison(method, effect.statistic, df, effect.p_value, sum(sizes), sizes, effect=effect)
