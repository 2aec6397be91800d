"""Intervals worked by hand."""

import numpy as np
import pytest

from neurolupus.imaging.uncertainty import tissue_interval


def test_certain_tissue_leaves_the_error_of_the_method():
    interval = tissue_interval(np.ones((100, 100, 50), np.float32), np.eye(4), model_relative_sd=0.01)
    assert (interval.low_ml, interval.high_ml) == pytest.approx((500 - 9.8, 500 + 9.8))  # 1.96 x 1 % of 500 ml


def test_doubtful_voxels_by_hand():
    # 10 000 voxels of p = 0.5 and 1 µl, errors shared by 64 voxels (4 mm cube):
    # sd = sqrt(64 x 10 000 x 0.25) µl = 0.4 ml
    p = np.full((100, 10, 10), 0.5, np.float32)
    interval = tissue_interval(p, np.eye(4), model_relative_sd=0.0, correlation_mm=4.0)
    assert (interval.low_ml, interval.high_ml) == pytest.approx((5 - 1.96 * 0.4, 5 + 1.96 * 0.4))


def test_finer_voxels_do_not_make_it_surer():
    # the same 10 ml at 1 mm and at 0.5 mm: correlated errors do not average out
    coarse = tissue_interval(np.full((100, 10, 10), 0.5, np.float32), np.eye(4), model_relative_sd=0.0)
    fine = tissue_interval(
        np.full((200, 20, 20), 0.5, np.float32), np.diag([0.5, 0.5, 0.5, 1.0]), model_relative_sd=0.0
    )
    assert (fine.low_ml, fine.high_ml) == pytest.approx((coarse.low_ml, coarse.high_ml))


def test_independent_voxels_have_the_binomial_interval():
    # simulated from the definition: each voxel is tissue with its probability
    rng = np.random.default_rng(0)
    p = rng.random((20, 20, 10)).astype(np.float32)
    drawn = [(rng.random(p.shape) < p).sum() / 1000 for _ in range(2000)]
    interval = tissue_interval(p, np.eye(4), model_relative_sd=0.0, correlation_mm=1.0)
    inside = np.mean([interval.low_ml <= volume <= interval.high_ml for volume in drawn])
    assert 0.93 < inside < 0.97  # 95 %, 2000 draws: standard error 0.5 %


def test_never_below_zero():
    assert tissue_interval(np.full((2, 2, 2), 0.01, np.float32), np.eye(4), model_relative_sd=1.0).low_ml == 0.0
