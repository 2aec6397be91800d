"""Volumes and grids, worked by hand."""

import dataclasses

import numpy as np
import pytest

from neurolupus.errors import GridMismatchError, ImageContentError
from neurolupus.records.volume import Volume, check_same_grid, is_same_grid


def a_volume(shape=(4, 5, 6), affine=None) -> Volume:
    return Volume(np.zeros(shape, np.float32), np.eye(4) if affine is None else np.asarray(affine, np.float64))


def turned_about_z(degrees: float) -> np.ndarray:
    affine = np.eye(4)
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    affine[:2, :2] = [[c, -s], [s, c]]
    return affine


def test_voxel_of_the_papers_2d_flair():
    flair = a_volume(affine=np.diag([1.0, 1.0, 3.6, 1.0]))
    assert flair.voxel_size_mm == pytest.approx((1.0, 1.0, 3.6))
    assert flair.voxel_volume_ml == pytest.approx(0.0036)  # 1 x 1 x 3.6 mm


def test_a_turn_changes_neither_size_nor_volume():
    turned = a_volume(affine=turned_about_z(30) @ np.diag([2.0, 3.0, 4.0, 1.0]))
    assert turned.voxel_size_mm == pytest.approx((2.0, 3.0, 4.0))
    assert turned.voxel_volume_ml == pytest.approx(0.024)


def test_shear_lengthens_an_edge_and_keeps_the_volume():
    affine = np.diag([3.0, 1.0, 1.0, 1.0])
    affine[0, 1] = 1.0  # the second edge runs along (1, 1, 0): root of 2 long
    sheared = a_volume(affine=affine)
    assert sheared.voxel_size_mm == pytest.approx((3.0, np.sqrt(2), 1.0))
    assert sheared.voxel_volume_ml == pytest.approx(0.003)  # base times height: 3 x 1 x 1 mm


def test_a_mirrored_grid_has_a_positive_volume():
    assert a_volume(affine=np.diag([-2.0, 1.0, 1.0, 1.0])).voxel_volume_ml == pytest.approx(0.002)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 6, 2)])
def test_only_three_dimensions_are_a_volume(shape):
    with pytest.raises(ImageContentError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
        a_volume(shape)


@pytest.mark.parametrize(
    "affine",
    [np.zeros((4, 4)), np.diag([1.0, 1.0, 0.0, 1.0]), np.full((4, 4), np.nan), np.eye(3)],
    ids=["zeros", "flat", "nan", "3x3"],
)
def test_an_affine_that_places_nothing_is_refused(affine):
    with pytest.raises(ImageContentError, match="no invertible 4 x 4 matrix"):
        a_volume(affine=affine)


def test_a_list_is_taken_as_an_affine_in_double_precision():
    volume = Volume(np.zeros((2, 2, 2)), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    assert volume.affine.dtype == np.float64


def test_a_volume_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        a_volume().affine = np.eye(4)


def test_other_data_lie_at_the_same_place():
    affine = turned_about_z(10)
    other = a_volume(affine=affine).with_data(np.ones((4, 5, 6), bool))
    assert other.data.all()
    np.testing.assert_array_equal(other.affine, affine)


def test_other_data_must_have_the_same_shape():
    with pytest.raises(GridMismatchError, match=r"\(4, 5, 7\).*\(4, 5, 6\)"):
        a_volume().with_data(np.zeros((4, 5, 7)))


@pytest.mark.parametrize(("shift_mm", "same"), [(0.0009, True), (0.0011, False)])
def test_grids_are_the_same_within_a_micrometre(shift_mm, same):
    moved = np.eye(4)
    moved[0, 3] = shift_mm
    assert is_same_grid(a_volume(), a_volume(affine=moved)) is same


def test_a_small_turn_is_seen_at_the_far_corner():
    # 0.005 degrees move a point 200 mm away by 0.017 mm and the nearest voxels by next to nothing
    shape = (200, 5, 5)
    assert not is_same_grid(a_volume(shape), a_volume(shape, turned_about_z(0.005)))
    assert is_same_grid(a_volume(shape), a_volume(shape, turned_about_z(0.005)), tolerance_mm=0.02)


def test_grids_of_two_shapes_are_never_the_same():
    assert not is_same_grid(a_volume((4, 5, 6)), a_volume((4, 5, 7)), tolerance_mm=1e6)


def test_two_grids_are_told_with_names_place_and_remedy():
    moved = np.eye(4)
    moved[2, 3] = 7.25
    with pytest.raises(GridMismatchError) as caught:
        check_same_grid(a_volume(), a_volume(affine=moved), ("T1w", "mask"), "sub-04/anat")
    told = str(caught.value)
    for part in ("T1w", "mask", "[0.0, 0.0, 7.25]", "(sub-04/anat)", "Resample"):
        assert part in told


def test_one_grid_is_let_through():
    check_same_grid(a_volume(), a_volume(), ("T1w", "mask"))
