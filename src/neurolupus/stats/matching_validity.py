"""Every promise of a matching, checked against what it was made from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.stats.complete import Vector
from neurolupus.stats.matching import Matching
from neurolupus.stats.matching_engine import grid_unit
from neurolupus.stats.matching_input import exact_codes
from neurolupus.stats.matching_kernels import Integers


def assert_valid_matching(
    matching: Matching, distance: ArrayLike, treated: ArrayLike, *, exact: Sequence[ArrayLike] = ()
) -> None:
    """Nothing, when the matching keeps every promise.

    Raises
    ------
    AssertionError
        With all that is broken: arms mixed up, a partner used twice without replacement, a pair twice, a gap beyond
        the caliper, exact values that differ, too many partners, set numbers with holes or not those of the pairs,
        weights from pairs that are not those from sets, counts that do not add up.
    """
    d, exposed = np.asarray(distance, float), np.asarray(treated) != 0
    pairs, sets, n = matching.pairs, matching.pair_set, matching.n
    focal, partner = (pairs[:, 1], pairs[:, 0]) if matching.reverse else (pairs[:, 0], pairs[:, 1])
    size = np.bincount(sets, minlength=matching.n_sets)
    gap = np.abs(d[pairs[:, 0]] - d[pairs[:, 1]])
    grain = 2 * grid_unit(d)
    keys = pairs[:, 0] * n + pairs[:, 1]
    codes = [exact_codes(values, n) for values in exact]
    in_pairs = np.zeros(n, bool)
    in_pairs[pairs.ravel()] = True
    by_pairs = np.zeros(n)
    np.add.at(by_pairs, partner, 1 / size[sets] if len(sets) else np.zeros(0))
    by_pairs[focal] = 1
    kept = matching.set_of >= 0
    promises = {
        "every pair is one exposed patient and one control": exposed[pairs[:, 0]].all()
        and not exposed[pairs[:, 1]].any(),
        "no pair comes twice": len(np.unique(keys)) == len(keys),
        "nobody serves twice without replacement": matching.replace or len(np.unique(partner)) == len(partner),
        "the caliper is kept": matching.caliper is None or bool((gap <= matching.caliper + grain).all()),
        "gaps are those of the pairs": np.array_equal(gap, matching.gap),
        "exact values are equal": all(np.array_equal(c[pairs[:, 0]], c[pairs[:, 1]]) for c in codes),
        "nobody has more partners than the ratio": not len(size) or int(size.max()) <= matching.ratio,
        "set numbers run from 0 without holes": len(size) == matching.n_sets and bool((size > 0).all()),
        "a set has one patient that it is made for": len(np.unique(focal)) == matching.n_sets
        and np.array_equal(matching.set_of[focal], sets),
        "rows have a set when they are in a pair": np.array_equal(kept, in_pairs),
        "sets of partners are sets of their pairs": _first_sets(partner, sets, matching.set_of),
        "weights from pairs are the weights": np.allclose(by_pairs, matching.weights, rtol=0, atol=1e-12),
        "weights from sets are the weights": matching.replace
        or np.allclose(_weights_of_sets(matching, exposed), matching.weights, rtol=0, atol=1e-12),
        "counts add up": matching.n_treated_matched == int((exposed & kept).sum())
        and matching.n_control_matched == int((~exposed & kept).sum())
        and matching.n_treated == int(exposed.sum())
        and matching.n_dropped == int((~kept).sum()),
    }
    broken = [promise for promise, holds in promises.items() if not holds]
    if broken:
        raise AssertionError(f"The matching is not valid; it breaks: {'; '.join(broken)}.")


def _first_sets(partner: Integers, sets: Integers, set_of: Integers) -> bool:
    first = np.full(len(set_of), np.iinfo(np.int64).max)
    np.minimum.at(first, partner, sets)
    return np.array_equal(set_of[partner], first[partner])


def _weights_of_sets(matching: Matching, exposed: NDArray[np.bool_]) -> Vector:
    kept = matching.set_of >= 0
    focal = exposed != matching.reverse
    others = np.bincount(matching.set_of[kept & ~focal], minlength=matching.n_sets)
    weights = np.where(kept & focal, 1.0, 0.0)
    rows = kept & ~focal
    weights[rows] = 1 / others[matching.set_of[rows]]
    return weights
