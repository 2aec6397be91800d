"""The input of a multinomial model: every row one declared level, every level with rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix, complete_weights, shown
from neurolupus.stats.matrix_checks import check_full_rank


@dataclass(frozen=True, slots=True, eq=False)
class NominalData:
    """Checked input: outcome codes (n,), 0 the reference; design (n, p); weights (n,)."""

    codes: NDArray[np.intp]
    x: Matrix
    w: Vector
    levels: int
    weighted: bool


def ordered_levels(levels: Sequence[Hashable], reference: Hashable | None) -> list[Hashable]:
    """The outcome levels, the reference (None: the first declared) before the others."""
    declared = list(levels)
    if len(declared) < 2 or len(set(declared)) != len(declared):
        raise StatsError(f"Outcome levels {declared} are declared; two or more different ones are needed.")
    first = declared[0] if reference is None else reference
    if first not in declared:
        raise StatsError(f"Reference outcome {first!r} is not among the levels {declared}.")
    return [first, *(level for level in declared if level != first)]


def checked_nominal(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    ordered: list[Hashable],
    weights: ArrayLike | None,
    cluster: ArrayLike | None,
) -> tuple[NominalData, ArrayLike | None]:
    """The input of a multinomial model, checked; rows of weight zero are gone, from `cluster` too."""
    column = pd.Series(outcome)
    codes = pd.Index(ordered).get_indexer(pd.Index(column))
    strange = column[codes < 0]
    if len(strange):
        told = "missing" if strange.isna().any() else shown(strange.iloc[0])
        raise StatsError(
            f"The outcome is {told} in {len(strange)} of {len(column)} rows; one of {ordered} is needed.\n"
            "    Declare the level, or drop these rows and report the count."
        )
    x = complete_matrix(design, names, len(column))
    w = complete_weights(weights, len(column))
    if cluster is not None and len(np.asarray(cluster)) != len(column):
        raise StatsError(
            f"There are {len(np.asarray(cluster))} cluster labels for {len(column)} rows; one is needed each."
        )
    if w is not None and not w.all():
        kept = w > 0
        codes, x, w = codes[kept], x[kept], w[kept]
        cluster = None if cluster is None else np.asarray(cluster)[kept]
    counts = np.bincount(codes, minlength=len(ordered))
    if not counts.all():
        raise StatsError(
            f"No row has outcome {ordered[int(np.argmin(counts))]!r}; every declared level must occur.\n"
            "    Take it out of the levels, or merge levels."
        )
    check_full_rank(x, names)
    whole = np.ones(len(codes)) if w is None else w
    return NominalData(codes.astype(np.intp), x, whole, len(ordered), w is not None), cluster
