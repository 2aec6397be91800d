"""Follow-up as survival statistics take it: checked, and times that rounding alone keeps apart held for tied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector, shown

SAME_TIME = float(np.sqrt(np.finfo(np.float64).eps))  # absolute, and relative to the mean; R's survival::aeqSurv


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """When each row's follow-up ended, whether by an event, and when it began.

    Attributes
    ----------
    time : (n,) float array
    event : (n,) bool array
    start : (n,) float array or None
        None: everybody is followed from time zero.
    known : (m,) float array
        All distinct times, sorted.
    moment : (n,) int array
        The number of each row's time among the `known`.
    """

    time: Vector
    event: NDArray[np.bool_]
    start: Vector | None
    known: Vector
    moment: NDArray[np.intp]

    def order(self) -> NDArray[np.intp]:
        """Rows sorted by time, (n,); at one time events before censored rows, otherwise as they stood."""
        return sorted_rows(2 * self.moment + ~self.event)


def follow_up(time: ArrayLike, event: ArrayLike, *, start: ArrayLike | None = None) -> FollowUp:
    """Follow-up checked and tied.

    Parameters
    ----------
    time : (n,) array
        End of follow-up, not negative.
    event : (n,) array
        True or 1 where the event happened then, False or 0 where follow-up was censored.
    start : (n,) array, optional
        Entry into the risk set, before `time`.

    Raises
    ------
    StatsError
        A value is missing, a time negative, an event neither 0 nor 1, or a start not before its time.
    """
    ends, happened = complete_vector(time, "time"), complete_vector(event, "event")
    if len(ends) != len(happened):
        raise StatsError(f"There are {len(ends)} times and {len(happened)} events; one of each per row is needed.")
    if (ends < 0).any():
        row = int(np.flatnonzero(ends < 0)[0])
        raise StatsError(f"Row {row} has time {ends[row]:g}; follow-up cannot be negative.\n    Correct the dates.")
    if ((happened != 0) & (happened != 1)).any():
        row = int(np.flatnonzero((happened != 0) & (happened != 1))[0])
        raise StatsError(
            f"Row {row} has event {happened[row]:g}; 1 (event) or 0 (censored) is needed.\n"
            "    Say which value means the event; several kinds of event are competing risks."
        )
    if start is None:
        return _timed(ends, happened > 0)
    begin = complete_vector(start, "start")
    if len(begin) != len(ends):
        raise StatsError(f"There are {len(begin)} starts for {len(ends)} times; one per row is needed.")
    known = distinct_times(np.unique(np.concatenate([ends, begin])))
    ends, begin = _snapped(ends, known), _snapped(begin, known)
    if (begin >= ends).any():
        row = int(np.flatnonzero(begin >= ends)[0])
        raise StatsError(
            f"Row {row} starts at {shown(begin[row])} and ends at {shown(ends[row])}; a start must lie before its end."
        )
    return FollowUp(ends, happened > 0, begin, known, np.searchsorted(known, ends))


def _timed(ends: Vector, event: NDArray[np.bool_]) -> FollowUp:
    """Without entry times one sort is enough."""
    known, moment = np.unique(ends, return_inverse=True)
    apart = _is_apart(known)
    if apart.all():
        return FollowUp(ends, event, None, known, moment)
    known, moment = known[apart], (np.cumsum(apart, dtype=np.intp) - 1)[moment]
    return FollowUp(known[moment], event, None, known, moment)


def sorted_rows(keys: NDArray[np.intp]) -> NDArray[np.intp]:
    """Rows by their key, a whole number of zero or more, equal ones as they stand.

    Notes
    -----
    Key and row are packed into one number, and numbers sort several times faster than their order is found.

    Examples
    --------
    >>> sorted_rows(np.array([2, 0, 2, 1]))
    array([1, 3, 0, 2])
    """
    bits = len(keys).bit_length()
    if len(keys) and int(keys.max()).bit_length() + bits > 62:
        return np.argsort(keys, kind="stable")
    packed = (keys.astype(np.int64) << bits) | np.arange(len(keys))
    packed.sort()
    return np.asarray(packed & ((1 << bits) - 1), np.intp)


def distinct_times(ordered: Vector) -> Vector:
    """Sorted times without those that differ from the one before by rounding only, as R does by default.

    Examples
    --------
    >>> distinct_times(np.array([1.0, 1.0 + 1e-12, 2.0]))
    array([1., 2.])
    """
    apart = _is_apart(ordered)
    return ordered if apart.all() else np.asarray(ordered[apart])


def _is_apart(ordered: Vector) -> NDArray[np.bool_]:
    """Which of the sorted, different times lie clearly after the one before."""
    gaps = np.diff(ordered, prepend=-np.inf)
    mean = float(np.mean(np.abs(ordered))) or 1.0
    return np.asarray((gaps > SAME_TIME) & (gaps > SAME_TIME * mean))


def check_any_event(event: NDArray[np.bool_]) -> None:
    """Raise where nobody has the event.

    Raises
    ------
    StatsError
        There is no event.
    """
    if not event.any():
        raise StatsError(
            f"None of {len(event)} rows has an event; nothing can be estimated.\n    Check the event column."
        )


def complete_labels(labels: ArrayLike, name: str, n: int) -> NDArray[np.intp]:
    """The number of the label of each row, (n,), labels in order of appearance: strata, clusters.

    Raises
    ------
    StatsError
        A label is missing, or there are not `n`.
    """
    codes = np.asarray(pd.factorize(np.asarray(labels))[0], np.intp)
    if len(codes) != n:
        raise StatsError(f"There are {len(codes)} labels of {name} for {n} rows; one per row is needed.")
    if (codes < 0).any():
        raise StatsError(
            f"{name} is missing in {int((codes < 0).sum())} of {n} rows; every row needs one.\n"
            "    Drop these rows and report the count."
        )
    return codes


def _snapped(times: Vector, known: Vector) -> Vector:
    return np.asarray(known[np.searchsorted(known, times, side="right") - 1])
