"""Kaplan–Meier, Cox, subgroups, follow-up and competing risks of a study, against lifelines and by hand."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import context_of, patients, said, value

from neurolupus.stats.kaplan_meier import kaplan_meier
from neurolupus.study.run.cox import cox_part
from neurolupus.study.run.fine_gray import fine_gray_part
from neurolupus.study.run.follow_up import follow_up_part
from neurolupus.study.run.kaplan_meier import fit_curves, kaplan_meier_part
from neurolupus.study.run.subgroups import subgroups_part

SURVIVAL = """
outcomes:
  relapse_or_death:
    {type: time_to_event, label: Relapse or death, time: years, event: endpoint,
     components: {relapse: {label: Relapse}, death: {label: Death}}, competing: {relapse: death}}
models:
  km: {type: kaplan_meier, outcome: relapse_or_death, by: arm, times: [1, 3]}
  t3: {type: cox, outcome: relapse_or_death, each: [arm, male, age], adjust: holm}
  adj: {type: cox, outcome: relapse_or_death, terms: [arm, age, male], evalue: arm}
  relapse: {type: fine_gray, outcome: relapse_or_death, cause: relapse, terms: [arm, age]}
subgroups: {outcome: relapse_or_death, of: [male], min_events_per_arm: 2}
"""


def cohort(n=300, seed=6):
    frame = patients(n=n, seed=seed)
    rng = np.random.default_rng(seed)
    hazard = 0.15 * np.exp(-0.6 * frame["it"] + 0.02 * (frame.age - 40))
    event_time = rng.exponential(1 / hazard)
    end = rng.uniform(0.5, 8, n)
    years = np.minimum(event_time, end).round(3) + 0.001
    kind = np.where(rng.random(n) < 0.6, "relapse", "death")
    return frame.assign(years=years, endpoint=np.where(event_time <= end, kind, "none"))


def peer(frame, terms):
    table = frame.assign(event=(frame.endpoint != "none").astype(float), arm=frame["it"].astype(float))
    return CoxPHFitter().fit(table[["years", "event", *terms]].astype(float), "years", "event")


def context(frame, text=SURVIVAL):
    return context_of(text, frame)


def test_curves_and_log_rank_are_those_of_lifelines():
    frame = cohort()
    c = context(frame)
    part = kaplan_meier_part(c, c.study.models["km"])
    event = frame.endpoint != "none"
    for arm in (0, 1):
        rows = frame["it"] == arm
        fit = KaplanMeierFitter().fit(frame.years[rows], event[rows])
        for t in (1, 3):
            assert value(part, f"km.full.{arm}.survival_{t}") == pytest.approx(float(fit.predict(t)), rel=1e-9)
    a, b = frame["it"] == 0, frame["it"] == 1
    test = logrank_test(frame.years[a], frame.years[b], event[a], event[b])
    assert value(part, "km.full.logrank.statistic") == pytest.approx(test.test_statistic, rel=1e-6)
    assert value(part, "km.full.logrank.p_value") == pytest.approx(test.p_value, rel=1e-6)


def test_patients_at_risk_stand_under_the_curves():
    frame = cohort()
    c = context(frame)
    figure = kaplan_meier_part(c, c.study.models["km"]).blocks[0]
    (panel,) = figure.panels
    assert panel.curves[0].at_risk[0] == 150
    for curve, arm in zip(panel.curves, (0, 1), strict=True):
        for time, count in zip(panel.risk_times, curve.at_risk, strict=True):
            assert count == int(((frame.years >= time) & (frame["it"] == arm)).sum())


def test_a_multivariable_model_is_that_of_lifelines():
    frame = cohort()
    c = context(frame)
    part = cox_part(c, c.study.models["adj"])
    fit = peer(frame, ["arm", "age", "male"])
    for term in ("arm", "age", "male"):
        assert value(part, f"adj.full.{term}.hazard_ratio") == pytest.approx(np.exp(fit.params_[term]), rel=1e-4)
        assert value(part, f"adj.full.{term}.se") == pytest.approx(fit.standard_errors_[term], rel=1e-4)
    assert 0 <= value(part, "adj.full.GLOBAL.ph_p") <= 1


def test_the_e_value_of_vanderweele_and_ding_for_a_common_outcome():
    # VanderWeele and Ding (2017): HR to RR by (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)), then RR + sqrt(RR (RR - 1))
    frame = cohort()
    c = context(frame)
    part = cox_part(c, c.study.models["adj"])
    ratio = value(part, "adj.full.arm.hazard_ratio")
    rr = (1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio))
    rr = max(rr, 1 / rr)
    assert value(part, "adj.full.arm.evalue") == pytest.approx(rr + np.sqrt(rr * (rr - 1)), rel=1e-6)


def test_a_screen_has_a_model_for_each_variable_and_corrects_its_p_values():
    frame = cohort()
    c = context(frame)
    part = cox_part(c, c.study.models["t3"])
    for term in ("arm", "age", "male"):
        fit = peer(frame, [term])
        assert value(part, f"t3.full.{term}.hazard_ratio") == pytest.approx(np.exp(fit.params_[term]), rel=1e-4)
    p = sorted(value(part, f"t3.full.{t}.p_value") for t in ("arm", "age", "male"))
    smallest = min(value(part, f"t3.full.{t}.p_holm") for t in ("arm", "age", "male"))
    assert smallest == pytest.approx(min(1.0, 3 * p[0]))


def test_a_level_without_events_gets_firths_estimate_and_says_so():
    frame = cohort()
    frame.loc[frame.male == 1, "endpoint"] = "none"
    c = context(frame)
    part = cox_part(c, c.study.models["t3"])
    ratio, high = value(part, "t3.full.male.hazard_ratio"), value(part, "t3.full.male.ci_high")
    assert 0 < ratio < high < 1e3
    assert "Firth" in said(part)


def test_immortal_time_is_warned_of_until_the_file_says_when_the_exposure_begins():
    frame = cohort()
    c = context(frame)
    assert "counted from time zero" in said(cox_part(c, c.study.models["adj"]))
    study = replace(c.study, groups={"arm": replace(c.group(), starts="baseline")})
    assert "counted from time zero" not in said(cox_part(replace(c, study=study), study.models["adj"]))


def test_curves_from_time_zero_are_warned_of_too():
    c = context(cohort())
    assert "counted from time zero" in said(kaplan_meier_part(c, c.study.models["km"]))
    study = replace(c.study, groups={"arm": replace(c.group(), starts="baseline")})
    assert "counted from time zero" not in said(kaplan_meier_part(replace(c, study=study), study.models["km"]))


def test_subgroups_and_competing_risks_from_time_zero_are_warned_of_too():
    c = context(cohort())
    fine_gray = c.study.models["relapse"]
    assert "counted from time zero" in said(subgroups_part(c, c.study.subgroups["subgroups"]))
    assert "counted from time zero" in said(fine_gray_part(c, fine_gray))
    assert "counted from time zero" not in said(fine_gray_part(c, replace(fine_gray, terms=("age",))))


def test_limits_of_curves_weighted_by_matched_sets_count_sets_not_rows():
    frame = cohort()
    c = context(frame)
    sets, weights = np.arange(300) // 4, np.where(frame["it"] == 1, 1.0, 0.4)
    full = replace(c.full, pairs=sets, weights=weights)
    curves = fit_curves(replace(c, cohorts={"full": full}), c.study.models["km"], full)
    rows = (frame["it"] == 0).to_numpy()
    data = frame.years.to_numpy()[rows], (frame.endpoint != "none").to_numpy()[rows]
    wanted = kaplan_meier(*data, weights=weights[rows], cluster=sets[rows])
    assert curves.arms[0].curve.ci_low == pytest.approx(wanted.ci_low, nan_ok=True)
    assert curves.arms[0].curve.ci_low != pytest.approx(kaplan_meier(*data, weights=weights[rows]).ci_low, nan_ok=True)


def test_an_exposure_that_begins_later_counts_from_then_on():
    frame = cohort()
    c = context(frame)
    began = pd.Series(np.where(frame["it"] == 1, 0.4, np.nan))
    group = replace(c.group(), starts="began")
    study = replace(c.study, groups={"arm": group})
    full = replace(c.full, frame=c.full.frame.assign(began=began.to_numpy()))
    model = replace(study.models["adj"], name="timed", terms=("arm", "age"), evalue=(), exposure="time_varying")
    part = cox_part(replace(c, study=study, cohorts={"full": full}), model)
    table = frame.assign(event=(frame.endpoint != "none").astype(float))
    rows = []
    for _, one in table.iterrows():
        if one["it"] == 1 and one.years > 0.4:
            rows += [(0.0, 0.4, 0.0, 0.0, one.age), (0.4, one.years, one.event, 1.0, one.age)]
        else:
            rows.append((0.0, one.years, one.event, 0.0, one.age))
    split = pd.DataFrame(rows, columns=["start", "stop", "event", "arm", "age"])
    fit = CoxPHFitter().fit(split, "stop", "event", entry_col="start")
    assert value(part, "timed.full.arm.hazard_ratio") == pytest.approx(np.exp(fit.params_["arm"]), rel=1e-3)


def test_follow_up_events_and_rates_by_hand():
    frame = cohort()
    part = follow_up_part(context(frame))
    events, time = int((frame.endpoint != "none").sum()), float(frame.years.sum())
    assert value(part, "follow_up.relapse_or_death.events") == events
    assert value(part, "follow_up.relapse_or_death.person_time") == pytest.approx(time)
    assert value(part, "follow_up.relapse_or_death.rate") == pytest.approx(events / time)
    assert value(part, "follow_up.relapse_or_death.1.death") == int(
        ((frame.endpoint == "death") & (frame["it"] == 1)).sum()
    )


def test_competing_risks_differ_from_the_cause_alone():
    frame = cohort()
    c = context(frame)
    part = fine_gray_part(c, c.study.models["relapse"])
    ratio = value(part, "relapse.full.arm.subdistribution_hazard_ratio")
    assert 0.2 < ratio < 1.2
    figure = part.blocks[1]
    assert figure.is_incidence
    assert all(0 <= v <= 1 for curve in figure.panels[0].curves for v in curve.values)


def test_subgroups_are_told_by_interaction_and_small_ones_are_not_tested():
    frame = cohort()
    c = context(frame)
    spec = c.study.subgroups["subgroups"]
    part = subgroups_part(c, spec)
    table = frame.assign(event=(frame.endpoint != "none").astype(float), arm=frame["it"], both=frame["it"] * frame.male)
    fit = CoxPHFitter().fit(table[["years", "event", "arm", "male", "both"]].astype(float), "years", "event")
    assert value(part, "subgroups.full.male.interaction.p_value") == pytest.approx(fit.summary.p["both"], rel=1e-3)
    few = subgroups_part(c, replace(spec, min_events_per_arm=1000))
    assert "fewer than 1000 events in an arm" in said(few)


def test_unknown_times_are_left_out_and_counted():
    frame = cohort()
    c = context(frame)
    unknown = c.full.frame.copy()
    unknown.loc[[0, 1, 2], "years"] = np.nan
    c = replace(c, cohorts={"full": replace(c.full, frame=unknown)})
    (one,) = [n for n in cox_part(c, c.study.models["adj"]).numbers if n.id == "adj.full.arm.hazard_ratio"]
    assert (one.n, one.n_dropped) == (297, 3)


def test_curves_from_a_landmark_on_count_groups_as_they_were_then():
    frame = cohort()
    c = context(frame)
    began = np.where(frame["it"] == 1, np.where(np.arange(300) % 4 == 1, 0.2, 2.5), np.nan)
    study = replace(c.study, groups={"arm": replace(c.group(), starts="began")})
    full = replace(c.full, frame=c.full.frame.assign(began=began))
    model = replace(study.models["km"], landmark=(1.0,))
    figure = kaplan_meier_part(replace(c, study=study, cohorts={"full": full}), model).blocks[0]
    control, treated = figure.panels[1].curves
    left = frame.years > 1.0
    assert treated.at_risk[0] == int((left & (began <= 1.0)).sum())
    assert control.at_risk[0] == int((left & ~(began <= 1.0)).sum())


def test_how_much_of_the_follow_up_was_immortal_is_said_where_the_file_says_when_the_exposure_began():
    frame = cohort()
    c = context(frame)
    began = np.where(frame["it"] == 1, 0.4, np.nan)
    study = replace(c.study, groups={"arm": replace(c.group(), starts="began")})
    full = replace(c.full, frame=c.full.frame.assign(began=began))
    part = cox_part(replace(c, study=study, cohorts={"full": full}), study.models["adj"])
    assert "immortal time favours the exposure" in said(part)
