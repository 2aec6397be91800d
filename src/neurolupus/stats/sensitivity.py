"""Sensitivity of an estimate: E-values for unmeasured confounding, and resampling that matches again each time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.estimate import Estimate, Notes

Scale = Literal["rr", "or_common", "or_rare", "hr_common", "hr_rare", "rate_ratio", "smd"]
FEWEST = 20  # replicates for a percentile interval
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EValue:
    """How strongly an unmeasured confounder would have to be associated with both exposure and outcome.

    Attributes
    ----------
    point : float
        On the scale of risk ratios, to explain the estimate away; 1 needs none.
    limit : float
        To move the limit nearer to no effect onto it; 1 where the interval holds no effect.
    risk_ratio, risk_ratio_low, risk_ratio_high : float
        The estimate as an (approximate) risk ratio.
    words : str
        How it was made.
    """

    point: float
    limit: float
    risk_ratio: float
    risk_ratio_low: float
    risk_ratio_high: float
    scale: Scale
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """Estimates with percentile limits over resampled, rematched cohorts.

    Attributes
    ----------
    estimates : tuple of Estimate
        Value of the cohort itself; limits and se of the replicates, p-value of value / se.
    values : (replicates, estimates) float array
        NaN where a replicate could not be analysed.
    n_failed : int
        Such replicates.
    """

    estimates: tuple[Estimate, ...]
    values: NDArray[np.float64]
    replicates: int
    n_failed: int
    method: str
    n: int
    n_dropped: int
    notes: Notes


def e_value(estimate: Estimate, scale: Scale) -> EValue:
    """E-values of an estimate and of its limit nearer to no effect.

    Parameters
    ----------
    estimate : Estimate
        On the linear scale, as models give it: log risk, odds, hazard or rate ratio, or a standardised mean
        difference.
    scale : str
        What it is; odds and hazard ratios with an outcome that is `common` (more than 15 % at the end of follow-up)
        or `rare`.

    Raises
    ------
    StatsError
        The scale is unknown, or the estimate is not a number.

    Notes
    -----
    E = RR + sqrt(RR (RR - 1)), for RR below 1 of its inverse. Common outcomes: RR ~ sqrt(OR), and
    RR ~ (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1 / HR)). Differences: RR ~ exp(0.91 d), limits exp(0.91 d ± 1.78 se).

    References
    ----------
    .. [1] VanderWeele and Ding (2017), Ann Intern Med 167:268, doi:10.7326/M16-2607, table 2 and its appendix.

    Examples
    --------
    >>> e = e_value(Estimate("x", np.log(3.9), np.log(1.8), np.log(8.7), 0.4, 3.4, 0.001), "rr")
    >>> round(e.point, 2), round(e.limit, 2)
    (7.26, 3.0)
    """
    if scale not in get_args(Scale):
        raise StatsError(f"Scale {scale!r} is unknown; choose one of {', '.join(get_args(Scale))}.")
    if any(math.isnan(x) for x in (estimate.value, estimate.ci_low, estimate.ci_high)):
        raise StatsError(f"The estimate of {estimate.name} has no value or no limits; there is no E-value of it.")
    if scale == "smd":
        if math.isnan(estimate.se):
            raise StatsError(f"The estimate of {estimate.name} has no standard error, which limits of an SMD need.")
        logs = [0.91 * estimate.value + side * 1.78 * estimate.se for side in (0, -1, 1)]
        ratio, low, high = (_exp(x) for x in logs)
    else:
        ratio, low, high = (_risk_ratio(x, scale) for x in (estimate.value, estimate.ci_low, estimate.ci_high))
    limit = 1.0 if low <= 1 <= high else e_value_of_ratio(low if ratio > 1 else high)
    return EValue(e_value_of_ratio(ratio), limit, ratio, low, high, scale, _WORDS[scale])


def e_value_of_ratio(risk_ratio: float) -> float:
    """E-value of a risk ratio, 1 or more.

    Raises
    ------
    StatsError
        The ratio is negative or not a number.

    Examples
    --------
    >>> round(e_value_of_ratio(0.8), 3)
    1.809
    """
    if not risk_ratio >= 0:
        raise StatsError(f"The ratio is {risk_ratio}; a risk ratio of 0 or more is needed.")
    if risk_ratio in (0, math.inf):
        return math.inf
    ratio = max(risk_ratio, 1 / risk_ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def bootstrap_rematch(
    n: int,
    rematch: Callable[[NDArray[np.intp]], T],
    analyse: Callable[[T], Sequence[float]],
    names: Sequence[str],
    rng: np.random.Generator,
    *,
    replicates: int = 500,
    level: float = 0.95,
) -> Bootstrap:
    """Percentile intervals that hold the chance of the score and of the matching too.

    Parameters
    ----------
    n : int
        Patients.
    rematch : callable
        From row numbers (with repeats) to whatever `analyse` takes: score fitted again, pairs formed again.
    analyse : callable
        From that to one number per name, on the linear scale. Both may raise `StatsError`; such replicates are left
        out and counted.
    names : sequence of str
    rng : Generator

    Raises
    ------
    StatsError
        The cohort itself cannot be analysed, the numbers are not those of `names`, or fewer than 20 replicates can.

    References
    ----------
    .. [1] Austin and Small (2014), Stat Med 33:4306, doi:10.1002/sim.6276: patients drawn, then matched.
    .. [2] Abadie and Imbens (2008), Econometrica 76:1537, doi:10.3982/ECTA6474: not valid with replacement.
    """
    if replicates < FEWEST:
        raise StatsError(f"{replicates} replicates were asked for; {FEWEST} or more are needed for an interval.")
    main = _checked(analyse(rematch(np.arange(n))), names)
    values = np.full((replicates, len(names)), np.nan)
    for i, one in enumerate(rng.spawn(replicates)):
        try:
            values[i] = _checked(analyse(rematch(one.integers(0, n, n))), names)
        except _WrongCountError:
            raise
        except StatsError:
            continue  # counted below: its row stays NaN
    values[~np.isfinite(values)] = np.nan
    failed = int(np.isnan(values).any(axis=1).sum())
    if replicates - failed < FEWEST:
        raise StatsError(
            f"{failed} of {replicates} resampled cohorts could not be analysed; {FEWEST} or more are needed.\n"
            "    Look at the overlap of the scores and at the number of events."
        )
    notes = [
        "The bootstrap of a matched estimate is an approximation; without replacement it covers well, with "
        "replacement it is not valid (Abadie and Imbens 2008)."
    ]
    if failed:
        notes.append(f"{failed} of {replicates} resampled cohorts could not be analysed and were left out.")
    estimates = tuple(percentile_estimate(name, float(main[j]), values[:, j], level) for j, name in enumerate(names))
    method = f"percentile bootstrap, {replicates} samples matched again"
    return Bootstrap(estimates, values, replicates, failed, method, n, 0, tuple(notes))


class _WrongCountError(StatsError):
    """A fault of the caller, not of a replicate."""


def _checked(numbers: Sequence[float], names: Sequence[str]) -> NDArray[np.float64]:
    found = np.asarray(numbers, dtype=float)
    if found.shape != (len(names),):
        raise _WrongCountError(
            f"The analysis gave {found.size} numbers for {len(names)} names; one for each is needed."
        )
    return found


def percentile_estimate(name: str, value: float, values: NDArray[np.float64], level: float) -> Estimate:
    """A value with percentile limits and the SE of its replicates (NaN left out); p-value of value / se."""
    seen = values[np.isfinite(values)]
    tail = (1 - level) / 2
    low, high = (float(x) for x in np.quantile(seen, [tail, 1 - tail]))
    se = float(seen.std(ddof=1))
    z = value / se if se > 0 else math.nan
    return Estimate(name, value, low, high, se, z, float(2 * special.ndtr(-abs(z))), level)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


def _risk_ratio(log_ratio: float, scale: Scale) -> float:
    if scale == "or_common":
        return _exp(log_ratio / 2)
    if scale == "hr_common":
        root = _exp(log_ratio / 2)  # rises with the hazard ratio, from 0 to infinity
        above = -math.expm1(-math.log(2) * root)
        below = -math.expm1(-math.log(2) * _exp(-log_ratio / 2))
        return above / below if below > 0 else math.inf
    return _exp(log_ratio)


_WORDS: dict[Scale, str] = {
    "rr": "VanderWeele and Ding 2017",
    "rate_ratio": "VanderWeele and Ding 2017, the rate ratio taken as a risk ratio",
    "or_rare": "VanderWeele and Ding 2017, rare outcome: the odds ratio taken as a risk ratio",
    "or_common": "VanderWeele and Ding 2017, common outcome: the square root of the odds ratio",
    "hr_rare": "VanderWeele and Ding 2017, rare outcome: the hazard ratio taken as a risk ratio",
    "hr_common": "VanderWeele and Ding 2017, common outcome: risk ratio approximated from the hazard ratio",
    "smd": "VanderWeele and Ding 2017, risk ratio approximated by exp(0.91 d)",
}
