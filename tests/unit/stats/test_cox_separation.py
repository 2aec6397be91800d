"""Cox models at their limits: levels without events, columns of extreme scale, terms that cannot be told apart."""

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.cox import cox_regression

N = 60
RANDOM = np.random.default_rng(3)
TIME = np.ceil(RANDOM.exponential(size=N) * 10)
EVENT = RANDOM.random(N) < 0.7
X = RANDOM.normal(size=N)
RARE = (np.arange(N) % 6 == 0).astype(float)
BOTH = np.column_stack([X, RARE])


@pytest.mark.parametrize("errors", ["model", "robust"])
def test_a_level_without_events_leaves_the_others_as_if_its_rows_were_gone(errors):
    event = EVENT & (RARE == 0)
    found = cox_regression(TIME, event, BOTH, ["x", "rare"], errors=errors)
    rest = RARE == 0
    without = cox_regression(TIME[rest], event[rest], X[rest, None], ["x"], errors=errors)
    assert found.separated == ("rare",)
    assert found.estimate("x").value == pytest.approx(without.estimate("x").value, rel=1e-6)
    assert found.estimate("x").se == pytest.approx(without.estimate("x").se, rel=1e-6)
    one = found.estimate("rare")
    assert (one.value, one.ci_low, one.ci_high, one.se) == (-np.inf, -np.inf, np.inf, np.inf)
    by_name = {test.method: test for test in found.tests}
    assert by_name["likelihood ratio"].p_value < 0.05  # stays valid, where Wald's is not
    assert np.isnan(by_name["Wald"].p_value)


def test_events_in_one_level_only():
    found = cox_regression(TIME, EVENT & (RARE == 1), BOTH, ["x", "rare"])
    assert found.separated == ("rare",)
    assert found.estimate("rare").value == np.inf


def test_a_reference_level_without_events_makes_all_levels_infinite():
    third = np.arange(N) % 3
    design = np.column_stack([X, third == 1, third == 2]).astype(float)
    found = cox_regression(TIME, EVENT & (third != 0), design, ["x", "b", "c"])
    assert found.separated == ("b", "c")
    with pytest.raises(StatsError, match="b, c has no finite estimate"):
        found.baseline_hazard()


def test_a_covariate_that_orders_the_events():
    found = cox_regression(np.arange(1.0, N + 1), np.ones(N), -np.arange(N)[:, None].astype(float), ["m"])
    assert found.separated == ("m",)


def test_extreme_units_are_no_separation():
    plain = cox_regression(TIME, EVENT, BOTH, ["x", "rare"])
    scaled = cox_regression(TIME, EVENT, BOTH * [1e9, 1e-7] + [1e10, 0], ["x", "rare"])
    assert scaled.separated == ()
    assert scaled.coefficients * [1e9, 1e-7] == pytest.approx(plain.coefficients, rel=1e-5)


def test_one_extreme_patient_does_not_stop_the_fit():
    x = X.copy()
    x[0] = 500.0
    assert np.isfinite(cox_regression(TIME, EVENT, x[:, None], ["x"]).estimates[0].se)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strata": np.arange(N)}, "x, rare never differs among those at risk together"),
        ({"weights": np.where(RARE > 0, 0.0, 1.0)}, "rare never differs"),
        ({"cluster": [1, 2]}, "2 labels of cluster for 60 rows"),
        ({"strata": np.where(RARE > 0, np.nan, 1.0)}, "strata is missing in 10 of 60 rows"),
        ({"weights": [1, 2]}, "2 weights for 60 rows"),
    ],
)
def test_what_cannot_be_estimated(options, words):
    with pytest.raises(StatsError, match=words):
        cox_regression(TIME, EVENT, BOTH, ["x", "rare"], **options)


def test_no_term_at_all():
    with pytest.raises(StatsError, match="no term"):
        cox_regression(TIME, EVENT, np.zeros((N, 0)), [])


def test_two_clusters_give_no_test_of_two_terms():
    found = cox_regression(TIME, EVENT, BOTH, ["x", "rare"], cluster=np.arange(N) % 2)
    by_name = {test.method: test.p_value for test in found.tests}
    assert np.isnan(by_name["Wald"])
