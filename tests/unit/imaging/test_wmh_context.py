import numpy as np
import pytest

from neurolupus.imaging.wmh_context import CONTEXT, describe_context
from neurolupus.imaging.wmh_features import FEATURES, Candidates
from neurolupus.records.volume import Volume

GRID = Volume(np.zeros((60, 60, 40), np.float32), np.diag([1.0, 1.0, 1.5, 1.0]))


def candidates(*corners_and_sizes):
    """Boxes of voxels."""
    where = [np.indices(size).reshape(3, -1) + np.array(corner)[:, None] for corner, size in corners_and_sizes]
    joined = np.concatenate(where, axis=1)
    return Candidates(joined, np.zeros((joined.shape[1], len(FEATURES)), np.float32)), [w.shape[1] for w in where]


def column(table, name):
    return table[:, CONTEXT.index(name)]


def test_each_voxel_knows_its_lesion_and_the_load():
    found, (n, m) = candidates(((10, 10, 10), (4, 5, 6)), ((40, 40, 20), (1, 1, 2)))
    first = np.concatenate([np.full(n, 0.8), np.full(m, 0.1)]).astype(np.float32)  # the second box is below a quarter
    first[0] = 0.9
    table = describe_context(GRID, found, first)
    assert table.shape == (n + m, len(CONTEXT))
    np.testing.assert_array_equal(column(table, "first"), first)
    assert 10 ** column(table, "lesion_size")[:n] - 1e-3 == pytest.approx(n * 1.5e-3, rel=1e-4)  # 1.5 mm³ a voxel
    assert column(table, "lesion_highest")[:n] == pytest.approx(0.9)
    assert column(table, "lesion_mean")[:n] == pytest.approx((0.9 + 0.8 * (n - 1)) / n, rel=1e-5)
    assert (column(table, "lesion_size")[n:] == -3).all()
    assert not column(table, "lesion_highest")[n:].any()
    assert 10 ** column(table, "load") - 1e-3 == pytest.approx(first.sum() * 1.5e-3, rel=1e-4)


def test_a_lone_voxel_has_less_around_it_than_a_lesion():
    found, (n, _) = candidates(((10, 10, 10), (7, 7, 5)), ((45, 45, 30), (1, 1, 1)))
    table = describe_context(GRID, found, np.ones(n + 1, np.float32))
    middle = n // 2
    for name in ("first_1mm", "first_2mm", "first_4mm", "first_10mm"):
        assert column(table, name)[middle] > 3 * column(table, name)[-1]


def test_blur_keeps_the_sum_of_a_plateau():
    # far inside a block of ones the mean of the neighbours is one, on whatever grid
    found, (n,) = candidates(((5, 5, 3), (45, 45, 30)))
    table = describe_context(GRID, found, np.ones(n, np.float32))
    inside = np.abs(found.where - np.array([[27], [27], [18]])).max(axis=0) < 2
    for name in ("first_1mm", "first_2mm", "first_4mm"):
        assert column(table, name)[inside] == pytest.approx(1.0, abs=0.02)


def test_nothing_in_nothing_out():
    nothing = Candidates(np.zeros((3, 0), np.intp), np.zeros((0, len(FEATURES)), np.float32))
    assert describe_context(GRID, nothing, np.zeros(0, np.float32)).shape == (0, len(CONTEXT))
