"""Weights of lalonde's scores against their formulas in R: tests/reference/weighting.R."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.weighting import effective_sample_size, propensity_weights

R = json.loads((Path(__file__).parents[2] / "reference" / "weighting.json").read_text())
ROWS = np.array(R["rows"]) - 1
SCORE = np.array(R["score"])


@pytest.fixture(scope="module")
def lalonde(shared):
    return pd.read_csv(shared / "data" / "tabular" / "lalonde.csv")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ATE", {"estimand": "ATE", "stabilised": False}),
        ("ATT", {"estimand": "ATT", "stabilised": False}),
        ("ATC", {"estimand": "ATC", "stabilised": False}),
        ("ATO", {"estimand": "ATO"}),
        ("ATE_stabilised", {"estimand": "ATE"}),
        ("ATT_stabilised", {"estimand": "ATT"}),
        ("ATC_stabilised", {"estimand": "ATC"}),
        ("ATE_trimmed", {"estimand": "ATE", "stabilised": False, "trim": 0.05}),
        ("ATT_trimmed", {"estimand": "ATT", "stabilised": False, "trim": 0.05}),
        ("ATC_trimmed", {"estimand": "ATC", "stabilised": False, "trim": 0.05}),
    ],
)
def test_weights_effective_sizes_and_effect_are_those_of_r(lalonde, name, options):
    made = propensity_weights(SCORE, lalonde["treat"], **options)
    exposed, w, earned = lalonde["treat"] == 1, made.weights, lalonde["re78"]
    effect = np.average(earned[exposed], weights=w[exposed]) - np.average(earned[~exposed], weights=w[~exposed])
    found = [*w[ROWS], made.effective_treated, made.effective_control, made.largest, effect]
    assert found == pytest.approx(R[name])


def test_overlap_weights_balance_means_exactly(lalonde):
    # Li, Morgan and Zaslavsky 2018, theorem 3; the score's equations were solved to 1e-10
    made = propensity_weights(SCORE, lalonde["treat"], estimand="ATO")
    for arm in (0, 1):
        rows = lalonde["treat"] == arm
        means = [np.average(lalonde.loc[rows, c], weights=made.weights[rows]) for c in ("age", "educ", "re74", "re75")]
        assert means == pytest.approx(R["balanced"], rel=1e-7)


def test_truncated_weights_are_counted(lalonde):
    made = propensity_weights(SCORE, lalonde["treat"], estimand="ATT", trim=0.05)
    control = lalonde["treat"] == 0
    assert made.limits is not None
    assert (made.weights[control].min(), made.weights[control].max()) == made.limits
    assert made.n_truncated == 44  # 429 controls, type 7 quantiles: 22 at each end
    assert made.notes[0].startswith("44 of 614 weights lay beyond percentiles 5 and 95")
    assert (made.weights[~control] == 1).all()
    assert made.method == "stabilised inverse probability of treatment weights, ATT, truncated at percentiles 5 and 95"


def test_few_patients_who_carry_the_result_are_told():
    score = np.r_[np.full(50, 0.9), 0.001, np.full(50, 0.5)]
    arm = np.r_[np.ones(51), np.zeros(50)]
    notes = propensity_weights(score, arm).notes
    assert any("The 51 exposed patients weigh as" in note for note in notes)
    assert any(note.startswith("1 exposed patients weigh more than 10 times the mean") for note in notes)


def test_effective_size_does_not_depend_on_the_scale_of_weights():
    assert effective_sample_size([1e-200, 1e-200]) == effective_sample_size([1e200, 1e200]) == 2.0


@pytest.mark.parametrize(
    ("score", "arm", "options", "words"),
    [
        ([0.5, 1.0], [1, 0], {}, "1 of 2 scores are not between 0 and 1"),
        ([0.5, 0.5], [1, 1], {}, "0 or 1 for each patient, and both, are needed"),
        ([0.5, 0.5], [1, 0], {"estimand": "ATX"}, "Estimand 'ATX' is unknown; choose one of ATT, ATE"),
        ([0.5, 0.5], [1, 0], {"trim": 0.5}, "Truncation at quantile 0.5 does not fit ATE"),
        ([0.5, 0.5], [1, 0], {"estimand": "ATO", "trim": 0.01}, "0 for overlap weights"),
        ([0.5, np.nan], [1, 0], {}, "the propensity score has 1 missing"),
    ],
)
def test_what_cannot_be_weighted_is_refused(score, arm, options, words):
    with pytest.raises(StatsError, match=words):
        propensity_weights(score, arm, **options)
