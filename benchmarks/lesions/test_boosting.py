import numpy as np
import pytest
from boosting import sampling
from boosting.features import FEATURES, describe_candidates
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.brain import CLASSES, INDEX, HeadMap
from neurolupus.records.volume import Volume

approx = pytest.approx
GREY, WHITE, LESION = 100.0, 80.0, 150.0  # FLAIR
T1_GREY, T1_WHITE = 60.0, 100.0
CENTRE = np.array([48.0, 56.0, 48.0])  # of the brain, mm
SPOT = np.array([48.0, 76.0, 56.0])  # of the lesion, mm


def grid(voxel_mm, extent_mm=(96, 112, 96)):
    shape = tuple(round(e / v) for e, v in zip(extent_mm, voxel_mm, strict=True))
    affine = np.diag([*voxel_mm, 1.0])
    affine[:3, 3] = np.array(voxel_mm) / 2
    return Volume(np.zeros(shape, np.float32), affine)


def distance(volume, place):
    index = np.indices(volume.shape).reshape(3, -1)
    points = volume.affine[:3, :3] @ index + volume.affine[:3, 3:]
    return np.linalg.norm(points - place[:, None], axis=0).reshape(volume.shape)


def layers(volume):
    """Ventricle, white matter, cortex and fluid as shells about the centre; a lesion of 5 mm radius."""
    r = distance(volume, CENTRE)
    return {
        "ventricle": r < 9,
        "cerebral_wm": (r >= 9) & (r < 34),
        "cortex": (r >= 34) & (r < 38),
        "csf": (r >= 38) & (r < 41),
    }


def scene(voxel_mm):
    """A brain of shells on a grid, its FLAIR and T1w, mask, lesion, and its head map at 2 mm."""
    t1w = grid(voxel_mm)
    parts = layers(t1w)
    lesion = distance(t1w, SPOT) < 5
    t1, flair = np.zeros(t1w.shape, np.float32), np.zeros(t1w.shape, np.float32)
    for name, bright, dark in (
        ("ventricle", 20, 10), ("cerebral_wm", T1_WHITE, WHITE), ("cortex", T1_GREY, GREY), ("csf", 20, 15)
    ):  # fmt: skip
        t1[parts[name]], flair[parts[name]] = bright, dark
    t1[lesion], flair[lesion] = 75, LESION
    rng = np.random.default_rng(0)
    t1, flair = (np.asarray(i + rng.normal(0, 1.5, i.shape), np.float32) for i in (t1, flair))
    coarse = grid((2.0, 2.0, 2.0))
    probabilities = np.zeros((len(CLASSES), *coarse.shape), np.float32)
    for name, where in layers(coarse).items():
        probabilities[INDEX[name]] = ndimage.gaussian_filter(where.astype(np.float32), 0.4)
    probabilities[0] = 1 - probabilities.sum(0)
    mask = np.any(list(parts.values()), axis=0)
    return t1w.with_data(t1), flair, mask, lesion, HeadMap(probabilities, coarse)


@pytest.fixture(scope="module")
def cubic():
    return scene((1.0, 1.0, 1.0))


def described(made):
    t1w, flair, mask, _, head = made
    return describe_candidates(t1w, flair, mask, head)


def column(found, name, at):
    return found.table[at[tuple(found.where)], FEATURES.index(name)]


def test_lesion_voxels_are_candidates_and_few_others_are(cubic):
    _, _, mask, lesion, _ = cubic
    found = described(cubic)
    chosen = np.zeros(mask.shape, bool)
    chosen[tuple(found.where)] = True
    assert (chosen & lesion).sum() / lesion.sum() >= 0.98
    white = layers(cubic[0])["cerebral_wm"] & ~ndimage.binary_dilation(lesion, iterations=2)
    assert (chosen & ndimage.binary_erosion(white, iterations=3)).sum() / white.sum() < 0.01  # dull
    assert not chosen[~mask].any()


def test_brightness_is_told_in_units_of_grey_and_white_matter(cubic):
    found = described(cubic)
    lesion = ndimage.binary_erosion(cubic[3], iterations=2)
    assert np.median(column(found, "flair", lesion)) == approx(LESION / GREY, rel=0.03)
    assert np.median(column(found, "flair_over_white", lesion)) == approx((LESION - WHITE) / GREY, abs=0.03)
    assert np.median(column(found, "flair_over_white_12mm", lesion)) == approx((LESION - WHITE) / GREY, abs=0.06)
    assert np.median(column(found, "t1w", lesion)) == approx((75 - T1_GREY) / (T1_WHITE - T1_GREY), abs=0.08)


def test_scale_of_the_scanner_does_not_matter(cubic):
    t1w, flair, mask, lesion, head = cubic
    a = described(cubic)
    b = describe_candidates(t1w.with_data(t1w.data * 7), flair * 13, mask, head)
    assert abs(a.table.shape[0] - b.table.shape[0]) <= 0.001 * a.table.shape[0]
    for name in FEATURES:
        assert np.median(column(a, name, lesion)) == approx(np.median(column(b, name, lesion)), rel=1e-3, abs=2e-3), (
            name
        )


def test_features_are_in_mm_not_in_voxels(cubic):
    # the same scene on another grid: means around the lesion agree; single voxels differ by partial volume only
    thick = scene((0.8, 0.8, 3.0))
    a, b = described(cubic), described(thick)
    inner = [distance(made[0], SPOT) < 3 for made in (cubic, thick)]
    skipped = (  # in units of the noise, or of single voxels on the ventricle's edge
        "flair_wm", "flair_lowest_6mm", "flair_curvature_least", "flair_curvature_middle", "flair_curvature_most"
    )  # fmt: skip
    for name in FEATURES:
        if name in skipped:
            continue
        one, other = np.median(column(a, name, inner[0])), np.median(column(b, name, inner[1]))
        assert one == approx(other, abs=0.13), name


def test_a_box_cut_tighter_gives_the_same_features(cubic):
    t1w, flair, mask, _, head = cubic
    cut = tuple(slice(int(i.min()) - 6, int(i.max()) + 8) for i in np.nonzero(mask))
    affine = t1w.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [s.start for s in cut]
    small = describe_candidates(Volume(t1w.data[cut], affine), flair[cut], mask[cut], head)
    np.testing.assert_allclose(small.table, described(cubic).table, atol=2e-3)


def test_eigenvalues_are_those_of_lapack():
    matrix = np.random.default_rng(2).normal(size=(500, 3, 3)).astype(np.float32)
    matrix += matrix.transpose(0, 2, 1)
    expected = np.linalg.eigvalsh(matrix.astype(np.float64))
    np.testing.assert_allclose(np.stack(sampling.eigenvalues(matrix), 1), expected, atol=2e-4)


def test_reader_is_linear_interpolation():
    rng = np.random.default_rng(3)
    image = rng.normal(size=(9, 8, 7)).astype(np.float32)
    where = rng.uniform(0, 6, (3, 200))
    expected = ndimage.map_coordinates(image, where, order=1)
    np.testing.assert_allclose(sampling.Reader(image.shape, where).at(image), expected, atol=1e-5)


def test_no_white_matter_is_told(cubic):
    t1w, flair, mask, _, head = cubic
    probabilities = head.probabilities.copy()
    probabilities[INDEX["cortex"]] += probabilities[INDEX["cerebral_wm"]]
    probabilities[INDEX["cerebral_wm"]] = 0
    with pytest.raises(ImageContentError, match=r"(?s)0 surely white matter.*same head"):
        describe_candidates(t1w, flair, mask, HeadMap(probabilities, head.grid))
