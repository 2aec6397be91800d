"""Agreement against published tables and masks worked by hand."""

import numpy as np
import pytest

from neurolupus.errors import GridMismatchError, TableError
from neurolupus.imaging.agreement import (
    dice,
    hausdorff95_mm,
    icc_agreement,
    icc_consistency,
    segmentation_agreement,
    volume_agreement,
)

# Bland and Altman (1986), Lancet 327:307, table: peak expiratory flow of 17 people, first readings, l/min
WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427], float)
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451], float)

# Shrout and Fleiss (1979), Psychol Bull 86:420, table 2: six targets rated by four judges
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)


def empty() -> np.ndarray:
    return np.zeros((12, 10, 8), bool)


class TestVolumes:
    def test_peak_flow_of_bland_and_altman(self):
        result = volume_agreement(MINI, WRIGHT)  # differences large meter - mini meter, as printed
        assert result.n == 17
        assert result.bias == pytest.approx(-2.1, abs=0.05)
        assert result.sd == pytest.approx(38.8, abs=0.05)
        # printed with 2 sd: -79.7 and 75.5; ours has 1.96 sd
        assert result.bias - 2 * result.sd == pytest.approx(-79.7, abs=0.1)
        assert result.bias + 2 * result.sd == pytest.approx(75.5, abs=0.1)
        assert result.limits_low == pytest.approx(-2.1176 - 1.96 * 38.7651, abs=1e-2)

    def test_intervals_of_bland_and_altman(self):
        # printed: bias -22.0 to 17.8; lower limit -114.3 to -45.1, upper 40.9 to 110.1, about limits of 2 sd
        result = volume_agreement(MINI, WRIGHT)
        assert (result.bias_low, result.bias_high) == pytest.approx((-22.0, 17.8), abs=0.1)
        width = result.limits_high_interval[1] - result.limits_high_interval[0]
        assert width == pytest.approx(110.1 - 40.9, abs=0.5)
        assert result.limits_low_interval[1] - result.limits_low_interval[0] == pytest.approx(width)

    def test_correlation_of_bland_and_altman(self):
        assert volume_agreement(MINI, WRIGHT).pearson_r == pytest.approx(0.94, abs=0.005)  # printed r = 0.94

    def test_intraclass_correlations_of_shrout_and_fleiss(self):
        assert icc_agreement(SHROUT_FLEISS) == pytest.approx(0.29, abs=0.005)  # ICC(2,1), table 4
        assert icc_consistency(SHROUT_FLEISS) == pytest.approx(0.71, abs=0.005)  # ICC(3,1)

    def test_a_constant_offset_by_hand(self):
        result = volume_agreement(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]))
        assert (result.bias, result.sd, result.sdc) == (1.0, 0.0, 0.0)
        assert result.icc31 == pytest.approx(1.0)
        assert result.icc21 == pytest.approx(2 / 3)  # MSB 2, MSR 1.5, MSE 0: 2 / (2 + 2 * 1.5 / 3)
        assert result.ccc == pytest.approx((4 / 3) / (7 / 3))  # 2 s_ab / (s_a² + s_b² + bias²), divisor n
        assert result.cv == pytest.approx(np.sqrt(0.5) / 2.5)

    def test_missing_values_drop_their_pair_and_are_counted(self):
        result = volume_agreement(np.array([1.0, np.nan, 3.0, 4.0]), np.array([1.0, 2.0, np.nan, 5.0]))
        assert (result.n, result.n_dropped) == (2, 2)
        assert result.bias == pytest.approx(0.5)

    def test_without_variance_correlations_are_unknown_not_zero(self):
        result = volume_agreement(np.full(3, 7.0), np.full(3, 7.0))
        assert result.bias == 0.0
        assert result.icc21 is result.icc31 is result.pearson_r is result.ccc is None

    def test_one_pair_is_not_enough(self):
        with pytest.raises(TableError, match="1 of 2 pairs"):
            volume_agreement(np.array([1.0, 2.0]), np.array([1.0, np.nan]))

    def test_columns_of_different_length(self):
        with pytest.raises(TableError, match=r"\(2,\) and \(3,\)"):
            volume_agreement(np.zeros(2), np.zeros(3))


class TestSegmentations:
    def test_two_lesions_one_found_one_invented(self):
        a, b = empty(), empty()
        a[0:2, 0:2, 0:2] = True  # 8 voxels, found with 4
        a[5, 5, 5] = True  # missed
        b[1:2, 0:2, 0:2] = True
        b[9, 9, 7] = True  # invented
        result = segmentation_agreement(a, b, np.diag([2.0, 1.0, 1.0, 1.0]))
        assert result.dice == pytest.approx(2 * 4 / (9 + 5))
        assert (result.volume_a_ml, result.volume_b_ml) == pytest.approx((0.018, 0.010))
        assert result.volume_error_ml == pytest.approx(-0.008)
        assert result.relative_volume_error == pytest.approx(-8 / 18)
        assert (result.lesion_recall, result.lesion_precision, result.lesion_f1) == (0.5, 0.5, 0.5)

    def test_voxels_that_touch_at_a_corner_are_one_lesion(self):
        a = empty()
        a[0, 0, 0] = a[1, 1, 1] = True
        assert segmentation_agreement(a, a, np.eye(4)).lesions_a == 1

    def test_small_lesions_are_neither_missed_nor_invented_but_still_touch(self):
        a, b = empty(), empty()
        a[0:3, 0, 0] = True
        b[0, 0, 0] = True  # 1 µl, touches the lesion of 3 µl
        b[9, 9, 7] = True
        result = segmentation_agreement(a, b, np.eye(4), min_lesion_ml=0.003)
        assert (result.lesions_a, result.lesions_b) == (1, 0)
        assert result.lesion_recall == 1.0
        assert result.lesion_precision is None

    def test_both_empty_agree(self):
        result = segmentation_agreement(empty(), empty(), np.eye(4))
        assert (result.dice, result.lesion_f1, result.volume_error_ml) == (1.0, 1.0, 0.0)
        assert result.relative_volume_error is result.hausdorff95_mm is result.lesion_recall is None

    def test_one_empty_disagrees(self):
        a = empty()
        a[0, 0, 0] = True
        missed = segmentation_agreement(a, empty(), np.eye(4))
        assert (missed.dice, missed.lesion_f1, missed.relative_volume_error) == (0.0, 0.0, -1.0)
        invented = segmentation_agreement(empty(), a, np.eye(4))
        assert invented.relative_volume_error is invented.lesion_recall is None
        assert invented.lesion_precision == 0.0

    def test_distance_of_two_voxels_is_physical(self):
        a, b = empty(), empty()
        a[0, 0, 0] = b[0, 0, 2] = True
        assert hausdorff95_mm(a, b, np.diag([1.0, 1.0, 3.6, 1.0])) == pytest.approx(7.2)

    def test_distance_of_shifted_planes(self):
        a, b = empty(), empty()
        a[2], b[5] = True, True
        assert hausdorff95_mm(a, b, np.diag([1.5, 1.0, 1.0, 1.0])) == pytest.approx(4.5)

    def test_five_per_cent_of_outliers_are_forgiven(self):
        a = np.zeros((30, 10, 10), bool)
        a[0] = True
        b = a.copy()
        b[29, 0, 0] = True  # 1 of 101 surface voxels
        assert hausdorff95_mm(a, b, np.eye(4)) == 0.0

    def test_shapes_must_match(self):
        with pytest.raises(GridMismatchError, match="one grid"):
            segmentation_agreement(empty(), empty()[1:], np.eye(4))

    def test_dice_of_half_overlap(self):
        assert dice(np.array([1, 1, 0], bool), np.array([0, 1, 1], bool)) == 0.5
