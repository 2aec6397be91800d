"""A column described by group: counts, mean ± SD, quantiles; raw numbers, formatted elsewhere."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_weights, shown
from neurolupus.stats.estimate import Notes

QuantileType = Literal[6, 7]  # Hyndman and Fan: 7 is R's default, 6 that of SPSS


@dataclass(frozen=True, slots=True)
class ContinuousSummary:
    """One numeric column of one group; NaN is a number that is not defined (no value, or one for the SD).

    Attributes
    ----------
    n, n_missing : int
        Values present, and rows without one.
    mean, sd : float
        The SD divides by n - 1; with weights both are weighted, the SD as in `weighted_variance`.
    median, q1, q3, p10, p90 : float
        Quantiles of `quantile_type`.
    """

    n: int
    n_missing: int
    mean: float
    sd: float
    median: float
    q1: float
    q3: float
    p10: float
    p90: float
    minimum: float
    maximum: float
    quantile_type: QuantileType = 7
    weighted: bool = False


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How many rows have one level; `share` is of the rows that have a value (0 to 1), NaN when none has."""

    level: Hashable
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class CategoricalSummary:
    """One binary or nominal column of one group; `n` is the denominator of every share.

    With weights the shares are weighted, the counts remain counts.
    """

    n: int
    n_missing: int
    levels: tuple[LevelCount, ...]
    weighted: bool = False
    notes: Notes = ()

    def of(self, level: Hashable) -> LevelCount:
        """The count of one level.

        Raises
        ------
        StatsError
            The level was not declared.
        """
        for entry in self.levels:
            if entry.level == level:
                return entry
        raise StatsError(f"Level {level!r} is not among {[entry.level for entry in self.levels]}.")


def describe_continuous(
    values: ArrayLike, *, quantile_type: QuantileType = 7, weights: ArrayLike | None = None
) -> ContinuousSummary:
    """Mean, SD, median, quartiles, deciles and range of one column; NaN is missing and counted.

    Parameters
    ----------
    values : (n,) float array
    quantile_type : 7 or 6
        7 as R and Excel, 6 as SPSS; they differ in small groups.
    weights : (n,) float array or None
        Weighted means, SDs and quantiles; a weighted quantile is the first value at which the cumulated weight
        reaches its share, the mean of two where it is met exactly.

    Raises
    ------
    StatsError
        The values are no numbers.

    References
    ----------
    .. [1] Hyndman and Fan (1996), Am Stat 50:361, doi:10.2307/2684934.

    Examples
    --------
    >>> summary = describe_continuous([1.0, 2.0, 3.0, 4.0, float("nan")])
    >>> summary.n, summary.n_missing, summary.median, summary.q1
    (4, 1, 2.5, 1.75)
    """
    column = _numbers(values)
    present = np.isfinite(column)
    kept = column[present]
    w = complete_weights(weights, len(column))
    w = None if w is None else w[present]
    some = len(kept) > 0
    median, q1, q3, p10, p90 = (_quantile(kept, share, quantile_type, w) for share in (0.5, 0.25, 0.75, 0.1, 0.9))
    return ContinuousSummary(
        n=len(kept),
        n_missing=int(len(column) - len(kept)),
        mean=float(np.average(kept, weights=w)) if some else float("nan"),
        sd=float(np.sqrt(weighted_variance(kept, w))),
        median=median,
        q1=q1,
        q3=q3,
        p10=p10,
        p90=p90,
        minimum=float(kept.min()) if some else float("nan"),
        maximum=float(kept.max()) if some else float("nan"),
        quantile_type=quantile_type,
        weighted=w is not None,
    )


def describe_categorical(
    values: ArrayLike, levels: Sequence[Hashable], *, weights: ArrayLike | None = None
) -> CategoricalSummary:
    """Counts and shares of the declared levels; None and NaN are missing and counted.

    Raises
    ------
    StatsError
        A value is not among `levels`.

    Examples
    --------
    >>> describe_categorical(["cyc", "mmf", "cyc", None], ["cyc", "mmf", "rtx"]).of("cyc").count
    2
    """
    column = pd.Series(values, dtype=object)
    present = column.notna().to_numpy()
    strange = column[present & ~column.isin(list(levels)).to_numpy()]
    if len(strange):
        told = ", ".join(f"{shown(value)} ({count})" for value, count in strange.value_counts().items())
        raise StatsError(
            f"Values {told} are not among the declared levels {list(levels)}.\n    Declare them, or correct the cells."
        )
    w = complete_weights(weights, len(column))
    w = np.ones(len(column)) if w is None else w
    total = float(w[present].sum())
    entries = []
    for level in levels:
        here = (column == level).to_numpy() & present
        entries.append(LevelCount(level, int(here.sum()), float(w[here].sum()) / total if total else float("nan")))
    return CategoricalSummary(int(present.sum()), int((~present).sum()), tuple(entries), weighted=weights is not None)


def quantile(values: Vector, share: float, quantile_type: QuantileType = 7) -> float:
    """The quantile of complete `values` at `share` (0 to 1); NaN without values.

    Examples
    --------
    >>> quantile(np.arange(1.0, 6.0), 0.25, 7), quantile(np.arange(1.0, 6.0), 0.25, 6)
    (2.0, 1.5)
    """
    return _quantile(values, share, quantile_type, None)


def weighted_variance(values: Vector, weights: Vector | None = None) -> float:
    """The variance with the divisor n - 1, or its weighted form sum(w) / (sum(w)² - sum(w²)) × sum(w (x - mean)²).

    The weighted form is R's `cov.wt(method = "unbiased")` and does not change when all weights are multiplied.
    """
    if len(values) < 2:
        return float("nan")
    w = np.ones(len(values)) if weights is None else weights
    share = w / w.sum()
    room = 1 - float(np.sum(share**2))
    if room <= 0:
        return float("nan")
    return float(np.sum(share * (values - np.sum(share * values)) ** 2)) / room


def _quantile(values: Vector, share: float, quantile_type: QuantileType, weights: Vector | None) -> float:
    if not len(values):
        return float("nan")
    if weights is not None:
        return _weighted_quantile(values, share, weights)
    method: Literal["linear", "weibull"] = "linear" if quantile_type == 7 else "weibull"
    return float(np.quantile(values, share, method=method))


def _weighted_quantile(values: Vector, share: float, weights: Vector) -> float:
    order = np.argsort(values, kind="stable")
    ordered, cumulated = values[order], np.cumsum(weights[order])
    wanted = share * cumulated[-1]
    at = int(np.searchsorted(cumulated, wanted * (1 - 1e-12)))
    at = min(at, len(ordered) - 1)
    if abs(cumulated[at] - wanted) <= 1e-12 * cumulated[-1] and at + 1 < len(ordered):
        return float((ordered[at] + ordered[at + 1]) / 2)
    return float(ordered[at])


def _numbers(values: ArrayLike) -> Vector:
    column = pd.Series(values)
    numbers = pd.to_numeric(column, errors="coerce")
    text = column[numbers.isna() & column.notna()]
    if len(text):
        raise StatsError(
            f"Row {text.index[0]} holds {shown(text.iloc[0])} ({len(text)} such cells); numbers are needed.\n"
            "    Correct the cells, or declare the column as nominal."
        )
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
