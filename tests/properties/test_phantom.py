"""The averaging of the simulated scanner, against a plain slow version, and its invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurolupus.imaging.acquisition import Sampling, average_labels
from neurolupus.imaging.phantom import Rigid

LABELS = hnp.arrays(np.uint8, (4, 5, 3), elements=st.integers(0, 3))
ANGLES = st.tuples(*[st.floats(-40, 40)] * 3)
SHIFTS = st.tuples(*[st.floats(-20, 20)] * 3)
TABLE = np.array([[0.0, 0.0], [1.0, 0.5], [2.0, -1.0], [4.0, 3.0]], np.float32)


def averaged_plainly(labels, scanner_to_index, table, sampling):
    out = np.zeros((table.shape[1], *sampling.shape))
    for voxel in np.ndindex(sampling.shape):
        for offset in sampling.offsets:
            index = (scanner_to_index @ sampling.affine @ [*(np.array(voxel) + offset), 1])[:3]
            nearest = np.rint(index).astype(int)
            inside = (nearest >= 0).all() and (nearest < labels.shape).all()
            out[(slice(None), *voxel)] += table[labels[tuple(nearest)] if inside else 0]
    return out / sampling.points


@settings(max_examples=25, deadline=None)
@given(LABELS, ANGLES, SHIFTS)
def test_averaging_is_what_the_plain_loop_says(labels, angles, shift):
    pose = Rigid(angles, tuple(s / 10 + 0.0137 for s in shift)).matrix(np.array([1.5, 2.0, 1.0]))
    sampling = Sampling((3, 4, 2), np.diag([1.7, 1.1, 2.3, 1.0]), 6)
    ours = average_labels(labels, pose, TABLE, sampling)
    plain = averaged_plainly(labels, pose, TABLE, sampling)
    # a sample point on a face between two voxels may round either way in single precision
    assert np.mean(np.abs(ours - plain) > 1e-5) < 0.05


@given(LABELS)
def test_the_labels_own_grid_gives_the_labels_back(labels):
    sampling = Sampling((4, 5, 3), np.eye(4), 1)
    assert (average_labels(labels, np.eye(4), TABLE, sampling)[0] == TABLE[labels, 0]).all()


@given(LABELS)
def test_beyond_the_label_map_is_air(labels):
    far = np.eye(4)
    far[:3, 3] = 100
    sampling = Sampling((2, 2, 2), np.eye(4), 2)
    table = TABLE.copy()
    table[0] = 9.0  # row 0 is air
    assert (average_labels(labels, far, table, sampling) == 9.0).all()


@given(st.integers(1, 200))
def test_points_are_evenly_spaced_along_each_axis(points):
    offsets = Sampling((1, 1, 1), np.eye(4), points).offsets
    for axis in range(3):
        assert np.sort(offsets[:, axis]) == pytest.approx((np.arange(points) + 0.5) / points - 0.5)


@given(ANGLES, SHIFTS)
def test_a_rigid_movement_keeps_distances_and_handedness(angles, shift):
    matrix = Rigid(angles, shift).matrix(np.array([10.0, -20.0, 5.0]))
    assert matrix[:3, :3] @ matrix[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    moved = matrix @ [10.0, -20.0, 5.0, 1.0]
    assert moved[:3] == pytest.approx(np.array([10.0, -20.0, 5.0]) + shift)  # the centre only shifts


def test_a_turn_about_z_takes_x_to_y():
    matrix = Rigid((0, 0, 90), (0, 0, 0)).matrix(np.zeros(3))
    assert matrix @ [1, 0, 0, 1] == pytest.approx([0, 1, 0, 1], abs=1e-12)
