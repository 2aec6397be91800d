"""Volumes worked by hand."""

import numpy as np
import pytest

from neurolupus.errors import ImageContentError
from neurolupus.imaging.volumes import mask_volume_ml, probability_volume_ml, voxel_volume_ml


def ball(radius_mm: float, n: int = 15) -> np.ndarray:
    axes = np.ogrid[tuple(slice(-(n // 2), n // 2 + 1) for _ in range(3))]
    return np.asarray(sum(a**2 for a in axes) <= radius_mm**2)


def test_voxel_of_a_2d_flair():
    assert voxel_volume_ml(np.diag([1.0, 1.0, 3.6, 1.0])) == pytest.approx(0.0036)  # 1 x 1 x 3.6 mm


def test_shear_keeps_and_reflection_does_not_negate_the_volume():
    affine = np.diag([-2.0, 3.0, 4.0, 1.0])
    affine[0, 1] = 1.7
    assert voxel_volume_ml(affine) == pytest.approx(0.024)  # 2 x 3 x 4 mm


def test_ball_of_5_mm_on_1_mm_grid():
    # 4/3 π 5³ = 0.524 mL; counting voxel centres gives 0.515 (-1.6 %): grid error, not ours
    assert mask_volume_ml(ball(5), np.eye(4)) == pytest.approx(0.524, rel=0.02)
    assert mask_volume_ml(ball(5), np.eye(4)) == pytest.approx(0.515)


def test_an_empty_mask_has_no_volume():
    assert mask_volume_ml(np.zeros((4, 5, 6), bool), np.eye(4)) == 0.0


def test_the_threshold_itself_counts():
    probability = np.array([[[0.1, 0.2, 0.3]]], np.float32)
    assert mask_volume_ml(probability >= 0.2, np.eye(4)) == pytest.approx(0.002)
    assert mask_volume_ml(probability >= 0.3, np.eye(4)) == pytest.approx(0.001)


def test_probabilities_of_many_voxels_add_up_in_double_precision():
    # 0.1 in float32 is 0.100000001490116; 2 million of them in float32 would be off by far more
    volume = probability_volume_ml(np.full((200, 100, 100), 0.1, np.float32), np.eye(4))
    assert volume == pytest.approx(200.00000298, abs=1e-6)


def test_probability_within_a_mask():
    probability = np.array([[[0.5, 0.25, 1.0]]], np.float32)
    assert probability_volume_ml(probability, np.eye(4), probability < 1) == pytest.approx(0.00075)


@pytest.mark.parametrize("bad", [np.nan, 1.5, -0.5, 100.0])
def test_values_that_are_no_probabilities(bad):
    data = np.array([[[0.0, bad]]], np.float32)
    with pytest.raises(ImageContentError, match="between 0 and 1"):
        probability_volume_ml(data, np.eye(4))


def test_a_label_map_is_no_mask():
    with pytest.raises(ImageContentError, match=r"type int64; bool is needed"):
        mask_volume_ml(np.ones((2, 2, 2), np.int64), np.eye(4))


def test_four_dimensions():
    with pytest.raises(ImageContentError, match=r"\(2, 2, 2, 1\)"):
        mask_volume_ml(np.ones((2, 2, 2, 1), bool), np.eye(4))
