import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import context_of, patients, said, value

from neurolupus.study.run.change import change_part

CHANGE = """
outcomes:
  d_icp: {type: change, label: Pressure, before: icp, after: icp_last, unit: mmH2O}
models:
  csf: {type: change, outcomes: [d_icp]}
"""


def cohort(measured=(0.15, 0.85)):
    frame = patients(n=200)
    rng = np.random.default_rng(4)
    icp = rng.normal(180, 40, 200).round(0)
    last = (icp - 10 - 30 * frame["it"] + rng.normal(0, 20, 200)).round(0)
    seen = rng.random(200) < np.where(frame["it"] == 1, measured[1], measured[0])
    return frame.assign(icp=icp, icp_last=np.where(seen, last, np.nan))


def part_of(frame):
    context = context_of(CHANGE, frame)
    return change_part(context, context.study.models["csf"])


def test_tests_within_and_between_the_arms_are_those_of_scipy():
    frame = cohort()
    part = part_of(frame)
    pairs = frame.dropna(subset="icp_last")
    change = pairs.icp_last - pairs.icp
    one, other = (change[pairs["it"] == arm] for arm in (1, 0))
    within = stats.wilcoxon(one, correction=True, method="approx")
    assert value(part, "csf.full.d_icp.exposed.p_within") == pytest.approx(within.pvalue, rel=1e-6)
    assert value(part, "csf.full.d_icp.p_between") == pytest.approx(stats.mannwhitneyu(one, other).pvalue, rel=1e-6)
    assert value(part, "csf.full.d_icp.exposed.change.median") == pytest.approx(np.median(one))


def test_an_arm_measured_again_far_more_often_is_said():
    assert "not one of like with like" in said(part_of(cohort()))
    assert "like with like" not in said(part_of(cohort((0.8, 0.82))))


def test_an_arm_never_measured_again_is_told_and_nothing_is_compared():
    part = part_of(cohort((0.0, 0.9)))
    assert not part.blocks
    assert "measured before and after" in said(part)


def test_each_outcome_names_its_own_tests_and_what_is_not_adjusted_is_not_said_to_be():
    frame = cohort((0.8, 0.82)).assign(csf=lambda f: f.icp / 10, csf_last=lambda f: f.icp_last / 10)
    other = "  d_csf: {type: change, label: Protein, before: csf, after: csf_last, within: paired_t, between: welch, "
    both = CHANGE.replace("models:", other + "baseline_adjusted: false}\nmodels:").replace("[d_icp]", "[d_icp, d_csf]")
    context = context_of(both, frame)
    part = change_part(context, context.study.models["csf"])
    told = part.methods[0].text
    assert "paired t-test" in told
    assert ": Protein" in told
    assert "Wilcoxon" in told
    assert ": Pressure" in told
    assert "csf.full.d_icp.adjusted.difference" in {one.id for one in part.numbers}
    assert "csf.full.d_csf.adjusted.difference" not in {one.id for one in part.numbers}
    context = context_of(both.replace("[d_icp, d_csf]", "[d_csf]"), frame)
    alone = change_part(context, context.study.models["csf"])
    assert "adjusted for the earlier" not in alone.methods[0].text
    assert not any("Adjusted:" in note for block in alone.blocks if hasattr(block, "notes") for note in block.notes)
