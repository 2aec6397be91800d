"""Kaplan–Meier, log-rank and rates against R 4.2.2, survival (tests/reference/survival.R)."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.kaplan_meier import kaplan_meier, patients_at_risk
from neurolupus.stats.logrank import logrank, weighted_logrank
from neurolupus.stats.person_time import event_rate, rate_ratio

R = json.loads((Path(__file__).resolve().parents[2] / "reference" / "survival.json").read_text(encoding="utf-8"))
TIME, EVENT, Z, S, W = (np.array(R[f"data_{k}"]) for k in ("t", "e", "z", "s", "w"))


def three(name: str) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in R[name]], float)


@pytest.mark.parametrize("limits", ["log", "log-log", "plain"])
def test_curve_and_limits(limits):
    curve = kaplan_meier(TIME, EVENT, limits=limits)
    found = np.concatenate([curve.survival, curve.ci_low, curve.ci_high])
    np.testing.assert_allclose(found, three(f"km_{limits}"), rtol=1e-9, atol=1e-12)
    median = [np.nan if v is None else v for v in (curve.median, curve.median_low, curve.median_high)]
    np.testing.assert_allclose(median, three(f"km_median_{limits}"))


def test_times_numbers_at_risk_errors_and_mean():
    curve = kaplan_meier(TIME, EVENT)
    assert curve.time == pytest.approx(R["km_time"])
    assert curve.at_risk == pytest.approx(R["km_at_risk"])
    np.testing.assert_allclose(curve.se, three("km_se"), rtol=1e-9)
    assert curve.restricted_mean(10).mean == pytest.approx(R["km_rmst"][0], rel=1e-9)


def test_weights():
    curve = kaplan_meier(TIME, EVENT, weights=W, errors="model")
    np.testing.assert_allclose(
        np.concatenate([curve.survival, curve.ci_low, curve.ci_high]), three("km_weighted"), rtol=1e-9
    )


def test_a_curve_that_rests_at_a_half_has_its_median_in_the_middle():
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 0, 1]).median == pytest.approx(R["km_half"][0])


def test_four_patients_by_hand():
    # events at 1 and 3 of times 1, 2 (censored), 3, 4 (censored): 3/4, then 3/4 × 1/2
    curve = kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0])
    assert curve.survival == pytest.approx([0.75, 0.75, 0.375, 0.375])
    assert curve.at(0.5).survival == 1.0
    assert curve.at(3.5).survival == pytest.approx(0.375)
    assert curve.at(5) is None
    assert patients_at_risk([1, 2, 3, 4], [0, 2, 3.5]) == pytest.approx([4, 3, 1])


def test_nobody_has_an_event():
    curve = kaplan_meier([1, 2], [0, 0])
    assert curve.survival == pytest.approx([1, 1])
    assert (curve.median, curve.n_events) == (None, 0)


@pytest.mark.parametrize(("name", "group", "rho"), [("logrank", Z, 0), ("logrank4", S, 0), ("peto", Z, 1)])
def test_logrank(name, group, rho):
    found = logrank(TIME, EVENT, group, rho=rho)
    k = len(found.groups)
    assert found.statistic == pytest.approx(R[name][0], rel=1e-9)
    assert found.observed == pytest.approx(R[name][1 : 1 + k], rel=1e-9)
    assert found.expected == pytest.approx(R[name][1 + k :], rel=1e-9)
    assert found.df == k - 1


def test_logrank_within_strata():
    assert logrank(TIME, EVENT, Z, strata=S).statistic == pytest.approx(R["logrank_strata"][0], rel=1e-9)


def test_weighted_logrank_is_the_robust_score_test():
    assert weighted_logrank(TIME, EVENT, Z, W).statistic == pytest.approx(R["weighted_score"][0], rel=1e-9)


def test_pairs_in_which_nobody_can_be_compared():
    with pytest.raises(StatsError, match="never at risk together"):
        logrank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"], strata=[1, 1, 2, 2])
    with pytest.raises(StatsError, match="one group"):
        logrank([1, 2], [1, 1], ["a", "a"])
    with pytest.raises(StatsError, match="There are 3 groups for 2 times"):
        logrank([1, 2], [1, 1], ["a", "b", "a"])


def test_relapses_and_deaths_per_person_year():
    assert [event_rate(28, 503.2).rate, event_rate(28, 503.2).ci_low, event_rate(28, 503.2).ci_high] == pytest.approx(
        R["rate"], rel=1e-9
    )
    ratio = rate_ratio(event_rate(28, 503.2), event_rate(19, 504.5))
    assert [ratio.ratio, ratio.ci_low, ratio.ci_high, ratio.p_value] == pytest.approx(R["ratio"], rel=1e-6)
    with pytest.raises(StatsError, match="no rate"):
        event_rate(1, 0.0)
    with pytest.raises(StatsError, match="Neither"):
        rate_ratio(event_rate(0, 1.0), event_rate(0, 1.0))


@pytest.mark.parametrize(("events", "low", "high"), [(0, 0.0, 3.6889), (10, 4.7954, 18.3904)])
def test_exact_poisson_limits_of_garwoods_table(events, low, high):
    found = event_rate(events, 1.0)
    assert found.ci_low == pytest.approx(low, abs=1e-4)
    assert found.ci_high == pytest.approx(high, abs=1e-4)
