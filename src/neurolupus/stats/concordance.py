"""Harrell's concordance: how often, of two patients, the one with the higher risk has the event first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_vector, complete_weights
from neurolupus.stats.cox_fit import CoxFit
from neurolupus.stats.survival_data import complete_labels, follow_up

Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]
_KERNELS: list[Callable[..., Any]] = []  # compiled once a process
COMPILED_FROM = 2000  # rows; below, comparing all pairs is faster than starting the compiler


@dataclass(frozen=True, slots=True)
class Concordance:
    """Concordance with its infinitesimal-jackknife error; the (weighted) numbers of pairs it rests on.

    Attributes
    ----------
    tied : float
        Comparable pairs of equal risk; they count a half.
    """

    value: float
    se: float
    concordant: float
    discordant: float
    tied: float
    n: int
    method: str = "Harrell's concordance"


def concordance(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> Concordance:
    """Concordance of a risk score with follow-up, as R's `survival::concordance(reverse = TRUE)`.

    Parameters
    ----------
    time, event : (n,) arrays
    risk : (n,) array
        Higher is worse: a linear predictor, a score.
    weights, strata, cluster : (n,) arrays, optional
        Only pairs of one stratum are compared; rows of one cluster are summed in the error.

    Raises
    ------
    StatsError
        No two rows can be compared.

    References
    ----------
    .. [1] Harrell et al. (1982), JAMA 247:2543, doi:10.1001/jama.1982.03320430047030.

    Examples
    --------
    >>> concordance([1, 2, 3], [1, 1, 0], [3, 2, 1]).value
    1.0
    """
    data = follow_up(time, event)
    n = len(data.time)
    score = complete_vector(risk, "risk")
    if len(score) != n:
        raise StatsError(f"There are {len(score)} risks for {n} times; one per row is needed.")
    case = complete_weights(weights, n)
    w = np.ones(n) if case is None else case
    layer = np.zeros(n, np.intp) if strata is None else complete_labels(strata, "strata", n)
    order = np.lexsort((~data.event, data.time, layer))
    happened, layer, w = data.event[order], layer[order], w[order]
    fresh = (np.diff(layer, prepend=-1) != 0) | (np.diff(data.time[order], prepend=-1.0) != 0)
    moment = np.cumsum(fresh) - 1  # of each row; later in the same stratum is a larger number
    count = _by_pairs if n < COMPILED_FROM else _by_trees
    parts = count(moment, happened, layer, score[order], w)
    concordant, discordant, tied = (float(w @ parts[:, k]) / 2 for k in range(3))
    pairs = concordant + discordant + tied
    if not pairs > 0:
        raise StatsError("No two rows can be compared: nobody outlives an event.\n    Look at events and strata.")
    value = (concordant + tied / 2) / pairs
    moved = w * (parts[:, 0] + parts[:, 2] / 2 - value * parts.sum(axis=1)) / pairs
    if cluster is not None:
        moved = np.bincount(complete_labels(cluster, "cluster", n)[order], weights=moved)
    return Concordance(value, float(np.sqrt(moved @ moved)), concordant, discordant, tied, n)


def cox_concordance(fit: CoxFit, *, cluster: ArrayLike | None = None) -> Concordance:
    """Concordance of a Cox model with the data it was fitted to.

    Raises
    ------
    StatsError
        The rows have entry times, or a coefficient has no finite estimate.
    """
    sets = fit.likelihood.sets
    if sets.start is not None or fit.separated:
        why = "rows with entry times" if fit.separated == () else f"the infinite coefficient of {fit.separated[0]}"
        raise StatsError(f"Concordance is not computed with {why}.")
    return concordance(
        sets.time,
        sets.event,
        fit.likelihood.x @ fit.coefficients,
        weights=fit.likelihood.weights,
        strata=sets.stratum,
        cluster=None if cluster is None else np.asarray(cluster)[sets.order],
    )


def _by_pairs(moment: Indices, event: Flags, layer: Indices, score: Vector, w: Vector) -> Matrix:
    """Concordant, discordant and tied weight of each row with all it can be compared with, (n, 3): pair by pair."""
    outlives = (moment[:, None] < moment) | ((moment[:, None] == moment) & ~event)
    comparable = event[:, None] & outlives & (layer[:, None] == layer)
    gap = np.sign(score[:, None] - score)
    hits = [comparable & (gap == sign) for sign in (1, -1, 0)]
    return np.stack([hit @ w + w @ hit for hit in hits], axis=1)


def _by_trees(moment: Indices, event: Flags, layer: Indices, score: Vector, w: Vector) -> Matrix:
    """The same by counting trees, in n log n."""
    by_score = np.lexsort((score, layer))
    fresh = (np.diff(layer[by_score], prepend=-1) != 0) | (np.diff(score[by_score], prepend=np.nan) != 0)
    rank = np.empty(len(score), np.int64)
    rank[by_score] = np.cumsum(fresh) - 1
    first = np.flatnonzero(np.diff(layer, prepend=-1))
    lowest = np.minimum.reduceat(rank, first)  # of each stratum
    base = np.repeat(lowest, np.diff(np.append(first, len(layer))))
    events, censored = np.flatnonzero(event), np.flatnonzero(~event)
    kernel = _compiled()

    def swept(parts: tuple[tuple[Indices, bool], ...], sign: int) -> Matrix:
        rows = np.concatenate([part for part, _ in parts])
        asks = np.concatenate([np.full(len(part), ask) for part, ask in parts])
        turn = np.repeat(np.arange(len(parts)), [len(part) for part, _ in parts])
        order = np.lexsort((turn, sign * moment[rows]))
        return np.asarray(kernel(rows[order], asks[order], base, rank, w))

    # backwards: each event asks those who outlive it; forwards: each row asks the events it outlives
    back = swept(((censored, False), (events, True), (events, False)), -1)
    forth = swept(((events, True), (events, False), (censored, True)), 1)
    return back + forth[:, [1, 0, 2]]


def _compiled() -> Callable[..., Any]:
    if not _KERNELS:
        from numba import njit

        try:
            _KERNELS.append(njit(cache=True)(_sweep))
        except RuntimeError:  # the package lies where no cache can be written
            _KERNELS.append(njit(_sweep))
    return _KERNELS[0]


def _sweep(rows: Any, asks: Any, base: Any, rank: Any, w: Any) -> Any:
    """Rows in turn either join the tree or ask it: weight below, above and at their rank, in their stratum."""
    size = rank.max() + 1
    tree, same = np.zeros(size + 1), np.zeros(size)
    out = np.zeros((len(rank), 3))
    total, here = 0.0, -1
    for k in range(len(rows)):
        i = rows[k]
        r = rank[i]
        if base[i] != here:
            here, total = base[i], 0.0
        if asks[k]:
            below = 0.0
            j = r
            while j > 0:
                below += tree[j]
                j -= j & -j
            j = here
            while j > 0:
                below -= tree[j]
                j -= j & -j
            out[i, 0] += below
            out[i, 1] += total - below - same[r]
            out[i, 2] += same[r]
        else:
            total += w[i]
            same[r] += w[i]
            j = r + 1
            while j <= size:
                tree[j] += w[i]
                j += j & -j
    return out
