"""Nearest-neighbour matching on a distance such as the propensity score, with stated rules for order and ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neurolupus.stats.complete import Vector, complete_vector
from neurolupus.stats.estimate import Notes
from neurolupus.stats.matching_engine import Order, in_rounds, with_replacement
from neurolupus.stats.matching_input import (
    CaliperUnit,
    Ties,
    arms_of,
    caliper_width,
    check_options,
    exposed_rows,
)
from neurolupus.stats.matching_kernels import Integers
from neurolupus.stats.matching_words import matched_words, matching_notes, method_words, within_words


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Matched sets of one exposed patient with controls, or, for the ATC, of one control with exposed patients.

    Attributes
    ----------
    set_of : (n,) int array
        Set of each row, 0 to `n_sets` - 1 in the order of the rows matched for; -1 when not matched. With
        replacement, a row that serves in several sets shows the first; `pairs` has all.
    pairs : (m, 2) int array
        Rows of the exposed and of the control, by set, the nearest or first found first.
    pair_set : (m,) int array
        Set of each pair.
    gap : (m,) float array
        Absolute difference of the distances of each pair.
    weights : (n,) float array
        1 for matched rows of the arm matched for; for the others the sum over their sets of 1 / (partners in the
        set); 0 when not matched. Use them when ratio > 1 or with replacement; they are all 1 otherwise.
    caliper : float or None
        In units of the distance.
    words : str
        How many were matched, and why others were not.
    n : int
        Rows given; `n_dropped` of them were not matched.
    """

    set_of: Integers
    pairs: Integers
    pair_set: Integers
    gap: Vector
    weights: Vector
    n_sets: int
    n_treated: int
    n_control: int
    n_treated_matched: int
    n_control_matched: int
    caliper: float | None
    ratio: int
    replace: bool
    reverse: bool
    method: str
    words: str
    n: int
    n_dropped: int
    notes: Notes

    @property
    def n_treated_unmatched(self) -> int:
        """Exposed patients without a partner."""
        return self.n_treated - self.n_treated_matched

    @property
    def n_control_unmatched(self) -> int:
        """Controls without a partner."""
        return self.n_control - self.n_control_matched


def match_nearest(
    distance: ArrayLike,
    treated: ArrayLike,
    *,
    ratio: int = 1,
    replace: bool = False,
    caliper: float | None = None,
    caliper_unit: CaliperUnit = "sd_all",
    order: Order = "largest",
    exact: Sequence[ArrayLike] = (),
    ties: Ties = "first_in_data",
    reverse: bool = False,
    rng: np.random.Generator | None = None,
) -> Matching:
    """Matched sets by greedy nearest neighbour: one after another takes the nearest still free.

    Parameters
    ----------
    distance : (n,) float array
        Complete; usually the logit of the propensity score.
    treated : (n,) array
        0 or 1.
    ratio : int
        Partners for each. Without replacement in rounds: everybody's first partner before anybody's second.
    replace : bool
        A partner may serve in several sets; the order plays no part then.
    caliper : float or None
        Largest difference within a pair.
    caliper_unit : str
        `sd_all`: standard deviation of the distance over everybody; `sd_pooled`: root of the mean of both arms'
        variances; `absolute`: units of the distance.
    order : str
        Who chooses first: the `largest` or `smallest` distance, the row first in the `data`, a `random` one; or the
        `closest` of all free pairs is formed each time. Equal distances go by `ties`.
    exact : sequence of (n,) arrays
        Values that must be equal within a pair.
    ties : str
        Among equally near partners, and among equals in `order`, the row first in the data, or one drawn at random.
    reverse : bool
        Partners for controls among the exposed, for the effect in the controls (ATC).
    rng : Generator or None
        Needed for `random`.

    Raises
    ------
    StatsError
        An arm is empty, values are missing, or options do not fit.

    Notes
    -----
    Distances are first rounded to whole steps of about 1e-9 of their standard deviation, so that equal patients are
    tied whatever the last bits of their scores; gaps are compared in whole steps, and the caliper is kept to
    within one. Time is O(n log n) for each round. `assert_valid_matching` checks every promise made here.

    References
    ----------
    .. [1] Rosenbaum and Rubin (1985), Am Stat 39:33, doi:10.1080/00031305.1985.10479383.
    .. [2] Austin (2011), Pharm Stat 10:150, doi:10.1002/pst.433.

    Examples
    --------
    >>> match_nearest([0.1, 0.5, 0.9, 0.45, 0.2], [1, 1, 0, 0, 0], order="data").pairs.tolist()
    [[0, 4], [1, 3]]
    """
    d = complete_vector(distance, "the distance", at_least=2)
    exposed = exposed_rows(treated, len(d))
    check_options(ratio, caliper, caliper_unit, order, ties, rng)
    width = caliper_width(d, exposed, caliper, caliper_unit)
    arms = arms_of(d, exposed, exact, ties, reverse, width, rng)
    columns = with_replacement(arms, ratio) if replace else in_rounds(arms, ratio, order, rng)
    by_row = np.argsort(arms.focal, kind="stable")
    found = columns[by_row]
    matched = found[:, 0] >= 0
    chosen, rows = found[matched], arms.focal[by_row][matched]
    there = chosen >= 0
    pair_set = np.repeat(np.arange(len(rows)), there.sum(axis=1))
    pairs = np.column_stack([rows[pair_set], chosen[there]])
    set_of, weights = _sets_and_weights(len(d), pairs, pair_set)
    within = within_words(caliper, caliper_unit, width, bool(exact))
    told = matched_words(arms, len(rows), within, ratio, reverse, replace)
    used = int(np.count_nonzero(weights[arms.pool]))
    n_treated = int(exposed.sum())
    both = (used, len(rows)) if reverse else (len(rows), used)
    return Matching(
        set_of=set_of,
        pairs=pairs[:, ::-1].copy() if reverse else pairs,
        pair_set=pair_set,
        gap=np.abs(d[pairs[:, 0]] - d[pairs[:, 1]]),
        weights=weights,
        n_sets=len(rows),
        n_treated=n_treated,
        n_control=len(d) - n_treated,
        n_treated_matched=both[0],
        n_control_matched=both[1],
        caliper=width,
        ratio=ratio,
        replace=replace,
        reverse=reverse,
        method=method_words(ratio, replace, order, ties),
        words=told,
        n=len(d),
        n_dropped=int(np.count_nonzero(set_of < 0)),
        notes=matching_notes(arms, told, len(rows), used, len(pairs), ratio, replace, reverse),
    )


def _sets_and_weights(n: int, pairs: Integers, pair_set: Integers) -> tuple[Integers, Vector]:
    set_of, weights = np.full(n, -1), np.zeros(n)
    if len(pairs):
        back = slice(None, None, -1)  # of several sets, the first stays
        set_of[pairs[back, 1]] = pair_set[back]
        set_of[pairs[:, 0]] = pair_set
        weights += np.bincount(pairs[:, 1], weights=1 / np.bincount(pair_set)[pair_set], minlength=n)
        weights[pairs[:, 0]] = 1.0
    return set_of, weights
