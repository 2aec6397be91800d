"""Matched and weighted cohorts of a study: invariants, balance, what is said."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import context_of, patients, said, value

from neurolupus.stats.smd import smd_nominal
from neurolupus.study.run.balance import _is_outside
from neurolupus.study.run.cohorts import made_cohorts, make_cohort
from neurolupus.study.schema.design import Balance

MATCH = """
table1: {by: arm, cohorts: [full, psm]}
match:
  psm: {label: Matched, covariates: [age, male], caliper: 0.2}
weights:
  overlap: {from: psm}
  iptw: {from: psm}
"""


def cohort(n=300):
    rng = np.random.default_rng(9)
    frame = patients(n=n, seed=9)
    arm = (rng.random(n) < 1 / (1 + np.exp(-(frame.age - 40) / 12))).astype(int)
    return frame.assign(it=arm)


def test_pairs_hold_one_of_each_arm_nobody_twice_within_the_caliper():
    context = context_of(MATCH, cohort())
    made = make_cohort(context, "psm")
    frame, pairs = made.cohort.frame, made.cohort.pairs
    assert frame.index.is_unique
    for pair in np.unique(pairs):
        arms = frame.arm[pairs == pair]
        assert sorted(arms) == ["0", "1"]
    logit = np.log(made.score / (1 - made.score))
    distance = [abs(np.diff(logit[frame.index[pairs == pair]])[0]) for pair in np.unique(pairs)]
    assert max(distance) <= 0.2 * np.std(logit, ddof=1) + 1e-12


def test_matching_and_weighting_make_the_covariates_alike():
    context = context_of(MATCH, cohort())
    cohorts, part = made_cohorts(context)
    before = abs(value(part, "balance.full.age.smd"))
    assert before > 0.4
    for name in ("psm", "overlap", "iptw"):
        assert abs(value(part, f"balance.{name}.age.smd")) < before / 3
    assert abs(value(part, "balance.overlap.age.smd")) < 1e-6  # overlap weights balance means exactly
    assert list(cohorts) == ["full", "psm", "overlap", "iptw"]


def test_numbers_of_sets_and_of_those_left_over_are_told():
    context = context_of(MATCH, cohort())
    _, part = made_cohorts(context)
    sets = value(part, "match.psm.sets")
    assert value(part, "match.psm.exposed") == value(part, "match.psm.control") == sets
    assert any(isinstance(block, str) and f"{sets:g} matched sets" in block for block in part.blocks)


def test_baseline_variables_outside_the_score_are_judged_too():
    context = context_of(MATCH, cohort())
    _, part = made_cohorts(context)
    assert value(part, "balance.psm.drug.smd") is not None


def test_a_patient_without_a_covariate_is_not_matched_and_counted():
    frame = cohort()
    frame.loc[[3, 4], "age"] = np.nan
    made = make_cohort(context_of(MATCH, frame), "psm")
    assert not {3, 4} & set(made.cohort.frame.index)
    assert "2 patients without every covariate" in " ".join(made.notes)


def test_the_same_file_and_table_give_the_same_pairs():
    first, second = (make_cohort(context_of(MATCH, cohort()), "psm") for _ in range(2))
    assert first.cohort.frame.index.equals(second.cohort.frame.index)
    assert np.array_equal(first.cohort.pairs, second.cohort.pairs)


def test_arms_that_do_not_overlap_are_told_and_the_study_goes_on():
    frame = patients(n=100).assign(it=[0, 1] * 50)
    frame["age"] = np.where(frame["it"] == 1, 70.0, 20.0) + np.arange(100) / 1000
    cohorts, part = made_cohorts(context_of(MATCH, frame))
    assert "psm" not in cohorts
    assert "Not made" in said(part)


def test_an_exact_variable_is_equal_within_pairs():
    context = context_of(MATCH, cohort())
    match = replace(context.study.match["psm"], exact=("drug",))
    study = replace(context.study, match={"psm": match})
    made = make_cohort(replace(context, study=study), "psm")
    frame = made.cohort.frame
    for pair in np.unique(made.cohort.pairs):
        assert frame.drug[made.cohort.pairs == pair].nunique() == 1


def test_differences_of_a_nominal_variable_after_matching_are_divided_by_the_full_cohorts_spread():
    context = context_of(MATCH, cohort())
    cohorts, part = made_cohorts(context)
    full, matched = context.full.frame, cohorts["psm"].frame
    after = {"values": matched.drug, "treated": matched.arm == "1", "levels": ["cyc", "mmf", "none"]}
    found = value(part, "balance.psm.drug.smd")
    wanted = smd_nominal(
        **after, denominator="full_cohort_sd", reference_values=full.drug, reference_treated=full.arm == "1"
    )
    assert found == pytest.approx(wanted.smd, rel=1e-12)
    assert found != pytest.approx(smd_nominal(**after, denominator="full_cohort_sd").smd, rel=1e-6)


@pytest.mark.parametrize(("ratio", "outside"), [(None, False), (np.nan, False), (1.0, False), (3.0, True), (0.0, True)])
def test_an_arm_without_spread_has_no_ratio_of_variances_that_could_lie_outside(ratio, outside):
    assert _is_outside(ratio, Balance()) is outside
