"""Connected lesions of a WMH mask: size, region, longest extent, infarct-like or not."""

from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial

from neurolupus.errors import GridMismatchError
from neurolupus.imaging.infarcts import LENGTH_MM, core_away_from, has_infarct_core
from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.measured import Lesion, Region
from neurolupus.records.volume import Affine, Labels, Mask, Probability

REGIONS: tuple[Region, ...] = get_args(Region)
PERIVENTRICULAR_MM = (
    3.0  # 'within 3 mm': the continuity rule's distance, Griffanti 2018 doi:10.1016/j.neuroimage.2017.03.024
)
JUXTACORTICAL_MM = 1.5  # touching, with no white matter between: MAGNIMS 2016, doi:10.1016/S1474-4422(15)00393-2
_TOUCHING = np.ones((3, 3, 3), bool)  # 26 neighbours


class LabelledLesions(NamedTuple):
    """`labels` numbers the components from 1, the largest first; `lesions[i]` describes label i + 1."""

    labels: Labels
    lesions: tuple[Lesion, ...]


@dataclass(frozen=True, slots=True)
class RegionLoad:
    """The lesions of one region."""

    region: Region
    count: int
    volume_ml: float


def label_lesions(
    mask: Mask,
    probability: Probability,
    affine: Affine,
    *,
    ventricles: Mask,
    cortex: Mask,
    infratentorial: Mask,
    fluid_core: Mask | None = None,
    rimmed: Mask | None = None,
) -> LabelledLesions:
    """The connected components of a WMH mask, numbered from the largest, each with its region.

    Parameters
    ----------
    mask : (I, J, K) bool array
        WMH.
    probability : (I, J, K) float array
        WMH probability, averaged per lesion.
    affine : (4, 4) float array
        Voxel indices to RAS+ mm.
    ventricles, cortex, infratentorial : (I, J, K) bool arrays
        Lateral and third ventricles; cortical grey matter; cerebellum with brain stem.
    fluid_core : (I, J, K) bool array, optional
        Voxels as dark as fluid on T1w, inside or beside lesions. Those within 1.5 mm of a ventricle are not counted.
    rimmed : (I, J, K) bool array, optional
        Those of them in cavities with a wall that is bright on FLAIR, whether or not the model calls it a lesion.

    Returns
    -------
    LabelledLesions
        26-neighbour components. The first rule that holds names the region: more than half of the voxels
        infratentorial; a voxel within 3 mm of a ventricle, or with a face on it: periventricular; a voxel within 1.5 mm
        of the cortex, or with a face on it: juxtacortical; else deep. Distances run between voxel centres.

    Notes
    -----
    The regions are those of STRIVE-2 [1]_ and MAGNIMS [2]_; a lesion reaching both ventricle and cortex is confluent
    and counts as periventricular, as in the Fazekas scale. Infarct-like: longer than 15 mm with a fluid-dark core of
    20 % of its volume or of 0.1 ml in one piece.

    References
    ----------
    .. [1] Duering et al. (2023), Lancet Neurol 22:602, doi:10.1016/S1474-4422(23)00131-X.
    .. [2] Filippi et al. (2016), Lancet Neurol 15:292, doi:10.1016/S1474-4422(15)00393-2.
    """
    for name, other in (("ventricles", ventricles), ("cortex", cortex), ("infratentorial", infratentorial)):
        if other.shape != mask.shape:
            raise GridMismatchError(
                f"The lesion mask has shape {mask.shape}, {name} {other.shape}; all must lie on the grid of the T1w.\n"
                "    Resample with nearest neighbours first."
            )
    labels = _components(mask)
    count = int(labels.max(initial=0))
    if not count:
        return LabelledLesions(labels, ())
    index = np.argwhere(labels)
    number = labels[tuple(index.T)]
    voxels = np.bincount(number, minlength=count + 1)
    share_below = np.bincount(number, infratentorial[tuple(index.T)], count + 1) / np.maximum(voxels, 1)
    near_ventricle = _comes_within(index, number, count, ventricles, affine, PERIVENTRICULAR_MM)
    near_cortex = _comes_within(index, number, count, cortex, affine, JUXTACORTICAL_MM)
    probability_sum = np.bincount(number, probability[tuple(index.T)], count + 1)
    core = core_away_from(fluid_core, ventricles, labels, affine) if fluid_core is not None else None
    lesions = []
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        component = labels[box] == label
        region = _region(share_below[label], bool(near_ventricle[label]), bool(near_cortex[label]))
        points = np.argwhere(component) + [s.start for s in box]
        longest = longest_extent_mm(points, affine)
        centre = affine[:3, :3] @ points.mean(axis=0) + affine[:3, 3]
        lesions.append(
            Lesion(
                label=label,
                volume_ml=int(voxels[label]) * voxel_volume_ml(affine),
                region=region,
                centroid_mm=(float(centre[0]), float(centre[1]), float(centre[2])),
                longest_mm=longest,
                mean_probability=float(probability_sum[label] / voxels[label]),
                infarct_like=core is not None
                and longest > LENGTH_MM
                and has_infarct_core(labels, label, box, core, affine, rimmed),
            )
        )
    return LabelledLesions(labels, tuple(lesions))


def region_loads(lesions: tuple[Lesion, ...]) -> tuple[RegionLoad, ...]:
    """Count and volume of the lesions of each region, in the order of `REGIONS`; regions without lesions are zero."""
    return tuple(
        RegionLoad(region, len(of), sum(lesion.volume_ml for lesion in of))
        for region in REGIONS
        for of in [[lesion for lesion in lesions if lesion.region == region]]
    )


def longest_extent_mm(voxels: NDArray[np.int_], affine: Affine) -> float:
    """The longest straight line through a set of voxels, in mm.

    Parameters
    ----------
    voxels : (n, 3) int array
        Voxel indices, at least one.
    affine : (4, 4) float array

    Returns
    -------
    float
        The line through the two farthest voxel centres, to the outer faces of these voxels; the longest edge for a
        single voxel.

    Examples
    --------
    >>> longest_extent_mm(np.array([[0, 0, 0], [1, 0, 0], [9, 0, 0]]), np.eye(4))
    10.0
    """
    ends = np.asarray(voxels)
    for axis in range(3):  # the farthest pair lies at ends of rows, whatever the direction of the rows
        ends = _row_ends(ends, axis)
    points = ends @ affine[:3, :3].T
    farthest, pair = -1.0, (0, 0)
    for start in range(0, len(points), 1000):
        distances = spatial.distance.cdist(points[start : start + 1000], points, "sqeuclidean")
        best = int(distances.argmax())
        if distances.flat[best] > farthest:
            farthest, pair = float(distances.flat[best]), (start + best // len(points), best % len(points))
    if farthest == 0.0:
        return float(np.linalg.norm(affine[:3, :3], axis=0).max())
    steps = np.abs(ends[pair[0]] - ends[pair[1]])
    length = float(np.sqrt(farthest))
    return length + length / float(steps.max())  # half a voxel more at each end, along the line


def _row_ends(voxels: NDArray[np.int_], axis: int) -> NDArray[np.int_]:
    """The first and the last voxel of each row along `axis`."""
    others = [a for a in range(3) if a != axis]
    order = np.lexsort((voxels[:, axis], voxels[:, others[0]], voxels[:, others[1]]))
    ordered = voxels[order]
    new_row = np.any(np.diff(ordered[:, others], axis=0) != 0, axis=1)
    first = np.concatenate([[True], new_row])
    last = np.concatenate([new_row, [True]])
    return np.asarray(ordered[first | last])


def count_components(mask: Mask) -> int:
    """How many lesions a mask holds: its 26-neighbour components."""
    return int(ndimage.label(mask, _TOUCHING)[1])


def _components(mask: Mask) -> Labels:
    """26-neighbour components numbered from the largest; of equals, the first in storage order comes first."""
    labels = np.zeros(mask.shape, np.int32)
    count = ndimage.label(mask, _TOUCHING, output=labels)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    rank = np.zeros(count + 1, np.int32)
    rank[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    return np.asarray(rank[labels])


def _comes_within(
    index: NDArray[np.int_], number: NDArray[np.int32], count: int, target: Mask, affine: Affine, distance_mm: float
) -> NDArray[np.bool_]:
    """For each label, whether a voxel lies within `distance_mm` of the target or shares a face with it, (count + 1,).

    Neighbours across thick slices touch, however far apart their centres are.
    """
    near = np.zeros(count + 1, bool)
    for step in (*np.eye(3, dtype=int), *-np.eye(3, dtype=int)):
        beside = np.clip(index + step, 0, np.array(target.shape) - 1)
        near[np.unique(number[target[tuple(beside.T)]])] = True
    reach = np.ceil(distance_mm * np.linalg.norm(np.linalg.inv(affine[:3, :3]), axis=1)).astype(int) + 1
    low = np.maximum(index.min(axis=0) - reach, 0)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, index.max(axis=0) + reach + 1, strict=True))
    inside = target[box]
    surface = np.argwhere(inside & ~ndimage.binary_erosion(inside, border_value=1)) + low
    if not len(surface):
        near[np.unique(number[target[tuple(index.T)]])] = True
        return near
    tree = spatial.cKDTree(surface @ affine[:3, :3].T)
    limit = distance_mm + 1e-6
    distance, _ = tree.query(index @ affine[:3, :3].T, distance_upper_bound=limit)
    near[np.unique(number[(distance <= limit) | target[tuple(index.T)]])] = True
    return near


def _region(share_below: float, near_ventricle: bool, near_cortex: bool) -> Region:
    if share_below > 0.5:
        return "infratentorial"
    if near_ventricle:
        return "periventricular"
    return "juxtacortical" if near_cortex else "deep"
