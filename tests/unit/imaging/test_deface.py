import numpy as np
import pytest
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.atlas_fit import AtlasFit
from neurolupus.imaging.deface import PLANE_OFFSET_MM, PLANE_SLOPE, FaceRegion, air_level, face_region
from neurolupus.records.volume import Volume

# A ball for a brain in a head that lies in MNI space already: 2 mm voxels, its middle 20 mm behind the commissures
AFFINE = np.array([[2.0, 0, 0, -100], [0, 2, 0, -120], [0, 0, 2, -120], [0, 0, 0, 1]])
SHAPE = (100, 120, 110)
FIT = AtlasFit(np.eye(4), 0.9)


def at(volume: Volume, x: float, y: float, z: float) -> tuple[int, int, int]:
    i, j, k = np.rint(np.linalg.inv(volume.affine) @ [x, y, z, 1])[:3].astype(int)
    return int(i), int(j), int(k)


@pytest.fixture
def brain() -> Volume:
    grid = np.moveaxis(np.indices(SHAPE), 0, -1) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    return Volume(np.linalg.norm((grid - [0, -20, 5]) / [68, 85, 65], axis=-1) < 1, AFFINE)


def test_nose_mouth_eyes_and_ears_go_and_the_crown_stays(brain: Volume) -> None:
    cleared = face_region(brain, FIT).on(brain)
    for place in ((0, 95, -45), (0, 85, -85), (32, 75, -38), (-32, 75, -38), (82, -15, -25), (-82, -15, -25)):
        assert cleared[at(brain, *place)], place
    for place in ((0, -20, 85), (0, 60, 60), (0, -115, 10), (0, -20, 5)):
        assert not cleared[at(brain, *place)], place


@pytest.mark.parametrize("margin_mm", [3.0, 8.0, 15.0])
def test_no_voxel_within_the_margin_is_cleared(brain: Volume, margin_mm: float) -> None:
    cleared = face_region(brain, FIT, margin_mm=margin_mm).on(brain)
    from_brain = ndimage.distance_transform_edt(~brain.data, sampling=2.0)
    assert float(from_brain[cleared].min()) > margin_mm


def test_it_is_the_same_face_on_a_turned_grid_of_other_voxels(brain: Volume) -> None:
    # A FLAIR of 1 x 1.5 x 4 mm, its axes flipped and swapped, the head moved by 7 mm and 10 degrees in between
    turn = np.eye(4)
    turn[:3, :3] = [[1, 0, 0], [0, np.cos(0.17), -np.sin(0.17)], [0, np.sin(0.17), np.cos(0.17)]]
    turn[:3, 3] = [2, -6, 3]
    axes = np.array([[0, 0, -4.0, 110], [-1.5, 0, 0, 90], [0, 1.0, 0, -120], [0, 0, 0, 1]])
    flair = Volume(np.broadcast_to(np.uint8(0), (140, 220, 50)), axes)
    region = face_region(brain, FIT)
    cleared = region.on(flair, turn)
    for index in np.random.default_rng(1).integers(0, flair.shape, (400, 3)):
        point = turn @ flair.affine @ [*index, 1]
        i, j, k = np.rint(np.linalg.inv(region.protected.affine) @ point)[:3].astype(int)
        is_in = all(0 <= n < size for n, size in zip((i, j, k), region.protected.shape, strict=True))
        safe = is_in and bool(region.protected.data[i, j, k])
        below = point[2] < PLANE_OFFSET_MM + PLANE_SLOPE * point[1]
        assert bool(cleared[tuple(index)]) == (below and not safe)


def test_a_head_that_was_turned_loses_the_same_places(brain: Volume) -> None:
    tilt = np.eye(4)
    tilt[:3, :3] = [[1, 0, 0], [0, np.cos(0.3), -np.sin(0.3)], [0, np.sin(0.3), np.cos(0.3)]]
    turned = Volume(brain.data, tilt @ brain.affine)
    fit = AtlasFit(np.linalg.inv(tilt), 0.9)
    assert np.array_equal(face_region(turned, fit).on(turned), face_region(brain, FIT).on(brain))


def test_a_brain_at_the_edge_of_the_picture_keeps_its_margin_on_a_larger_one(brain: Volume) -> None:
    cut = Volume(
        brain.data[:, :, 30:], brain.affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 30], [0, 0, 0, 1.0]])
    )
    cleared = face_region(cut, FIT).on(brain)
    lowest = ndimage.distance_transform_edt(~np.pad(cut.data, ((0, 0), (0, 0), (30, 0))), sampling=2.0)
    assert float(lowest[cleared].min()) > 8.0


@pytest.mark.parametrize(
    ("fit", "margin_mm", "words"),
    [
        (AtlasFit(np.eye(4), 0.4), 8.0, r"does not fit the atlas \(overlap 0.40\)"),
        (FIT, 1.0, "at least 3 mm are needed"),
    ],
)
def test_what_cannot_be_defaced_is_told(brain: Volume, fit: AtlasFit, margin_mm: float, words: str) -> None:
    with pytest.raises(ImageContentError, match=words):
        face_region(brain, fit, margin_mm=margin_mm)


def test_an_empty_mask_is_told(brain: Volume) -> None:
    with pytest.raises(ImageContentError, match="mask is empty"):
        face_region(brain.with_data(np.zeros(SHAPE, bool)), FIT)


def test_air_lies_below_skin_and_an_empty_picture_has_no_level() -> None:
    data = np.concatenate([np.full(900, 10.0), np.full(100, 500.0)]).reshape(10, 10, 10)
    assert 10 < air_level(Volume(data, np.eye(4))) < 500
    assert air_level(Volume(np.zeros((2, 2, 2)), np.eye(4))) == 0.0
    assert isinstance(FaceRegion(Volume(data > 20, np.eye(4)), np.eye(4)).on(Volume(data, np.eye(4))), np.ndarray)
