import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

import a_run
from a_run import context_of, patients, said, value

from neurolupus.study.run.safety import safety_part

SAFETY = """
safety: {by: arm, events: [low_icp], injections: injections, cause_of_death: cause}
"""
VARIABLES = """  low_icp: {label: Low pressure, type: binary, role: outcome}
  injections: {label: Injections, role: treatment}
  cause: {label: Cause of death, role: outcome, levels: [sle, infection]}
"""


def part_of(frame, monkeypatch):
    monkeypatch.setattr(a_run, "HEAD", a_run.HEAD.replace("groups:\n", VARIABLES + "groups:\n"))
    context = context_of(SAFETY, frame)
    return safety_part(context, context.study.safety)


def cohort():
    frame = patients(n=40)
    injections = np.where(frame["it"] == 1, 3.0, np.nan)
    return frame.assign(
        low_icp=((frame["it"] == 1) & (frame.index < 14)).astype(int), injections=injections,
        cause=["sle", "infection", "sle"] + [None] * 37,
    )  # fmt: skip


def test_events_per_patient_and_per_injection(monkeypatch):
    part = part_of(cohort(), monkeypatch)
    assert value(part, "safety.low_icp.1.count") == 7
    assert value(part, "safety.low_icp.0.count") == 0
    assert value(part, "safety.low_icp.p_value") == pytest.approx(stats.fisher_exact([[20, 13], [0, 7]]).pvalue)
    assert value(part, "safety.low_icp.1.per_100_injections") == pytest.approx(100 * 7 / 60)
    assert value(part, "safety.injections.1.total") == 60


def test_rates_per_injection_have_exact_limits_of_the_study_s_level(monkeypatch):
    monkeypatch.setattr(a_run, "HEAD", a_run.HEAD.replace("seed: 1", "seed: 1, level: 0.9"))
    part = part_of(cohort(), monkeypatch)
    # R: poisson.test(7, 60, conf.level = 0.9), which is qchisq(c(0.05, 0.95), c(14, 16)) / 2 / 60
    path = "safety.low_icp.1.per_100_injections"
    assert value(part, f"{path}.ci_low") == pytest.approx(100 * stats.chi2.ppf(0.05, 14) / 2 / 60)
    assert value(part, f"{path}.ci_high") == pytest.approx(100 * stats.chi2.ppf(0.95, 16) / 2 / 60)
    spans = {column.span for table in part.blocks if hasattr(table, "columns") for column in table.columns}
    assert "per 100 injections (90 % CI)" in spans


def test_causes_of_death_by_arm_and_in_all(monkeypatch):
    part = part_of(cohort(), monkeypatch)
    assert value(part, "safety.cause.sle.all") == 2
    assert value(part, "safety.cause.infection.1") == 1


def test_events_of_patients_whose_injections_are_not_known_are_in_no_rate(monkeypatch):
    frame = cohort()
    frame.loc[1, "injections"] = np.nan  # treated, with the event
    part = part_of(frame, monkeypatch)
    assert value(part, "safety.low_icp.1.count") == 7
    assert value(part, "safety.low_icp.1.per_100_injections") == pytest.approx(100 * 6 / 57)
    assert "Injections are not known for 1 patient" in said(part)


def test_plain_columns_need_no_variable():
    frame = cohort()
    context = context_of(SAFETY, frame)
    part = safety_part(context, context.study.safety)
    assert value(part, "safety.low_icp.1.count") == 7
    assert value(part, "safety.cause.sle.all") == 2
