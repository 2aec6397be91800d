import numpy as np
import pytest

from neurolupus.imaging import wmh_units

approx = pytest.approx


def test_mode_holds_still_when_outliers_join():
    rng = np.random.default_rng(1)
    tissue = rng.normal(100, 4, 20_000).astype(np.float32)
    lesions = rng.normal(160, 10, 4_000).astype(np.float32)
    assert wmh_units.mode(tissue) == approx(100, abs=1)
    assert wmh_units.mode(np.concatenate([tissue, lesions])) == approx(100, abs=1.5)
    assert np.concatenate([tissue, lesions]).mean() > 108  # what a mean would say


def test_mode_of_one_value():
    assert wmh_units.mode(np.full(50, 7.0, np.float32)) == 7.0


def test_surest_is_half_the_expected_volume():
    probability = np.linspace(0, 1, 1001, dtype=np.float32)[:, None, None]  # expected volume 500.5
    sure = wmh_units.surest(probability, np.ones_like(probability, bool))
    assert sure.sum() == 250
    assert probability[sure].min() == approx(0.751, abs=1e-6)
    assert not wmh_units.surest(np.zeros((4, 4, 4), np.float32), np.ones((4, 4, 4), bool)).any()
