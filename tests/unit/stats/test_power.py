"""Minimum detectable effects, Wilson limits and simulated error rates; numbers of R in tests/reference/regression.R."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from neurolupus.errors import StatsError
from neurolupus.stats.power import minimum_detectable_effect, simulate_rejections, wilson_interval
from neurolupus.stats.tests import student_t

R = json.loads((Path(__file__).parents[2] / "reference" / "regression.json").read_text())


def test_minimum_detectable_effect_by_the_noncentral_t():
    assert [minimum_detectable_effect(1.0, df=df) for df in (20, 149)] == pytest.approx(R["mde"])


def test_wilson_limits_are_those_of_prop_test():
    found = [limit for x, n in ((47, 1000), (3, 40)) for i in [wilson_interval(x, n)] for limit in (i.low, i.high)]
    assert found == pytest.approx(R["wilson"])


def test_t_test_keeps_its_level_and_finds_what_it_should():
    def trial(rng, shift):
        return student_t(rng.normal(size=20), rng.normal(shift, 1, size=20)).p_value

    rng = np.random.default_rng(11)
    null = simulate_rejections(lambda g: trial(g, 0.0), 1000, rng)
    assert null.ci_low < 0.05 < null.ci_high
    # power.t.test(n = 20, delta = 1) gives 0.8689528
    power = simulate_rejections(lambda g: trial(g, 1.0), 1000, rng)
    assert power.ci_low < 0.8690 < power.ci_high


def test_the_minimum_detectable_effect_of_two_groups_is_that_of_power_t_test():
    found = minimum_detectable_effect(np.sqrt(2 / 20), df=38)
    assert [found, found] == pytest.approx(R["mde38"])


def test_failed_studies_are_no_rejections_and_are_counted():
    found = simulate_rejections(lambda g: None if g.random() < 0.5 else 0.01, 400, np.random.default_rng(2))
    assert found.rejected + found.n_failed == 400
    assert found.rate == found.rejected / 400
    assert "could not be analysed" in found.notes[0]


def test_same_seed_same_rate():
    rates = [simulate_rejections(lambda g: g.random(), 300, np.random.default_rng(5)).rate for _ in range(2)]
    assert rates[0] == rates[1]


def test_bad_requests_are_refused():
    with pytest.raises(StatsError, match="at least 1"):
        simulate_rejections(lambda g: 0.5, 0, np.random.default_rng(1))
    with pytest.raises(StatsError, match=r"p = 1\.5"):
        simulate_rejections(lambda g: 1.5, 1, np.random.default_rng(1))
    with pytest.raises(StatsError, match="positive error"):
        minimum_detectable_effect(0.0)
    with pytest.raises(StatsError, match="no proportion"):
        wilson_interval(5, 4)


@pytest.mark.parametrize("df", [3, 20, 300])
@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.001])
def test_the_minimum_detectable_effect_has_the_power_asked_for_at_any_alpha(df, alpha):
    effect = minimum_detectable_effect(1.0, df=df, alpha=alpha)
    critical = stats.t.ppf(1 - alpha / 2, df)

    def chance(v):
        """Of |t| beyond the critical value where the residual variance is v/df of the true one."""
        limit = critical * np.sqrt(v / df)
        return (stats.norm.sf(limit - effect) + stats.norm.cdf(-limit - effect)) * stats.chi2.pdf(v, df)

    power, _ = integrate.quad(chance, 0, stats.chi2.ppf(1 - 1e-13, df), points=[df], limit=200)
    assert power == pytest.approx(0.8, abs=1e-6)
