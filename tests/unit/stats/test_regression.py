"""Linear regression against R 4.2.2 with sandwich and emmeans: tests/reference/regression.R, lalonde data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.contrasts import Contrast, adjusted_contrasts
from neurolupus.stats.design import Term, build_design
from neurolupus.stats.diagnostics import cook_distances, residual_diagnostics
from neurolupus.stats.regression import linear_regression
from neurolupus.stats.transform import log_transform

R = json.loads((Path(__file__).parents[2] / "reference" / "regression.json").read_text())
RACE = Term("race", "nominal", ("white", "black", "hispan"))
BEFORE, AFTER = ["treat", "age", "educ"], ["married", "nodegree", "re74", "re75"]


@pytest.fixture(scope="module")
def lalonde(shared):
    return pd.read_csv(shared / "data" / "tabular" / "lalonde.csv")


@pytest.fixture(scope="module")
def design(lalonde):
    return build_design(lalonde, [*map(Term, BEFORE), RACE, *map(Term, AFTER)])


@pytest.fixture(scope="module")
def fit(lalonde, design):
    return linear_regression(lalonde["re78"], design.matrix, design.names)


def test_naive_difference_of_lalonde(lalonde):
    naive = build_design(lalonde, [Term("treat", "binary")])
    found = linear_regression(lalonde["re78"], naive.matrix, naive.names).estimate("treat")
    assert found.value == pytest.approx(R["naive"][0])
    assert found.value == pytest.approx(-635.03, abs=0.005)  # as the lalonde literature prints it


def test_coefficients_errors_and_limits_are_those_of_lm(fit):
    e = fit.estimates
    assert [x.value for x in e] == pytest.approx(R["coef"])
    assert [x.se for x in e] == pytest.approx(R["se"])
    assert [x.p_value for x in e] == pytest.approx(R["p"])
    assert [v for x in e for v in (x.ci_low, x.ci_high)] == pytest.approx(R["ci"])
    assert (fit.residual_sd, fit.df_residual, fit.r_squared, fit.r_squared_adjusted) == pytest.approx(tuple(R["fit"]))


def test_hc3_errors_are_those_of_sandwich(fit):
    assert [x.se for x in fit.estimates_hc3] == pytest.approx(R["hc3"])
    assert [x.p_value for x in fit.estimates_hc3] == pytest.approx(R["p_hc3"])


def test_clustered_errors_are_those_of_sandwich(lalonde, design, fit):
    neighbours = np.arange(design.n) // 2
    pick = np.eye(len(design.names))
    found = [fit.combination(name, pick[i], cluster=neighbours) for i, name in enumerate(design.names)]
    assert [x.se for x in found] == pytest.approx(R["clustered"])
    assert [x.p_value for x in found] == pytest.approx(R["p_clustered"])
    w = 0.5 + (np.arange(1, design.n + 1) % 7) / 3
    weighted = linear_regression(lalonde["re78"], design.matrix, design.names, weights=w)
    found = [weighted.combination(name, pick[i], cluster=neighbours) for i, name in enumerate(design.names)]
    assert [x.se for x in found] == pytest.approx(R["weighted_clustered"])
    with pytest.raises(StatsError, match="two clusters or more"):
        fit.combination("treat", pick[1], cluster=np.zeros(design.n))


def test_weighted_fit(lalonde, design):
    w = 0.5 + (np.arange(1, design.n + 1) % 7) / 3
    found = linear_regression(lalonde["re78"], design.matrix, design.names, weights=w)
    assert [x.value for x in found.estimates] == pytest.approx(R["weighted_coef"])
    assert [x.se for x in found.estimates] == pytest.approx(R["weighted_se"])
    assert [x.se for x in found.estimates_hc3] == pytest.approx(R["weighted_hc3"])


def test_rows_of_weight_zero_are_as_if_absent(lalonde, design):
    w = np.ones(design.n)
    w[::2] = 0
    found = linear_regression(lalonde["re78"], design.matrix, design.names, weights=w)
    short = linear_regression(lalonde["re78"][1::2], design.matrix[1::2], design.names)
    assert found.n == 307
    assert [x.se for x in found.estimates] == pytest.approx([x.se for x in short.estimates])


def test_diagnostics(fit):
    d = residual_diagnostics(fit)
    assert (d.breusch_pagan, d.breusch_pagan_df, d.breusch_pagan_p) == pytest.approx(tuple(R["breusch_pagan"]))
    assert (d.shapiro_w, d.shapiro_p) == pytest.approx(tuple(R["shapiro"]), rel=1e-5)  # p is 5e-18: deep in the tail
    assert (d.cook_max, d.cook_max_row) == pytest.approx(tuple(R["cook"]))
    assert cook_distances(fit).max() == d.cook_max
    assert (fit.leverages.min(), d.leverage_max) == pytest.approx(tuple(R["leverage"]))
    assert [v.vif for v in d.vif] == pytest.approx(R["vif"])
    assert (d.qq.sample[0], d.qq.sample[-1]) == pytest.approx(tuple(R["qq"]))
    assert any("Shapiro" in note for note in d.notes)


PAIRS = [
    Contrast("white - black", ("white",), ("black",)),
    Contrast("white - hispan", ("white",), ("hispan",)),
    Contrast("black - hispan", ("black",), ("hispan",)),
]


def _joint(lalonde, **options):
    names = [*BEFORE, *AFTER]
    contrasts = options.pop("contrasts", PAIRS)
    return adjusted_contrasts(lalonde["re78"], lalonde["race"], contrasts, lalonde[names], names, **options)


@pytest.mark.slow
def test_joint_contrasts_with_tukey_are_those_of_emmeans(lalonde):
    fit = _joint(lalonde, model="joint", adjustment="tukey")
    rows = np.reshape(R["joint_tukey"], (3, 5))
    for result, (value, se, low, high, p) in zip(fit.results, rows, strict=True):
        e = result.estimate
        assert (e.value, e.se, e.ci_low, e.ci_high) == pytest.approx((value, se, low, high))
        assert result.p_adjusted == pytest.approx(p)


def test_joint_contrasts_with_holm(lalonde):
    fit = _joint(lalonde, model="joint", adjustment="holm")
    plain, holm = np.reshape(R["joint_none"], (3, 5)), np.reshape(R["joint_holm"], (3, 5))
    assert [r.estimate.p_value for r in fit.results] == pytest.approx(plain[:, 4])
    assert [r.estimate.ci_low for r in fit.results] == pytest.approx(plain[:, 2])  # limits stay those of each contrast
    assert [r.p_adjusted for r in fit.results] == pytest.approx(holm[:, 4])


MERGED = Contrast("npw - white", ("black", "hispan"), ("white",))


def test_merged_side_of_a_joint_contrast_weighs_levels_by_size(lalonde):
    e = _joint(lalonde, model="joint", contrasts=[MERGED]).results[0].estimate
    assert (e.value, e.se, e.p_value) == pytest.approx(tuple(R["joint_merged"]))


@pytest.mark.parametrize(
    ("contrast", "key"),
    [(Contrast("black - white", ("black",), ("white",)), "subset_black_white"), (MERGED, "subset_merged")],
)
def test_contrasts_by_pairwise_subset(lalonde, contrast, key):
    result = _joint(lalonde, contrasts=[contrast]).results[0]
    e = result.estimate
    found = (e.value, e.ci_low, e.ci_high, e.p_value, result.estimate_hc3.se, result.n)
    assert found == pytest.approx(tuple(R[key]))


def test_minimum_detectable_effect_belongs_to_each_contrast(lalonde):
    result = _joint(lalonde, contrasts=[MERGED]).results[0]
    assert result.mde80 / result.estimate.se == pytest.approx(R["mde605"][0])  # 614 rows, 9 coefficients


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"contrasts": [Contrast("x", ("asian",), ("white",))]}, "'asian', which no row has"),
        ({"contrasts": [Contrast("x", ("white",), ("white",))]}, "different levels"),
        ({"contrasts": []}, "No contrast"),
        ({"adjustment": "tukey"}, "joint model"),
        ({"model": "joint", "adjustment": "tukey", "contrasts": [MERGED]}, "merges levels"),
    ],
)
def test_contrasts_that_cannot_be_made(lalonde, options, words):
    with pytest.raises(StatsError, match=words):
        _joint(lalonde, **options)


def test_small_groups_are_noted(lalonde):
    few = pd.concat([lalonde[lalonde["race"] != "hispan"], lalonde[lalonde["race"] == "hispan"].head(4)])
    assert "Group hispan has 4, fewer than 10." in _joint(few, model="joint").notes


def test_zeros_become_half_the_detection_limit_and_are_counted():
    found = log_transform([0, 0.5, 2, 0], scale=1e6, detection_limit=0.01)
    assert found.values == pytest.approx(np.log([5000, 5e5, 2e6, 5000]))
    assert found.n_zero == 2
    assert found.was_zero.tolist() == [True, False, False, True]
    assert "2 of 4 values are zero" in found.notes[0]


def test_the_scale_of_a_log_outcome_moves_the_intercept_only():
    volumes = np.array([0.2, 1.5, 0.9, 4.0, 2.2, 7.1])
    x = np.column_stack([np.ones(6), [0, 1, 0, 1, 0, 1]])
    a, b = (linear_regression(log_transform(volumes, scale=s).values, x, ["i", "g"]) for s in (1, 1e6))
    assert a.estimate("g").value == pytest.approx(b.estimate("g").value)
    ratio = a.estimate("g").exponentiated().value  # of geometric means
    assert ratio == pytest.approx((1.5 * 4 * 7.1 / (0.2 * 0.9 * 2.2)) ** (1 / 3))


@pytest.mark.parametrize("bad", [[0, 0], [-1, 2]])
def test_logarithm_of_what_has_none_is_refused(bad):
    with pytest.raises(StatsError, match="logarithm"):
        log_transform(bad)


def test_unit_change_changes_the_coefficient_by_its_factor_only(lalonde, design, fit):
    other = design.matrix.copy()
    other[:, 2] *= 12  # age in months
    found = linear_regression(lalonde["re78"], other, design.names)
    assert found.estimate("age").value * 12 == pytest.approx(fit.estimate("age").value)
    assert found.estimate("age").p_value == pytest.approx(fit.estimate("age").p_value)


def test_missing_values_are_refused_with_column_and_count(design, lalonde):
    x = design.matrix.copy()
    x[3:5, 2] = np.nan
    with pytest.raises(StatsError, match=r"missing values in age \(2\) of 614 rows"):
        linear_regression(lalonde["re78"], x, design.names)


def test_a_row_of_leverage_one_has_no_hc3_error_and_says_so():
    x = np.column_stack([np.ones(5), [1, 0, 0, 0, 0]])
    found = linear_regression([5.0, 1, 2, 3, 2.5], x, ["intercept", "only one"])
    assert np.isnan(found.estimates_hc3[1].se)
    assert any("leverage 1" in note for note in found.notes)
