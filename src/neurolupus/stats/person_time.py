"""Events per person-time, with exact limits, and the ratio of two such rates."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import stats

from neurolupus.errors import StatsError


@dataclass(frozen=True, slots=True)
class EventRate:
    """Events per unit of person-time."""

    events: int
    person_time: float
    rate: float
    ci_low: float
    ci_high: float
    method: str


def event_rate(events: int, person_time: float, *, level: float = 0.95) -> EventRate:
    """The rate with Garwood's exact Poisson limits, as R's `poisson.test`.

    Raises
    ------
    StatsError
        Person-time is not positive, or events are negative.

    References
    ----------
    .. [1] Garwood (1936), Biometrika 28:437.

    Examples
    --------
    >>> event_rate(0, 100.0).ci_low
    0.0
    """
    if person_time <= 0 or events < 0:
        raise StatsError(
            f"{events} events in {person_time:g} of person-time give no rate.\n    Check times and events."
        )
    tail = (1 - level) / 2
    low = stats.chi2.ppf(tail, 2 * events) / 2 if events else 0.0
    high = stats.chi2.ppf(1 - tail, 2 * events + 2) / 2
    return EventRate(
        events, person_time, events / person_time, float(low) / person_time, float(high) / person_time, "exact Poisson"
    )


@dataclass(frozen=True, slots=True)
class RateRatio:
    """The ratio of two rates."""

    ratio: float
    ci_low: float
    ci_high: float
    p_value: float
    method: str


def rate_ratio(first: EventRate, second: EventRate, *, level: float = 0.95) -> RateRatio:
    """`first` over `second`, exact by the binomial distribution of the events given their sum.

    Raises
    ------
    StatsError
        There is no event in either.
    """
    total = first.events + second.events
    if not total:
        raise StatsError("Neither group has an event; their rates cannot be compared.")
    share = first.person_time / (first.person_time + second.person_time)
    test = stats.binomtest(first.events, total, share)
    low, high = test.proportion_ci(level, "exact")
    scale = second.person_time / first.person_time

    def odds(p: float) -> float:
        return float("inf") if p >= 1 else p / (1 - p) * scale

    ratio = float("inf") if not second.events else first.rate / second.rate
    return RateRatio(ratio, odds(float(low)), odds(float(high)), float(test.pvalue), "exact binomial")
