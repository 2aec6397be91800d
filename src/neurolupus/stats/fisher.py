"""Fisher's exact test: 2 × 2 with its conditional odds ratio, larger tables by enumeration or Monte Carlo."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from neurolupus.errors import StatsError
from neurolupus.stats.crosstabs import Counts, nonempty
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.fisher_network import TooManyTables, exact_p_value
from neurolupus.stats.tests import Comparison

SAME = 1 + 1e-7  # R: tables as probable as the observed one up to rounding count as such


def fisher_exact(table: ArrayLike, *, level: float = 0.95) -> Comparison:
    """Fisher's exact test of a 2 × 2 table; the effect is the conditional log odds ratio with its exact interval.

    Parameters
    ----------
    table : (2, 2) int array
        Counts; the odds ratio is that of (a d) / (b c).

    Notes
    -----
    The two-sided p-value sums all tables no more probable than the observed one. The odds ratio maximises the
    conditional likelihood given both margins and so differs from (a d) / (b c); limits are those of Clopper and
    Pearson's argument applied to the non-central hypergeometric distribution. R's `fisher.test` gives the same, with
    odds ratios good to about 1e-4.

    References
    ----------
    .. [1] Fisher (1935), J R Stat Soc 98:39, doi:10.2307/2342435.

    Examples
    --------
    >>> round(fisher_exact([[3, 1], [1, 3]]).p_value, 4)
    0.4857
    """
    counts, notes = nonempty(table)
    if counts.shape != (2, 2):
        raise StatsError(f"The table is {counts.shape[0]} × {counts.shape[1]}; use fisher_exact_rxc for it.")
    x, support, log_weights = _hypergeometric(counts)
    probabilities = np.exp(log_weights - special.logsumexp(log_weights))
    observed = probabilities[x - support[0]]
    p = min(1.0, float(probabilities[probabilities <= observed * SAME].sum()))
    effect = _conditional_odds_ratio(x, support, log_weights, p, level)
    sizes = tuple(int(s) for s in counts.sum(axis=0))
    return Comparison("Fisher's exact test", float("nan"), None, p, sum(sizes), sizes, effect=effect, notes=notes)


def fisher_exact_rxc(
    table: ArrayLike, *, rng: Generator | None = None, replicates: int = 100_000, most_paths: int = 400_000
) -> Comparison:
    """Fisher's exact test of a table of any size (Freeman and Halton).

    Parameters
    ----------
    table : (levels, groups) int array
    rng : Generator or None
        For tables too large to enumerate; None refuses them.
    replicates : int
        Simulated tables then; the p-value is (1 + as improbable) / (1 + replicates), its standard error is told.
    most_paths : int
        The largest number of partial tables held at once before giving up enumeration.

    Raises
    ------
    StatsError
        The table is too large to enumerate and no generator was given.

    References
    ----------
    .. [1] Freeman and Halton (1951), Biometrika 38:141, doi:10.2307/2332323.
    .. [2] Mehta and Patel (1983), J Am Stat Assoc 78:427, doi:10.2307/2288652 (the network).
    .. [3] Patefield (1981), Appl Stat 30:91, doi:10.2307/2346669 (random tables).
    """
    counts, notes = nonempty(table)
    if counts.shape == (2, 2):
        return fisher_exact(counts)
    sizes = tuple(int(s) for s in counts.sum(axis=0))
    n = int(counts.sum())
    try:
        p = exact_p_value(counts, most_paths=most_paths)
    except TooManyTables as error:
        if rng is None:
            raise StatsError(
                f"A {counts.shape[0]} × {counts.shape[1]} table of {n} has too many tables with its margins to "
                "enumerate; a random generator is needed.\n    Give a seed, or use the chi-square test."
            ) from error
        p = _simulated_p(counts, rng, replicates)
        error_of_p = math.sqrt(p * (1 - p) / replicates)
        told = f"Simulated with {replicates:,} tables; standard error of the p-value {error_of_p:.2g}."
        method = "Fisher–Freeman–Halton test, Monte Carlo"
        return Comparison(method, float("nan"), None, p, n, sizes, notes=(*notes, told))
    return Comparison("Fisher–Freeman–Halton exact test", float("nan"), None, p, n, sizes, notes=notes)


def _hypergeometric(counts: Counts) -> tuple[int, NDArray[np.int64], NDArray[np.float64]]:
    """The first cell, its possible values, and the log of their unnormalised probabilities."""
    m, n, k = int(counts[:, 0].sum()), int(counts[:, 1].sum()), int(counts[0].sum())
    support = np.arange(max(0, k - n), min(k, m) + 1)
    logs = _log_choose(m, support) + _log_choose(n, k - support)
    return int(counts[0, 0]), support, logs


def _log_choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def _conditional_odds_ratio(
    x: int, support: NDArray[np.int64], log_weights: NDArray[np.float64], p_value: float, level: float
) -> Estimate:
    low_x, high_x = int(support[0]), int(support[-1])

    def shares(log_or: float) -> NDArray[np.float64]:
        logs = log_weights + support * log_or
        return np.asarray(np.exp(logs - special.logsumexp(logs)))

    def solve(goal: float, of: NDArray[np.float64]) -> float:
        # `of` is increasing in the odds ratio once weighted by the shares, or decreasing; either way one root.
        def gap(log_or: float) -> float:
            return float(shares(log_or) @ of) - goal

        reach = 1.0
        while gap(-reach) * gap(reach) > 0 and reach < 700:
            reach *= 2
        return float(optimize.brentq(gap, -reach, reach, xtol=1e-13, rtol=1e-14))

    tail = (1 - level) / 2
    if x == low_x:
        value = -math.inf
    elif x == high_x:
        value = math.inf
    else:
        value = solve(float(x), support.astype(float))
    low = -math.inf if x == low_x else solve(tail, (support >= x).astype(float))
    high = math.inf if x == high_x else solve(tail, (support <= x).astype(float))
    return Estimate("log odds ratio", value, low, high, float("nan"), float("nan"), p_value, level)


def _simulated_p(counts: Counts, rng: Generator, replicates: int) -> float:
    observed = float(special.gammaln(counts + 1).sum())
    family = stats.random_table(counts.sum(axis=1), counts.sum(axis=0), seed=rng)
    done = as_improbable = 0
    while done < replicates:
        batch = min(10_000, replicates - done)
        tables = family.rvs(size=batch, method="patefield")
        logs = special.gammaln(tables + 1.0).sum(axis=(1, 2))
        as_improbable += int((logs >= observed - 1e-7).sum())
        done += batch
    return (1 + as_improbable) / (1 + replicates)
