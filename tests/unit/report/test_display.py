import numpy as np
import pytest

from neurolupus.report.display import Box, View, busiest_index, cut, head_box, spread

SHAPE = (20, 30, 24)
WHOLE = Box((0, 0, 0), SHAPE)
CORNERS = {  # voxel, plane, where it must be seen: (from the top, from the left) as share of the picture
    "right front seen from below": ((18, 28, 12), "axial", (0.05, 0.08)),
    "left front seen from below": ((1, 28, 12), "axial", (0.05, 0.92)),
    "left back seen from below": ((1, 1, 12), "axial", (0.95, 0.92)),
    "right top seen from the front": ((18, 15, 22), "coronal", (0.06, 0.08)),
    "left bottom seen from the front": ((1, 15, 1), "coronal", (0.94, 0.92)),
    "front top seen from the side": ((10, 28, 22), "sagittal", (0.06, 0.05)),
    "back bottom seen from the side": ((10, 1, 1), "sagittal", (0.94, 0.95)),
}


@pytest.mark.parametrize("case", CORNERS)
def test_radiological_convention(case):
    # RAS order: i grows to the patient's right. Radiological: the patient's right is seen on the left.
    voxel, plane, expected = CORNERS[case]
    data = np.zeros(SHAPE, np.float32)
    data[voxel] = 1
    index = voxel[{"axial": 2, "coronal": 1, "sagittal": 0}[plane]]
    picture = cut(data, View(plane, index, WHOLE, (1.0, 1.0, 1.0), 4.0))
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert (row / picture.shape[0], column / picture.shape[1]) == pytest.approx(expected, abs=0.05)


def test_pixels_are_square_when_voxels_are_not():
    view = View("coronal", 3, WHOLE, (1.0, 1.0, 3.6), 2.0)
    assert view.size == (40, round(24 * 3.6 * 2))
    assert cut(np.ones(SHAPE, np.float32), view).shape == (view.size[1], view.size[0])


def test_frame_that_leaves_the_grid_is_black_there():
    view = View("axial", 12, WHOLE, (1.0, 1.0, 1.0), 1.0).framed(40, 30)
    picture = cut(np.ones(SHAPE, np.float32), view)
    assert picture.shape == (30, 40)
    assert picture[15, :9].max() == 0
    assert picture[15, -9:].max() == 0
    assert picture[15, 20] == pytest.approx(1)


def test_head_box_has_a_margin_and_stays_on_the_grid():
    mask = np.zeros(SHAPE, bool)
    mask[5:10, 2:28, 10:12] = True
    assert head_box(mask, (1.0, 1.0, 2.0), margin_mm=4) == Box((1, 0, 8), (14, 30, 14))
    assert head_box(np.zeros(SHAPE, bool), (1.0, 1.0, 1.0)) == WHOLE


def test_planes():
    mask = np.zeros(SHAPE, bool)
    assert busiest_index(mask, "axial") is None
    mask[3, 4, 5] = mask[3:6, 4, 9] = True
    assert busiest_index(mask, "axial") == 9
    assert spread(WHOLE, "axial", 3, trim=0) == (0, 12, 23)
    assert len(spread(Box((0, 0, 0), (2, 2, 2)), "axial", 9)) <= 2  # no slice twice
