"""Registration: a known displacement is found again, the same way every time."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from neurolupus.errors import ImageContentError
from neurolupus.imaging.registration import (
    Level,
    _around,
    _points_in,
    _problem,
    _thinned,
    register_rigid,
    with_fine_slices,
)
from neurolupus.records.volume import Volume

pytestmark = pytest.mark.slow

SHAPE = (56, 64, 52)
VOXEL_MM = 3.0


@cache
def blobs():
    """A head-sized cloud of smooth tissue classes without symmetry."""
    rng = np.random.default_rng(3)
    field = ndimage.gaussian_filter(rng.standard_normal(SHAPE), 3.5)
    grid = np.indices(SHAPE) - (np.array(SHAPE)[:, None, None, None] - 1) / 2
    radius = np.sqrt((grid[0] / 22) ** 2 + (grid[1] / 27) ** 2 + (grid[2] / 20) ** 2)
    head = radius < 1
    classes = 1 + (field > 0) + (field > field.std())
    return np.where(head, classes, 0), head


def affine():
    matrix = np.diag([VOXEL_MM] * 3 + [1.0])
    matrix[:3, 3] = -VOXEL_MM * (np.array(SHAPE) - 1) / 2
    return matrix


def moved(degrees, shift_mm):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(np.deg2rad(degrees)).as_matrix()
    matrix[:3, 3] = shift_mm
    return matrix


def a_pair(displacement):
    """Two contrasts of one head; the second lies at `displacement` times where it should."""
    classes, head = blobs()
    rng = np.random.default_rng(1)
    one = np.array([0, 30, 60, 90.0])[classes] + rng.normal(0, 2, SHAPE)
    other = np.array([0, 80, 95, 60.0])[classes] + rng.normal(0, 2, SHAPE)
    fixed = Volume(one.astype(np.float32), affine())
    return fixed, Volume(other.astype(np.float32), displacement @ affine()), head


@cache
def registered(degrees, shift_mm):
    """What is found for a displacement; registered once for all tests that look at it."""
    return register_rigid(*a_pair(moved(degrees, shift_mm)))


def error_mm(found, displacement, head):
    points = np.c_[np.argwhere(head) @ affine()[:3, :3].T + affine()[:3, 3], np.ones(int(head.sum()))].T
    return np.linalg.norm(((found @ displacement - np.eye(4)) @ points)[:3], axis=0)


@pytest.mark.parametrize(
    ("degrees", "shift_mm"),
    [((0, 0, 0), (0, 0, 0)), ((15, 0, 0), (0, 20, 0)), ((0, -9, 12), (12, -10, 12)), ((5, 5, 5), (-20, 0, 0))],
)
def test_known_displacement_is_found(degrees, shift_mm):
    found = registered(degrees, shift_mm)
    # 0.3 mm is a tenth of a voxel; the noise differs between the images
    assert error_mm(found.flair_to_t1w_ras, moved(degrees, shift_mm), blobs()[1]).max() < 0.3


def test_same_input_same_bits():
    one, two = registered((15, 0, 0), (0, 20, 0)), register_rigid(*a_pair(moved((15, 0, 0), (0, 20, 0))))
    np.testing.assert_array_equal(one.flair_to_t1w_ras, two.flair_to_t1w_ras)
    assert one.score == two.score


def test_score_falls_for_another_head():
    t1w, flair, head = a_pair(np.eye(4))
    other = flair.with_data(np.ascontiguousarray(flair.data[:, ::-1]))
    assert registered((0, 0, 0), (0, 0, 0)).score > register_rigid(t1w, other, head).score + 0.05


def test_gradient_agrees_with_differences():
    t1w, flair, head = a_pair(moved((1, 0, 0), (0.5, 0, 0)))
    problem = _problem(t1w, flair, _points_in(head, affine(), 6000, np.random.default_rng(0)), Level(4.0, 6000, 24))
    _, gradient = problem.value(np.eye(4), np.zeros(6))
    step = 1e-3
    numeric = [
        (problem.value(np.eye(4), step * e)[0] - problem.value(np.eye(4), -step * e)[0]) / (2 * step) for e in np.eye(6)
    ]
    # trilinear slopes are not the slopes of the trilinear image: 10 % of the largest component
    np.testing.assert_allclose(gradient, numeric, atol=0.1 * np.abs(numeric).max())


def test_empty_mask_is_refused():
    t1w, flair, head = a_pair(np.eye(4))
    with pytest.raises(ImageContentError, match="brain mask is empty"):
        register_rigid(t1w, flair, np.zeros_like(head))


def test_fine_slices_pass_through_the_thick_ones():
    rng = np.random.default_rng(0)
    thick = Volume(rng.random((4, 5, 9), np.float32), np.diag([1.0, 1.0, 4.0, 1.0]))
    fine = with_fine_slices(thick)
    assert fine.shape == (4, 5, 33)
    assert fine.voxel_size_mm == pytest.approx((1.0, 1.0, 1.0))
    np.testing.assert_allclose(fine.data[:, :, ::4], thick.data, atol=1e-5)  # a spline interpolates


def test_fine_slices_follow_a_smooth_curve():
    z = np.arange(12) * 3.0
    curve = np.sin(z / 9.0)
    thick = Volume(np.broadcast_to(curve, (3, 3, 12)).astype(np.float32), np.diag([1.0, 1.0, 3.0, 1.0]))
    fine = with_fine_slices(thick)
    wanted = np.sin(np.arange(fine.shape[2]) / 9.0)
    # mirrored ends bend the spline for four slices; within, a cubic errs by order h^4
    np.testing.assert_allclose(fine.data[1, 1, 12:-12], wanted[12:-12], atol=1e-3)


def test_thin_slices_are_left_alone():
    volume = Volume(np.zeros((4, 4, 4), np.float32), np.diag([1.0, 1.0, 1.2, 1.0]))
    assert with_fine_slices(volume).shape == (4, 4, 4)


def test_thinned_and_cut_volumes_stay_where_they_are():
    grid = np.diag([1.0, 1.5, 3.0, 1.0])
    grid[:3, 3] = (-20, 5, 40)
    place = np.indices((60, 50, 30))
    volume = Volume((1000 * place[0] + 100 * place[1] + place[2]).astype(np.float32), grid)
    thin = _thinned(volume, 6.0)
    assert thin.shape == (20, 25, 30)  # 6 mm of blur: every 3rd voxel of 1 mm, every 2nd of 1.5, all of 3
    assert volume.data[6, 8, 5] == thin.data[2, 4, 5]
    np.testing.assert_allclose(thin.affine @ [2, 4, 5, 1], grid @ [6, 8, 5, 1])
    points = np.array([[20.5, 40.0, 81.0], [25.0, 42.0, 82.0]])  # voxels 40.5 to 45, 23.3 to 24.7, 13.7 to 14
    part = _around(volume, points)  # 16 mm more on every side, where there is grid: 16, 10.7 and 5.3 voxels
    assert part.shape == (60 - 24, 37 - 12, 21 - 8)
    np.testing.assert_allclose(part.affine[:3, 3], (grid @ [24, 12, 8, 1])[:3])
    assert part.data[0, 0, 0] == volume.data[24, 12, 8]
    assert _around(volume, points + 500) is volume
