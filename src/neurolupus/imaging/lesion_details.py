"""What is told of each lesion beside its size and region: reach, darkness, shape, side and lobe."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial

from neurolupus.imaging.atlas_fit import AtlasFit, in_mni
from neurolupus.imaging.lesion_shape import SMALLEST_ML, lesion_shape
from neurolupus.imaging.lesions import LabelledLesions
from neurolupus.imaging.lobes import is_left, lobe_of
from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.measured import LOBES, Lesion, Lobe, Side
from neurolupus.records.volume import Affine, Mask

CONFLUENT_MM = 10.0  # periventricular lesions reaching further: Ghaznawi 2019, doi:10.1177/0271678X18800463
BLACK_HOLE_SHARE = 0.5  # of the lesion's volume; ours

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlaceLoads:
    """WMH volumes by side and lobe, ml; the lobes hold what lies above the tentorium."""

    left_ml: float
    right_ml: float
    lobes_ml: Mapping[Lobe, float]


NO_LOADS = PlaceLoads(0.0, 0.0, dict.fromkeys(LOBES, 0.0))  # without a lesion no atlas is needed


def describe_lesions(
    found: LabelledLesions, affine: Affine, *, ventricles: Mask, dark: Mask | None, fit: AtlasFit | None
) -> tuple[Lesion, ...]:
    """The lesions with all that is told of them.

    Parameters
    ----------
    found : LabelledLesions
    affine : (4, 4) float array
        Voxel indices to RAS+ mm.
    ventricles : (I, J, K) bool array
        Lateral ventricles.
    dark : (I, J, K) bool array or None
        White matter darker on T1w than grey matter; None: not known.
    fit : AtlasFit or None
        None: side and lobe stay unknown.
    """
    surface = _surface_points(ventricles, affine)
    tree = spatial.cKDTree(surface) if len(surface) else None
    boxes = ndimage.find_objects(found.labels)
    described = []
    for lesion in found.lesions:
        box = boxes[lesion.label - 1]
        voxels = np.argwhere(found.labels[box] == lesion.label) + [s.start for s in box]
        lesion = _with_reach(lesion, voxels, affine, tree)
        lesion = _with_darkness(lesion, voxels, affine, dark)
        if lesion.volume_ml >= SMALLEST_ML:
            shape = lesion_shape(voxels, affine)
            lesion = replace(
                lesion,
                solidity=shape.solidity,
                convexity=shape.convexity,
                concavity_index=shape.concavity_index,
                eccentricity=shape.eccentricity,
                fractal_dimension=shape.fractal_dimension,
            )
        described.append(lesion if fit is None else _with_place(lesion, in_mni(voxels, affine, fit)))
    return tuple(described)


def place_loads(found: LabelledLesions, affine: Affine, fit: AtlasFit) -> PlaceLoads:
    """WMH by side and lobe, voxel by voxel, infarct-like lesions left out.

    Left and right sum to `wmh_ml`; the lobes to `wmh_ml` less the lesions below the tentorium.
    """
    voxel_ml = voxel_volume_ml(affine)
    wmh = [lesion for lesion in found.lesions if not lesion.infarct_like]
    above = [lesion.label for lesion in wmh if lesion.region != "infratentorial"]
    everywhere = in_mni(np.argwhere(np.isin(found.labels, [lesion.label for lesion in wmh])), affine, fit)
    left = int(np.count_nonzero(is_left(everywhere)))
    lobe = np.bincount(lobe_of(in_mni(np.argwhere(np.isin(found.labels, above)), affine, fit)), minlength=len(LOBES))
    return PlaceLoads(
        left * voxel_ml,
        (len(everywhere) - left) * voxel_ml,
        {name: int(count) * voxel_ml for name, count in zip(LOBES, lobe, strict=True)},
    )


def _surface_points(mask: Mask, affine: Affine) -> Points:
    rim = np.argwhere(mask & ~ndimage.binary_erosion(mask, border_value=1))
    return np.asarray(rim @ affine[:3, :3].T + affine[:3, 3], np.float64)


def _with_reach(lesion: Lesion, voxels: NDArray[np.int_], affine: Affine, tree: spatial.cKDTree | None) -> Lesion:
    """How far the farthest voxel lies from a ventricle, and confluent beyond 10 mm; of periventricular lesions."""
    if tree is None or lesion.region != "periventricular":
        return lesion
    reach = float(tree.query(voxels @ affine[:3, :3].T + affine[:3, 3])[0].max())
    return replace(lesion, reach_mm=reach, confluent=reach > CONFLUENT_MM and not lesion.infarct_like)


def _with_darkness(lesion: Lesion, voxels: NDArray[np.int_], affine: Affine, dark: Mask | None) -> Lesion:
    if dark is None:
        return lesion
    count = int(np.count_nonzero(dark[tuple(voxels.T)]))
    hole = None if lesion.infarct_like else count >= BLACK_HOLE_SHARE * len(voxels)
    return replace(lesion, dark_ml=count * voxel_volume_ml(affine), black_hole=hole)


def _with_place(lesion: Lesion, mni_mm: Points) -> Lesion:
    """The side and the lobe of most of its voxels; of equals, the left and the first of `LOBES`."""
    side: Side = "left" if 2 * np.count_nonzero(is_left(mni_mm)) >= len(mni_mm) else "right"
    if lesion.region == "infratentorial":
        return replace(lesion, side=side)
    most = int(np.bincount(lobe_of(mni_mm), minlength=len(LOBES)).argmax())
    return replace(lesion, side=side, lobe=LOBES[most])
