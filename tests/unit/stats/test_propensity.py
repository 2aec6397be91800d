"""Propensity scores of lalonde against R's glm, and the range both arms reach: tests/reference/propensity.R."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.design import Term, build_design
from neurolupus.stats.propensity import common_support, propensity_score

R = json.loads((Path(__file__).parents[2] / "reference" / "propensity.json").read_text())
ROWS = np.array(R["rows"]) - 1
TERMS = [
    *map(Term, ("age", "educ")),
    Term("race", "nominal", ("white", "black", "hispan")),
    *map(Term, ("married", "nodegree", "re74", "re75")),
]


@pytest.fixture(scope="module")
def lalonde(shared):
    return pd.read_csv(shared / "data" / "tabular" / "lalonde.csv")


@pytest.fixture(scope="module")
def design(lalonde):
    return build_design(lalonde, TERMS)


def test_scores_are_those_of_glm(lalonde, design):
    ps = propensity_score(lalonde["treat"], design.matrix, design.names, n_dropped=3)
    assert ps.score[ROWS] == pytest.approx(R["score"])
    assert ps.logit[ROWS] == pytest.approx(R["logit"])
    assert [e.value for e in ps.estimates] == pytest.approx(R["coef"])
    assert (ps.n, ps.n_dropped, ps.method) == (614, 3, "logistic regression, maximum likelihood")


def test_common_support_is_counted_by_arm(lalonde, design):
    ps = propensity_score(lalonde["treat"], design.matrix, design.names)
    support = common_support(ps.score, lalonde["treat"])
    found = [support.low, support.high, support.n_treated_inside, support.n_control_inside]
    assert found == pytest.approx(R["support"])
    assert "lie outside the range of scores that both arms reach" in support.notes[0]


def test_weights_shape_the_model(lalonde, design):
    weights = 1 + np.arange(1, len(lalonde) + 1) % 3
    ps = propensity_score(lalonde["treat"], design.matrix, design.names, weights=weights)
    assert ps.score[ROWS] == pytest.approx(R["weighted"], rel=1e-6)


def test_rows_of_weight_zero_are_scored_too():
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(80), rng.normal(size=80)])
    arm, weights = (rng.random(80) < 0.5).astype(float), np.repeat([1.0, 0.0], [70, 10])
    ps = propensity_score(arm, x, ["intercept", "age"], weights=weights)
    assert len(ps.score) == 80
    assert ps.score[:70] == pytest.approx(propensity_score(arm[:70], x[:70], ["intercept", "age"]).score)


def test_covariates_that_tell_the_arms_apart_are_refused():
    x = np.column_stack([np.ones(20), np.repeat([0.0, 1.0], 10)])
    with pytest.raises(StatsError, match=r"tell the arms of all 20 patients apart \(columns: .*cyclophosphamide"):
        propensity_score(np.repeat([0, 1], 10), x, ["intercept", "cyclophosphamide"])


def test_some_patients_without_counterpart_are_counted():
    # everybody with the column is exposed: 5 scores of 1, the others comparable
    arm = np.concatenate([np.tile([0, 1], 20), np.ones(5)])
    x = np.column_stack([np.ones(45), np.repeat([0.0, 1.0], [40, 5])])
    ps = propensity_score(arm, x, ["intercept", "seizures"])
    assert any(note.startswith("5 of 45 patients have a score of 0 or 1") for note in ps.notes)
    assert np.isfinite(ps.logit).all()
    assert ps.score[:40] == pytest.approx(0.5)


def test_arms_that_do_not_meet_are_told():
    support = common_support([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    assert (support.n_treated_inside, support.n_control_inside) == (0, 0)
    assert support.low > support.high
    assert "do not overlap" in support.notes[0]


def test_common_support_needs_both_arms():
    with pytest.raises(StatsError, match="2 scores and 2 exposed of 2"):
        common_support([0.1, 0.2], [1, 1])
