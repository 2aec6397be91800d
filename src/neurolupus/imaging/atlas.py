"""Atlas: the mean of fourteen heads, and individual heads drawn from it.

The mean has no single head's folds. Drawing adds smooth random fields to the classes' log shares before the likeliest
class is taken: where the heads disagree, which is where gyri and sulci lie, each draw folds in its own way.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.grid import isotropic_grid, resample
from neurolupus.records.volume import Affine, Labels, Volume

DRAWN_VOXEL_MM = 1.5
HEAD_SIZE = (0.885, 0.015)  # mean and SD; the ICBM space the atlas lies in is a good tenth longer than a head
FOLD_MM = 3.0  # standard deviation of the fields' smoothing: about half the width of a gyrus
FOLD_STRENGTH = {"cortex": 1.2, "cerebral_wm": 1.2, "csf": 1.6, "cerebellar_gm": 0.6, "infratentorial_wm": 0.6}

# Class -> FreeSurfer numbers (left, right)
NUMBERS: dict[str, tuple[int, int]] = {
    "air": (0, 0),
    "bone": (515, 515),
    "marrow": (516, 516),
    "dura_sinus": (514, 514),
    "soft_tissue": (507, 507),
    "skin_fat": (511, 511),
    "eye": (506, 506),
    "csf": (24, 24),
    "ventricle": (4, 43),
    "cortex": (3, 42),
    "deep_gm": (10, 49),
    "cerebral_wm": (2, 41),
    "cerebellar_gm": (8, 47),
    "infratentorial_wm": (7, 46),
}
BRAIN_STEM = 16
STEM_HALF_WIDTH_MM = 14.0
STEM_BACK_MM = -44.0  # MNI y behind which infratentorial white matter is the cerebellum's


@dataclass(frozen=True, slots=True, eq=False)
class HeadAtlas:
    """Shares (14, I, J, K) of 255 of each class, in MNI space."""

    names: tuple[str, ...]
    shares: NDArray[np.uint8]
    affine: Affine


@lru_cache(maxsize=1)
def read_atlas() -> HeadAtlas:
    """The packaged atlas; training/head_atlas/build.py makes it."""
    source = resources.files("neurolupus.imaging.models").joinpath("head_atlas.npz")
    with source.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        return HeadAtlas(tuple(str(n) for n in stored["names"]), stored["shares"], stored["affine"])


def draw_labels(rng: np.random.Generator) -> Volume:
    """One individual head of usual size: FreeSurfer numbers, (I, J, K) int32, on a grid of about 1.3 mm."""
    atlas = read_atlas()
    coarse = Volume(np.zeros(atlas.shares.shape[1:], np.float32), atlas.affine)
    grid = isotropic_grid(coarse, DRAWN_VOXEL_MM)
    best = np.full(grid.shape, -np.inf, np.float32)
    chosen = np.zeros(grid.shape, np.uint8)
    for index, name in enumerate(atlas.names):
        share = resample(coarse.with_data(atlas.shares[index].astype(np.float32) / 255), grid)
        score = np.log(share + np.float32(1e-3))
        if name in FOLD_STRENGTH:
            score += np.float32(FOLD_STRENGTH[name]) * _smooth_field(grid.shape, rng)
        better = score > best
        chosen[better] = index
        best[better] = score[better]
    chosen = ndimage.median_filter(chosen, 3)
    size = np.diag([*np.full(3, rng.normal(*HEAD_SIZE)), 1.0])
    return Volume(_numbers(chosen, atlas.names, grid.affine), size @ grid.affine)


def _smooth_field(shape: tuple[int, int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """A Gaussian random field of unit variance, smoothed over `FOLD_MM`."""
    field: NDArray[np.float32] = ndimage.gaussian_filter(
        rng.standard_normal(shape, np.float32), FOLD_MM / DRAWN_VOXEL_MM, truncate=3.0
    )
    scaled: NDArray[np.float32] = field / field.std()
    return scaled


def _numbers(chosen: NDArray[np.uint8], names: tuple[str, ...], affine: Affine) -> Labels:
    """FreeSurfer numbers of class indices; sides by the sign of x, the brain stem by its place."""
    x, y, _ = (np.moveaxis(np.indices(chosen.shape, sparse=False), 0, -1) @ affine[:3, :3].T + affine[:3, 3]).T
    x, y = x.T, y.T
    sides = np.array([NUMBERS[n] for n in names], np.int32)
    numbers: Labels = sides[chosen, (x > 0).astype(np.intp)]
    stem = (chosen == names.index("infratentorial_wm")) & (np.abs(x) < STEM_HALF_WIDTH_MM) & (y > STEM_BACK_MM)
    numbers[stem] = BRAIN_STEM
    return numbers
