"""SIMEX and regression calibration: closed forms, R (tests/reference/simex.R), and truths that are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from neurolupus.errors import StatsError
from neurolupus.stats.cox import cox_regression
from neurolupus.stats.extrapolation import extrapolate, polynomial_weights
from neurolupus.stats.logistic import logistic_regression
from neurolupus.stats.regression import linear_regression
from neurolupus.stats.regression_calibration import expected_true, regression_calibration
from neurolupus.stats.simex import simex

R = json.loads((Path(__file__).parents[2] / "reference" / "simex.json").read_text())
Z, W, SD = (np.array(R[key], float) for key in ("z", "w", "sd"))
OTHERS = np.column_stack([np.ones(len(Z)), Z])


class Noise:
    """A generator whose normal numbers are those that R used."""

    def standard_normal(self, shape):
        noise = np.array(R["noise"])
        assert noise.shape == shape
        return noise


def linear(y, *others, hc3=False):
    def refit(v, rows=slice(None)):
        x = np.column_stack([np.ones(len(v)), v, *(o[rows] for o in others)])
        fit = linear_regression(y[rows], x, ["intercept", "x", *(f"z{i}" for i in range(len(others)))])
        return fit.estimates_hc3 if hc3 else fit.estimates

    return refit


def logistic(y, *others):
    def refit(v, rows=slice(None)):
        x = np.column_stack([np.ones(len(v)), v, *(o[rows] for o in others)])
        return logistic_regression(y[rows], x, ["intercept", "x", *(f"z{i}" for i in range(len(others)))]).estimates

    return refit


def cox(time, event, *others):
    def refit(v, rows=slice(None)):
        x = np.column_stack([v, *(o[rows] for o in others)])
        return cox_regression(time[rows], event[rows], x, ["x", *(f"z{i}" for i in range(len(others)))]).estimates

    return refit


REFITS = {
    "linear": linear(np.array(R["y"]), Z),
    "logistic": logistic(np.array(R["ill"], float), Z),
    "cox": cox(np.array(R["time"]), np.array(R["event"]), Z),
}


def fitted(kind, extrapolant):
    return simex(REFITS[kind], W, SD, Noise(), extrapolant=extrapolant, replicates=len(R["noise"]))


@pytest.mark.parametrize("kind", ["linear", "logistic", "cox"])
@pytest.mark.parametrize("extrapolant", ["linear", "quadratic"])
def test_the_same_random_numbers_give_what_r_gives(kind, extrapolant):
    found, r = fitted(kind, extrapolant), R["simex"][kind]
    assert [e.value for e in found.naive] == pytest.approx(r["naive"], rel=1e-6)  # maxima of two programs
    assert found.curve == pytest.approx(np.array(r["curve"]), rel=1e-6)
    assert [e.value for e in found.estimates] == pytest.approx(r[extrapolant]["coef"], rel=1e-6)
    assert [e.se for e in found.estimates] == pytest.approx(r[extrapolant]["se"], rel=1e-5)


@pytest.mark.parametrize("kind", ["linear", "logistic", "cox"])
def test_the_quotient_is_the_one_that_nls_finds(kind):
    found = fitted(kind, "rational")
    bent = " ".join(found.notes)  # the linear model's intercept hardly changes: no quotient, and said so
    compared = [(e, r) for e, r in zip(found.estimates, R["simex"][kind]["rational"]["coef"], strict=True)
                if e.name not in bent]  # fmt: skip
    assert len(compared) >= 2
    for e, r in compared:
        # a flat curve hardly determines its quotient: three digits there, as both searches stop early
        assert e.value == pytest.approx(r, rel=1e-5 if e.name == "x" else 1e-3), e.name


@pytest.mark.parametrize("kind", ["linear", "logistic", "cox"])
def test_calibrated_values_give_what_r_gives(kind):
    r = R["calibration"]
    rng = np.random.default_rng(1)
    found = regression_calibration(REFITS[kind], W, SD, OTHERS, rng, replicates=60)
    assert found.expected == pytest.approx(r["expected"], rel=1e-9)
    assert found.reliability.conditional == pytest.approx(r["reliability"], rel=1e-9)
    assert [e.value for e in found.estimates] == pytest.approx(r[kind], rel=1e-6)


def test_a_slope_is_divided_by_the_reliability():
    # Fuller 1987, 1.2: with equal errors the corrected slope is the naive one over 1 − s² / variance
    y, sd = np.array(R["y"]), np.full(len(W), 0.5)
    rng = np.random.default_rng(1)
    found = regression_calibration(linear(y), W, sd, OTHERS[:, :1], rng, replicates=30)
    by_hand = found.naive[1].value / (1 - 0.25 / W.var(ddof=1))
    assert found.estimates[1].value == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.slow
def test_the_quotient_finds_the_slope_that_the_closed_form_has():
    # the curve is b V / (V + s² strength), V the variance as measured; at −1 that is b over the reliability
    rng = np.random.default_rng(9)
    n = 4000
    x = rng.normal(size=n)
    w, y = x + 0.5 * rng.normal(size=n), 0.8 * x + rng.normal(size=n)
    found = simex(linear(y), w, np.full(n, 0.5), rng, extrapolant="rational", replicates=100)
    by_hand = found.naive[1].value / (1 - 0.25 / w.var())
    assert found.estimates[1].value == pytest.approx(by_hand, rel=0.01)  # 100 data sets of 4000: 0.3 %


def test_lines_parabolas_and_quotients_end_where_they_should():
    s = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    curves = np.column_stack([3 - 2 * s, 1 - s + 0.25 * s**2, 6 / (3 + s)])
    assert extrapolate(s, curves, "quadratic")[:2] == pytest.approx([5, 2.25], rel=1e-12)
    assert extrapolate(s, curves, "linear")[0] == pytest.approx(5, rel=1e-12)
    assert extrapolate(s, curves, "rational")[[0, 2]] == pytest.approx([5, 3], rel=1e-6)
    assert extrapolate(s, np.full((5, 1), 0.3), "rational") == pytest.approx(
        [0.3]
    )  # nothing changes: nothing to follow
    assert polynomial_weights(s, "quadratic") @ curves[:, 1] == pytest.approx(2.25)


def test_a_curve_without_an_end_is_refused():
    s = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    with pytest.raises(StatsError, match="no stable end"):
        extrapolate(s, (1 / (1.001 + s))[:, None], "rational")
    with pytest.raises(StatsError, match="needs 3 or more"):
        extrapolate(s[:2], s[:2, None], "quadratic")
    with pytest.raises(StatsError, match="'cubic' is unknown"):
        extrapolate(s, s[:, None], "cubic")


def cohort(seed, n, kind):
    """Patients with a true value, a covariate that goes with it, and two protocols of different error."""
    rng = np.random.default_rng([11, seed])
    z = rng.integers(0, 2, n).astype(float)
    x = 0.5 * z + rng.normal(size=n)
    sd = np.where(rng.random(n) < 0.65, 0.6, 0.4)
    w = x + sd * rng.normal(size=n)
    risk = 0.8 * x + 0.5 * z
    if kind == "linear":
        refit = linear(1 + risk + rng.normal(size=n), z)
    elif kind == "logistic":
        refit = logistic((rng.random(n) < 1 / (1 + np.exp(0.5 - risk))).astype(float), z)
    else:
        time = rng.exponential(np.exp(-risk))
        end = rng.exponential(2.0, n)
        refit = cox(np.minimum(time, end), time <= end, z)
    return refit, w, sd, np.column_stack([np.ones(n), z])


def covered(estimates, true, runs):
    """How many intervals hold the truth, and whether a 95 % interval could miss as often by chance (1 in 1000)."""
    hits = sum(e.ci_low <= true <= e.ci_high for e in estimates)
    return hits, stats.binom.cdf(hits, runs, 0.95) > 0.001


def of_x(found):
    return next(e for e in found if e.name == "x")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "runs", "data_sets"), [("linear", 60, 40), ("logistic", 40, 40), ("cox", 20, 40)])
def test_naive_intervals_miss_the_truth_and_corrected_ones_hold_it(kind, runs, data_sets):
    # the effect put in is 0.8; reliability beside z is 1 / 1.29 = 0.78
    naive, corrected = [], []
    for seed in range(runs):
        refit, w, sd, _ = cohort(seed, 250, kind)
        found = simex(refit, w, sd, np.random.default_rng(seed), replicates=data_sets)
        naive.append(of_x(found.naive))
        corrected.append(of_x(found.estimates))
    assert not covered(naive, 0.8, runs)[1]
    assert np.mean([e.value for e in naive]) < 0.68
    # a parabola leaves a part of the attenuation: for this reliability 3 % of a linear model's
    assert np.mean([e.value for e in corrected]) == pytest.approx(0.8, abs=0.06)
    assert covered(corrected, 0.8, runs)[0] > 0.85 * runs


@pytest.mark.slow
def test_standard_errors_of_the_quotient_are_the_spread_of_its_estimates():
    found = []
    for seed in range(80):
        refit, w, sd, _ = cohort(seed, 250, "linear")
        found.append(of_x(simex(refit, w, sd, np.random.default_rng(seed), extrapolant="rational",
                                replicates=40).estimates))  # fmt: skip
    spread = np.std([e.value for e in found], ddof=1)
    assert np.mean([e.se for e in found]) == pytest.approx(spread, rel=0.2)  # spread itself: ± 8 %
    assert np.mean([e.value for e in found]) == pytest.approx(0.8, abs=0.02)
    assert covered(found, 0.8, 80)[1]


@pytest.mark.slow
def test_regression_calibration_holds_the_truth():
    found, z = [], []
    for seed in range(60):
        refit, w, sd, others = cohort(seed, 250, "linear")
        made = regression_calibration(refit, w, sd, others, np.random.default_rng(seed), replicates=100)
        found.append(of_x(made.estimates))
        z.append(made.estimates[2])
    assert np.mean([e.value for e in found]) == pytest.approx(0.8, abs=0.03)  # 0.09 / √60 = 0.012
    assert covered(found, 0.8, 60)[1]
    # what the error let through to the other term is taken back too: naive 0.61, truth 0.5, error 0.14 / √60 = 0.018
    assert np.mean([e.value for e in z]) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("slope", "error_variance", "spread"), [(0.8, 0.36, 1.0), (3.0, 1.0, 0.1)])
def test_the_bootstrap_error_is_that_of_fuller(slope, error_variance, spread):
    # Fuller 1987, section 2.2: error variance known, x normal, n large; the second case is all doubt about reliability
    rng = np.random.default_rng(4)
    n, s2 = 800, error_variance
    x = rng.normal(size=n)
    w, y = x + np.sqrt(s2) * rng.normal(size=n), slope * x + spread * rng.normal(size=n)
    found = regression_calibration(linear(y), w, np.full(n, np.sqrt(s2)), np.ones((n, 1)), rng, replicates=300)
    b, m = found.estimates[1].value, w.var(ddof=1) - s2
    v = np.mean((y - y.mean() - b * (w - w.mean())) ** 2)
    by_hand = np.sqrt((w.var() * v + b**2 * s2**2) / (n * m**2))  # s_uv = −b s²
    assert found.estimates[1].se == pytest.approx(by_hand, rel=0.15)  # 300 samples: ± 4 %


def test_values_with_more_error_are_drawn_further_to_what_is_expected():
    # one group, mean 0, variance 10/3 with divisor 3; mean error (0.5 + 0.5 + 0 + 0) / 4 = 0.25: true 37/12
    w = np.array([-2.0, 1.0, -1.0, 2.0])
    sd = np.sqrt([0.5, 0.5, 0.0, 0.0])
    true = 10 / 3 - 0.25
    shrunk = true / (true + 0.5)
    assert expected_true(w, sd, np.ones((4, 1))) == pytest.approx([-2 * shrunk, shrunk, -1, 2], rel=1e-12)


def test_matched_sets_are_drawn_whole():
    seen = []

    def refit(values, rows):
        seen.append(rows)
        return linear(np.array(R["y"]), Z)(values, rows)

    pairs = np.repeat(np.arange(30), 2)
    regression_calibration(refit, W, SD, OTHERS, np.random.default_rng(1), cluster=pairs, replicates=20)
    drawn = seen[5]
    assert (np.bincount(pairs[drawn], minlength=30) % 2 == 0).all()
    assert len(set(drawn)) < 60


def test_the_same_seed_gives_the_same_numbers_and_another_does_not():
    def one(seed):
        return simex(REFITS["linear"], W, SD, np.random.default_rng(seed), replicates=30).estimates[1]

    assert one(1) == one(1)
    assert one(1) != one(2)


@pytest.mark.slow
def test_more_data_sets_make_the_chance_smaller():
    few, many = (simex(REFITS["linear"], W, SD, np.random.default_rng(1), replicates=b) for b in (40, 640))
    # sixteen times as many: a quarter
    assert many.monte_carlo_se[1] / few.monte_carlo_se[1] == pytest.approx(0.25, rel=0.3)
    assert few.monte_carlo_se[1] > 0


def test_failed_fits_are_counted_and_too_many_refused():
    calls = {"n": 0, "every": 25}

    def refit(values):
        calls["n"] += 1
        if calls["n"] > 1 and calls["n"] % calls["every"] == 0:
            raise StatsError("separated")
        return REFITS["linear"](values)

    found = simex(refit, W, SD, np.random.default_rng(1), replicates=50)
    assert found.n_failed == 8  # 201 calls, each 25th after the first
    assert "8 of 200 simulated fits" in found.notes[0]
    calls.update(n=0, every=5)
    with pytest.raises(StatsError, match="40 of 200 simulated data sets could not be fitted"):
        simex(refit, W, SD, np.random.default_rng(1), replicates=50)


def test_one_failed_fit_of_the_fewest_data_sets_is_counted_and_no_more():
    calls = iter(range(200))

    def refit(values):
        if next(calls) == 30:
            raise StatsError("separated")
        return REFITS["linear"](values)

    assert simex(refit, W, SD, np.random.default_rng(1), replicates=20).n_failed == 1


def test_a_model_without_a_finite_estimate_is_refused():
    y = (W > 0).astype(float)  # separated as measured
    with pytest.raises(StatsError, match="no finite estimate"):
        simex(logistic(y), W, SD, np.random.default_rng(1), replicates=20)


def test_few_data_sets_are_refused():
    with pytest.raises(StatsError, match="20 or more"):
        simex(REFITS["linear"], W, SD, np.random.default_rng(1), replicates=5)
    with pytest.raises(StatsError, match="20 or more"):
        regression_calibration(REFITS["linear"], W, SD, OTHERS, np.random.default_rng(1), replicates=5)
