"""Penalised Cox models are those of a slow one written out in R (tests/reference/firth_cox.R)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.firth_cox import firth_cox

R = json.loads((Path(__file__).parents[2] / "reference" / "firth_cox.json").read_text())
M = R["monotone"]
X = np.column_stack([M["exposed"], M["age"]]).astype(float)
NAMES = ["exposed", "age"]


def _check(fit, r):
    # the reference takes maxima and roots without gradients: 1e-6, and absolute near zero
    for key, name in (("coef", "value"), ("low", "ci_low"), ("high", "ci_high"), ("statistic", "statistic")):
        assert [getattr(e, name) for e in fit.estimates] == pytest.approx(r[key], rel=1e-6, abs=1e-8), key
    assert [e.p_value for e in fit.estimates] == pytest.approx(r["p"], rel=1e-6)
    assert (fit.log_likelihood, fit.log_likelihood_null) == pytest.approx((r["loglik"][0], r["null"][0]), rel=1e-9)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_monotone_likelihood(ties):
    _check(firth_cox(M["time"], M["event"], X, NAMES, ties=ties), M[ties])


def test_one_column():
    _check(firth_cox(M["time"], M["event"], X[:, :1], NAMES[:1]), M["alone"])


def test_lung(shared):
    lung = pd.read_csv(shared / "data" / "tabular" / "lung.csv")
    columns = ["age", "sex", "ph.ecog"]
    lung = lung.dropna(subset=["time", "status", *columns]).head(60)
    fit = firth_cox(lung["time"], lung["status"] == lung["status"].max(), lung[columns], columns)
    _check(fit, R["lung"]["breslow"])


def test_veteran_with_ties_as_efron(shared):
    veteran = pd.read_csv(shared / "data" / "tabular" / "veteran.csv").head(70)
    columns = ["karno", "age"]
    _check(
        firth_cox(veteran["time"], veteran["status"], veteran[columns], columns, ties="efron"), R["veteran"]["efron"]
    )


def test_order_units_and_labels_change_nothing():
    order = np.random.default_rng(6).permutation(len(X))
    one = firth_cox(M["time"], M["event"], X, NAMES)
    other = firth_cox(
        np.array(M["time"])[order] * 30.4, np.array(M["event"])[order],
        np.column_stack([X[order, 1] / 10, 1 - X[order, 0]]), ["age", "exposed"],
    )  # fmt: skip
    assert other.estimate("age").ci_high == pytest.approx(10 * one.estimate("age").ci_high)
    assert other.estimate("exposed").value == pytest.approx(-one.estimate("exposed").value)
    assert other.estimate("exposed").ci_low == pytest.approx(-one.estimate("exposed").ci_high)
    assert other.estimate("exposed").p_value == pytest.approx(one.estimate("exposed").p_value)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_follow_up_cut_into_intervals_is_the_same(ties):
    time, event = np.array(M["time"], float), np.array(M["event"])
    cut = time > 6
    whole = firth_cox(time, event, X, NAMES, ties=ties)
    parts = firth_cox(
        np.concatenate([np.where(cut, 6.0, time), time[cut]]), np.concatenate([np.where(cut, 0, event), event[cut]]),
        np.vstack([X, X[cut]]), NAMES, ties=ties, start=np.concatenate([np.zeros(len(X)), np.full(cut.sum(), 6.0)]),
    )  # fmt: skip
    assert parts.coefficients == pytest.approx(whole.coefficients)
    assert [e.ci_low for e in parts.estimates] == pytest.approx([e.ci_low for e in whole.estimates])


def test_strata_far_apart_in_time_as_delayed_entries():
    """Two strata are two stretches of time nobody shares."""
    time, event, x = np.tile(M["time"], 2).astype(float), np.tile(M["event"], 2), np.vstack([X, X[::-1]])
    stratum = np.repeat(["b", "a"], len(X))
    later = np.where(stratum == "a", 100.0, 0.0)
    one = firth_cox(time, event, x, NAMES, strata=stratum)
    other = firth_cox(time + later, event, x, NAMES, start=later)
    assert one.coefficients == pytest.approx(other.coefficients)


def test_a_weight_of_two_is_a_row_given_twice():
    weights = np.where(np.arange(len(X)) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(len(X)), weights.astype(int))
    weighted = firth_cox(M["time"], M["event"], X, NAMES, weights=weights)
    repeated = firth_cox(np.array(M["time"])[twice], np.array(M["event"])[twice], X[twice], NAMES)
    assert weighted.coefficients == pytest.approx(repeated.coefficients)
    assert [e.ci_high for e in weighted.estimates] == pytest.approx([e.ci_high for e in repeated.estimates])


def test_with_many_events_it_is_near_the_unpenalised_model():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3000, 2))
    time = rng.exponential(np.exp(-x @ [0.5, -0.3]))
    fit = firth_cox(time, np.ones(3000), x, ["a", "b"])
    assert fit.coefficients == pytest.approx([0.5, -0.3], abs=0.07)
    for e in fit.estimates:  # the profile is a parabola then
        assert e.ci_high - e.ci_low == pytest.approx(2 * 1.96 * e.se, rel=0.01)


def test_few_events_and_weights_that_are_no_counts_are_told():
    notes = firth_cox(M["time"], M["event"], X, NAMES, weights=np.full(len(X), 0.5)).notes
    assert any("no whole numbers" in note for note in notes)
    assert any("events" in note for note in notes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"event": np.zeros(20)}, "None of 20 rows has the event"),
        ({"event": np.full(20, 2)}, "The event holds 2"),
        ({"time": np.full(20, -1.0)}, "20 times are negative"),
        ({"start": np.full(20, 4.0)}, "rows must end after they start"),
        ({"strata": [1]}, "1 strata for 20 times"),
        ({"ties": "exact"}, "choose breslow or efron"),
        ({"design": np.ones((20, 2))}, "constant"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, told):
    given = {"time": M["time"], "event": M["event"], "design": X, "names": NAMES} | change
    with pytest.raises(StatsError, match=told):
        firth_cox(**given)
