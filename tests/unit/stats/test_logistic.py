"""Logistic models against R 4.2.2 with sandwich and brglm2: tests/reference/logistic.R, lalonde data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.design import Term, build_design
from neurolupus.stats.firth import firth_logistic, logistic_or_firth
from neurolupus.stats.logistic import logistic_regression
from neurolupus.stats.wald import joint_wald_test, likelihood_ratio_test

R = json.loads((Path(__file__).parents[2] / "reference" / "logistic.json").read_text())
TERMS = [
    *map(Term, ("age", "educ")),
    Term("race", "nominal", ("white", "black", "hispan")),
    *map(Term, ("married", "nodegree", "re74", "re75")),
]
# nobody of the exposed (g) is without the event
SEPARATED = np.column_stack([np.ones(60), R["age"], R["g"]])
NAMES = ["intercept", "age", "g"]


@pytest.fixture(scope="module")
def lalonde(shared):
    return pd.read_csv(shared / "data" / "tabular" / "lalonde.csv")


@pytest.fixture(scope="module")
def design(lalonde):
    return build_design(lalonde, TERMS)


@pytest.fixture(scope="module")
def fit(lalonde, design):
    return logistic_regression(lalonde["treat"], design.matrix, design.names)


def _values(fit):
    return [e.value for e in fit.estimates]


def _errors(fit):
    return [e.se for e in fit.estimates]


def test_propensity_model_of_lalonde_is_that_of_glm(fit):
    assert _values(fit) == pytest.approx(R["coef"])
    assert _errors(fit) == pytest.approx(R["se"])
    assert [e.p_value for e in fit.estimates] == pytest.approx(R["p"])
    assert (fit.log_likelihood, fit.log_likelihood_null) == pytest.approx(tuple(R["loglik"]))
    assert (fit.fitted.min(), fit.fitted.max()) == pytest.approx(tuple(R["fitted"]))
    assert (fit.n, fit.n_events) == (614, 185)


def test_robust_and_clustered_errors_are_those_of_sandwich(lalonde, design):
    y, x, names = lalonde["treat"], design.matrix, design.names
    assert _errors(logistic_regression(y, x, names, errors="robust")) == pytest.approx(R["robust"])
    pairs = np.arange(len(y)) // 2
    assert _errors(logistic_regression(y, x, names, cluster=pairs)) == pytest.approx(R["cluster"])


def test_weights(lalonde, design):
    w = 1 + np.arange(1, 615) % 3
    found = logistic_regression(lalonde["treat"], design.matrix, design.names, weights=w)
    assert _values(found) == pytest.approx(R["weighted"])
    assert _errors(found) == pytest.approx(R["weighted_se"])
    robust = logistic_regression(lalonde["treat"], design.matrix, design.names, weights=w, errors="robust")
    assert _errors(robust) == pytest.approx(R["weighted_robust"])


def test_a_weight_of_two_is_the_row_given_twice(lalonde, design):
    w = np.arange(614) % 3
    found = logistic_regression(lalonde["treat"], design.matrix, design.names, weights=w)
    rows = np.repeat(np.arange(614), w)
    twice = logistic_regression(lalonde["treat"].to_numpy()[rows], design.matrix[rows], design.names)
    assert _values(found) == pytest.approx(_values(twice))
    assert _errors(found) == pytest.approx(_errors(twice))


def test_tests_of_a_nominal_term(lalonde, design, fit):
    without = [i for i, term in enumerate(design.terms) if term != "race"]
    reduced = logistic_regression(lalonde["treat"], design.matrix[:, without], [design.names[i] for i in without])
    found = likelihood_ratio_test("race", fit.log_likelihood, reduced.log_likelihood, 2)
    assert (found.statistic, found.df) == pytest.approx(tuple(R["lr_race"][:2]))
    assert found.p_value == pytest.approx(R["lr_race"][2], rel=1e-5)  # 1e-38: a difference of 1e-7 in 174
    wald = joint_wald_test("race", fit.coefficients, fit.covariance, design.columns_of("race"))
    assert wald.statistic == pytest.approx(R["wald_race"][0])


def test_separation_is_named_and_the_other_terms_stay():
    found = logistic_regression(R["y"], SEPARATED, NAMES)
    assert found.separated == ("g",)
    g = found.estimate("g")
    assert (g.value, g.ci_low, g.ci_high) == (np.inf, -np.inf, np.inf)
    assert np.isnan(g.p_value)
    assert "Separation: g" in found.notes[0]
    age = found.estimate("age")
    assert (age.value, age.se) == pytest.approx(tuple(R["limit"]))


def test_robust_errors_of_the_other_terms_stay_too_where_a_column_separates():
    plain, hc3, pairs = R["limit_robust"]
    for options, se in (
        ({"errors": "robust"}, plain),
        ({"errors": "hc3"}, hc3),
        ({"cluster": np.arange(60) // 2}, pairs),
    ):
        found = logistic_regression(R["y"], SEPARATED, NAMES, **options)
        age, g = found.estimate("age"), found.estimate("g")
        assert (age.value, age.se) == pytest.approx((R["limit"][0], se))
        assert (g.value, g.ci_low, g.ci_high) == (np.inf, -np.inf, np.inf)
        assert np.isnan(g.p_value)
        assert np.isnan(found.covariance[2]).all()


def test_coding_of_a_separated_column_does_not_matter_to_the_others():
    turned = SEPARATED.copy()
    turned[:, 2] = 1 - turned[:, 2]  # now the intercept grows too
    found = logistic_regression(R["y"], turned, NAMES)
    assert set(found.separated) == {"intercept", "g"}
    age = found.estimate("age")
    assert (age.value, age.se) == pytest.approx(tuple(R["limit"]))


def test_firth_estimates_are_those_of_brglm2_and_limits_of_the_profile():
    found = firth_logistic(R["y"], SEPARATED, NAMES)
    assert _values(found) == pytest.approx(R["firth"])
    assert _errors(found) == pytest.approx(R["firth_se"])
    assert [v for e in found.estimates for v in (e.ci_low, e.ci_high)] == pytest.approx(R["firth_ci"])
    assert [e.p_value for e in found.estimates] == pytest.approx(R["firth_p"])
    assert found.log_likelihood == pytest.approx(R["firth_loglik"][0])


def test_firth_of_the_lalonde_model(lalonde, design):
    assert _values(firth_logistic(lalonde["treat"], design.matrix, design.names)) == pytest.approx(R["firth_lalonde"])


def test_firth_of_a_two_by_two_table_adds_one_half_to_each_cell():
    # Haldane and Anscombe: the saturated model; 0 of 8 exposed and 5 of 11 unexposed have the event
    exposed = np.repeat([1, 0], [8, 11])
    event = np.concatenate([np.zeros(8), np.repeat([1, 0], [5, 6])])
    found = firth_logistic(event, np.column_stack([np.ones(19), exposed]), ["intercept", "exposed"])
    assert found.estimate("exposed").value == pytest.approx(np.log((0.5 / 8.5) / (5.5 / 6.5)))
    assert found.estimate("exposed").ci_high < 0.1
    assert found.estimate("exposed").ci_low < -4


def test_firth_takes_over_on_separation_only(lalonde, design, fit):
    taken = logistic_or_firth(R["y"], SEPARATED, NAMES)
    assert taken.method.startswith("Firth")
    assert "Separation: g" in taken.notes[0]
    plain = logistic_or_firth(lalonde["treat"], design.matrix, design.names)
    assert plain.method == fit.method


def test_firth_with_integer_weights_is_firth_of_the_repeated_rows():
    w = np.arange(60) % 3
    rows = np.repeat(np.arange(60), w)
    a = firth_logistic(R["y"], SEPARATED, NAMES, weights=w)
    b = firth_logistic(np.array(R["y"])[rows], SEPARATED[rows], NAMES)
    assert _values(a) == pytest.approx(_values(b))


def test_complete_separation_by_a_number_is_found():
    x = np.column_stack([np.ones(20), np.arange(20.0)])
    found = logistic_regression(np.arange(20) >= 12, x, ["intercept", "dose"])
    assert "dose" in found.separated


def test_strong_effect_without_separation_is_not_called_so():
    x = np.column_stack([np.ones(41), np.linspace(-20, 20, 41)])
    y = (x[:, 1] > 0).astype(float)
    y[[19, 22]] = 1, 0
    found = logistic_regression(y, x, ["intercept", "dose"])
    assert found.separated == ()
    assert np.isfinite(found.estimate("dose").se)


def test_relabelled_outcome_turns_the_signs(lalonde, design, fit):
    turned = logistic_regression(1 - lalonde["treat"], design.matrix, design.names)
    assert _values(turned) == pytest.approx([-v for v in _values(fit)])
    assert _errors(turned) == pytest.approx(_errors(fit))


def test_order_of_rows_and_columns_does_not_matter(lalonde, design, fit):
    rng = np.random.default_rng(6)
    rows, columns = rng.permutation(614), rng.permutation(len(design.names))
    names = [design.names[i] for i in columns]
    found = logistic_regression(lalonde["treat"].to_numpy()[rows], design.matrix[rows][:, columns], names)
    for e in found.estimates:
        assert (e.value, e.se) == pytest.approx((fit.estimate(e.name).value, fit.estimate(e.name).se))


def test_units_of_very_different_size(lalonde, design, fit):
    scaled = design.matrix * np.array([1, 1e-6, 1, 1, 1, 1, 1, 1e8, 1])
    found = logistic_regression(lalonde["treat"], scaled, design.names)
    assert [e.p_value for e in found.estimates] == pytest.approx([e.p_value for e in fit.estimates])


def test_few_events_are_told():
    y = np.zeros(100)
    y[::10] = 1
    x = np.column_stack([np.ones(100), np.random.default_rng(1).normal(size=(100, 3))])
    assert "10 rows of the rarer outcome for 3 terms" in logistic_regression(y, x, list("iabc")).notes[-1]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ([0, 0, 0, 0, 0, 0], "All 6 outcomes are 0"),
        ([0, 1, 2, 0, 1, 2], "holds 2"),
        ([0, 1, np.nan, 0, 1, 0], "1 missing"),
        (["no", "yes", "no", "yes", "no", "yes"], "holds 'no'"),
    ],
)
def test_outcomes_that_are_none(outcome, words):
    with pytest.raises(StatsError, match=words):
        logistic_regression(outcome, np.ones((6, 1)), ["intercept"])


def test_one_cluster_is_refused():
    with pytest.raises(StatsError, match="two clusters or more"):
        logistic_regression([0, 1, 0, 1], np.ones((4, 1)), ["intercept"], cluster=[1, 1, 1, 1])


def test_hc3_errors_are_those_of_sandwich(lalonde, design):
    found = logistic_regression(lalonde["treat"], design.matrix, design.names, errors="hc3")
    assert _errors(found) == pytest.approx(R["hc3"])
    assert found.method.endswith("HC3 errors")
    with pytest.raises(StatsError, match="HC3 errors are of rows"):
        logistic_regression(lalonde["treat"], design.matrix, design.names, errors="hc3", cluster=np.arange(614) // 2)
