"""Counts compared: chi-square after Pearson, with Yates' correction, or with N - 1."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.estimate import Notes
from neurolupus.stats.tests import Comparison

Counts = NDArray[np.int64]  # (rows, columns)
Correction = Literal["none", "yates", "n_minus_1"]
_METHODS = {
    "none": "Pearson's chi-square test",
    "yates": "chi-square test with Yates' continuity correction",
    "n_minus_1": "N - 1 chi-square test",
}


def chi_square(table: ArrayLike, *, correction: Correction = "none") -> Comparison:
    """Chi-square test of independence; the columns of `table` are the groups.

    Parameters
    ----------
    table : (levels, groups) int array
        Counts. Rows and columns without any count are left out, which is told in the notes.
    correction : str
        `none` is Pearson's; `yates` takes min(0.5, smallest |O - E|) off each |O - E| of a 2 × 2 table, as R does,
        and is Pearson's for larger tables; `n_minus_1` multiplies by (N - 1) / N.

    Raises
    ------
    StatsError
        Counts are negative or no whole numbers, or fewer than two rows or columns have any.

    References
    ----------
    .. [1] Campbell (2007), Stat Med 26:3661, doi:10.1002/sim.2832 (N - 1).

    Examples
    --------
    >>> round(chi_square([[10, 20], [20, 10]]).statistic, 4)
    6.6667
    """
    if correction not in _METHODS:
        raise StatsError(f"Correction {correction!r} is unknown; choose one of {', '.join(_METHODS)}.")
    counts, notes = nonempty(table)
    expected = expected_counts(counts)
    distance = np.abs(counts - expected)
    two_by_two = counts.shape == (2, 2)
    if correction == "yates" and two_by_two:
        distance = distance - min(0.5, float(distance.min()))
    n = int(counts.sum())
    statistic = float(np.sum(distance**2 / expected)) * ((n - 1) / n if correction == "n_minus_1" else 1.0)
    df = float((counts.shape[0] - 1) * (counts.shape[1] - 1))
    small = int((expected < 5).sum())
    if small:
        notes = (*notes, f"{small} of {expected.size} expected counts are below 5 (smallest {expected.min():.2f}).")
    method = _METHODS["none" if correction == "yates" and not two_by_two else correction]
    sizes = tuple(int(s) for s in counts.sum(axis=0))
    return Comparison(method, statistic, df, float(special.chdtrc(df, statistic)), n, sizes, notes=notes)


def expected_counts(counts: Counts) -> NDArray[np.float64]:
    """Counts expected if rows and columns were independent, (levels, groups)."""
    return np.asarray(np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum())


def nonempty(table: ArrayLike) -> tuple[Counts, Notes]:
    """The table without empty rows and columns, and a note about what was left out.

    Raises
    ------
    StatsError
        As in `chi_square`.
    """
    counts = checked_counts(table)
    rows, columns = counts.any(axis=1), counts.any(axis=0)
    kept = counts[rows][:, columns]
    if min(kept.shape) < 2:
        raise StatsError(
            f"Counts {counts.tolist()} have {kept.shape[0]} level(s) and {kept.shape[1]} group(s) that occur; two of "
            "each are needed.\n    Describe the column and leave the test out."
        )
    lost = int((~rows).sum()), int((~columns).sum())
    if not any(lost):
        return kept, ()
    return kept, (f"Left out of the test: {lost[0]} level(s) and {lost[1]} group(s) without any count.",)


def checked_counts(table: ArrayLike) -> Counts:
    """The table as whole, non-negative numbers of shape (levels, groups)."""
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all() or (values < 0).any() or (values % 1 != 0).any():
        raise StatsError(f"Counts {values.tolist()} are no table of whole numbers of zero or more; correct them.")
    return values.astype(np.int64)
