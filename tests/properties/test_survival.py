"""What must not change survival statistics: the order of rows and columns, the unit of time, how copies are counted."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurolupus.errors import StatsError
from neurolupus.stats import concordance as counting
from neurolupus.stats.cox import cox_regression
from neurolupus.stats.cox_fit import CoxFit
from neurolupus.stats.cox_ph_test import proportional_hazards_test
from neurolupus.stats.kaplan_meier import kaplan_meier
from neurolupus.stats.landmark import split_exposure
from neurolupus.stats.logrank import logrank

NAMES = ["a", "b"]
few = settings(max_examples=40, deadline=None)


class Cohort:
    """Patients with tied times, two covariates, strata and weights."""

    def __init__(self, seed: int, n: int) -> None:
        r = np.random.default_rng(seed)
        self.x = np.column_stack([r.normal(size=n), r.integers(0, 2, n)])
        self.time = np.ceil(4 * r.exponential(size=n) * np.exp(-0.3 * self.x[:, 0]))
        self.event = r.random(n) < 0.7
        self.weights = r.uniform(0.3, 3, n)
        self.strata = r.integers(0, 3, n)
        self.start = np.floor(self.time * r.uniform(0, 0.99, n))
        self.order = r.permutation(n)

    def fit(self, **options) -> CoxFit:
        return cox_regression(self.time, self.event, self.x, NAMES, **options)


@st.composite
def cohorts(draw) -> Cohort:
    cohort = Cohort(draw(st.integers(0, 10_000)), draw(st.integers(30, 80)))
    assume(not cohort.fit(strata=cohort.strata).separated)
    return cohort


def numbers(fit: CoxFit) -> list[float]:
    tests = proportional_hazards_test(fit, transform="rank")
    return [*(e.value for e in fit.estimates), *(e.se for e in fit.estimates), *(t.statistic for t in tests)]


@few
@given(cohorts(), st.sampled_from(["efron", "breslow"]))
def test_row_order_changes_nothing(cohort, ties):
    o = cohort.order
    before = cohort.fit(weights=cohort.weights, strata=cohort.strata, start=cohort.start, errors="robust", ties=ties)
    after = cox_regression(
        cohort.time[o], cohort.event[o], cohort.x[o], NAMES, weights=cohort.weights[o], strata=cohort.strata[o],
        start=cohort.start[o], errors="robust", ties=ties,
    )  # fmt: skip
    assert numbers(after) == pytest.approx(numbers(before), rel=1e-7, abs=1e-9)


@few
@given(cohorts())
def test_column_order_changes_nothing_but_the_order(cohort):
    one = cohort.fit()
    other = cox_regression(cohort.time, cohort.event, cohort.x[:, ::-1], NAMES[::-1])
    for name in NAMES:
        assert other.estimate(name).value == pytest.approx(one.estimate(name).value, rel=1e-7, abs=1e-9)
        assert other.estimate(name).se == pytest.approx(one.estimate(name).se, rel=1e-7)


@few
@given(cohorts(), st.floats(0.001, 1000))
def test_the_unit_of_time_changes_no_hazard_ratio(cohort, unit):
    other = cox_regression(cohort.time * unit, cohort.event, cohort.x, NAMES)
    assert numbers(other) == pytest.approx(numbers(cohort.fit()), rel=1e-7, abs=1e-9)
    curve, scaled = kaplan_meier(cohort.time, cohort.event), kaplan_meier(cohort.time * unit, cohort.event)
    assert scaled.survival == pytest.approx(curve.survival)
    assert (scaled.median is None) == (curve.median is None)
    if curve.median is not None:
        assert scaled.median == pytest.approx(curve.median * unit)


@few
@given(cohorts(), st.floats(1e-9, 1e9))
def test_the_unit_of_a_covariate_divides_its_coefficient(cohort, unit):
    scaled = cox_regression(cohort.time, cohort.event, cohort.x * [unit, 1], NAMES)
    assert not scaled.separated
    assert scaled.coefficients * [unit, 1] == pytest.approx(cohort.fit().coefficients, rel=1e-6, abs=1e-9)


@few
@given(cohorts())
def test_rows_twice_are_weights_of_two(cohort):
    # with Breslow's ties; Efron's would take the copies for ties
    twice = [np.concatenate([v, v]) for v in (cohort.time, cohort.event, cohort.x)]
    copied = cox_regression(*twice, NAMES, ties="breslow")
    weighted = cohort.fit(weights=np.full(len(cohort.time), 2.0), ties="breslow")
    assert numbers(weighted)[:4] == pytest.approx(numbers(copied)[:4], rel=1e-7, abs=1e-9)
    curve = kaplan_meier(cohort.time, cohort.event, weights=np.full(len(cohort.time), 2.0))
    assert curve.ci_low == pytest.approx(kaplan_meier(*twice[:2]).ci_low, nan_ok=True)


@few
@given(cohorts())
def test_copies_of_a_cluster_change_no_robust_error(cohort):
    twice = [np.concatenate([v, v]) for v in (cohort.time, cohort.event, cohort.x)]
    ids = np.tile(np.arange(len(cohort.time)), 2)
    copied = cox_regression(*twice, NAMES, ties="breslow", cluster=ids)
    robust = cohort.fit(ties="breslow", errors="robust")
    assert numbers(copied)[:4] == pytest.approx(numbers(robust)[:4], rel=1e-7, abs=1e-9)  # a coefficient may be 0


@few
@given(cohorts())
def test_follow_up_cut_in_two_rows_changes_nothing(cohort):
    cut = split_exposure(cohort.time, cohort.event, cohort.time / 2)
    fit = cox_regression(cut.time, cut.event, cohort.x[cut.row], NAMES, start=cut.start, cluster=cut.row)
    whole = cohort.fit(errors="robust")
    assert numbers(fit)[:4] == pytest.approx(numbers(whole)[:4], rel=1e-7, abs=1e-9)


@few
@given(cohorts())
def test_adding_a_constant_after_the_last_event_changes_nothing(cohort):
    last = cohort.time[cohort.event].max()
    longer = np.where(cohort.time > last, cohort.time + 100, cohort.time)
    assert cox_regression(longer, cohort.event, cohort.x, NAMES).coefficients == pytest.approx(
        cohort.fit().coefficients, rel=1e-9, abs=1e-12
    )


@few
@given(cohorts())
def test_two_groups_relabelled_give_one_logrank(cohort):
    group = cohort.x[:, 1]
    one = logrank(cohort.time, cohort.event, group)
    other = logrank(cohort.time, cohort.event, np.where(group == 1, "a", "b"))
    assert other.statistic == pytest.approx(one.statistic)
    assert other.observed == pytest.approx(one.observed[::-1])
    assert one.observed.sum() == pytest.approx(one.expected.sum())


@few
@given(cohorts())
def test_the_score_test_without_ties_is_the_logrank(cohort):
    time = cohort.time + np.arange(len(cohort.time)) / 1000
    score = cox_regression(time, cohort.event, cohort.x[:, 1:], ["b"]).tests[2]
    assert score.method == "score"
    assert score.statistic == pytest.approx(logrank(time, cohort.event, cohort.x[:, 1]).statistic, rel=1e-9)


@few
@given(cohorts())
def test_trees_count_what_pairs_count(cohort):
    def found() -> list[float]:
        c = counting.concordance(
            cohort.time, cohort.event, np.round(cohort.x[:, 0]), weights=cohort.weights, strata=cohort.strata
        )
        return [c.value, c.se, c.concordant, c.discordant, c.tied]

    slow = found()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "COMPILED_FROM", 0)
        assert found() == pytest.approx(slow, rel=1e-9)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=12))
def test_curves_never_rise_and_limits_hold_them(rows):
    time, event = np.array(rows, float).T
    try:
        curve = kaplan_meier(time, event)
    except StatsError:
        pytest.fail("a survival curve needs no event")
    assert (np.diff(curve.survival) <= 1e-12).all()
    alive = curve.survival > 0
    assert (curve.ci_low[alive] <= curve.survival[alive] + 1e-12).all()
    assert (curve.ci_high[alive] >= curve.survival[alive] - 1e-12).all()
