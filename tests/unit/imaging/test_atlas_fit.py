"""The fit finds the place of heads that are the atlas itself, moved; and of real label maps, whose sides are known."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neurolupus.imaging.atlas import read_atlas
from neurolupus.imaging.atlas_fit import fit_atlas
from neurolupus.imaging.brain import CLASSES, HeadMap
from neurolupus.imaging.grid import isotropic_grid, resample
from neurolupus.imaging.labels import KINDS
from neurolupus.io.nifti import read_labels
from neurolupus.records.volume import Volume

pytestmark = pytest.mark.slow

HEADS = Path(__file__).parents[4] / "shared/data/mri/head-label-maps"
KINDS_OF = {
    "csf": ("outer_csf",),
    "ventricle": ("ventricle", "choroid_plexus"),
    "cortex": ("cortex", "medial_temporal_gm"),
    "deep_gm": ("striatum", "pallidum", "thalamus"),
    "cerebral_wm": ("cerebral_wm", "ventral_dc", "vessel", "wmh"),
    "cerebellar_gm": ("cerebellar_gm",),
    "infratentorial_wm": ("cerebellar_wm", "brain_stem"),
}


def moved_atlas(mni_to_head: np.ndarray) -> HeadMap:
    """The atlas's own classes at another place, on a grid of 2 mm around it."""
    atlas = read_atlas()
    shares = dict(zip(atlas.names, atlas.shares, strict=True))
    size = np.array([110, 130, 120])
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (mni_to_head @ [0.0, -15.0, 10.0, 1.0])[:3] - size
    grid = Volume(np.zeros(size, np.float32), affine)
    maps = [
        resample(Volume(shares[name] / np.float32(255), atlas.affine), grid, onto_to_moving=np.linalg.inv(mni_to_head))
        if name in shares
        else np.zeros(size, np.float32)
        for name in CLASSES
    ]
    return HeadMap(np.stack(maps), grid)


def pose(turn_deg, scale, shift) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix() @ np.diag(scale)
    matrix[:3, 3] = shift
    return matrix


@pytest.mark.parametrize(
    ("turn_deg", "scale", "shift"),
    [
        ((0, 0, 0), (1, 1, 1), (0, 0, 0)),
        ((20, 0, 0), (0.9, 0.92, 0.85), (5, 30, -20)),
        ((8, 12, -15), (0.85, 0.9, 0.95), (0, 0, 60)),
    ],
)
def test_the_place_is_found(turn_deg, scale, shift):
    truth = pose(turn_deg, scale, shift)
    fit = fit_atlas(moved_atlas(truth))
    places = np.array([[0, 0, 0], [40, -24, 56], [-40, 30, 0], [20, -80, 0], [-50, -20, -10]], float)
    there = places @ truth[:3, :3].T + truth[:3, 3]
    error = np.linalg.norm(there @ fit.head_to_mni[:3, :3].T + fit.head_to_mni[:3, 3] - places, axis=1)
    assert fit.is_good
    assert error.max() < 1.0  # mm; a fit to the very same classes


def test_a_head_upside_down_is_not_called_good():
    fit = fit_atlas(moved_atlas(pose((180, 0, 0), (1, 1, 1), (0, 0, 0))))
    assert not fit.is_good


@pytest.mark.skipif(not HEADS.is_dir(), reason=f"no label maps of real heads at {HEADS}")
@pytest.mark.slow
@pytest.mark.parametrize("head", ["03", "11"])
def test_real_heads_have_their_sides(head):
    labels = read_labels(HEADS / f"head-{head}.nii.gz")
    numbers = np.asarray(labels.data, int)
    grid = isotropic_grid(labels, 2.0)
    maps = [np.zeros(grid.shape, np.float32)]
    for name in CLASSES[1:]:
        kinds = [n for kind in KINDS_OF[name] for n in KINDS[kind]]
        maps.append(resample(labels.with_data(np.isin(numbers, kinds).astype(np.float32)), grid))
    fit = fit_atlas(HeadMap(np.stack(maps), grid))
    assert fit.is_good
    to_mni = fit.head_to_mni @ labels.affine
    for label, sign in ((2, -1), (41, 1)):
        x = np.argwhere(numbers == label) @ to_mni[0, :3] + to_mni[0, 3]
        assert np.mean(sign * x > 0) > 0.996  # measured 0.998 and more, on all fourteen
