"""Quality indices worked by hand."""

import numpy as np
import pytest

from neurolupus.errors import ImageContentError
from neurolupus.imaging.brain import INDEX, HeadMap
from neurolupus.imaging.quality import (
    TissueMedians,
    check_not_swapped,
    cjv,
    cnr,
    contrast_order,
    cut_area_cm2,
    efc,
    nmi,
    snr,
    tissue_medians,
)
from neurolupus.records.volume import Volume

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


def test_the_area_that_an_edge_cuts():
    image = Volume(np.ones((10, 10, 10), np.float32), np.diag([1.0, 2.0, 3.0, 1.0]))
    mask = np.zeros((10, 10, 10), bool)
    assert cut_area_cm2(mask, image) == 0.0
    mask[3:6, 3:6, 3:6] = True
    assert cut_area_cm2(mask, image) == 0.0
    mask[:, 5, 0] = True  # ten voxels below of 1 x 2 mm, one on either side of 2 x 3 mm
    assert cut_area_cm2(mask, image) == pytest.approx(0.2)
    image.data[:, :, :4] = 0  # padding: the image now ends at slice 4, where 3 x 3 voxels of the mask lie
    assert cut_area_cm2(mask, image) == pytest.approx(0.18)


def a_head(wm: float, cortex: float) -> HeadMap:
    """A head of 2 mm voxels: its left half white matter, its right half cortex."""
    shares = np.zeros((8, 16, 16, 16), np.float32)
    shares[INDEX["cerebral_wm"], :8] = 1
    shares[INDEX["cortex"], 8:] = 1
    brightness = np.where(np.arange(16)[:, None, None] < 8, wm, cortex) * np.ones((16, 16, 16))
    return HeadMap(shares, Volume(brightness.astype(np.float32), np.diag([2.0, 2.0, 2.0, 1.0])))


class TestSwapped:
    def test_a_swapped_pair_is_refused(self):
        head, flair = a_head(wm=80, cortex=82), a_head(wm=120, cortex=100).grid
        with pytest.raises(ImageContentError, match=r"0\.98 times the brightness.*1\.20 times(.|\n)*other way round"):
            check_not_swapped(head, flair, np.eye(4))

    @pytest.mark.parametrize(("t1w", "flair"), [((120, 100), (80, 82)), ((120, 100), (120, 100)), ((80, 82), (80, 82))])
    def test_other_pairs_are_left_to_the_warnings(self, t1w, flair):
        check_not_swapped(a_head(*t1w), a_head(*flair).grid, np.eye(4))

    def test_the_flair_is_looked_at_where_the_head_lies_in_it(self):
        moved = a_head(wm=120, cortex=100).grid
        by = np.eye(4)
        by[0, 3] = 40.0  # the FLAIR's own frame lies 40 mm off
        with pytest.raises(ImageContentError, match="swapped"):
            check_not_swapped(a_head(wm=80, cortex=82), Volume(moved.data, by @ moved.affine), by)


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
