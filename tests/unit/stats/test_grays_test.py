"""Gray's test is that of R's cmprsk, and labels, order and unit change nothing."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.grays_test import grays_test

R = json.loads((Path(__file__).parents[2] / "reference" / "cumulative_incidence.json").read_text())


def _data(case):
    r = R[case]
    return tuple(np.array(r[key]) for key in ("time", "status", "group", "stratum"))


@pytest.mark.parametrize("case", ["continuous", "tied"])
@pytest.mark.parametrize("cause", [1, 2])
@pytest.mark.parametrize("key", ["tests", "stratified", "weighted", "pair"])
def test_statistic_p_and_df_are_those_of_cuminc(case, cause, key):
    time, status, group, stratum = _data(case)
    rows = group != "c" if key == "pair" else np.ones(len(time), bool)
    strata = stratum if key == "stratified" else None
    found = grays_test(
        time[rows], status[rows], group[rows], strata=strata, cause=cause, rho=1.0 if key == "weighted" else 0.0
    )
    assert (found.statistic, found.p_value, found.df) == pytest.approx(tuple(R[case][key][cause - 1]), rel=1e-9)


def test_labels_order_and_unit_change_nothing():
    time, status, group, _ = _data("tied")
    order = np.random.default_rng(2).permutation(len(time))
    named = np.array([{"a": "z", "b": "y", "c": "x"}[g] for g in group])
    one = grays_test(time, status, group)
    other = grays_test(time[order] / 365.25, status[order], named[order])
    assert other.statistic == pytest.approx(one.statistic)
    assert other.scores == pytest.approx(one.scores[::-1])
    assert other.n_events == one.n_events[::-1]


def test_scores_add_up_to_zero():
    time, status, group, stratum = _data("continuous")
    assert sum(grays_test(time, status, group, strata=stratum).scores) == pytest.approx(0, abs=1e-9)


def test_the_null_hypothesis_is_rejected_as_often_as_it_should():
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(400):
        own, other, end = rng.exponential(8, 120), rng.exponential(10, 120), rng.uniform(1, 12, 120)
        time = np.minimum(np.minimum(own, other), end)
        status = np.where(time == own, 1, np.where(time == other, 2, 0))
        rejected += grays_test(time, status, np.arange(120) % 2).p_value < 0.05
    assert 8 <= rejected <= 34  # 20 expected; three standard errors are 13


def test_one_group_no_events_and_missing_labels_are_refused():
    with pytest.raises(StatsError, match="one group only"):
        grays_test([1.0, 2], [1, 1], ["a", "a"])
    with pytest.raises(StatsError, match="None of 2 rows has status 1"):
        grays_test([1.0, 2], [2, 0], ["a", "b"])
    with pytest.raises(StatsError, match="1 of them missing"):
        grays_test([1.0, 2, 3], [1, 1, 0], ["a", None, "b"])
    with pytest.raises(StatsError, match="never at risk together"):
        grays_test([1.0, 2, 3, 4], [0, 0, 1, 1], ["a", "a", "b", "b"])


def test_a_group_without_an_event_is_told():
    found = grays_test([1.0, 2, 3, 4, 5, 6], [1, 1, 0, 0, 2, 0], list("aababb"))
    assert found.notes == ("Group b has no event of the cause.",)
