"""Looking up images at points: what is known of a linear image holds to the last digit, oblique grids too."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from neurolupus.imaging.lookup import AT_ONCE, Lookup

SHAPE = (9, 8, 7)


def oblique():
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", (10, -20, 30), degrees=True).as_matrix() @ np.diag([1.0, 1.5, 3.0])
    affine[:3, 3] = (4.0, -7.0, 11.0)
    return affine


def on_grid(affine, function):
    points = np.moveaxis(np.indices(SHAPE), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    return function(*np.moveaxis(points, -1, 0)).astype(np.float32)


def inner_points(affine, count=50):
    voxels = np.random.default_rng(2).uniform(0.5, np.array(SHAPE) - 1.5, (count, 3))
    return voxels @ affine[:3, :3].T + affine[:3, 3]


def test_values_and_gradients_of_two_ramps():
    affine = oblique()
    ramps = [on_grid(affine, lambda x, y, z: x + 2 * y - z), on_grid(affine, lambda x, y, z: 3 * z - y)]
    points = inner_points(affine)
    found, inside = Lookup.of(ramps, affine, gradient=True).at(points)
    x, y, z = points.T
    assert inside.all()
    np.testing.assert_allclose(found[:, 0], x + 2 * y - z, atol=1e-4)
    np.testing.assert_allclose(found[:, 1], 3 * z - y, atol=1e-4)
    np.testing.assert_allclose(found[:, 2:5], np.tile([1, 2, -1], (50, 1)), atol=1e-4)
    np.testing.assert_allclose(found[:, 5:], np.tile([0, -1, 3], (50, 1)), atol=1e-4)


def test_many_points_say_what_scipy_says():
    image = np.random.default_rng(0).random(SHAPE, np.float32)
    voxels = np.random.default_rng(1).uniform(0, np.array(SHAPE) - 1, (2 * AT_ONCE + 5, 3))
    found, inside = Lookup.of([image], np.eye(4)).at(voxels)
    assert found.shape == (len(voxels), 1)
    assert inside.all()
    np.testing.assert_allclose(found[:, 0], map_coordinates(image, voxels.T, order=1), atol=1e-6)


@pytest.mark.parametrize("point", [(-0.1, 3, 3), (3, 7.1, 3), (3, 3, 100)])
def test_point_off_the_grid_is_told_and_gets_the_edge(point):
    image = np.random.default_rng(0).random(SHAPE, np.float32)
    found, inside = Lookup.of([image], np.eye(4)).at(np.array([point], float))
    i, j, k = np.clip(np.round(point), 0, np.array(SHAPE) - 1).astype(int)
    assert not inside[0]
    assert found[0, 0] == pytest.approx(image[i, j, k])
