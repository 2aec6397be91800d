"""E-values against the published worked example; the bootstrap against what is known of a mean."""

import math

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.matching import match_nearest
from neurolupus.stats.sensitivity import bootstrap_rematch, e_value, e_value_of_ratio


def a_ratio(value, low, high, se=0.1):
    logs = [math.log(x) if x > 0 else -math.inf for x in (value, low)]
    return Estimate("exposure", *logs, math.log(high) if high < math.inf else math.inf, se, 0.0, 0.01)


def test_worked_example_of_vanderweele_and_ding():
    # Ann Intern Med 2017;167:268, doi:10.7326/M16-2607: RR 3.9 (1.8 to 8.7) gives 7.26 and 3.0
    found = e_value(a_ratio(3.9, 1.8, 8.7), "rr")
    assert (round(found.point, 2), round(found.limit, 1)) == (7.26, 3.0)


def test_protective_ratio_by_hand():
    # 1 / 0.8 = 1.25; 1.25 + sqrt(1.25 × 0.25) = 1.8090; 1 / 0.91 = 1.0989; + sqrt(1.0989 × 0.0989) = 1.4286
    found = e_value(a_ratio(0.8, 0.71, 0.91), "rr")
    assert (found.point, found.limit) == pytest.approx((1.8090170, 1.4285714), abs=2e-4)


def test_common_outcomes_by_hand():
    # sqrt(4) = 2: 2 + sqrt(2); HR 4: (1 - 0.5²) / (1 - 0.5^0.5) = 0.75 / 0.2928932 = 2.5606602
    assert e_value(a_ratio(4, 2.25, 9), "or_common").point == pytest.approx(2 + math.sqrt(2))
    assert e_value(a_ratio(4, 2.25, 9), "or_common").limit == pytest.approx(1.5 + math.sqrt(0.75))
    hazard = e_value(a_ratio(4, 2.25, 9), "hr_common")
    assert hazard.risk_ratio == pytest.approx(2.5606602)
    assert hazard.point == pytest.approx(2.5606602 + math.sqrt(2.5606602 * 1.5606602))


def test_standardised_difference_by_hand():
    found = e_value(Estimate("exposure", 0.5, 0.1, 0.9, 0.2, 2.5, 0.01), "smd")
    assert found.risk_ratio == pytest.approx(math.exp(0.455))
    assert found.risk_ratio_low == pytest.approx(math.exp(0.455 - 0.356))


@pytest.mark.parametrize("scale", ["rr", "or_rare", "or_common", "hr_rare", "hr_common", "rate_ratio"])
def test_turning_the_exposure_round_changes_nothing(scale):
    there, back = e_value(a_ratio(2.5, 1.2, 5), scale), e_value(a_ratio(1 / 2.5, 1 / 5, 1 / 1.2), scale)
    assert (there.point, there.limit) == pytest.approx((back.point, back.limit))


@pytest.mark.parametrize("scale", ["rr", "or_common", "hr_common"])
def test_nothing_to_explain_and_no_end(scale):
    assert e_value(a_ratio(1, 0.5, 2), scale).point == 1
    assert e_value(a_ratio(3, 0.9, 10), scale).limit == 1
    separated = e_value(a_ratio(0, 0, math.inf), scale)
    assert (separated.point, separated.limit) == (math.inf, 1)
    assert e_value(Estimate("x", 2000.0, 0.5, math.inf, 1.0, 1.0, 0.1), scale).point == math.inf


def test_what_has_no_e_value_is_refused():
    with pytest.raises(StatsError, match="Scale 'odds' is unknown; choose one of rr"):
        e_value(a_ratio(2, 1, 4), "odds")
    with pytest.raises(StatsError, match="no value or no limits"):
        e_value(Estimate("x", math.nan, 0, 1, 1, 1, 1), "rr")
    with pytest.raises(StatsError, match="no standard error"):
        e_value(Estimate("x", 0.5, 0, 1, math.nan, 1, 1), "smd")
    with pytest.raises(StatsError, match="The ratio is -1"):
        e_value_of_ratio(-1)


def test_bootstrap_of_a_mean_has_its_standard_error():
    x = np.random.default_rng(0).normal(size=200)
    found = bootstrap_rematch(
        200, lambda rows: x[rows], lambda drawn: [float(drawn.mean())], ["mean"], np.random.default_rng(1),
        replicates=2000,
    ).estimates[0]  # fmt: skip
    assert found.value == pytest.approx(x.mean())
    # the standard error of an SE from 2000 samples is 1.6 %; three of them
    assert found.se == pytest.approx(x.std() / math.sqrt(200), rel=0.05)
    assert (found.ci_high - found.ci_low) / found.se == pytest.approx(2 * 1.96, rel=0.08)


def test_each_sample_is_matched_again():
    rng = np.random.default_rng(3)
    score, arm = rng.normal(size=120), np.arange(120) % 3 == 0
    outcome = score + 0.7 * arm + rng.normal(scale=0.3, size=120)

    def rematch(rows):
        return rows, match_nearest(score[rows], arm[rows], caliper=0.2)

    def effect(matched):
        rows, match = matched
        difference = outcome[rows][match.pairs]
        return [float((difference[:, 0] - difference[:, 1]).mean())]

    found = bootstrap_rematch(120, rematch, effect, ["effect"], np.random.default_rng(4), replicates=200)
    assert found.estimates[0].ci_low < 0.7 < found.estimates[0].ci_high
    assert found.values.shape == (200, 1)
    assert "not valid (Abadie and Imbens 2008)" in found.notes[0]
    again = bootstrap_rematch(120, rematch, effect, ["effect"], np.random.default_rng(4), replicates=200)
    assert again.estimates == found.estimates


def test_samples_that_fail_are_counted():
    event = np.r_[1, np.zeros(9)]

    def analyse(rows):
        if not event[rows].any():
            raise StatsError("No events.")
        return [float(event[rows].mean())]

    found = bootstrap_rematch(10, lambda rows: rows, analyse, ["risk"], np.random.default_rng(0), replicates=300)
    # (9/10)^10 = 35 % of the samples have no event; SE 2.8 %
    assert found.n_failed / 300 == pytest.approx(0.349, abs=0.085)
    assert found.notes[1].startswith(f"{found.n_failed} of 300 resampled cohorts could not be analysed")


def test_faults_of_the_caller_are_no_failed_samples():
    with pytest.raises(StatsError, match="gave 1 numbers for 2 names"):
        bootstrap_rematch(5, lambda rows: rows, lambda _: [1.0], ["a", "b"], np.random.default_rng(0))
    with pytest.raises(StatsError, match="5 replicates were asked for"):
        bootstrap_rematch(5, lambda rows: rows, lambda _: [1.0], ["a"], np.random.default_rng(0), replicates=5)
