"""Variance of the logarithm of a Kaplan–Meier curve: Greenwood's, and the robust one of weighted or clustered rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector
from neurolupus.stats.survival_data import FollowUp, complete_labels

Indices = NDArray[np.signedinteger]


def greenwood(events: Vector, at_risk: Vector) -> Vector:
    """Greenwood's variance of log survival at each time, (k,); infinite once nobody survives."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.cumsum(np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0)))


def robust_variance(
    data: FollowUp, events: Vector, at_risk: Vector, moments: Vector, weights: Vector, cluster: ArrayLike | None
) -> Vector:
    """Infinitesimal-jackknife variance of log survival at each of the `moments`, (k,).

    Parameters
    ----------
    data : FollowUp
        Without entry times.
    events, at_risk : (k,) float arrays
        Weighted.
    cluster : (n,) array, optional
        Rows of one label are summed: a matched set, a patient in several rows.

    Notes
    -----
    A row at risk moves log survival by -A(t), A the sum of d / (n (n - d)) so far; once it has ended, by
    what it had then, plus 1 / (n - d) for its event. Sums of squares by cluster change only when a row ends, so one
    sorted pass is enough. The rows' sum is R's `survfit(..., robust = TRUE)`.
    """
    if data.start is not None:
        raise StatsError(
            "Robust limits of a survival curve with entry times are not available.\n"
            "    Ask for model-based limits, or leave the entry times out."
        )
    ended = np.searchsorted(moments, data.time)
    with np.errstate(divide="ignore", invalid="ignore"):
        so_far = np.cumsum(np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0))
        own = np.where(data.event, 1 / (at_risk - events)[ended], 0.0) - so_far[ended]
    n = len(ended)
    labels = np.arange(n) if cluster is None else complete_labels(cluster, "cluster", n)
    alive = np.isfinite(own)  # the last rows, where the curve falls to zero, have no limits
    gone = np.where(alive, weights * own, 0.0)
    order = np.lexsort((ended, labels))
    labels, gone, left, place = labels[order], gone[order], weights[order], ended[order]
    first = np.flatnonzero(np.diff(labels, prepend=-1) > 0)
    sizes = np.diff(np.append(first, len(labels)))
    settled_after, settled_before = _within(gone, first, sizes)
    total = np.repeat(np.add.reduceat(left, first), sizes)
    after, before = _within(left, first, sizes)
    after, before = total - after, total - before
    k = len(moments)

    def path(change: Vector) -> Vector:
        return np.cumsum(np.bincount(place, weights=change, minlength=k))

    squares = float(np.sum(np.add.reduceat(left, first) ** 2)) + path(after**2 - before**2)
    products = path(settled_after * after - settled_before * before)
    settled = path(settled_after**2 - settled_before**2)
    with np.errstate(invalid="ignore"):
        return np.asarray(settled - 2 * so_far * products + so_far**2 * squares)


def _within(values: Vector, first: Indices, sizes: Indices) -> tuple[Vector, Vector]:
    """Running sums within runs that begin at `first`: after and before each value."""
    through = np.cumsum(values)
    offset = np.repeat((through - values)[first], sizes)
    return np.asarray(through - offset), np.asarray(through - values - offset)
