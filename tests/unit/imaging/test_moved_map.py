"""A map of the user's own on the grid of the T1w."""

import numpy as np
import pytest

from neurolupus.imaging.lesions import count_components
from neurolupus.imaging.measure import _moved_from_one_grid
from neurolupus.imaging.moved_map import own_map
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
    found = own_map(box, T1W, np.eye(4))
    assert set(np.unique(found)) == {0, 1}
    assert found.sum() * T1W.voxel_volume_ml == pytest.approx(box.data.sum() * box.voxel_volume_ml)


def moved_by(x: float = 0, y: float = 0, z: float = 0) -> np.ndarray:
    transform = np.eye(4)
    transform[:3, 3] = x, y, z
    return transform


def test_a_moved_mask_keeps_its_volume_and_its_place():
    box = thick(lambda x, y, z: (abs(x - 20) <= 5) & (abs(y - 20) <= 5) & (abs(z - 7) <= 1))
    found = own_map(box, T1W, moved_by(x=0.3))
    assert found.sum() == 11 * 11 * 9
    centre = np.argwhere(found).mean(axis=0)
    np.testing.assert_allclose(centre, [20, 20, 22], atol=0.35)  # half a voxel and less: columns are whole


@pytest.mark.parametrize("shift", [(0.5, 0.5, 0.0), (0.5, 0.5, 1.5), (0.3, 0.2, 0.4)])
def test_a_lesion_of_one_voxel_of_the_flair_is_not_lost(shift):
    # shifted by half a voxel along two axes no voxel of the T1w holds more than a quarter of it
    specks = thick(lambda x, y, z: ((x == 10) | (x == 25)) & (y == 20) & (z == 7))
    found = own_map(specks, T1W, moved_by(*shift))
    assert found[:18].sum() == found[18:].sum() == 3
    middle = np.argwhere(found[:18]).mean(axis=0)
    np.testing.assert_allclose(middle, [10 - shift[0], 20 - shift[1], 22 - shift[2]], atol=0.85)


def test_a_ball_turned_keeps_its_volume():
    ball = thick(lambda x, y, z: (x - 20) ** 2 + (y - 20) ** 2 + 9 * (z - 7) ** 2 <= 9)
    turn, angle = np.eye(4), 0.2
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = np.array([20, 20, 22]) - turn[:3, :3] @ [20, 20, 22]
    assert own_map(ball, T1W, turn).sum() == 3 * ball.data.sum()


def test_what_lies_out_of_the_t1ws_view_is_not_squeezed_into_it():
    box = thick(lambda x, y, z: (x >= 32) & (abs(y - 20) <= 2) & (z == 7))  # 8 columns, of which 4 stay in view
    found = own_map(box, T1W, moved_by(x=-4))
    assert found.sum() == 4 * 5 * 3
    assert own_map(box, T1W, moved_by(x=-100)).sum() == 0


def test_lesions_beside_each_other_do_not_take_from_one_another():
    two = thick(lambda x, y, z: (((x >= 10) & (x < 20)) | (x == 21)) & (abs(y - 20) <= 1) & (z == 7))
    found = own_map(two, T1W, moved_by(y=0.5))
    assert found[:20].sum() == 10 * 3 * 3
    assert found[20:].sum() == 1 * 3 * 3


def test_probabilities_stay_probabilities():
    faint = thick(lambda x, y, z: 0.4 * (z == 7))
    found = own_map(faint, T1W, np.eye(4))
    assert found[20, 20, 22] == pytest.approx(0.4)
    assert 0 < found[20, 20, 20] < 0.4


def test_a_map_on_the_t1w_is_taken_as_it_is():
    own = T1W.with_data(np.full(T1W.shape, 0.3, np.float32))
    np.testing.assert_array_equal(own_map(own, T1W, np.eye(4)), own.data)


@pytest.mark.parametrize(
    ("flair", "moved_mm", "warned"), [(T1W, 0.4, 0), (T1W, 3.0, 1), (thick(lambda x, y, z: x), 3.0, 0)]
)
def test_a_map_that_fits_both_grids_is_told_of_where_the_head_moved(flair, moved_mm, warned):
    onto_to_moving = np.eye(4)
    onto_to_moving[1, 3] = moved_mm
    warnings = _moved_from_one_grid(ScanPair(ScanId("01"), T1W, flair), T1W, onto_to_moving)
    assert len(warnings) == warned
    assert all("moved by 3.0 mm" in one for one in warnings)


@pytest.mark.parametrize("slice_mm", [3.0, 4.0, 5.0])
def test_small_lesions_are_not_lost_between_thick_slices_of_the_t1w(slice_mm):
    affine = np.diag([1.0, 1.0, slice_mm, 1.0])
    t1w = Volume(np.zeros((40, 40, int(42 / slice_mm)), np.float32), affine)
    grid = Volume(np.zeros((40, 40, 42), np.float32), np.eye(4))
    for edge in (1, 2, 3):
        mask = np.zeros(grid.shape, np.float32)
        for count, z in enumerate(range(4, 36, 2)):  # at every height between two slices
            x, y = 4 + 8 * (count % 4), 4 + 8 * (count // 4)
            mask[x : x + edge, y : y + edge, z : z + edge] = 1
        found = own_map(grid.with_data(mask), t1w, moved_by(x=0.3, y=0.4))
        assert count_components(found > 0) == 16
        voxels = max(1, round(edge**3 / slice_mm))  # no voxel can be halved
        assert found.sum() == 16 * voxels
