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
