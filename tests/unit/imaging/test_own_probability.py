"""A map of the user's own on the grid of the T1w."""

import numpy as np
import pytest

from neurolupus.imaging.measure import _moved_from_one_grid, own_probability
from neurolupus.records.scan import ScanId, ScanPair
from neurolupus.records.volume import Volume

T1W = Volume(np.zeros((40, 40, 42), np.float32), np.eye(4))


def thick(data_of):
    """Slices of 3 mm that cover the T1w; the middle of the first lies at z = 1."""
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    affine[2, 3] = 1.0
    return Volume(data_of(*np.indices((40, 40, 14))).astype(np.float32), affine)


def test_a_mask_on_the_flair_keeps_its_volume():
    box = thick(lambda x, y, z: (abs(x - 20) <= 5) & (abs(y - 20) <= 5) & (abs(z - 7) <= 1))
    found = own_probability(box, T1W, np.eye(4))
    assert set(np.unique(found)) == {0, 1}
    assert found.sum() * T1W.voxel_volume_ml == pytest.approx(box.data.sum() * box.voxel_volume_ml, rel=0.02)


def test_a_shifted_mask_keeps_its_volume_but_for_its_edges():
    box = thick(lambda x, y, z: (abs(x - 20) <= 5) & (abs(y - 20) <= 5) & (abs(z - 7) <= 1))
    moved = np.eye(4)
    moved[0, 3] = 0.3
    found = own_probability(box, T1W, moved)
    # the last column holds 0.7 of the mask and the outer slices 2/3 of it: 0.47 where they meet, two edges of 11 voxels
    assert found.sum() == box.data.sum() * 3 - 2 * 11


def test_probabilities_stay_probabilities():
    faint = thick(lambda x, y, z: 0.4 * (z == 7))
    found = own_probability(faint, T1W, np.eye(4))
    assert found[20, 20, 22] == pytest.approx(0.4)
    assert 0 < found[20, 20, 20] < 0.4


def test_a_map_on_the_t1w_is_taken_as_it_is():
    own = T1W.with_data(np.full(T1W.shape, 0.3, np.float32))
    np.testing.assert_array_equal(own_probability(own, T1W, np.eye(4)), own.data)


@pytest.mark.parametrize(
    ("flair", "moved_mm", "warned"), [(T1W, 0.4, 0), (T1W, 3.0, 1), (thick(lambda x, y, z: x), 3.0, 0)]
)
def test_a_map_that_fits_both_grids_is_told_of_where_the_head_moved(flair, moved_mm, warned):
    onto_to_moving = np.eye(4)
    onto_to_moving[1, 3] = moved_mm
    warnings = _moved_from_one_grid(ScanPair(ScanId("01"), T1W, flair), T1W, onto_to_moving)
    assert len(warnings) == warned
    assert all("moved by 3.0 mm" in one for one in warnings)
