"""A study that asks for 90 % intervals has them, and says so wherever it names them."""

import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

import a_run
from a_run import patients, value

pytestmark = pytest.mark.slow

HEAD = "study: {id: toy, title: Toy, seed: 1"
MODELS = """
outcomes:
  end: {type: time_to_event, label: Relapse or death, time: years, event: endpoint,
        components: {relapse: {label: Relapse}, death: {label: Death}}, competing: {relapse: death}, person_time: true}
  better: {type: binary}
models:
  volumes: {type: linear, outcomes: [gm, wmh], adjust: {primary: [age]}, se: [classical, hc3], report: [mde80]}
  odds: {type: logistic, outcome: better, terms: [arm, age]}
  km: {type: kaplan_meier, outcome: end, by: arm, times: [1]}
  each: {type: cox, outcome: end, each: [arm, age]}
  adj: {type: cox, outcome: end, terms: [arm, age]}
  relapse: {type: fine_gray, outcome: end, cause: relapse, terms: [arm, age]}
subgroups: {outcome: end, of: [male], min_events_per_arm: 2}
sensitivity:
  error: {label: Error of age, rerun: [odds, volumes], measurement_error: {variable: age, error_sd: 2}}
  women: {label: Women only, drop: male, rerun: [volumes]}
"""


@cache
def cohort():
    rng = np.random.default_rng(5)
    frame = patients(n=240)
    end = rng.exponential(5, 240)
    limit = rng.uniform(0.5, 8, 240)
    endpoint = np.where(end <= limit, rng.choice(["relapse", "death"], 240), "none")
    return frame.assign(
        better=rng.integers(0, 2, 240), years=np.minimum(end, limit).round(3) + 0.001, endpoint=endpoint
    )


@cache
def results(level, alpha=0.05):
    plain = a_run.HEAD
    a_run.HEAD = plain.replace(HEAD, f"{HEAD}, level: {level}, alpha: {alpha}")
    try:
        return a_run.results_of(MODELS, cohort())
    finally:
        a_run.HEAD = plain


def test_every_table_figure_and_sentence_names_the_level_of_the_study():
    words = [str(asdict(results(level))) for level in (0.9, 0.95)]
    assert words[1].count("95 %") > 10
    assert "95 %" not in words[0]
    assert words[0].count("90 %") == words[1].count("95 %")


def limits(path):
    found = results(0.9)
    return [value(found, f"{path}.ci_low"), value(found, f"{path}.ci_high")]


def test_limits_of_a_linear_model():
    frame = cohort()
    fit = sm.OLS(frame.gm, sm.add_constant(frame[["it", "age"]].astype(float))).fit()
    assert limits("volumes.full.primary.1_vs_0.gm") == pytest.approx(list(fit.conf_int(0.1).loc["it"]), rel=1e-9)
    robust = fit.get_robustcov_results("HC3", use_t=True)
    assert limits("volumes.full.primary.1_vs_0.gm.hc3") == pytest.approx(list(robust.conf_int(0.1)[1]), rel=1e-9)


def test_limits_of_a_logistic_model():
    frame = cohort()
    fit = sm.Logit(frame.better, sm.add_constant(frame[["it", "age"]].astype(float))).fit(disp=False)
    assert limits("odds.full.arm") == pytest.approx(list(np.exp(fit.conf_int(0.1).loc["it"])), rel=1e-6)


def test_limits_of_a_cox_model():
    frame = cohort().assign(event=lambda f: (f.endpoint != "none").astype(float))
    fit = CoxPHFitter(alpha=0.1).fit(frame[["years", "event", "it", "age"]].astype(float), "years", "event")
    assert limits("adj.full.arm") == pytest.approx(list(np.exp(fit.confidence_intervals_.loc["it"])), rel=1e-4)


def test_the_detectable_difference_is_at_the_alpha_of_the_tests_whatever_the_intervals():
    path = "volumes.full.primary.1_vs_0.gm.mde80"
    assert value(results(0.9), path) == value(results(0.95), path)
    assert value(results(0.95, 0.01), path) > 1.1 * value(results(0.95), path)
