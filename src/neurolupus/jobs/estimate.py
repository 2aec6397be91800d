"""How long a run will still take, from how long its scans took: a number with the interval it deserves."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 3  # finished tasks; fewer say nothing about the spread
LEVEL = 0.8
_Z = 1.2816  # normal quantile of 0.9: an interval of 80 %


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is left of a run, in seconds of wall time.

    Parameters
    ----------
    seconds, low, high : float
        The expectation and its 80 % interval. It supposes that what is left is like what is done and that as many run
        at once as now.
    tasks : int
        Tasks that wait or run.
    parallel : int
        Tasks at once.
    median_s : float
        Seconds of a finished task, the median.
    finished : int
        Tasks it is computed from.
    """

    seconds: float
    low: float
    high: float
    tasks: int
    parallel: int
    median_s: float
    finished: int


def estimate_rest(seconds: Sequence[float], *, waiting: int, running: int, parallel: int) -> Estimate | None:
    """What is left, or None where too few tasks are finished to tell.

    The work left is a sum of `n` durations (a running task counts half) that are drawn as the finished ones were: its
    mean is n m, its variance n s² for their own spread and n² s²/k since m is known from k tasks only; Student's t with
    k - 1 degrees of freedom. It is divided by the tasks at once. At the end fewer run than could: the mean gets what
    the last tasks add when they begin at random, the upper bound what the longest task seen so far adds.

    Parameters
    ----------
    seconds : sequence of float
        Durations of finished tasks.

    Examples
    --------
    >>> rest = estimate_rest([10.0] * 9, waiting=10, running=0, parallel=2)
    >>> rest.low, rest.seconds, rest.high
    (50.0, 52.5, 55.0)
    """
    k, tasks = len(seconds), waiting + running
    if k < LEAST or tasks == 0:
        return None
    parallel = max(1, min(parallel, tasks))
    mean, spread = statistics.fmean(seconds), statistics.stdev(seconds)
    n = waiting + running / 2
    half = _t_quantile(k - 1) * spread * math.sqrt(n + n * n / k) / parallel
    idle = mean * (parallel - 1) / parallel
    middle = n * mean / parallel
    return Estimate(
        seconds=middle + idle / 2,
        low=max(0.0, middle - half),
        high=middle + max(seconds) * (parallel - 1) / parallel + half,
        tasks=tasks,
        parallel=parallel,
        median_s=statistics.median(seconds),
        finished=k,
    )


def _t_quantile(freedom: int) -> float:
    """The 0.9 quantile of Student's t, by the expansion of Abramowitz and Stegun, 26.7.5 (0.02 low at 2)."""
    z, v = _Z, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
