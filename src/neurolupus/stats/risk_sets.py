"""Risk sets: who is at risk at each event time, as sums that cost one pass whatever the number of events.

Rows are sorted by stratum and time once. A sum over the risk set at an event time is then a difference of two prefix
sums, and an integral over the time a patient was at risk is a difference of two prefix sums over event times, so that a
fit needs neither loops over patients nor a matrix per event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.survival_data import check_any_event, complete_labels, follow_up, sorted_rows

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Where each row and each event time stands.

    Attributes
    ----------
    order : (n,) int array
        Rows sorted by stratum, then time; all other arrays of rows follow this order.
    stratum : (n,) int array
    event : (n,) bool array
    time : (n,) float array
    start : (n,) float array or None
    event_time : (k,) float array
        Distinct event times, stratum after stratum.
    first, last : (k,) int arrays
        Rows `first` up to `last` end at or after the event time in its stratum.
    group : (d,) int array
        The event time of each event; `event_rows` are their rows, `place` their number among the ties.
    deaths : (k,) float array
        Events at each event time.
    until, since : (n,) int arrays
        Event times `since` up to `until` lie in the row's time at risk.
    entry_order, entry_first, entry_last : int arrays or None
        The same for entry times: rows not yet at risk.
    """

    order: Indices
    stratum: Indices
    event: NDArray[np.bool_]
    time: Vector
    start: Vector | None
    event_time: Vector
    first: Indices
    last: Indices
    group: Indices
    event_rows: Indices
    place: Vector
    deaths: Vector
    until: Indices
    since: Indices
    entry_order: Indices | None
    entry_first: Indices | None
    entry_last: Indices | None

    @property
    def is_tied(self) -> bool:
        """Whether two events share a time."""
        return len(self.event_time) < len(self.event_rows)

    def at_risk(self, values: Matrix) -> Matrix:
        """Sum of (n,) or (n, p) values over the risk set of each event time, (k,) or (k, p)."""
        later = _suffix(values)
        total: Matrix = later[self.first]
        if self.last[0] < len(self.order):
            total -= later[self.last]
        if self.entry_order is not None and self.entry_first is not None and self.entry_last is not None:
            absent = _suffix(values[self.entry_order])
            total -= absent[self.entry_first] - absent[self.entry_last]
        return total

    def of_events(self, values: Matrix) -> Matrix:
        """Sum of (n,) or (n, p) values over the events at each event time."""
        return self.by_event_time(values[self.event_rows])

    def by_event_time(self, values: Matrix) -> Matrix:
        """Sum of (d,) or (d, p) values of events over each event time, (k,) or (k, p)."""
        if not self.is_tied:
            return values
        return np.asarray(np.add.reduceat(values, np.flatnonzero(self.place == 0), axis=0))

    def over_time_at_risk(self, values: Matrix) -> Matrix:
        """Sum of (k,) or (k, p) values of event times over each row's time at risk, (n,) or (n, p)."""
        prefix = _prefix(values)
        total: Matrix = prefix[self.until]
        if self.start is not None or self.last[0] < len(self.order):
            total -= prefix[self.since]
        return total

    def at_event(self, values: Matrix) -> Matrix:
        """Values of event times given to the rows with an event then; zero elsewhere."""
        out = np.zeros((len(self.order), *values.shape[1:]))
        out[self.event_rows] = values[self.group]
        return out


def _prefix(values: Matrix) -> Matrix:
    sums: Matrix = np.empty((len(values) + 1, *values.shape[1:]))
    sums[0] = 0.0
    np.cumsum(values, axis=0, out=sums[1:])
    return sums


def _suffix(values: Matrix) -> Matrix:
    """Sums from each row to the end: added from the end, so that small late risk sets keep all their digits."""
    sums: Matrix = np.empty((len(values) + 1, *values.shape[1:]))
    sums[-1] = 0.0
    np.cumsum(values[::-1], axis=0, out=sums[-2::-1])
    return sums


def risk_sets(
    time: ArrayLike,
    event: ArrayLike,
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> RiskSets:
    """The risk sets of follow-up times.

    Parameters
    ----------
    time : (n,) array
        End of follow-up; not negative.
    event : (n,) bool array
    start : (n,) array, optional
        Entry into the risk set, before `time`; a row is at risk after its start, up to and at its time.
    strata : (n,) array, optional
        Only rows of one stratum are compared.

    Raises
    ------
    StatsError
        A time is missing or negative, a start not before its time, an event neither 0 nor 1, or there is no event.
    """
    data = follow_up(time, event, start=start)
    ends, happened, begin, known = data.time, data.event, data.start, data.known
    check_any_event(happened)
    n, size, order = len(ends), len(known) + 1, data.order()
    key = data.moment[order]
    layer = np.zeros(n, np.intp)
    if strata is not None:
        layer = _layers(strata, n)[order]
        by_layer = sorted_rows(layer)
        order, layer = order[by_layer], layer[by_layer]
        key = layer * size + key[by_layer]
    happened = happened[order]
    fresh = happened.copy()  # the first event of each event time; events stand before the censored of their time
    fresh[1:] &= np.diff(key) > 0
    rows, first = np.flatnonzero(happened), np.flatnonzero(fresh)
    passed: Indices = np.cumsum(fresh, dtype=np.intp)
    moments, group = key[first], passed[rows] - 1
    above = (moments // size + 1) * size  # the first key of the next stratum
    last = np.full(len(first), n) if strata is None else np.searchsorted(key, above)
    since = np.zeros(n, np.intp) if strata is None else np.searchsorted(moments, layer * size)
    opened = closed = entry_order = None
    if begin is not None:
        entry_key = layer * size + np.searchsorted(known, begin[order])
        entry_order = np.argsort(entry_key, kind="stable")
        opened = np.searchsorted(entry_key[entry_order], moments)
        closed = np.searchsorted(entry_key[entry_order], above)
        since = np.searchsorted(moments, entry_key, side="right")
    each = np.flatnonzero(fresh[rows])
    return RiskSets(
        order, layer, happened, ends[order], None if begin is None else begin[order], known[moments % size],
        first, last, group, rows, np.asarray(np.arange(len(rows)) - each[group], np.float64),
        np.diff(np.append(each, len(rows))).astype(np.float64), passed, since, entry_order, opened, closed,
    )  # fmt: skip


def _layers(strata: ArrayLike, n: int) -> Indices:
    """The number of each row's stratum, strata sorted where they can be."""
    codes = complete_labels(strata, "strata", n)
    values = np.asarray(strata)
    return codes if values.dtype == object else np.unique(values, return_inverse=True)[1].ravel()
