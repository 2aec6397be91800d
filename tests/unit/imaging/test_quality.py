"""Quality indices worked by hand."""

import numpy as np
import pytest

from neurolupus.imaging.quality import (
    TissueMedians,
    cjv,
    cnr,
    contrast_order,
    efc,
    mask_border_share,
    nmi,
    snr,
    tissue_medians,
)

# white matter 90, 110 (mean 100, variance 100); grey 60, 80 (mean 70, variance 100); air -5, 5 (variance 25)
IMAGE = np.array([[[90, 110, 60, 80, -5, 5]]], np.float32)
WM, GM, AIR = (np.arange(6).reshape(1, 1, 6) // 2 == n for n in range(3))
NOWHERE = np.zeros((1, 1, 6), bool)


def test_snr_by_hand():
    assert snr(IMAGE, WM) == pytest.approx(100 / (10 * np.sqrt(2)))  # SD 10 with divisor n = 2


def test_cnr_by_hand():
    assert cnr(IMAGE, WM, GM, AIR) == pytest.approx(30 / 15)  # sqrt(100 + 100 + 25)
    assert cnr(IMAGE, WM, GM, NOWHERE) == pytest.approx(30 / np.sqrt(200))


def test_cjv_by_hand():
    assert cjv(IMAGE, WM, GM) == pytest.approx(20 / 30)


def test_indices_without_voxels_or_spread_are_unknown():
    assert snr(IMAGE, NOWHERE) is None
    assert snr(np.ones((1, 1, 6), np.float32), WM) is None
    assert cnr(IMAGE, NOWHERE, GM, AIR) is None
    assert cjv(np.ones((1, 1, 6), np.float32), WM, GM) is None


def test_efc_of_one_bright_voxel_and_of_an_even_image():
    point = np.zeros((4, 4, 4), np.float32)
    assert efc(point) is None
    point[1, 2, 3] = 7.0
    assert efc(point) == pytest.approx(0.0)
    assert efc(np.full((4, 4, 4), 3.0, np.float32)) == pytest.approx(1.0)


class TestNormalisedMutualInformation:
    def test_one_to_one_has_2_in_either_direction(self):
        assert nmi(np.diag([3, 9, 1])) == pytest.approx(2.0)
        assert nmi(np.diag([3, 9, 1])[::-1]) == pytest.approx(2.0)

    def test_unrelated_images_have_1(self):
        assert nmi(np.outer([1, 2, 3], [4, 5])) == pytest.approx(1.0)

    def test_two_bits_by_hand(self):
        # pairs (0,0) twice, (0,1) twice, (1,0) once, (1,1) once
        h_a = -(4 / 6 * np.log(4 / 6) + 2 / 6 * np.log(2 / 6))
        h_b = np.log(2)
        h_ab = -(2 * 2 / 6 * np.log(2 / 6) + 2 * 1 / 6 * np.log(1 / 6))
        assert nmi(np.array([[2, 2], [1, 1]])) == pytest.approx((h_a + h_b) / h_ab)

    def test_constant_and_empty_images(self):
        assert nmi(np.array([[7, 0], [0, 0]])) == 1.0
        assert nmi(np.zeros((2, 2), int)) == 1.0


def test_border_share():
    mask = np.zeros((10, 10, 10), bool)
    assert mask_border_share(mask) == 0.0
    mask[3:6, 3:6, 3:6] = True
    assert mask_border_share(mask) == 0.0
    mask[5, 5, :] = True  # 27 + 7 voxels, two of them on the edge
    assert mask_border_share(mask) == pytest.approx(2 / 34)


class TestContrastOrder:
    t1w = TissueMedians(gm=60.0, wm=90.0, csf=20.0)
    flair = TissueMedians(gm=100.0, wm=80.0, csf=15.0)

    def test_a_good_pair_is_silent(self):
        assert contrast_order(self.t1w, self.flair) == ()
        assert contrast_order(self.t1w, None) == ()

    def test_a_swapped_pair_is_called_swapped(self):
        (warning,) = contrast_order(self.flair, self.t1w)
        assert "look swapped" in warning
        assert "other way round" in warning

    def test_two_t1w_are_not_called_swapped(self):
        (warning,) = contrast_order(self.t1w, self.t1w)
        assert warning.startswith("The FLAIR does not look like one")

    def test_two_flairs(self):
        (warning,) = contrast_order(self.flair, self.flair)
        assert warning.startswith("The T1w does not look like one")

    def test_a_t2w_with_bright_fluid_is_no_flair(self):
        (warning,) = contrast_order(self.t1w, TissueMedians(gm=60.0, wm=40.0, csf=120.0))
        assert "fluid darkest" in warning

    def test_medians_by_hand_and_unknown(self):
        assert tissue_medians(IMAGE, GM, WM, AIR) == TissueMedians(gm=70.0, wm=100.0, csf=0.0)
        assert tissue_medians(IMAGE, GM, WM, NOWHERE) is None
