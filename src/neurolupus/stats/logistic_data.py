"""The input of a logistic model, checked, and what its size warns of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix, complete_vector, complete_weights
from neurolupus.stats.estimate import Notes
from neurolupus.stats.matrix_checks import check_full_rank, has_intercept, size_notes


@dataclass(frozen=True, slots=True, eq=False)
class BinaryData:
    """Checked input of a logistic model: outcome (n,) of 0 and 1, design (n, p), weights (n,)."""

    y: Vector
    x: Matrix
    w: Vector
    names: tuple[str, ...]
    weighted: bool

    @property
    def n_events(self) -> int:
        """Rows with outcome 1."""
        return int(self.y.sum())


def checked_binary(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    weights: ArrayLike | None,
    cluster: ArrayLike | None = None,
) -> tuple[BinaryData, ArrayLike | None]:
    """The input of a logistic model, checked; rows of weight zero are gone, from `cluster` too."""
    y = complete_vector(outcome, "the outcome")
    x = complete_matrix(design, names, len(y))
    w = complete_weights(weights, len(y))
    if cluster is not None and len(np.asarray(cluster)) != len(y):
        raise StatsError(
            f"There are {len(np.asarray(cluster))} cluster labels for {len(y)} rows; one per row is needed."
        )
    if w is not None and not w.all():
        kept = w > 0
        y, x, w = y[kept], x[kept], w[kept]
        cluster = None if cluster is None else np.asarray(cluster)[kept]
    strange = y[(y != 0) & (y != 1)]
    if len(strange):
        raise StatsError(
            f"The outcome holds {strange[0]:g} ({len(strange)} of {len(y)} rows); 0 and 1 are needed.\n"
            "    Code the event as 1, or use a multinomial model."
        )
    if y.min() == y.max():
        raise StatsError(
            f"All {len(y)} outcomes are {int(y[0])}; rows with and without the event are needed.\n"
            "    Check the outcome column and the filters before it."
        )
    check_full_rank(x, names)
    return BinaryData(y, x, np.ones(len(y)) if w is None else w, tuple(names), w is not None), cluster


def null_log_likelihood(data: BinaryData) -> float:
    """Log likelihood of the intercept alone; NaN where the design has none."""
    if not has_intercept(data.x):
        return float("nan")
    share = float(data.w @ data.y / data.w.sum())
    return float(data.w.sum() * (special.xlogy(share, share) + special.xlogy(1 - share, 1 - share)))


def events_notes(data: BinaryData) -> Notes:
    """A warning where the rarer outcome has fewer than ten rows per term."""
    rarer = min(data.n_events, len(data.y) - data.n_events)
    return size_notes(rarer, data.x.shape[1] - int(has_intercept(data.x)), unit="rows of the rarer outcome")


def weight_notes(data: BinaryData, robust: bool) -> Notes:
    """A warning where weights are no counts and the errors take them for such."""
    if data.weighted and not robust and (data.w % 1 != 0).any():
        return ("Weights are no whole numbers, and the errors take them for counts: prefer robust errors.",)
    return ()
