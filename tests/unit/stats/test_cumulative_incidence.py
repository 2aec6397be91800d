"""Cumulative incidences are those of R's cmprsk, and what must not change them does not."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.cumulative_incidence import cumulative_incidence

R = json.loads((Path(__file__).parents[2] / "reference" / "cumulative_incidence.json").read_text())


def _check(found, reference):
    at = [found.at(t) for t in reference["time"]]
    assert [a.value for a in at] == pytest.approx(reference["est"], rel=1e-9)
    assert [a.se**2 for a in at] == pytest.approx(reference["var"], rel=1e-9)
    for name in ("low", "high"):
        expected = [0.0 if x is None else x for x in reference[name]]
        assert [getattr(a, f"ci_{name}") for a in at] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("case", ["continuous", "tied"])
@pytest.mark.parametrize(("cause", "key"), [(1, "overall"), (2, "competing")])
def test_values_variances_and_limits_are_those_of_cuminc(case, cause, key):
    r = R[case]
    _check(cumulative_incidence(r["time"], r["status"], cause=cause), r[key])


@pytest.mark.parametrize("group", ["a", "b", "c"])
def test_groups_are_those_of_cuminc(group):
    r = R["tied"]
    here = np.array(r["group"]) == group
    _check(cumulative_incidence(np.array(r["time"])[here], np.array(r["status"])[here]), r["groups"][f"{group} 1"])


def test_without_competing_events_or_censoring_it_is_the_share_with_the_event():
    found = cumulative_incidence([3.0, 1, 2, 4], [1, 1, 1, 1])
    assert found.value == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert (found.ci_low[-1], found.ci_high[-1]) == (1.0, 1.0)


def test_at_one_time_the_variance_is_that_of_a_share():
    found = cumulative_incidence(np.repeat([1.0, 2], [30, 70]), np.repeat([1, 0], [30, 70]))
    assert found.variance == pytest.approx([0.3 * 0.7 / 99])


def test_incidences_of_all_causes_and_survival_add_up_to_one():
    r = R["tied"]
    time, status = np.array(r["time"]), np.array(r["status"])
    either = cumulative_incidence(time, (status > 0).astype(int))
    parts = [cumulative_incidence(time, status, cause=c) for c in (1, 2)]
    for t in (1, 4, 9, 15):
        assert sum(p.at(t).value for p in parts) == pytest.approx(either.at(t).value)


def test_order_of_rows_and_unit_of_time_change_nothing():
    r = R["tied"]
    time, status = np.array(r["time"]), np.array(r["status"])
    order = np.random.default_rng(5).permutation(len(time))
    one, other = cumulative_incidence(time, status), cumulative_incidence(time[order] * 12.0, status[order])
    assert other.time == pytest.approx(one.time * 12)
    assert other.variance == pytest.approx(one.variance)
    assert other.ci_low == pytest.approx(one.ci_low)


def test_before_the_first_event_after_the_last_time_and_number_at_risk():
    found = cumulative_incidence([2.0, 2, 5, 6], [1, 2, 1, 0])
    assert (found.at(1).value, found.at(1).se, found.at(1).n_at_risk) == (0.0, 0.0, 4)
    assert found.at(2).n_at_risk == 4
    assert found.at(3).n_at_risk == 2
    assert found.at(6.5) is None
    assert (found.n_events, found.n_competing, found.n, found.last_time) == (2, 1, 4, 6.0)


def test_without_an_event_it_is_zero_and_says_so():
    found = cumulative_incidence([1.0, 2, 3], [2, 0, 2])
    assert found.at(2).value == 0.0
    assert "None of 3 rows" in found.notes[0]


@pytest.mark.parametrize(
    ("time", "status", "told"),
    [
        ([-1.0, 2], [1, 0], "1 times are negative"),
        ([1.0, 2], [1, 0.5], "Status holds 0.5"),
        ([1.0, np.nan], [1, 0], "time has 1 missing"),
        ([1.0, 2], [1], "2 times and 1 status"),
    ],
)
def test_what_cannot_be_analysed_is_refused(time, status, told):
    with pytest.raises(StatsError, match=told):
        cumulative_incidence(time, status)


def test_cause_zero_is_refused():
    with pytest.raises(StatsError, match="censoring"):
        cumulative_incidence([1.0, 2], [1, 0], cause=0)


@pytest.mark.parametrize("n", [3, 7, 10, 49])
def test_when_everybody_had_the_event_rounding_does_not_open_the_limits(n):
    # the steps do not always add to 1 in floating point: those of 10 fall short by 1e-16
    found = cumulative_incidence(np.arange(1.0, n + 1), np.ones(n))
    assert (found.value[-1], found.ci_low[-1], found.ci_high[-1]) == pytest.approx((1, 1, 1))
    at_the_end = found.at(float(n))
    assert (at_the_end.ci_low, at_the_end.ci_high) == pytest.approx((1, 1))
