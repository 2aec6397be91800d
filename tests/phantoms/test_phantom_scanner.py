"""Noise, shading and motion of the simulated scanner against their formulas."""

import numpy as np
import pytest

from neurolupus.imaging.acquisition import Sampling, coil_shading, shaken, smooth_field, with_rician_noise
from neurolupus.imaging.contrast import CONTRASTS, Contrast, random_contrast
from neurolupus.imaging.labels import KINDS

RNG = np.random.default_rng


def test_noise_in_air_is_rayleigh():
    # mean of |n1 + i n2| is sd sqrt(π / 2); 10⁶ voxels: standard error 0.05 %
    air = with_rician_noise(np.zeros((100, 100, 100), np.float32), 0.03, RNG(0))
    assert air.mean() == pytest.approx(0.03 * np.sqrt(np.pi / 2), rel=0.003)


def test_noise_in_tissue_has_its_sd_and_the_known_bias():
    # at high signal: mean = S + sd² / (2 S), SD = sd (Gudbjartsson and Patz 1995, eq. 3)
    tissue = with_rician_noise(np.ones((100, 100, 100), np.float32), 0.05, RNG(0))
    assert tissue.std() == pytest.approx(0.05, rel=0.01)
    assert tissue.mean() == pytest.approx(1 + 0.05**2 / 2, abs=2e-4)


def test_without_noise_the_image_is_untouched():
    image = np.ones((3, 3, 3), np.float32)
    assert with_rician_noise(image, 0.0, RNG(0)) is image


def sampling(n=60, voxel=3.0):
    return Sampling((n, n, n), np.diag([voxel, voxel, voxel, 1.0]), 1)


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.6])
def test_shading_has_its_width_about_1(strength):
    field = coil_shading(sampling(), strength, RNG(1))[10:-10, 10:-10, 10:-10]
    low, middle, high = np.percentile(np.log(field), [5, 50, 95])
    assert high - low == pytest.approx(strength, rel=0.1)
    assert middle == pytest.approx(0.0, abs=0.1 * strength)


def test_shading_is_smooth_and_none_is_none():
    field = coil_shading(sampling(), 0.4, RNG(2))
    assert np.abs(np.diff(np.log(field), axis=0)).max() < 0.4 / 4  # no step within one voxel of 3 mm
    assert (coil_shading(sampling(), 0.0, RNG(2)) == 1).all()


def test_smooth_field_hits_its_knots_and_the_line_between():
    field = smooth_field((5, 1, 3), np.array([[[0.0, 1.0]], [[4.0, 5.0]]], np.float32))
    assert field[:, 0, 0] == pytest.approx([0, 1, 2, 3, 4])
    assert field[2, 0] == pytest.approx([2, 2.5, 3])


def test_motion_moves_nothing_when_the_head_is_still_and_keeps_the_mean_when_not():
    image = np.zeros((40, 44, 3), np.float32)
    image[12:28, 14:30] = 1.0
    assert shaken(image, np.ones(3), 0.0, RNG(0)) is image
    moved = shaken(image, np.ones(3), 2.0, RNG(0))
    assert moved.shape == image.shape
    assert np.abs(moved - image).max() > 0.05  # ghosts
    assert moved[16:24, 18:26].mean() == pytest.approx(1.0, abs=0.1)
    assert moved[:5].mean() > image[:5].mean()


class TestContrast:
    @pytest.mark.parametrize("contrast", CONTRASTS.values(), ids=lambda c: c.name)
    def test_presets_look_like_a_t1w_and_a_flair(self, contrast):
        t1w, flair = contrast.t1w, contrast.flair
        assert t1w["cerebral_wm"] > t1w["wmh"] > t1w["outer_csf"]
        assert t1w["cerebral_wm"] > t1w["cortex"] > t1w["outer_csf"]
        assert flair["wmh"] > flair["cortex"] > flair["cerebral_wm"] > flair["outer_csf"]

    def test_random_contrasts_do_too_and_differ(self):
        drawn = [random_contrast(RNG(seed)) for seed in range(50)]
        for contrast in drawn:
            t1w, flair = contrast.t1w, contrast.flair
            assert t1w["cerebral_wm"] > t1w["cortex"] > t1w["outer_csf"] > 0
            assert flair["wmh"] > flair["cortex"] > flair["cerebral_wm"] > flair["outer_csf"]
        assert len({c.t1w["cortex"] for c in drawn}) == 50
        assert len({c.t1w["skin"] for c in drawn}) == 50

    def test_every_kind_of_tissue_needs_a_mean(self):
        means = dict(CONTRASTS["mprage_3t"].t1w)
        del means["skin"]
        with pytest.raises(ValueError, match="skin"):
            Contrast("without skin", means, CONTRASTS["mprage_3t"].flair)
        assert set(KINDS) < set(CONTRASTS["mprage_3t"].t1w)
