"""Worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from neurolupus.imaging.wmh_calibration import FLOOR_ML, Calibration, Noise, RescanNoise, calibration

MADE_UP = Calibration(
    scale=2.0, shift=-1.0, operating_point=0.35, operating_peak=0.8, low=-1.0, high=2.0, spread=(0.1, 0.2),
    noise=RescanNoise(Noise(0.3, 0.4), Noise(0.03, 0.1)),
    operating_noise=RescanNoise(Noise(0.2, 0.1), Noise(0.03, 0.1)), existence=(1.0, 0.5),
)  # fmt: skip


def test_probability_is_the_logistic_of_the_scaled_score():
    found = MADE_UP.probability(np.array([0.5, 1.0], np.float32))
    assert found == pytest.approx([0.5, 1 / (1 + np.exp(-1))])


def test_interval_is_the_error_of_like_scans_times_the_spread():
    # expected 0.9 ml: spread 0.1 + 0.2 / sqrt(1.0) = 0.3; limits 1.0 * exp(-0.3) - 0.1 and 1.0 * exp(0.6) - 0.1
    interval = MADE_UP.interval(1.0 - FLOOR_ML)
    assert (interval.low_ml, interval.high_ml) == pytest.approx((np.exp(-0.3) - 0.1, np.exp(0.6) - 0.1))
    assert "simulated" in interval.method


def test_limits_never_fall_while_the_volume_grows():
    # spread 0.1 + 0.5 / sqrt(0.1) = 1.681 where nothing is found: 0.1 * exp(3.362) - 0.1
    # 0.1 + 0.5 / sqrt(0.25) = 1.1 at 0.15 ml: 0.25 * exp(2.2) - 0.1 = 2.156 would be less
    wide = replace(MADE_UP, spread=(0.1, 0.5))
    assert wide.interval(0.0).high_ml == pytest.approx(2.785, abs=1e-3)
    assert wide.interval(0.15).high_ml == wide.interval(0.0).high_ml
    limits = [wide.interval(ml) for ml in np.linspace(0, 5, 101)]
    assert (np.diff([one.low_ml for one in limits]) >= 0).all()
    assert (np.diff([one.high_ml for one in limits]) >= 0).all()
    assert limits[-1].high_ml > limits[0].high_ml


def test_no_volume_is_less_than_nothing():
    assert MADE_UP.interval(0.0).low_ml == 0.0


def test_smallest_real_change():
    # 1 ml: sd sqrt(0.3² + 0.4²) = 0.5, times 1.96 √2
    assert MADE_UP.noise.of("2D").smallest_real_change_ml(1.0) == pytest.approx(1.96 * 2**0.5 * 0.5)
    assert MADE_UP.noise.of("3D").smallest_real_change_ml(0.0) == pytest.approx(1.96 * 2**0.5 * 0.03)
    assert MADE_UP.noise.of(None) == Noise(0.3, 0.4)  # the larger


@pytest.mark.parametrize("dimension", ["2D", "3D"])
def test_the_shipped_noise_is_never_less_than_that_of_real_rescans(dimension):
    # Guo 2019: 3 %
    for noise in (calibration().noise.of(dimension), calibration().operating_noise.of(dimension)):
        assert noise.relative >= 0.03
        assert noise.floor_ml > 0


def test_confidence():
    assert MADE_UP.confidence(0.5) == pytest.approx(1 / (1 + np.exp(-1)))  # logit 0
    assert MADE_UP.confidence(0.8) == pytest.approx(1 / (1 + np.exp(-(1 + 0.5 * np.log(4)))))
    assert 0 < MADE_UP.confidence(0.0) < MADE_UP.confidence(1.0) < 1
