"""Sample sizes by hand, and against a search in R 4.2.2: tests/reference/kappa.R."""

import json
from pathlib import Path

import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.precision import limit_half_width, mean_half_width, n_for_limits, n_for_mean

R = json.loads((Path(__file__).parents[2] / "reference" / "kappa.json").read_text())


def test_mean_by_hand():
    # n = 38: t(37) = 2.0262, 2.0262 x 0.15 / 6.1644 = 0.0493; n = 37: t(36) = 2.0281, / 6.0828 = 0.05001
    assert mean_half_width(38, 0.15) == pytest.approx(0.0493, abs=5e-5)
    assert mean_half_width(37, 0.15) == pytest.approx(0.05001, abs=5e-6)
    assert n_for_mean(0.15, 0.05) == 38


def test_a_limit_of_bland_and_altman_1986():
    # Their example: 17 people, s = 38.8 l/min: standard error of a limit √(3 x 38.8² / 17) = 16.3, t = 2.12
    assert limit_half_width(17, 38.8) == pytest.approx(2.12 * 16.3, abs=0.1)


def test_against_a_search_in_r():
    assert [n_for_mean(0.15, 0.05), n_for_mean(0.21, 0.02)] == R["n_mean"]
    assert [n_for_limits(1.0, 0.5), n_for_limits(1.0, 0.34)] == R["n_limits"]


def test_no_spread_needs_two_and_no_width_is_refused():
    assert n_for_mean(0.0, 0.05) == 2
    with pytest.raises(StatsError, match="half-width of 0 "):
        n_for_mean(0.1, 0.0)
    with pytest.raises(StatsError, match="more than 10,000,000"):
        n_for_mean(1000.0, 1e-6)
