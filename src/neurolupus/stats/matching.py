"""Nearest-neighbour matching on a distance such as the propensity score, with stated rules for order and ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector
from neurolupus.stats.estimate import Notes
from neurolupus.stats.matching_engine import (
    NO_LIMIT,
    Arms,
    Integers,
    Order,
    grid_unit,
    in_rounds,
    on_grid,
    with_replacement,
)

CaliperUnit = Literal["sd_all", "sd_pooled", "absolute"]
Ties = Literal["first_in_data", "random"]


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
    exposed = _exposed(treated, len(d))
    _check_options(ratio, caliper, caliper_unit, order, ties, rng)
    width = _caliper_width(d, exposed, caliper, caliper_unit)
    arms = _arms(d, exposed, exact, ties, reverse, width, rng)
    columns = with_replacement(arms, ratio) if replace else in_rounds(arms, ratio, order, rng)
    by_row = np.argsort(arms.focal, kind="stable")
    found = columns[by_row]
    matched = found[:, 0] >= 0
    chosen, rows = found[matched], arms.focal[by_row][matched]
    there = chosen >= 0
    pair_set = np.repeat(np.arange(len(rows)), there.sum(axis=1))
    pairs = np.column_stack([rows[pair_set], chosen[there]])
    set_of, weights = _sets_and_weights(len(d), pairs, pair_set)
    within = _within(caliper, caliper_unit, width, bool(exact))
    told = _words(arms, len(rows), within, ratio, reverse, replace)
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
        method=_method(ratio, replace, order, ties),
        words=told,
        n=len(d),
        n_dropped=int(np.count_nonzero(set_of < 0)),
        notes=_notes(arms, told, len(rows), used, len(pairs), ratio, replace, reverse),
    )


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
        "exact values are equal": all(
            _codes(values, n)[pairs[:, 0]].tolist() == _codes(values, n)[pairs[:, 1]].tolist() for values in exact
        ),
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


def _exposed(treated: ArrayLike, n: int) -> NDArray[np.bool_]:
    arm = complete_vector(treated, "treated")
    if len(arm) != n or not np.isin(arm, (0, 1)).all():
        raise StatsError(
            f"The arms are {len(arm)} values such as {np.unique(arm)[:4].tolist()} for {n} distances; 0 or 1 for each "
            "is needed.\n    Code the exposure so."
        )
    if arm.all() or not arm.any():
        raise StatsError(
            f"All {n} patients are {'exposed' if arm.all() else 'controls'}; both arms are needed for matching.\n"
            "    Check the exposure and the filters before it."
        )
    return np.asarray(arm == 1)


def _check_options(
    ratio: int, caliper: float | None, unit: str, order: str, ties: str, rng: np.random.Generator | None
) -> None:
    for name, value, known in (("Order", order, Order), ("Caliper unit", unit, CaliperUnit), ("Ties", ties, Ties)):
        if value not in get_args(known):
            raise StatsError(f"{name} {value!r} is unknown; choose one of {', '.join(get_args(known))}.")
    if ratio < 1 or ratio != int(ratio):
        raise StatsError(f"The ratio is {ratio}; a whole number of 1 or more is needed.")
    if caliper is not None and not 0 <= caliper < np.inf:
        raise StatsError(f"The caliper is {caliper}; a number of 0 or more is needed.\n    Leave it out for none.")
    if rng is None and "random" in (order, ties):
        raise StatsError("A random order or random ties need a generator; give `rng`, made from the study's seed.")


def _caliper_width(d: Vector, exposed: NDArray[np.bool_], caliper: float | None, unit: CaliperUnit) -> float | None:
    if caliper is None or unit == "absolute":
        return caliper
    if unit == "sd_all":
        return caliper * float(np.sort(d).std(ddof=1))
    if min(exposed.sum(), (~exposed).sum()) < 2:
        raise StatsError("An arm has one patient, so no pooled SD; give the caliper as sd_all or absolute.")
    arms = (np.sort(d[rows]).var(ddof=1) for rows in (exposed, ~exposed))
    return caliper * float(np.sqrt(sum(arms) / 2))


def _codes(values: ArrayLike, n: int) -> Integers:
    column = pd.Series(np.asarray(values))
    missing = int(column.isna().sum())
    if len(column) != n or missing:
        raise StatsError(
            f"A variable to match exactly has {len(column)} values, {missing} of them missing, for {n} patients; one "
            "for each is needed.\n    Leave these patients out and report their count."
        )
    return np.asarray(pd.factorize(column)[0], np.int64)


def _arms(
    d: Vector,
    exposed: NDArray[np.bool_],
    exact: Sequence[ArrayLike],
    ties: Ties,
    reverse: bool,
    width: float | None,
    rng: np.random.Generator | None,
) -> Arms:
    unit = grid_unit(d)
    stratum = np.zeros(len(d), np.int64)
    for values in exact:
        codes = _codes(values, len(d))
        stratum = np.asarray(pd.factorize(stratum * (int(codes.max()) + 1) + codes)[0], np.int64)
    rank = np.arange(len(d))
    if ties == "random" and rng is not None:
        rank = rng.permutation(len(d))
    limit = NO_LIMIT if width is None else min(NO_LIMIT, round(width / unit) + 1)  # 0.4 - 0.3 is within 0.1
    focal = exposed != reverse
    return Arms(np.flatnonzero(focal), np.flatnonzero(~focal), on_grid(d, unit), stratum, rank, limit)


def _sets_and_weights(n: int, pairs: Integers, pair_set: Integers) -> tuple[Integers, Vector]:
    set_of, weights = np.full(n, -1), np.zeros(n)
    if len(pairs):
        back = slice(None, None, -1)  # of several sets, the first stays
        set_of[pairs[back, 1]] = pair_set[back]
        set_of[pairs[:, 0]] = pair_set
        weights += np.bincount(pairs[:, 1], weights=1 / np.bincount(pair_set)[pair_set], minlength=n)
        weights[pairs[:, 0]] = 1.0
    return set_of, weights


def _method(ratio: int, replace: bool, order: Order, ties: Ties) -> str:
    turns = {
        "largest": "largest distance first", "smallest": "smallest distance first", "closest": "closest pair first",
        "random": "in random order", "data": "in the order of the table",
    }[order]  # fmt: skip
    how = "with replacement" if replace else f"without replacement, {turns}"
    among = "at random" if ties == "random" else "to the first in the table"
    return f"greedy nearest neighbour 1:{ratio} {how}, ties {among}"


def _arm_names(reverse: bool) -> tuple[str, str]:
    return ("unexposed", "exposed patient") if reverse else ("exposed", "control")


def _within(caliper: float | None, unit: CaliperUnit, width: float | None, exact: bool) -> str:
    words = " with equal exact variables" if exact else ""
    if caliper is None or width is None:
        return words
    scale = {"sd_all": " SD", "sd_pooled": " pooled SD", "absolute": ""}[unit]
    return f"{words} within caliper {caliper:g}{scale}" + (f" ({width:.3g})" if unit != "absolute" else "")


def _words(arms: Arms, matched: int, within: str, ratio: int, reverse: bool, replace: bool) -> str:
    focal, partner = _arm_names(reverse)
    everybody = len(arms.focal)
    sets = f"{matched} {'pair' if ratio == 1 else 'set'}{'' if matched == 1 else 's'}"
    if matched == everybody:
        return f"All {everybody} {focal} patients have {'an' if reverse else 'a'} {partner}{within}; {sets}."
    verb = "has" if everybody - matched == 1 else "have"
    return (
        f"{everybody - matched} of {everybody} {focal} patients {verb} no{'' if replace else ' free'} {partner}"
        f"{within}; {sets} {'remains' if matched == 1 else 'remain'}."
    )


def _notes(
    arms: Arms, told: str, matched: int, used: int, pairs: int, ratio: int, replace: bool, reverse: bool
) -> Notes:
    focal, partner = _arm_names(reverse)
    notes = [told] if matched < len(arms.focal) else []
    if not replace and len(arms.pool) < len(arms.focal):
        notes.append(
            f"There are fewer {partner}s ({len(arms.pool)}) than {focal} patients ({len(arms.focal)}), so that not all "
            "can be matched without replacement; weighting keeps them all."
        )
    alone = int(np.count_nonzero(~np.isin(arms.stratum[arms.focal], arms.stratum[arms.pool])))
    if alone:
        notes.append(f"{alone} {focal} patients have no {partner} at all with equal exact variables.")
    if ratio > 1 and pairs < matched * ratio:
        notes.append(
            f"{matched * ratio - pairs} of {matched * ratio} places for {partner}s stay empty; use the weights."
        )
    if replace and used < pairs:
        notes.append(
            f"{used} {partner}s serve in {pairs} pairs; use the weights, and errors that know of repeated use."
        )
    return tuple(notes)
