"""Multinomial regression against R: nnet::multinom run to its end, brglm2 for Firth's (reference/multinomial.R)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.design import Term, build_design
from neurolupus.stats.firth import firth_logistic
from neurolupus.stats.firth_multinomial import firth_multinomial, multinomial_or_firth
from neurolupus.stats.logistic import logistic_regression
from neurolupus.stats.multinomial import multinomial_regression

R = json.loads((Path(__file__).parents[2] / "reference" / "multinomial.json").read_text())
SIMULATED = pd.DataFrame({name: R[name] for name in ("it", "sledai", "drug", "out")})
TERMS = [Term("it", "binary"), Term("sledai"), Term("drug", "nominal", (0, 1, 2))]


@pytest.fixture(scope="module")
def anes96(shared):
    table = pd.read_csv(shared / "data" / "tabular" / "anes96.csv", sep="\t", quotechar="'")
    return table.assign(logpopul=np.log(table["popul"] + 0.1))


@pytest.fixture(scope="module")
def fit(anes96):
    design = build_design(anes96, [Term(name) for name in ("logpopul", "selfLR", "age", "educ", "income")])
    return multinomial_regression(anes96["PID"], design.matrix, design.names, range(7), terms=design.terms)


def _simulated(**options):
    design = build_design(SIMULATED, TERMS)
    options.setdefault("levels", [0, 1, 2])
    return multinomial_regression(SIMULATED["out"], design.matrix, design.names, **options)


def test_party_identification_of_anes96(fit):
    assert fit.coefficients.ravel() == pytest.approx(np.array(R["coef"]))
    assert [e.se for e in fit.estimates] == pytest.approx(R["se"])
    assert fit.log_likelihood == pytest.approx(R["loglik"][0])


def test_nnet_itself_comes_as_near_as_it_gets(fit):
    # BFGS, stopped by the rounding of a log likelihood of 1,462
    assert fit.coefficients.ravel() == pytest.approx(np.array(R["multinom"]), rel=2e-6)
    assert fit.log_likelihood == pytest.approx(R["multinom_loglik"][0], rel=1e-9)
    assert fit.log_likelihood >= R["multinom_loglik"][0] - 1e-9


def test_likelihood_ratio_test_of_each_term(fit):
    assert [t.name for t in fit.term_tests] == ["logpopul", "selfLR", "age", "educ", "income"]
    for test in fit.term_tests:
        assert (test.statistic, test.df, test.p_value) == pytest.approx(tuple(R[f"lr_{test.name}"]))


def test_weighted_fit_of_simulated_outcomes():
    found = _simulated(weights=1 + np.arange(1, 301) % 3)
    assert found.coefficients.ravel() == pytest.approx(np.array(R["simulated_coef"]))
    assert [e.se for e in found.estimates] == pytest.approx(R["simulated_se"])
    assert found.log_likelihood == pytest.approx(R["simulated_loglik"][0])
    assert found.coefficients.ravel() == pytest.approx(np.array(R["simulated_multinom"]), rel=1e-6)


def test_two_levels_are_logistic_regression():
    design = build_design(SIMULATED, TERMS)
    y = SIMULATED["out"] > 0
    a = multinomial_regression(y, design.matrix, design.names, [False, True], errors="robust")
    b = logistic_regression(y, design.matrix, design.names, errors="robust")
    assert [e.value for e in a.estimates] == pytest.approx([e.value for e in b.estimates])
    assert [e.se for e in a.estimates] == pytest.approx([e.se for e in b.estimates])


def test_another_reference_is_the_difference():
    first, other = _simulated(), _simulated(reference=2)
    found, wanted = other.of(0).estimates, first.of(2).estimates
    assert [e.value for e in found] == pytest.approx([-e.value for e in wanted])
    assert [e.se for e in found] == pytest.approx([e.se for e in wanted])
    assert other.fitted[:, [1, 2, 0]] == pytest.approx(first.fitted)
    assert other.reference == 2
    assert [e.level for e in other.by_level] == [0, 1]


def test_fitted_probabilities_reproduce_the_counts():
    # with an intercept the score is zero: expected = observed
    assert _simulated().fitted.sum(axis=0) == pytest.approx(np.bincount(SIMULATED["out"]))


def test_cluster_of_single_rows_is_the_robust_error():
    a, b = _simulated(cluster=np.arange(300)), _simulated(errors="robust")
    assert [e.se for e in a.estimates] == pytest.approx([e.se for e in b.estimates])


def test_terms_are_tested_by_wald_with_robust_errors():
    design = build_design(SIMULATED, TERMS)
    plain, robust = (_simulated(terms=design.terms, errors=e).term_tests for e in ("model", "robust"))
    assert [t.method for t in plain] == ["likelihood-ratio test"] * 3
    assert [t.method for t in robust] == ["Wald chi-square test"] * 3
    assert [t.df for t in robust] == [2, 2, 4]
    # two tests of one hypothesis at n = 300 lie close, and would not were the wrong columns tested
    assert [t.statistic for t in robust] == pytest.approx([t.statistic for t in plain], rel=0.15)


def test_separation_of_one_level_is_named_and_the_rest_stays():
    out = SIMULATED["out"].to_numpy().copy()
    it = SIMULATED["it"].to_numpy()
    out[(out == 2) & (it == 1)] = 1  # no complete recovery with treatment
    found = multinomial_regression(out, np.column_stack([np.ones(300), it]), ["intercept", "it"], [0, 1, 2])
    assert found.separated == ("2: it",)
    assert found.of(2).estimates[1].value == -np.inf
    assert "Separation: 2: it" in " ".join(found.notes)
    # the finite part of the saturated model by hand
    counts = pd.crosstab(out, it).to_numpy()
    log_or = np.log(counts[1, 1] * counts[0, 0] / (counts[0, 1] * counts[1, 0]))
    se = np.sqrt((1 / counts[:2]).sum())
    assert (found.of(1).estimates[1].value, found.of(1).estimates[1].se) == pytest.approx((log_or, se))
    # White's errors of a saturated model are those of the model
    x = np.column_stack([np.ones(300), it])
    robust = multinomial_regression(out, x, ["intercept", "it"], [0, 1, 2], errors="robust")
    assert (robust.of(1).estimates[1].value, robust.of(1).estimates[1].se) == pytest.approx((log_or, se))
    assert np.isnan(robust.of(2).estimates[1].p_value)


def _separated(fit, **options):
    design = np.column_stack([np.ones(300), SIMULATED["it"], SIMULATED["sledai"]])
    return fit(R["firth_out"], design, ["intercept", "it", "sledai"], [0, 1, 2], **options)


@pytest.mark.slow
def test_firths_estimates_are_those_of_brglm2():
    found = _separated(firth_multinomial)
    assert found.coefficients.ravel() == pytest.approx(np.array(R["firth_coef"]))
    assert [e.se for e in found.estimates] == pytest.approx(R["firth_se"])


@pytest.mark.slow
def test_profile_limits_and_tests_of_the_penalised_likelihood():
    found = _separated(firth_multinomial, terms=["intercept", "it", "sledai"])
    treated = [found.of(level).estimates[1] for level in (1, 2)]
    assert [x for e in treated for x in (e.ci_low, e.ci_high)] == pytest.approx(R["firth_ci_it"])
    assert [e.p_value for e in treated] == pytest.approx(R["firth_p_it"])
    assert found.term_tests[0].statistic == pytest.approx(R["firth_term_it"][0])
    assert [(t.name, t.df) for t in found.term_tests] == [("it", 2), ("sledai", 2)]


@pytest.mark.slow
def test_separation_falls_back_on_firth_and_names_the_level_and_term():
    found = _separated(multinomial_or_firth)
    assert np.isfinite([x for e in found.estimates for x in (e.value, e.ci_low, e.ci_high)]).all()
    assert found.notes[0].startswith("Separation: 2: it predict")
    assert "Firth" in found.method


def test_without_separation_the_plain_fit_is_kept():
    design = build_design(SIMULATED, TERMS)
    found = multinomial_or_firth(SIMULATED["out"], design.matrix, design.names, [0, 1, 2])
    assert found.coefficients == pytest.approx(_simulated().coefficients, rel=0, abs=0)


def test_two_levels_of_firth_are_firths_logistic_regression():
    design = build_design(SIMULATED, TERMS)
    y = SIMULATED["out"] > 0
    a = firth_multinomial(y, design.matrix, design.names, [False, True], weights=1 + np.arange(300) % 2)
    b = firth_logistic(y, design.matrix, design.names, weights=1 + np.arange(300) % 2)
    for one, other in zip(a.estimates, b.estimates, strict=True):
        assert (one.value, one.ci_low, one.ci_high) == pytest.approx((other.value, other.ci_low, other.ci_high))
    assert a.log_likelihood == pytest.approx(b.log_likelihood)


@pytest.mark.slow
def test_unit_of_a_column_changes_nothing_but_its_own_estimate():
    design = build_design(SIMULATED, TERMS)
    matrix, names, unit = design.matrix[:, :3], design.names[:3], np.array([1, 1, 1e4])
    a = firth_multinomial(SIMULATED["out"], matrix, names, [0, 1, 2])
    b = firth_multinomial(SIMULATED["out"], matrix * unit, names, [0, 1, 2])
    assert b.coefficients * unit == pytest.approx(a.coefficients)
    assert b.log_likelihood - np.log(1e4) * 2 == pytest.approx(a.log_likelihood)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"levels": [0, 1]}, "is 2 in"),
        ({"levels": [0, 1, 2, 3]}, "No row has outcome 3"),
        ({"levels": [0, 1, 1]}, "two or more different"),
        ({"reference": 5}, "not among the levels"),
        ({"terms": ["it"]}, "one per column"),
    ],
)
def test_faults_are_told(options, words):
    with pytest.raises(StatsError, match=words):
        _simulated(**options)


def test_missing_outcome_is_refused_with_its_count():
    with pytest.raises(StatsError, match="missing in 1 of 3 rows"):
        multinomial_regression(["a", None, "b"], np.ones((3, 1)), ["intercept"], ["a", "b"])
