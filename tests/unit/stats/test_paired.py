"""Paired change against R 4.2.2: tests/reference/paired.R."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.change import analyse_change
from neurolupus.stats.paired import paired_t, wilcoxon_signed_rank

R = json.loads((Path(__file__).parents[2] / "reference" / "paired.json").read_text())
BEFORE = [310, 280, 255, 190, 330, 240, 205, 275, 300, 220, 265, 350]  # intracranial pressure, mmH2O
AFTER = [180, 175, 161, 197, 155, 222, 190, 146, 210, 171, 139, 203]
TIED_BEFORE = [5, 7, 7, 9, 4, 6, 8, 5, 7, 10, 3, 6, 9]
TIED_AFTER = [4, 7, 5, 6, 5, 4, 8, 3, 7, 5, 2, 7, 5]
OTHER_BEFORE = [260, 215, 305, 240, 198, 270]
OTHER_AFTER = [214, 203, 280, 161, 190, 188]


def test_exact_signed_rank_with_its_pseudomedian():
    found = wilcoxon_signed_rank(BEFORE, AFTER, location=True)
    assert "exact" in found.method
    assert (found.statistic, found.p_value) == pytest.approx(tuple(R["exact"][:2]))
    e = found.effect
    assert (e.value, e.ci_low, e.ci_high) == pytest.approx(tuple(R["exact"][2:]))


def test_exact_up_to_49_pairs():
    found = wilcoxon_signed_rank(R["b49"], R["a49"])
    assert "exact" in found.method
    assert (found.statistic, found.p_value) == pytest.approx(tuple(R["exact49"]))
    fifty = wilcoxon_signed_rank([*R["b49"], 100.0], [*R["a49"], 1.0])
    assert "normal" in fifty.method


@pytest.mark.parametrize(("correction", "key"), [(True, "cc"), (False, "nocc")])
def test_ties_and_pairs_without_change(correction, key):
    found = wilcoxon_signed_rank(TIED_BEFORE, TIED_AFTER, correction=correction)
    assert (found.statistic, found.p_value) == pytest.approx(tuple(R[key]))
    assert "3 of 13 pairs did not change" in found.notes[0]


def test_exact_with_ties_is_refused():
    with pytest.raises(StatsError, match="3 of 13 changes are zero"):
        wilcoxon_signed_rank(TIED_BEFORE, TIED_AFTER, exact=True)


def test_no_change_at_all():
    assert wilcoxon_signed_rank([1, 2], [1, 2]).p_value == 1
    with pytest.raises(StatsError, match="no spread"):
        paired_t([1, 2], [2, 3])


def test_paired_t():
    found = paired_t(BEFORE, AFTER)
    t, df, p, low, high = R["t"]
    assert (found.statistic, found.df, found.p_value) == pytest.approx((t, df, p))
    assert (found.effect.ci_low, found.effect.ci_high) == pytest.approx((low, high))


def test_turning_time_round_turns_the_sign_only():
    there, back = (wilcoxon_signed_rank(a, b, location=True) for a, b in ((BEFORE, AFTER), (AFTER, BEFORE)))
    assert there.p_value == back.p_value
    assert there.effect.value == -back.effect.value


def _two_arms(**options):
    nan = float("nan")
    before = [*OTHER_BEFORE, *[250.0] * 20, *BEFORE, 240.0]
    after = [*OTHER_AFTER, *[nan] * 20, *AFTER, nan]
    arm = [0] * 26 + [1] * 13
    return analyse_change(before, after, arm, arm_names=("Control", "Intrathecal"), **options)


def test_change_between_arms_and_adjusted_for_baseline():
    found = _two_arms()
    w, p, value, low, high = R["between"]
    assert (found.between.statistic, found.between.p_value) == pytest.approx((w, p))
    e = found.between.effect
    assert (e.value, e.ci_low, e.ci_high) == pytest.approx((value, low, high))
    a = found.adjusted
    assert (a.value, a.ci_low, a.ci_high, a.p_value) == pytest.approx(tuple(R["ancova"]))
    assert found.treated.within.p_value == pytest.approx(R["exact"][1])
    assert (found.n, found.n_dropped) == (18, 21)
    assert (found.control.n_pairs, found.control.n_arm) == (6, 26)


def test_far_more_of_one_arm_measured_again_is_said_aloud():
    assert "Intrathecal 12 of 13 (92 %), Control 6 of 26 (23 %)" in _two_arms().notes[0]


def test_the_papers_own_numbers_would_be_said_aloud():
    # intracranial pressure measured again in 165 of 194 treated and 29 of 192 controls
    rng = np.random.default_rng(1)
    before = rng.normal(200, 50, 386)
    after = before + rng.normal(-20, 40, 386)
    arm = np.repeat([1, 0], [194, 192])
    after[165:194] = np.nan
    after[194 + 29 :] = np.nan
    assert "165 of 194 (85 %), control 29 of 192 (15 %)" in analyse_change(before, after, arm).notes[0]


def test_a_large_difference_in_small_arms_is_said_though_chance_could_make_it():
    before = np.arange(12.0)
    after = before + np.array([1, 3, 2, 4, 2, 5, 3, 1, 6, 2, 1, 4])
    after[[0, 6, 7, 8]] = np.nan  # 5 of 6 against 3 of 6: p 0.22
    assert "3 of 6 (50 %), control 5 of 6 (83 %)" in analyse_change(before, after, np.repeat([0, 1], 6)).notes[0]


def test_equal_shares_are_not_said_aloud():
    rng = np.random.default_rng(2)
    before, after, arm = rng.normal(size=40), rng.normal(size=40), np.repeat([0, 1], 20)
    after[[0, 25]] = np.nan
    assert analyse_change(before, after, arm).notes == ()


def test_an_arm_without_pairs_is_refused():
    with pytest.raises(StatsError, match="Arm treated has 1 of 2 patients"):
        analyse_change([1, 2, 3, 4], [2, 3, 4, np.nan], [0, 0, 1, 1])
