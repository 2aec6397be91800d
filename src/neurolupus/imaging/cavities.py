"""Old infarcts told by their cavity alone: compact, as dark as fluid and in a bright wall, whatever the model sees."""

import numpy as np
from scipy import ndimage

from neurolupus.imaging.grid import bounding_box, widened
from neurolupus.imaging.infarcts import LENGTH_MM
from neurolupus.imaging.lesions import longest_extent_mm
from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.volume import Affine, Image, Mask

# All ours. Cavities of twelve phantoms had a compactness of 0.55 and more and 0.75 of a bright wall; of the other dark
# pieces of this size in 134 scans, ventricles, sulci and fissures, none had 0.3 and 0.5 together.
CAVITY_ML = 0.38  # a ball of 9 mm, which with 3 mm of wall is longer than 15 mm
COMPACT = 0.35  # volume beside that of a ball as long
WALL_MM = 3.0  # about the cavity, where the wall is looked for
WALL_SHARE = 0.6
RIM_MM = 4.0  # about the cavity: what is bright there belongs to the infarct
OUTER_MM = 6.0  # about that: a piece of wall that ends within it belongs to the infarct too


def walled_cavities(dark: Mask, flair: Image, brain: Mask, affine: Affine, cortex: float | None) -> Mask:
    """Cavities with their bright walls, longer than `LENGTH_MM`, (I, J, K); none where cortex was not seen.

    Parameters
    ----------
    dark : (I, J, K) bool array
        As dark as fluid, see `darkness.fluid_dark`. Ventricles and sulci are told from cavities by their shapes and
        walls, not by where the network expects fluid: it expects fluid in cavities too.
    flair : (I, J, K) float32 array
    brain : (I, J, K) bool array
        Intracranial mask.
    affine : (4, 4) float array
        Voxel indices to RAS+ mm.
    cortex : float or None
        How bright cortex is on the FLAIR; None: not seen.
    """
    found = np.zeros(dark.shape, np.bool_)
    if cortex is None:
        return found
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    pieces, _ = ndimage.label(dark)
    size_ml = np.bincount(pieces.ravel()) * voxel_volume_ml(affine)
    boxes = {
        number: box
        for number, box in enumerate(ndimage.find_objects(pieces), start=1)
        for sides in [[(s.stop - s.start) * mm for s, mm in zip(box, voxel_mm, strict=True)]]
        if size_ml[number] >= max(CAVITY_ML, COMPACT * _ball_ml(max(sides)))
    }
    reach = np.ceil(RIM_MM / voxel_mm).astype(int)
    for number, box in boxes.items():
        around = widened(box, reach)
        found[around] |= _with_wall(pieces[around] == number, (flair[around] > cortex) & brain[around], affine)
    return found


def _with_wall(cavity: Mask, bright: Mask, affine: Affine) -> Mask:
    """The cavity and what is bright about it; empty where it is no infarct."""
    nothing = np.zeros(cavity.shape, np.bool_)
    long = longest_extent_mm(np.argwhere(cavity), affine)
    if np.count_nonzero(cavity) * voxel_volume_ml(affine) < COMPACT * _ball_ml(long):
        return nothing
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    away = ndimage.distance_transform_edt(~cavity, sampling=voxel_mm)
    wall = (away > 0) & (away <= max(WALL_MM, voxel_mm.min()))  # large voxels have neighbours beyond it
    if bright[wall].mean() < WALL_SHARE:
        return nothing
    pieces, _ = ndimage.label(cavity | (bright & (away <= RIM_MM)), np.ones((3, 3, 3)))
    infarct: Mask = np.asarray(pieces == pieces[cavity][0])
    return infarct if longest_extent_mm(np.argwhere(infarct), affine) > LENGTH_MM else nothing


def with_outer_wall(infarcts: Mask, bright: Mask, affine: Affine) -> Mask:
    """Infarcts with the pieces of bright tissue that lie on them and reach no farther than `OUTER_MM`, (I, J, K).

    A thick wall goes on beyond `RIM_MM`; what is left of it outside would be counted as hyperintensities, in crumbs.
    Larger ones on an infarct stay what they are.
    """
    if not infarcts.any():
        return infarcts
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    x, y, z = (int(np.ceil(2 * OUTER_MM / mm)) for mm in voxel_mm)
    box = bounding_box(infarcts, (x, y, z))
    inside = infarcts[box]
    away = ndimage.distance_transform_edt(~inside, sampling=voxel_mm)
    pieces, count = ndimage.label(bright[box] & ~inside, np.ones((3, 3, 3)))
    if not count:
        return infarcts
    numbers = np.arange(1, count + 1)
    nearest, farthest = (np.asarray(of(away, pieces, numbers)) for of in (ndimage.minimum, ndimage.maximum))
    is_wall = np.concatenate([[False], (nearest <= np.linalg.norm(voxel_mm)) & (farthest <= OUTER_MM)])
    whole = infarcts.copy()
    whole[box] |= is_wall[pieces]
    return whole


def _ball_ml(diameter_mm: float) -> float:
    return float(np.pi / 6 * diameter_mm**3 / 1000)
