"""Who is at risk at each death of a penalised Cox likelihood: sums over late entry, strata and tied deaths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurolupus.stats.complete import Matrix, Vector

Ties = Literal["breslow", "efron"]


@dataclass(frozen=True, slots=True, eq=False)
class DeathTerms:
    """Rows sorted by stratum and time, and who is at risk at each of the m death terms.

    At risk are rows `first` up to `end` less, sorted by start (`by_start`), rows `late` up to `end`, less the share
    `gone` (m,) of the rows `first` up to `after` that die then (Efron). `deaths` (n,) is the weight of each row that
    dies, else 0; `death_weights` (m,) that of the terms; `outer` (n, p * p).
    """

    x: Matrix
    outer: Matrix
    w: Vector
    deaths: Vector
    by_start: NDArray[np.intp] | None
    first: NDArray[np.intp]
    after: NDArray[np.intp]
    late: NDArray[np.intp]
    end: NDArray[np.intp]
    gone: Vector
    death_weights: Vector

    def sums(self, values: Matrix) -> Matrix:
        """Sums, (m, columns), of `values` (n, columns) over those at risk."""
        sums = _between(values, self.first, self.end)
        if self.by_start is not None:
            sums = sums - _between(values[self.by_start], self.late, self.end)
        if self.gone.any():
            dying = values * (self.deaths > 0)[:, None]
            sums = sums - self.gone[:, None] * _between(dying, self.first, self.after)
        return sums


def _between(values: Matrix, first: NDArray[np.intp], end: NDArray[np.intp]) -> Matrix:
    """Sums of rows `first` up to, not with, `end`; summed from the last row, where risk sets are small."""
    below = np.vstack([np.cumsum(values[::-1], axis=0)[::-1], np.zeros((1, values.shape[1]))])
    return np.asarray(below[first] - below[end])


def death_terms(
    t: Vector, died: NDArray[np.bool_], x: Matrix, w: Vector, began: Vector, stratum: NDArray[np.intp], ties: Ties
) -> DeathTerms:
    """The death terms of rows in any order; `stratum` are codes from 0, `began` -inf where a row starts with time."""
    order = np.lexsort((t, stratum))
    t, died, x, w, began, stratum = t[order], died[order], x[order], w[order], began[order], stratum[order]
    by_start = np.lexsort((began, stratum)) if np.isfinite(began).any() else None
    first, after, late, end, gone, weights = [], [], [], [], [], []
    for s in range(int(stratum.max()) + 1):
        low, high = (int(i) for i in np.searchsorted(stratum, [s, s + 1]))
        own, dead, starts = t[low:high], died[low:high], np.sort(began[low:high])
        for at in np.unique(own[dead]):
            i, k = int(np.searchsorted(own, at, side="left")), int(np.searchsorted(own, at, side="right"))
            count, weight = int(dead[i:k].sum()), float(w[low + i : low + k][dead[i:k]].sum())
            terms = count if ties == "efron" else 1
            first += [low + i] * terms
            after += [low + k] * terms
            late += [low + int(np.searchsorted(starts, at, side="left"))] * terms
            end += [high] * terms
            gone += [rank / count for rank in range(terms)]
            weights += [weight / terms] * terms
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    return DeathTerms(
        x, outer, w, np.where(died, w, 0.0), by_start, np.array(first), np.array(after), np.array(late),
        np.array(end), np.array(gone), np.array(weights),
    )  # fmt: skip
