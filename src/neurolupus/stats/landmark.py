"""Exposures that begin during follow-up: counted from a landmark on, or split in time; never from time zero.

Who is treated later must have lived free of the event until then. Counting that time as exposed makes any treatment
look good (immortal-time bias). Both ways here avoid it; `immortal_time` says how much of it there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector
from neurolupus.stats.estimate import Notes
from neurolupus.stats.survival_data import FollowUp, follow_up


@dataclass(frozen=True, slots=True)
class ImmortalTime:
    """Follow-up before the exposure began, of those who were exposed later.

    Attributes
    ----------
    n_exposed, n_later : int
        Exposed during follow-up; and of these, those whose exposure began after time zero.
    person_time, person_time_exposed : float
        Follow-up before the exposure, and all follow-up of the exposed.
    """

    n_exposed: int
    n_later: int
    person_time: float
    person_time_exposed: float

    @property
    def notes(self) -> Notes:
        """The warning, where there is any such time."""
        if not self.n_later:
            return ()
        share = 100 * self.person_time / self.person_time_exposed
        return (
            f"Exposure began after time zero in {self.n_later} of {self.n_exposed} exposed; {share:.0f} % of their "
            "follow-up came before it. Counted as exposed, this immortal time favours the exposure: use a "
            "time-varying exposure or a landmark.",
        )


def immortal_time(time: ArrayLike, event: ArrayLike, began: ArrayLike) -> ImmortalTime:
    """How much follow-up an analysis by "ever exposed" would wrongly count as exposed.

    Parameters
    ----------
    time, event : (n,) arrays
    began : (n,) array
        When the exposure began, counted as `time` is; NaN or infinite: never.

    Examples
    --------
    >>> immortal_time([10, 10], [0, 1], [4, np.nan]).person_time
    4.0
    """
    data = follow_up(time, event)
    begin = _began(began, data)
    exposed = begin < data.time
    later = exposed & (begin > 0)
    return ImmortalTime(
        int(exposed.sum()), int(later.sum()), float(begin[later].sum()), float(data.time[exposed].sum())
    )


@dataclass(frozen=True, slots=True, eq=False)
class SplitFollowUp:
    """Intervals at risk with the exposure as it was in each; cluster by `row` for robust errors.

    Attributes
    ----------
    row : (m,) int array
        The row, of those given, that each interval is of.
    start, time : (m,) float arrays
    event, exposed : (m,) bool arrays
    """

    row: NDArray[np.intp]
    start: Vector
    time: Vector
    event: NDArray[np.bool_]
    exposed: NDArray[np.bool_]
    n_split: int
    notes: Notes


def split_exposure(time: ArrayLike, event: ArrayLike, began: ArrayLike) -> SplitFollowUp:
    """Follow-up in two intervals for those exposed after time zero: unexposed before, exposed from then on.

    Parameters
    ----------
    time, event : (n,) arrays
    began : (n,) array
        When the exposure began; zero or less: exposed throughout; NaN, infinite, or not before `time`: never.

    Raises
    ------
    StatsError
        As `follow_up`; a time is zero, so that nobody is at risk in it.

    Examples
    --------
    >>> split_exposure([10, 8], [1, 0], [4, np.nan]).time.tolist()
    [4.0, 10.0, 8.0]
    """
    data = follow_up(time, event)
    if (data.time <= 0).any():
        count = int((data.time <= 0).sum())
        raise StatsError(
            f"{count} of {len(data.time)} rows have no follow-up (time 0); an interval at risk needs a length.\n"
            "    Leave them out and report the count, or count from half a day."
        )
    begin = _began(began, data)
    later = (begin > 0) & (begin < data.time)
    row = np.repeat(np.arange(len(data.time)), np.where(later, 2, 1))
    is_first = np.diff(row, prepend=-1) > 0
    before = later[row] & is_first
    start = np.where(later[row] & ~is_first, begin[row], 0.0)
    ends = np.where(before, begin[row], data.time[row])
    exposed = (begin < data.time)[row] & ~before
    too_late = int((np.isfinite(begin) & (begin >= data.time)).sum())
    notes = immortal_time(time, event, began).notes
    told = tuple(note.split(" Counted")[0] + " It was counted as unexposed." for note in notes)
    if too_late:
        told = (*told, f"{too_late} were exposed only at or after the end of their follow-up; they stay unexposed.")
    return SplitFollowUp(row, start, ends, data.event[row] & ~before, exposed, int(later.sum()), told)


@dataclass(frozen=True, slots=True, eq=False)
class Landmark:
    """Those still at risk at a landmark, counted from there.

    Attributes
    ----------
    rows : (m,) int array
        The rows kept.
    time : (m,) float array
        Follow-up after the landmark.
    event, exposed : (m,) bool arrays
        `exposed`: the exposure had begun by the landmark; who began later counts as unexposed.
    """

    at: float
    rows: NDArray[np.intp]
    time: Vector
    event: NDArray[np.bool_]
    exposed: NDArray[np.bool_]
    n_left_out: int
    n_events_before: int
    notes: Notes


def landmark(time: ArrayLike, event: ArrayLike, began: ArrayLike, at: float) -> Landmark:
    """Rows at risk after time `at`, with the exposure as it was then.

    Parameters
    ----------
    time, event : (n,) arrays
    began : (n,) array
        When the exposure began; NaN or infinite: never.
    at : float
        The landmark, chosen before the data are seen.

    Raises
    ------
    StatsError
        The landmark is negative, or nobody is followed beyond it.

    References
    ----------
    .. [1] Anderson, Cain & Gelber (1983), J Clin Oncol 1:710, doi:10.1200/JCO.1983.1.11.710.
    """
    data = follow_up(time, event)
    begin = _began(began, data)
    kept = np.flatnonzero(data.time > at)
    if not at >= 0 or not len(kept):
        raise StatsError(
            f"Landmark {at:g} leaves nobody of {len(data.time)}, followed for up to {data.time.max():g}; a time within "
            "follow-up is needed.\n    Choose an earlier landmark."
        )
    left_out, early = len(data.time) - len(kept), int((data.event & (data.time <= at)).sum())
    changed = int(((begin[kept] > at) & (begin[kept] < data.time[kept])).sum())
    notes = [f"{left_out} of {len(data.time)} ended by the landmark {at:g} ({early} with an event) and are left out."]
    if changed:
        notes.append(f"{changed} were exposed only after the landmark and count as unexposed.")
    return Landmark(
        at, kept, data.time[kept] - at, data.event[kept], begin[kept] <= at, left_out, early,
        tuple(notes) if left_out else tuple(notes[1:]),
    )  # fmt: skip


def _began(began: ArrayLike, data: FollowUp) -> Vector:
    values = np.asarray(began, np.float64)
    if values.shape != data.time.shape:
        raise StatsError(f"There are {values.size} times of exposure for {len(data.time)} rows; one per row is needed.")
    return np.where(np.isnan(values), np.inf, values)
