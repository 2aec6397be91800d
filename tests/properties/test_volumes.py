"""Volumes do not depend on how an image is stored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurolupus.imaging.volumes import mask_volume_ml, probability_volume_ml, voxel_volume_ml

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)
NUMBERS = st.floats(-5, 5, allow_nan=False).map(lambda x: round(x, 3))


@st.composite
def affines(draw):
    affine = np.eye(4)
    affine[:3] = np.array(draw(st.lists(NUMBERS, min_size=12, max_size=12))).reshape(3, 4)
    affine[:3, :3] += 6 * np.eye(3)
    return affine


@st.composite
def turns(draw):
    order = draw(st.permutations([0, 1, 2]))
    flips = draw(st.lists(st.booleans(), min_size=3, max_size=3))

    def turn(data, affine):
        """The same anatomy stored along other axes."""
        data, affine = data.transpose(order), affine[:, [*order, 3]]
        for axis, flip in enumerate(flips):
            if flip:
                move = np.eye(4)
                move[axis, axis], move[axis, 3] = -1, data.shape[axis] - 1
                data, affine = np.flip(data, axis), affine @ move
        return data, affine

    return turn


@given(hnp.arrays(bool, SHAPES), affines(), turns())
def test_volume_does_not_depend_on_storage_order(mask, affine, turn):
    assert mask_volume_ml(*turn(mask, affine)) == pytest.approx(mask_volume_ml(mask, affine))


@given(affines())
def test_voxel_volume_is_the_determinant(affine):
    assert voxel_volume_ml(affine) == pytest.approx(abs(np.linalg.det(affine[:3, :3])) / 1000, abs=1e-9)


@given(hnp.arrays(bool, SHAPES), affines())
def test_a_mask_is_a_probability_of_one(mask, affine):
    assert probability_volume_ml(mask.astype(np.float32), affine) == pytest.approx(mask_volume_ml(mask, affine))


@given(hnp.arrays(bool, SHAPES), affines(), st.floats(0.25, 4))
def test_scaling_all_axes_scales_by_the_cube(mask, affine, factor):
    scaled = affine @ np.diag([factor, factor, factor, 1])
    assert mask_volume_ml(mask, scaled) == pytest.approx(mask_volume_ml(mask, affine) * factor**3)
