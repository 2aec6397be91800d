import numpy as np
import pytest
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.atlas_fit import AtlasFit
from neurolupus.imaging.deface import PLANE_OFFSET_MM, PLANE_SLOPE, FaceRegion, air_level, face_region
from neurolupus.records.volume import Volume

# A ball for a brain in a head that lies in MNI space already: 3 mm voxels, its middle 20 mm behind the commissures
MM = 3.0
AFFINE = np.array([[MM, 0, 0, -105], [0, MM, 0, -120], [0, 0, MM, -120], [0, 0, 0, 1]])
SHAPE = (71, 80, 74)
FIT = AtlasFit(np.eye(4), 0.9)


def at(volume: Volume, x: float, y: float, z: float) -> tuple[int, int, int]:
    i, j, k = np.rint(np.linalg.inv(volume.affine) @ [x, y, z, 1])[:3].astype(int)
    return int(i), int(j), int(k)


GRID = np.moveaxis(np.indices(SHAPE), 0, -1) @ AFFINE[:3, :3].T + AFFINE[:3, 3]


def ellipsoid(centre: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    return np.linalg.norm((GRID - centre) / np.array(radii), axis=-1) < 1


@pytest.fixture(scope="module")
def brain() -> np.ndarray:
    return ellipsoid((0, -20, 5), (68, 85, 65))


@pytest.fixture(scope="module")
def head(brain: np.ndarray) -> Volume:
    """Brain, a dark skull, scalp, a block of face and neck, and two ears that stand out like plates."""
    scalp = ellipsoid((0, -20, 5), (80, 98, 78)) & ~ellipsoid((0, -20, 5), (76, 93, 73))
    face = ellipsoid((0, 20, -60), (60, 75, 55)) & ~ellipsoid((0, -20, 5), (76, 93, 73))
    ears = (np.abs(GRID[..., 0]) > 72) & (np.abs(GRID[..., 0]) < 98) & ellipsoid((0, -20, -20), (500, 4, 22))
    return Volume(np.where(brain, 500.0, np.where(scalp | face | ears, 700.0, 0.0)), AFFINE)


@pytest.mark.slow
def test_nose_mouth_eyes_and_ears_go_and_the_crown_stays(head: Volume, brain: np.ndarray) -> None:
    cleared = face_region(head, brain, FIT).on(head)
    for place in ((0, 95, -45), (0, 85, -85), (32, 75, -48), (-32, 75, -48), (85, -20, -20), (-85, -20, -20)):
        assert cleared[at(head, *place)], place
    for place in ((0, -20, 85), (0, 60, 60), (0, -115, 10), (0, -20, 5)):
        assert not cleared[at(head, *place)], place


@pytest.mark.slow
@pytest.mark.parametrize("margin_mm", [3.0, 8.0, 15.0, 20.0])
def test_no_voxel_within_the_margin_is_cleared(head: Volume, brain: np.ndarray, margin_mm: float) -> None:
    cleared = face_region(head, brain, FIT, margin_mm=margin_mm).on(head)
    from_brain = ndimage.distance_transform_edt(~brain, sampling=MM)
    side = (np.abs(GRID[..., 0]) > 55) & (GRID[..., 1] > -75) & (GRID[..., 1] < 30)
    assert float(from_brain[cleared & ~side].min()) > margin_mm
    assert float(from_brain[cleared].min()) > min(margin_mm, 8.0)


@pytest.mark.slow
def test_an_ear_goes_and_the_scalp_beside_it_stays(head: Volume, brain: np.ndarray) -> None:
    cleared = face_region(head, brain, FIT, margin_mm=25.0).on(head)
    ears = np.abs(GRID[..., 0]) > 82
    assert cleared[ears & (head.data > 0)].mean() > 0.95
    scalp = (head.data == 700) & (np.abs(GRID[..., 0]) < 78) & (GRID[..., 2] > 10)
    assert not cleared[scalp].any()


@pytest.mark.slow
def test_it_is_the_same_face_on_a_turned_grid_of_other_voxels(head: Volume, brain: np.ndarray) -> None:
    # A FLAIR of 1 x 1.5 x 4 mm, its axes flipped and swapped, the head moved by 7 mm and 10 degrees in between
    turn = np.eye(4)
    turn[:3, :3] = [[1, 0, 0], [0, np.cos(0.17), -np.sin(0.17)], [0, np.sin(0.17), np.cos(0.17)]]
    turn[:3, 3] = [2, -6, 3]
    axes = np.array([[0, 0, -4.0, 110], [-1.5, 0, 0, 90], [0, 1.0, 0, -120], [0, 0, 0, 1]])
    flair = Volume(np.broadcast_to(np.uint8(0), (140, 220, 50)), axes)
    region = face_region(head, brain, FIT)
    cleared = region.on(flair, turn)
    for index in np.random.default_rng(1).integers(0, flair.shape, (400, 3)):
        point = turn @ flair.affine @ [*index, 1]
        i, j, k = np.rint(np.linalg.inv(region.protected.affine) @ point)[:3].astype(int)
        is_in = all(0 <= n < size for n, size in zip((i, j, k), region.protected.shape, strict=True))
        safe = is_in and bool(region.protected.data[i, j, k])
        below = point[2] < PLANE_OFFSET_MM + PLANE_SLOPE * point[1]
        assert bool(cleared[tuple(index)]) == (below and not safe)


@pytest.mark.slow
def test_a_head_that_was_turned_loses_the_same_places(head: Volume, brain: np.ndarray) -> None:
    tilt = np.eye(4)
    tilt[:3, :3] = [[1, 0, 0], [0, np.cos(0.3), -np.sin(0.3)], [0, np.sin(0.3), np.cos(0.3)]]
    turned = Volume(head.data, tilt @ head.affine)
    fit = AtlasFit(np.linalg.inv(tilt), 0.9)
    assert np.array_equal(face_region(turned, brain, fit).on(turned), face_region(head, brain, FIT).on(head))


def test_a_brain_at_the_edge_of_the_picture_keeps_its_margin_on_a_larger_one(head: Volume, brain: np.ndarray) -> None:
    affine = head.affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 30], [0, 0, 0, 1.0]])
    cut = Volume(head.data[:, :, 30:], affine)
    cleared = face_region(cut, brain[:, :, 30:], FIT, margin_mm=8.0).on(head)
    kept = np.pad(brain[:, :, 30:], ((0, 0), (0, 0), (30, 0)))
    assert float(ndimage.distance_transform_edt(~kept, sampling=MM)[cleared].min()) > 8.0


@pytest.mark.parametrize(
    ("fit", "margin_mm", "words"),
    [
        (AtlasFit(np.eye(4), 0.4), 8.0, r"does not fit the atlas \(overlap 0.40\)"),
        (FIT, 1.0, "at least 3 mm are needed"),
    ],
)
def test_what_cannot_be_defaced_is_told(
    head: Volume, brain: np.ndarray, fit: AtlasFit, margin_mm: float, words: str
) -> None:
    with pytest.raises(ImageContentError, match=words):
        face_region(head, brain, fit, margin_mm=margin_mm)


def test_an_empty_mask_is_told(head: Volume, brain: np.ndarray) -> None:
    with pytest.raises(ImageContentError, match="mask is empty"):
        face_region(head, np.zeros(SHAPE, bool), FIT)


def test_air_lies_below_skin_and_an_empty_picture_has_no_level() -> None:
    data = np.concatenate([np.full(900, 10.0), np.full(100, 500.0)]).reshape(10, 10, 10)
    assert 10 < air_level(Volume(data, np.eye(4))) < 500
    assert air_level(Volume(np.zeros((2, 2, 2)), np.eye(4))) == 0.0
    assert isinstance(FaceRegion(Volume(data > 20, np.eye(4)), np.eye(4)).on(Volume(data, np.eye(4))), np.ndarray)
