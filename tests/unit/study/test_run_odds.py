import sys
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import context_of, patients, said, value

from neurolupus.study.run.logistic import odds_part
from neurolupus.study.run.models import model_part

OUTCOMES = """
outcomes:
  better: {type: binary, label: Better}
  discharge: {type: nominal, levels: [worse, partial, complete], reference: worse}
models:
  one: {type: logistic, outcome: better, terms: [arm, age, male], figure: forest}
  many: {type: multinomial, outcome: discharge, terms: [arm, age]}
"""


def cohort():
    frame = patients(n=300)
    rng = np.random.default_rng(8)
    logit = -0.5 + 0.8 * frame["it"] + 0.01 * (frame.age - 40)
    better = (rng.random(300) < 1 / (1 + np.exp(-logit))).astype(int)
    level = np.where(better == 0, "worse", rng.choice(["partial", "complete"], 300))
    return frame.assign(better=better, discharge=level)


def part_of(name, frame):
    context = context_of(OUTCOMES, frame)
    return odds_part(context, context.study.models[name])


def test_odds_ratios_are_those_of_statsmodels():
    frame = cohort()
    fit = sm.Logit(frame.better, sm.add_constant(frame[["it", "age", "male"]].astype(float))).fit(disp=0)
    part = part_of("one", frame)
    assert value(part, "one.full.arm.odds_ratio") == pytest.approx(np.exp(fit.params["it"]), rel=1e-6)
    assert value(part, "one.full.arm.se") == pytest.approx(fit.bse["it"], rel=1e-6)
    assert value(part, "one.full.arm.ci_high") == pytest.approx(np.exp(fit.conf_int().loc["it", 1]), rel=1e-6)


def test_multinomial_odds_ratios_of_every_level_against_the_reference():
    frame = cohort()
    codes = frame.discharge.map({"worse": 0, "partial": 1, "complete": 2})
    fit = sm.MNLogit(codes, sm.add_constant(frame[["it", "age"]].astype(float))).fit(disp=0)
    part = part_of("many", frame)
    for column, level in enumerate(("partial", "complete")):
        expected = np.exp(fit.params.loc["it", column])
        assert value(part, f"many.full.{level}.arm.odds_ratio") == pytest.approx(expected, rel=1e-5)


def test_few_events_per_term_are_said():
    frame = cohort()
    frame["better"] = [1] * 12 + [0] * 288
    assert "12 events for 3 terms: 4.0 per term" in said(part_of("one", frame))


@pytest.mark.slow
def test_separation_gives_firths_estimate_and_says_so():
    frame = cohort().assign(better=lambda f: ((f["it"] == 1) & (f.age > 42)).astype(int))
    part = part_of("one", frame)
    assert np.isfinite(value(part, "one.full.arm.odds_ratio"))
    (number,) = [n for n in part.numbers if n.id == "one.full.arm.odds_ratio"]
    assert "Firth" in number.method


@pytest.mark.slow
def test_a_separated_level_of_discharge_gets_firths_estimate_and_says_so():
    frame = cohort()
    frame.loc[(frame["it"] == 1) & (frame.discharge == "partial"), "discharge"] = "complete"
    part = part_of("many", frame)
    numbers = {n.id: n for n in part.numbers}
    assert 0 < numbers["many.full.partial.arm.odds_ratio"].value < 0.1
    assert np.isfinite(numbers["many.full.partial.arm.ci_low"].value)
    assert "Firth" in numbers["many.full.partial.arm.odds_ratio"].method
    assert numbers["many.full.overall.arm.p_value"].method == "penalised likelihood-ratio test"
    assert "Firth's penalty is used" in said(part)
    (words,) = part.methods
    assert "Firth's penalised likelihood" in words.text
    assert words.citations == ("heinze2002", "kosmidis2011")
    assert "maximum likelihood" in part_of("many", cohort()).methods[0].text


def test_an_outcome_that_never_occurs_is_a_warning_and_no_table():
    context = context_of(OUTCOMES, cohort())
    frame = context.full.frame.assign(better=0.0)
    from dataclasses import replace

    empty = replace(context, cohorts={"full": replace(context.full, frame=frame)})
    part = model_part(empty, empty.study.models["one"])
    assert not part.blocks
    assert "Not estimated" in said(part)


def test_hc3_errors_are_wider_than_whites_and_leave_separation_to_firth():
    frame = cohort()
    text = OUTCOMES.replace("figure: forest}", "figure: forest, se: hc3}")
    context = context_of(text, frame)
    part = odds_part(context, context.study.models["one"])
    x = sm.add_constant(frame[["it", "age", "male"]].astype(float)).to_numpy()
    fit = sm.Logit(frame.better, x).fit(disp=0)
    share = fit.predict(x)
    w = share * (1 - share)
    root = np.sqrt(w)[:, None] * x
    hat = np.diag(root @ np.linalg.inv(root.T @ root) @ root.T)
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    scores = x * ((frame.better - share) / (1 - hat)).to_numpy()[:, None]
    expected = np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))[1]
    assert value(part, "one.full.arm.se") == pytest.approx(expected, rel=1e-6)
    frame["better"] = np.where(frame["it"] == 1, 1, frame.better)
    context = context_of(text, frame)
    assert odds_part(context, context.study.models["one"]).numbers[0].method.startswith("Firth")
