"""What must not change a matching: the order of rows, the names of levels, shift and scale of the distance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.stats.matching import match_nearest
from neurolupus.stats.matching_validity import assert_valid_matching

ORDERS = st.sampled_from(["largest", "smallest", "closest"])


@st.composite
def cohorts(draw, *, unique=False):
    """Distances that are whole numbers, so that shifts and scales are exact; both arms."""
    d = draw(st.lists(st.integers(0, 60), min_size=4, max_size=30, unique=unique))
    arm = draw(st.lists(st.booleans(), min_size=len(d) - 2, max_size=len(d) - 2))
    return np.array(d, float), np.array([True, False, *arm])


def _by_patient(match, names):
    return {(int(names[i]), int(names[j])) for i, j in match.pairs}


@given(cohorts(), ORDERS, st.integers(1, 3), st.booleans(), st.sampled_from([None, 0.05, 0.5]), st.booleans())
def test_every_promise_is_kept(cohort, order, ratio, replace, caliper, reverse):
    d, arm = cohort
    match = match_nearest(d, arm, order=order, ratio=ratio, replace=replace, caliper=caliper, reverse=reverse)
    assert_valid_matching(match, d, arm)


@given(st.integers(0, 10**6), ORDERS, st.integers(4, 60), st.sampled_from([None, 0.2]))
def test_order_of_rows_changes_nothing_without_ties(seed, order, n, caliper):
    rng = np.random.default_rng(seed)
    d, arm, turn = rng.normal(size=n), np.arange(n) % 3 == 0, rng.permutation(n)
    there = match_nearest(d, arm, order=order, caliper=caliper)
    again = match_nearest(d[turn], arm[turn], order=order, caliper=caliper)
    assert _by_patient(there, np.arange(n)) == _by_patient(again, turn)
    assert sorted(there.weights) == sorted(again.weights)


@given(cohorts(), ORDERS, st.integers(-1000, 1000), st.sampled_from([0.25, 3.0, 1024.0]))
def test_shift_and_scale_change_nothing_with_a_caliper_in_sd(cohort, order, shift, scale):
    d, arm = cohort
    there = match_nearest(d, arm, order=order, caliper=0.37)
    again = match_nearest(scale * d + shift, arm, order=order, caliper=0.37)
    assert there.pairs.tolist() == again.pairs.tolist()
    assert there.set_of.tolist() == again.set_of.tolist()


@given(cohorts())
def test_turning_distances_round_turns_the_order_round(cohort):
    d, arm = cohort
    there = match_nearest(d, arm, order="largest", caliper=0.3)
    assert there.pairs.tolist() == match_nearest(-d, arm, order="smallest", caliper=0.3).pairs.tolist()


@given(cohorts(), ORDERS)
def test_swapping_arms_and_target_swaps_the_pairs(cohort, order):
    d, arm = cohort
    there, back = match_nearest(d, arm, order=order), match_nearest(d, ~arm, order=order, reverse=True)
    assert there.pairs.tolist() == back.pairs[:, ::-1].tolist()


@given(cohorts(), st.data())
def test_names_of_levels_change_nothing(cohort, data):
    d, arm = cohort
    level = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(d), max_size=len(d))))
    names = np.array(["centre C", "centre A", "centre B"], dtype=object)[level]
    there, again = match_nearest(d, arm, exact=[level]), match_nearest(d, arm, exact=[names])
    assert there.pairs.tolist() == again.pairs.tolist()
    apart = [match_nearest(d[level == k], arm[level == k]) for k in range(3) if len(set(arm[level == k])) == 2]
    assert there.n_sets == sum(match.n_sets for match in apart)  # strata are matched on their own


@given(cohorts(), st.floats(0.01, 2))
def test_closest_first_begins_with_the_closest_pair(cohort, caliper):
    d, arm = cohort
    gap = np.abs(np.subtract.outer(d[arm], d[~arm])).min()
    match = match_nearest(d, arm, order="closest", caliper=caliper)
    assert (match.gap.min() == gap) if match.n_sets else gap > match.caliper
