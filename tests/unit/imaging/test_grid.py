"""Grids: worlds agree with SimpleITK, boxes hold what they should."""

import numpy as np
import pytest
import SimpleITK as sitk
from itk_points import ras_matrix
from scipy import ndimage
from scipy.spatial.transform import Rotation

from neurolupus.imaging.grid import (
    array_from_sitk,
    bounding_box,
    crop,
    isotropic_grid,
    largest_component,
    largest_in,
    opened,
    point_transform,
    resample,
    to_sitk,
    widen,
)
from neurolupus.records.volume import Volume


def oblique(size=(1.0, 1.2, 3.0), degrees=(10, -20, 30), origin=(5.0, -7.0, 11.0)):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() @ np.diag(size)
    affine[:3, 3] = origin
    return affine


def a_volume(shape=(6, 7, 5), affine=None):
    rng = np.random.default_rng(0)
    return Volume(rng.random(shape, np.float32), oblique() if affine is None else affine)


def test_voxel_lies_at_the_same_point_in_both_worlds():
    volume = a_volume()
    image = to_sitk(volume)
    x, y, z = image.TransformIndexToPhysicalPoint((4, 2, 3))  # axes in the order K, J, I
    ours = volume.affine @ [3, 2, 4, 1]
    assert (-x, -y, z) == pytest.approx(ours[:3], abs=1e-9)  # ITK speaks LPS
    assert image.GetPixel((4, 2, 3)) == volume.data[3, 2, 4]


def test_left_handed_grid_survives():
    affine = oblique() @ np.diag([-1, 1, 1, 1])
    volume = a_volume(affine=affine)
    image = to_sitk(volume)
    point = image.TransformIndexToPhysicalPoint((1, 1, 1))
    assert (-point[0], -point[1], point[2]) == pytest.approx((affine @ [1, 1, 1, 1])[:3], abs=1e-9)


def test_array_returns_unchanged():
    volume = a_volume()
    np.testing.assert_array_equal(array_from_sitk(to_sitk(volume)), volume.data)


def test_point_map_there_and_back():
    matrix = oblique((1, 1, 1))
    np.testing.assert_allclose(ras_matrix(point_transform(matrix)), matrix, atol=1e-12)


def test_euler_transform_of_itk_reads_as_ras():
    transform = sitk.Euler3DTransform()
    transform.SetTranslation((1.0, 2.0, 3.0))
    np.testing.assert_allclose(ras_matrix(transform)[:3, 3], (-1.0, -2.0, 3.0))


def test_ramp_is_resampled_exactly():
    # linear interpolation of a linear image is exact: f(x, y, z) = x + 2 y - z in world mm
    fine = isotropic_grid(Volume(np.zeros((20, 20, 20), np.float32), np.diag([2.0, 2, 2, 1])), 1.0)

    def ramp(volume):
        x, y, z = np.moveaxis(
            np.moveaxis(np.indices(volume.shape), 0, -1) @ volume.affine[:3, :3].T + volume.affine[:3, 3], -1, 0
        )
        return volume.with_data((x + 2 * y - z).astype(np.float32))

    moving = ramp(Volume(np.zeros((20, 20, 20), np.float32), np.diag([2.0, 2, 2, 1])))
    shift = np.eye(4)
    shift[:3, 3] = (1.0, 0.0, 0.0)
    moved = resample(moving, fine, onto_to_moving=shift)
    inside = (slice(4, -4),) * 3
    np.testing.assert_allclose(moved[inside], ramp(fine).data[inside] + 1.0, atol=1e-4)


@pytest.mark.parametrize("both", [False, True])
def test_a_grid_whose_axes_are_not_at_right_angles_is_read_where_it_lies(both):
    # the same ramp: with the shear lost it would be up to 4 mm off at 20 mm from the middle
    def ramp(affine):
        volume = Volume(np.zeros((40, 40, 40), np.float32), affine)
        points = np.moveaxis(np.indices(volume.shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
        return volume.with_data((points @ [1.0, 2.0, -1.0]).astype(np.float32))

    sheared = np.eye(4)
    sheared[0, 2], sheared[1, 2] = 0.1, 0.2
    upright = np.eye(4)
    upright[:3, 3] = 4.0
    onto = ramp(sheared @ upright if both else upright)
    shift = np.eye(4)
    shift[:3, 3] = (1.0, 0.0, 0.0)
    moved = resample(ramp(sheared), onto, onto_to_moving=shift)
    inside = (slice(10, 30),) * 3
    np.testing.assert_allclose(moved[inside], onto.data[inside] + 1.0, atol=1e-3)


def test_isotropic_grid_covers_and_keeps_the_centre():
    volume = a_volume((10, 11, 9))
    grid = isotropic_grid(volume, 2.0, 4)
    assert all(n % 4 == 0 for n in grid.shape)
    assert grid.voxel_size_mm == pytest.approx((2.0, 2.0, 2.0))

    def centre(v):
        return v.affine[:3, :3] @ ((np.array(v.shape) - 1) / 2) + v.affine[:3, 3]

    np.testing.assert_allclose(centre(grid), centre(volume))
    assert all(n * 2.0 >= m * s for n, m, s in zip(grid.shape, volume.shape, volume.voxel_size_mm, strict=True))


def test_crop_stays_in_place():
    volume = a_volume()
    mask = np.zeros(volume.shape, bool)
    mask[2:4, 3, 1:3] = True
    box = bounding_box(mask, (1, 1, 0))
    part = crop(volume, box)
    assert box == (slice(1, 5), slice(2, 5), slice(1, 3))
    np.testing.assert_allclose(part.affine @ [0, 0, 0, 1], volume.affine @ [1, 2, 1, 1])


def test_box_of_nothing_is_everything():
    assert bounding_box(np.zeros((3, 4, 5), bool)) == (slice(0, 3), slice(0, 4), slice(0, 5))


def test_widen_by_mm_on_thick_slices():
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 4] = True
    grown = widen(mask, 2.0, (1.0, 1.0, 4.0))
    assert grown.sum() == 5 * 5 * 3  # two voxels of 1 mm, at least one of 4 mm


def test_the_largest_within_each_label():
    labels = np.array([[[0, 1, 1, 3]]])
    assert largest_in(np.array([[[9.0, 2.0, 5.0, 0.5]]]), labels, 3).tolist() == [0.0, 5.0, 0.0, 0.5]


def masks_of_many_kinds():
    """Blobs with holes and specks, some against the border, on grids down to one voxel."""
    rng = np.random.default_rng(4)
    for _ in range(40):
        noise = ndimage.gaussian_filter(rng.random(rng.integers(1, 14, 3)), 0.7)
        yield noise > rng.uniform(0.35, 0.6)


def test_opening_is_scipys():
    for mask in masks_of_many_kinds():
        np.testing.assert_array_equal(opened(mask), ndimage.binary_opening(mask))


def test_largest_component_is_the_biggest_with_its_cavities():
    for mask in masks_of_many_kinds():
        labels, count = ndimage.label(mask)
        biggest = labels == 1 + np.argmax(np.bincount(labels.ravel(), minlength=2)[1:]) if count else mask
        np.testing.assert_array_equal(largest_component(mask), ndimage.binary_fill_holes(biggest))
