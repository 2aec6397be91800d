"""Fine–Gray models are those of R's cmprsk::crr; clusters and censoring groups keep what they must."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.fine_gray import fine_gray

R = json.loads((Path(__file__).parents[2] / "reference" / "fine_gray.json").read_text())
NAMES = ["age", "treated", "score"]
X, STATUS = np.array(R["x"]), np.array(R["status"])


def _errors(fit):
    return np.sqrt(np.diag(fit.covariance))


@pytest.mark.parametrize("case", ["continuous", "tied"])
@pytest.mark.parametrize(("key", "cause"), [("plain", 1), ("competing", 2)])
def test_estimates_errors_and_likelihood_are_those_of_crr(case, key, cause):
    r = R[case][key]
    fit = fine_gray(R[case]["time"], STATUS, X, NAMES, cause=cause)
    assert fit.coefficients == pytest.approx(r["coef"], rel=1e-9)
    assert fit.covariance == pytest.approx(np.array(r["var"]), rel=1e-8)
    assert [e.p_value for e in fit.estimates] == pytest.approx(r["p"], rel=1e-8)
    assert (fit.log_likelihood, fit.log_likelihood_null) == pytest.approx((r["loglik"][0], r["null"][0]))


@pytest.mark.parametrize("case", ["continuous", "tied"])
def test_with_censoring_groups_estimates_are_those_of_crr(case):
    r = R[case]["grouped"]
    fit = fine_gray(R[case]["time"], STATUS, X, NAMES, censoring_groups=R["centre"])
    assert fit.coefficients == pytest.approx(r["coef"], rel=1e-9)
    # crr 2.2.11 gives other errors for two equal groups than for one, which they must not (next test): no reference
    assert _errors(fit) == pytest.approx(r["se"], rel=1e-3)


def test_after_the_last_follow_up_of_a_censoring_group_its_competing_events_leave_as_in_crr():
    r = R["short"]
    rows = np.array(r["rows"])
    centre, status, time = np.array(R["centre"])[rows], STATUS[rows], np.array(r["time"])
    assert ((centre == 1) & (status == 1) & (time > r["last"][0])).any()  # what the test is about
    assert time[centre == 2].max() == r["last"][0]
    fit = fine_gray(time, status, X[rows], NAMES, censoring_groups=centre)
    # crr ends one step early here: its next Newton step is 2.6e-7 of the estimate, ours 2e-14
    assert fit.coefficients == pytest.approx(r["grouped"]["coef"], rel=1e-6)


def test_two_equal_censoring_groups_are_as_good_as_one():
    time, status, x = np.tile(R["tied"]["time"], 2), np.tile(STATUS, 2), np.vstack([X, X])
    one = fine_gray(time, status, x, NAMES)
    two = fine_gray(time, status, x, NAMES, censoring_groups=np.repeat(["a", "b"], len(STATUS)))
    assert two.covariance == pytest.approx(one.covariance, rel=1e-10)


def test_rows_given_twice_as_clusters_tell_no_more_than_once():
    once = fine_gray(R["tied"]["time"], STATUS, X, NAMES)
    n = len(STATUS)
    twice = fine_gray(
        np.tile(R["tied"]["time"], 2), np.tile(STATUS, 2), np.vstack([X, X]), NAMES, cluster=np.tile(np.arange(n), 2)
    )
    assert twice.coefficients == pytest.approx(once.coefficients)
    assert twice.covariance == pytest.approx(once.covariance)
    assert "by cluster" in twice.method


def test_a_cluster_for_each_row_changes_nothing():
    alone = fine_gray(R["tied"]["time"], STATUS, X, NAMES, cluster=np.random.default_rng(4).permutation(len(STATUS)))
    assert alone.covariance == pytest.approx(fine_gray(R["tied"]["time"], STATUS, X, NAMES).covariance)


def test_order_of_rows_and_columns_and_units_change_nothing():
    time = np.array(R["continuous"]["time"])
    order = np.random.default_rng(3).permutation(len(time))
    pairs = np.arange(len(time)) // 2
    one = fine_gray(time, STATUS, X, NAMES, cluster=pairs)
    scaled = X[order][:, [2, 0, 1]] * [1.0, 1 / 12, 1.0]
    other = fine_gray(time[order] * 365.25, STATUS[order], scaled, ["score", "age", "treated"], cluster=pairs[order])
    assert other.estimate("score").se == pytest.approx(one.estimate("score").se)
    assert other.estimate("age").value == pytest.approx(12 * one.estimate("age").value)
    assert other.estimate("treated").p_value == pytest.approx(one.estimate("treated").p_value)


def test_without_censoring_competing_patients_stay_at_risk_for_ever():
    rng = np.random.default_rng(8)
    status, x = rng.integers(1, 3, 60), rng.normal(size=(60, 1))
    time = rng.permutation(60) + 1.0
    fit = fine_gray(time, status, x, ["x"])
    late = fine_gray(np.where(status == 2, 1e6, time), np.where(status == 2, 0, 1), x, ["x"])
    assert fit.coefficients == pytest.approx(late.coefficients)
    assert _errors(fit) == pytest.approx(_errors(late))


def test_counts_and_few_events_are_told():
    fit = fine_gray(R["tied"]["time"][:40], STATUS[:40], X[:40], NAMES, n_dropped=3)
    assert (fit.n, fit.n_events + fit.n_competing + fit.n_censored, fit.n_dropped) == (40, 40, 3)
    assert any("events of the cause" in note for note in fit.notes)


def test_a_level_without_events_is_told():
    x = (STATUS != 1).astype(float)[:, None] * (np.arange(len(STATUS)) % 2)[:, None]
    fit = fine_gray(R["continuous"]["time"], STATUS, x, ["g"])
    assert "g: the estimate grows without limit" in fit.notes[0]


def test_what_cannot_be_fitted_is_refused():
    time = R["tied"]["time"]
    with pytest.raises(StatsError, match="status 3"):
        fine_gray(time, STATUS, X, NAMES, cause=3)
    with pytest.raises(StatsError, match="one is constant"):
        fine_gray(time, STATUS, np.full((len(time), 1), 2.0), ["one"])
    with pytest.raises(StatsError, match="censoring groups"):
        fine_gray(time, STATUS, X, NAMES, censoring_groups=[1, 2])
    with pytest.raises(StatsError, match="cluster labels"):
        fine_gray(time, STATUS, X, NAMES, cluster=[1, 2])
    with pytest.raises(StatsError, match="no coefficient"):
        fine_gray(time, STATUS, X, NAMES).estimate("sex")
