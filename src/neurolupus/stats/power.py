"""What a design can find: minimum detectable effects, and error rates by simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from scipy import optimize, special

from neurolupus.errors import StatsError
from neurolupus.stats.estimate import Notes
from neurolupus.stats.wald import critical_value

Trial = Callable[[Generator], float | None]


@dataclass(frozen=True, slots=True)
class RejectionRate:
    """How often a simulated study had p < alpha: type I error under no effect, power under one.

    Attributes
    ----------
    rate, ci_low, ci_high : float
        Share of the studies with a p-value, and its Wilson interval (Monte-Carlo error).
    rejected, n_simulations, n_failed : int
        Studies with p < alpha, studies asked for, and studies whose analysis gave no p-value; these are no rejections
        and are in the denominator.
    """

    rate: float
    ci_low: float
    ci_high: float
    rejected: int
    n_simulations: int
    n_failed: int
    alpha: float
    level: float
    method: str
    notes: Notes = ()


def simulate_rejections(
    trial: Trial, n_simulations: int, rng: Generator, *, alpha: float = 0.05, level: float = 0.95
) -> RejectionRate:
    """Share of simulated studies that reject, with its Monte-Carlo interval.

    Parameters
    ----------
    trial : callable
        Takes a generator, makes and analyses one cohort, returns its p-value; None where the analysis failed.
    n_simulations : int
    rng : Generator
        Every trial gets a generator of its own, spawned from it, so that the result does not depend on how much
        randomness other trials use.
    alpha : float
        A study rejects when p < alpha.

    Raises
    ------
    StatsError
        No simulation is asked for, or a p-value is not between 0 and 1.

    Examples
    --------
    >>> simulate_rejections(lambda cohort: 0.01, 100, np.random.default_rng(1)).rejected
    100
    """
    if n_simulations < 1:
        raise StatsError(f"{n_simulations} simulations were asked for; at least 1 is needed.")
    rejected = failed = 0
    for child in rng.spawn(n_simulations):
        p = trial(child)
        if p is None:
            failed += 1
        elif not 0 <= p <= 1:
            raise StatsError(f"A simulated study gave p = {p}; a number from 0 to 1, or None, is needed.")
        else:
            rejected += p < alpha
    limits = wilson_interval(rejected, n_simulations, level=level)
    notes = (f"{failed} of {n_simulations} simulated studies could not be analysed.",) if failed else ()
    rate = rejected / n_simulations
    method = f"{n_simulations} simulated studies, rejected when p < {alpha:g}; Wilson interval"
    return RejectionRate(
        rate, limits.low, limits.high, int(rejected), n_simulations, failed, alpha, level, method, notes
    )


@dataclass(frozen=True, slots=True)
class Interval:
    """Limits of a proportion, each between 0 and 1."""

    low: float
    high: float


def wilson_interval(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Wilson's score limits of a proportion.

    References
    ----------
    .. [1] Wilson (1927), J Am Stat Assoc 22:209, doi:10.2307/2276774.

    Examples
    --------
    >>> round(wilson_interval(0, 10).high, 4)
    0.2775
    """
    if not 0 <= successes <= n or n < 1:
        raise StatsError(f"{successes} of {n} is no proportion; successes from 0 to n are needed.")
    z, share = critical_value(level), successes / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def minimum_detectable_effect(se: float, *, df: float | None = None, alpha: float = 0.05, power: float = 0.8) -> float:
    """The true effect for which a two-sided test of a coefficient with this standard error has the power asked for.

    Parameters
    ----------
    se : float
        Standard error of the coefficient.
    df : float or None
        Degrees of freedom: power by the non-central t distribution; None by the normal one, 2.80 × se for 80 %.
    alpha, power : float

    Notes
    -----
    It describes the precision of a study; it is no power "after the fact" of the effect that was seen.

    Examples
    --------
    >>> round(minimum_detectable_effect(1.0), 4), round(minimum_detectable_effect(1.0, df=20), 4)
    (2.8016, 2.9455)
    """
    if not se > 0 or not 0 < alpha < power < 1:
        raise StatsError(
            f"Standard error {se}, alpha {alpha}, power {power}: a positive error and 0 < alpha < power < 1 are needed."
        )
    return float(se * _detectable_in_errors(df, alpha, power))


@lru_cache(maxsize=256)  # the contrasts of a model, and its simulated studies, ask for the same again and again
def _detectable_in_errors(df: float | None, alpha: float, power: float) -> float:
    """The minimum detectable effect of a standard error of 1."""
    critical = critical_value(1 - alpha, df)

    def gap(delta: float) -> float:
        if df is None:
            found = special.ndtr(delta - critical) + special.ndtr(-delta - critical)
        else:
            found = 1 - special.nctdtr(df, delta, critical) + _lower_tail(df, delta, critical)
        return float(found) - power

    high = critical + 4.0
    while gap(high) < 0:
        high *= 2
    return float(optimize.brentq(gap, 0.0, high, xtol=1e-12))


def _lower_tail(df: float, delta: float, critical: float) -> float:
    """Chance of a significant effect in the wrong direction; SciPy has NaN where it is far below Φ(-4)."""
    found = float(special.nctdtr(df, delta, -critical))
    return 0.0 if np.isnan(found) and delta > 4 else found
