"""What must not change competing-risks and penalised models: rows, columns, labels, units; and what they must equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurolupus.stats.cox import cox_regression
from neurolupus.stats.cumulative_incidence import cumulative_incidence
from neurolupus.stats.fine_gray import fine_gray
from neurolupus.stats.firth_cox import firth_cox
from neurolupus.stats.grays_test import grays_test
from neurolupus.stats.kaplan_meier import kaplan_meier

SEEDS, TIES, UNITS = st.integers(0, 10**6), st.sampled_from(["efron", "breslow"]), st.sampled_from([7.0, 30.4375, 1e-3])
CLOSE = {"rel": 1e-6, "abs": 1e-8}
NAMES = ["age", "exposed"]


class Cohort:
    """Two covariates, tied times, events of two kinds, three centres."""

    def __init__(self, seed, *, n=60):
        rng = np.random.default_rng(seed)
        self.x = np.column_stack([rng.normal(size=n).round(2), np.arange(n) % 2])
        self.time = np.ceil(10 * rng.exponential(np.exp(-0.3 * self.x[:, 0])))
        self.status = rng.choice([0, 1, 1, 2], n)
        self.event = self.status == 1
        self.centre = np.arange(n) // 2 % 3
        self.turn = rng.permutation(n)


def numbers(fit):
    return [x for e in fit.estimates for x in (e.value, e.se)]


@given(SEEDS)
def test_incidences_and_survival_add_to_one(seed):
    c = Cohort(seed)
    alive = kaplan_meier(c.time, c.status > 0)
    causes = [cumulative_incidence(c.time, c.status, cause=k) for k in (1, 2)]
    for t in (0.5, 2, 5, float(c.time.max())):
        assert alive.at(t).survival + sum(one.at(t).value for one in causes) == pytest.approx(1)
    alone = cumulative_incidence(c.time, c.event)
    assert alone.value[-1] == pytest.approx(1 - kaplan_meier(c.time, c.event).survival[-1])
    for one in (*causes, alone):
        assert ((one.ci_low <= one.value + 1e-12) & (one.value <= one.ci_high + 1e-12)).all()


@given(SEEDS, UNITS)
def test_fine_gray_without_competing_events_is_cox(seed, unit):
    c = Cohort(seed)
    cox = cox_regression(c.time, c.event, c.x, NAMES, ties="breslow", errors="robust")
    again = fine_gray(unit * c.time[c.turn], c.event[c.turn], c.x[c.turn], NAMES)
    assert numbers(again) == pytest.approx(numbers(cox), **CLOSE)


@given(SEEDS, UNITS)
def test_competing_risks_do_not_depend_on_rows_units_or_names(seed, unit):
    c = Cohort(seed)
    there = fine_gray(c.time, c.status, c.x, NAMES, censoring_groups=c.centre)
    again = fine_gray(
        unit * c.time[c.turn], c.status[c.turn], c.x[c.turn], NAMES, censoring_groups=c.centre[c.turn] * -5
    )
    assert numbers(again) == pytest.approx(numbers(there), **CLOSE)
    names = np.array(["C", "A", "B"])[c.centre]
    gray = grays_test(c.time, c.status, c.centre)
    renamed = grays_test(unit * c.time[c.turn], c.status[c.turn], names[c.turn])
    assert (renamed.statistic, renamed.df) == pytest.approx((gray.statistic, gray.df))
    in_one = grays_test(c.time, c.status, c.centre, strata=np.zeros(len(c.time)))
    assert in_one.statistic == pytest.approx(gray.statistic)


@given(SEEDS)
def test_fine_gray_follows_the_columns(seed):
    c = Cohort(seed)
    there = fine_gray(c.time, c.status, c.x, NAMES)
    x = np.column_stack([1 - c.x[:, 1], 100 * c.x[:, 0] - 40])
    again = fine_gray(c.time, c.status, x, NAMES[::-1])
    assert again.estimate("exposed").value == pytest.approx(-there.estimate("exposed").value, **CLOSE)
    assert again.estimate("age").se * 100 == pytest.approx(there.estimate("age").se, **CLOSE)


@settings(max_examples=12, deadline=None)  # a profile is some hundred fits
@given(SEEDS, TIES)
def test_firth_follows_rows_columns_and_units(seed, ties):
    c = Cohort(seed, n=30)
    there = firth_cox(c.time, c.event, c.x, NAMES, ties=ties)
    x = np.column_stack([1 - c.x[c.turn, 1], 12 * c.x[c.turn, 0] + 5])
    again = firth_cox(365.25 * c.time[c.turn], c.event[c.turn], x, NAMES[::-1], ties=ties)
    one, other = again.estimate("exposed"), there.estimate("exposed")
    assert (one.value, one.ci_low, one.ci_high) == pytest.approx(
        (-other.value, -other.ci_high, -other.ci_low), rel=1e-5
    )
    assert 12 * again.estimate("age").ci_low == pytest.approx(there.estimate("age").ci_low, rel=1e-5, abs=1e-6)
