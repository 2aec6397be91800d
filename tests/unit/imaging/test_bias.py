"""Bias: a known field on two flat tissues is found; none is invented."""

import numpy as np
import pytest

from neurolupus.imaging.bias import bias_field
from neurolupus.records.volume import Volume

SHAPE = (60, 70, 60)
AFFINE = np.diag([2.5, 2.5, 2.5, 1.0])


def a_head():
    grid = np.indices(SHAPE) - (np.array(SHAPE)[:, None, None, None] - 1) / 2
    radius = np.sqrt((grid / np.array([26, 31, 26])[:, None, None, None]) ** 2).astype(np.float64)
    distance = np.sqrt((radius**2).sum(0))
    noise = np.random.default_rng(0).normal(0, 8, SHAPE)
    tissue = np.where((np.sin(grid[0] / 3) + np.cos(grid[1] / 4) + np.sin(grid[2] / 3.5)) > 0, 600.0, 400.0) + noise
    return np.where(distance < 1, tissue, 0), distance < 1, grid


@pytest.mark.slow
def test_known_field_is_found():
    image, mask, grid = a_head()
    field = np.exp(0.25 * grid[0] / 26 - 0.15 * (grid[1] / 31) ** 2)
    field /= field[mask].mean()
    found = bias_field(Volume((image * field).astype(np.float32), AFFINE), mask)
    ratio = (found / field)[mask]
    # the field spans 50 %; what remains is its small part that no mixture of two tissues can show
    assert ratio.std() / ratio.mean() < 0.02
    assert field[mask].std() > 0.1


def test_no_field_is_invented():
    image, mask, _ = a_head()
    found = bias_field(Volume(image.astype(np.float32), AFFINE), mask)
    assert found[mask].std() < 0.01


def test_mean_is_one_in_the_mask():
    image, mask, _ = a_head()
    found = bias_field(Volume(image.astype(np.float32), AFFINE), mask)
    assert np.log(found[mask]).mean() == pytest.approx(0, abs=1e-4)
    assert found.shape == SHAPE


@pytest.mark.slow
def test_same_bits_twice():
    image, mask, _ = a_head()
    volume = Volume(image.astype(np.float32), AFFINE)
    np.testing.assert_array_equal(bias_field(volume, mask), bias_field(volume, mask))
