"""Error SDs, reliability and error in outcomes: by hand, and as a regression on the true values would say."""

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.measurement_error import (
    expected_sd_of_logarithm,
    outcome_error,
    reliability,
    sd_of_interval,
    sd_of_logarithm,
    sd_of_reliability,
    sd_of_sdc,
)
from neurolupus.stats.regression import linear_regression

ONES = np.ones((4, 1))


def test_an_interval_is_1_96_sd_on_each_side():
    # 2 ± 0.98: SD 0.5; limits of a log volume are taken as logarithms by the caller
    assert sd_of_interval([2 - 0.979982], [2 + 0.979982]) == pytest.approx([0.5], abs=1e-6)


def test_the_smallest_detectable_change_is_1_96_root_2_sd():
    # de Vet 2006: SEM 0.5 gives SDC 1.96 × 1.4142 × 0.5 = 1.386
    assert sd_of_sdc([1.3859]) == pytest.approx([0.5], abs=1e-4)


def test_error_of_a_logarithm_is_that_of_a_lognormal_value():
    # mean exp(s²/2), SD mean × √(exp(s²) − 1): from CV back to s, for s = 0.2 and the large s = 1
    for s in (0.2, 1.0):
        cv = np.sqrt(np.exp(s**2) - 1)
        assert sd_of_logarithm([cv * 3.0], [3.0]) == pytest.approx([s], rel=1e-12)


def test_reliability_of_three_quarters_leaves_a_quarter_of_the_variance():
    # variance of 0, 2, 4 is 4; a quarter is 1
    assert sd_of_reliability([0.0, 2.0, 4.0], 0.75) == pytest.approx(1.0)


def test_reliability_beside_other_terms_is_of_the_variance_that_they_leave():
    # two groups with means 0 and 10 and values ±1 around them: residual variance 4 / 2 = 2, error 0.5
    w = np.array([-1.0, 1.0, 9.0, 11.0])
    others = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    found = reliability(w, np.full(4, np.sqrt(0.5)), others)
    assert found.conditional == pytest.approx(0.75)
    assert found.marginal == pytest.approx(1 - 0.5 / (104 / 3))  # squares about the mean 5: 36 + 16 + 16 + 36
    assert found.error_sd == pytest.approx(np.sqrt(0.5))


def test_unequal_errors_count_by_their_mean_variance():
    found = reliability([0.0, 1.0, 2.0, 3.0], [0.1, 0.1, 0.7, 0.7], ONES)
    assert found.marginal == pytest.approx(1 - 0.25 / (5 / 3))


@pytest.mark.parametrize(
    ("measured", "error", "words"),
    [
        ([0.0, 1.0, 2.0, 3.0], [1.3] * 4, "the error must be smaller"),  # variance 5/3: SD 1.29
        ([0.0, 1.0, 2.0, 3.0], [0.0] * 4, "not all zero"),
        ([0.0, 1.0, 2.0, 3.0], [0.1, -0.1, 0.1, 0.1], "from -0.1 to 0.1"),
        ([0.0, 1.0, 2.0, 3.0], [0.1] * 3, "3 error SDs for 4 measurements"),
        ([0.0, np.nan, 2.0, 3.0], [0.1] * 4, "1 missing"),
    ],
)
def test_errors_that_cannot_be_are_refused(measured, error, words):
    with pytest.raises(StatsError, match=words):
        reliability(measured, error, ONES)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sd_of_interval([2.0], [1.0]), "upper limit lies below"),
        (lambda: sd_of_sdc([-1.0]), "is -1"),
        (lambda: sd_of_logarithm([1.0], [0.0]), "positive values"),
        (lambda: sd_of_reliability([1.0, 2.0], 1.2), "reliability is 1.2"),
    ],
)
def test_what_gives_no_sd_is_refused(make, words):
    with pytest.raises(StatsError, match=words):
        make()


def test_error_in_an_outcome_hides_what_the_true_outcome_would_show():
    # 200,000 patients whose true outcome is known: R² and SE of the corrected model are those of the true one
    rng = np.random.default_rng(5)
    n = 200_000
    x = rng.normal(size=n)
    true = 0.6 * x + rng.normal(size=n)
    sd = np.where(rng.random(n) < 2 / 3, 0.8, 0.4)
    seen = true + sd * rng.normal(size=n)
    design = np.column_stack([np.ones(n), x])
    fit, ideal = (linear_regression(y, design, ["intercept", "x"]) for y in (seen, true))
    found = outcome_error(seen, sd, residual_sd=fit.residual_sd, r_squared=fit.r_squared)
    assert fit.estimate("x").value == pytest.approx(0.6, abs=0.01)  # no bias
    assert fit.r_squared < 0.9 * ideal.r_squared  # but attenuation of R²
    assert found.r_squared_corrected == pytest.approx(ideal.r_squared, rel=0.02)
    assert found.se_factor * fit.estimate("x").se == pytest.approx(ideal.estimate("x").se, rel=0.01)
    assert found.reliability == pytest.approx(true.var() / seen.var(), rel=0.01)


def test_weights_of_one_change_nothing():
    y, sd = np.array([0.0, 1.0, 2.0, 5.0]), np.array([0.2, 0.3, 0.4, 0.5])
    one = outcome_error(y, sd, residual_sd=1.5, r_squared=0.3)
    assert outcome_error(y, sd, residual_sd=1.5, r_squared=0.3, weights=np.ones(4)) == one


def test_an_error_larger_than_the_residuals_is_refused():
    with pytest.raises(StatsError, match="must be smaller"):
        outcome_error([0.0, 1.0, 2.0, 3.0], [0.5] * 4, residual_sd=0.4, r_squared=0.9)


def calibrated_slope(log_w, sd, y):
    """The slope on what is expected of each measurement: Carroll et al. 2006, chapter 4."""
    whole = log_w.var(ddof=1)
    true = whole - np.mean(sd**2)
    return np.polyfit(log_w.mean() + true / (true + sd**2) * (log_w - log_w.mean()), y, 1)[0]


@pytest.mark.parametrize("median", [0.2, 0.5])
def test_errors_of_logarithms_at_the_expected_value_give_back_the_true_slope(median):
    rng = np.random.default_rng(4)
    slopes = []
    for _ in range(60):
        log_x = np.log(median) + rng.normal(0, 1.2, 300)
        y = 0.8 * log_x + rng.normal(0, 1, 300)
        x = np.exp(log_x)
        w = x + rng.normal(0, np.hypot(0.04, 0.03 * x))
        w, y = w[w > 0.005], y[w > 0.005]
        sd = np.hypot(0.04, 0.03 * w)
        ways = (sd_of_logarithm(sd, w), expected_sd_of_logarithm(sd, w))
        slopes.append([calibrated_slope(np.log(w), one, y) for one in ways])
    as_measured, expected = np.mean(slopes, axis=0)
    assert expected == pytest.approx(0.8, abs=0.025)  # standard error of the mean of sixty: 0.006
    assert as_measured > 0.83


def test_an_error_that_is_a_share_of_the_value_is_the_same_wherever_the_value_lies():
    w = np.array([0.1, 0.4, 2.0, 30.0])
    assert expected_sd_of_logarithm(0.2 * w, w) == pytest.approx(np.full(4, np.sqrt(np.log(1.04))))


def test_without_error_or_beside_nothing_there_is_no_value_to_expect():
    assert expected_sd_of_logarithm([0.0, 0.0], [1.0, 2.0]).tolist() == [0.0, 0.0]
    assert expected_sd_of_logarithm([0.1], [1.0]) == pytest.approx(sd_of_logarithm([0.1], [1.0]))
    assert expected_sd_of_logarithm([0.1, 0.2], [1.0, 1.0]) == pytest.approx(sd_of_logarithm([0.1, 0.2], [1.0, 1.0]))
