"""New, enlarging, shrinking and disappeared lesions, from two aligned FLAIR and two masks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.change import FATES, Fate, LesionChange
from neurolupus.records.volume import Affine, Image, Labels, Mask

SMALLEST_ML = 0.014  # a ball 3 mm across: MAGNIMS-CMSC-NAIMS 2021, doi:10.1016/S1474-4422(21)00095-8
BEYOND_ML = 0.005  # of a piece must lie beyond the rim of one voxel around the other session's lesions
SURE_SD = 3.0  # of the smoothed FLAIR difference in normal white matter
SIGMA_MM = 1.0  # smoothing of the difference: finer than a lesion, coarser than a voxel's noise
SLOW_MM = 15.0  # coil shading left between the sessions is slower than this
_TOUCHING = np.ones((3, 3, 3), bool)


@dataclass(frozen=True, slots=True, eq=False)
class FoundChange:
    """What changed; `fates` and `labels` as in `Change`, `noise` relative to white matter, `stable` a count."""

    fates: Labels
    labels: Labels
    lesions: tuple[LesionChange, ...]
    stable: int
    noise: float


def compare_lesions(
    flair_before: Image,
    flair_after: Image,
    before: Mask,
    after: Mask,
    normal: Mask,
    white: Mask,
    tissue: Mask,
    affine: Affine,
) -> FoundChange:
    """Lesions that changed between two sessions.

    Parameters
    ----------
    flair_before, flair_after : (I, J, K) float32 arrays
        Aligned; any scale.
    before, after : (I, J, K) bool arrays
        WMH of each session.
    normal : (I, J, K) bool array
        Surely no lesion in either session.
    white : (I, J, K) bool array
        White matter of both sessions, where the noise of the FLAIR is taken from.
    tissue : (I, J, K) bool array
        No fluid in either session: the only place where lesions change. Lesions of the deep nuclei, and some that the
        segmentation takes for grey matter, lie outside white matter.
    affine : (4, 4) float array

    Notes
    -----
    A voxel changed when it is in one mask only *and* its FLAIR changed the same way by more than three standard
    deviations of the difference in normal white matter: a mask alone also moves with its own threshold, and a
    difference alone also shows flow and borders. Pieces smaller than a ball of 3 mm are
    dropped, and so are rims of one voxel around a lesion of the other session, which an alignment wrong by half a voxel
    draws too. A lesion is a component of what is bright in either session.
    """
    voxel_ml = voxel_volume_ml(affine)
    difference, noise = flair_difference(flair_before, flair_after, white, normal, affine)
    rose = _large(after & ~before & tissue & (difference > SURE_SD), before, voxel_ml)
    fell = _large(before & ~after & tissue & (difference < -SURE_SD), after, voxel_ml)
    components, count = ndimage.label(before | after, _TOUCHING)
    volume = {
        name: np.bincount(components[mask], minlength=count + 1) * voxel_ml
        for name, mask in (("before", before), ("after", after), ("gained", rose), ("lost", fell))
    }
    changed = [n for n in range(1, count + 1) if volume["gained"][n] > 0 or volume["lost"][n] > 0]
    changed.sort(key=lambda n: -float(volume["gained"][n] + volume["lost"][n]))
    fates, labels = np.zeros(before.shape, np.int32), np.zeros(before.shape, np.int32)
    boxes = ndimage.find_objects(components)
    found = []
    for label, n in enumerate(changed, start=1):
        box = boxes[n - 1]
        here = (components[box] == n) & (rose[box] | fell[box])
        fate = _fate(*(float(volume[name][n]) for name in ("before", "after", "gained", "lost")))
        fates[box][here], labels[box][here] = FATES.index(fate) + 1, label
        centre = affine[:3, :3] @ (np.argwhere(here).mean(axis=0) + [s.start for s in box]) + affine[:3, 3]
        found.append(
            LesionChange(
                label,
                fate,
                float(volume["gained"][n]),
                float(volume["lost"][n]),
                float(volume["before"][n]),
                float(volume["after"][n]),
                (float(centre[0]), float(centre[1]), float(centre[2])),
            )
        )
    large = (volume["before"] >= SMALLEST_ML) | (volume["after"] >= SMALLEST_ML)
    stable = int(np.count_nonzero(large[1:])) - sum(bool(large[n]) for n in changed)
    return FoundChange(fates, labels, tuple(found), stable, noise)


def flair_difference(
    flair_before: Image, flair_after: Image, white: Mask, normal: Mask, affine: Affine
) -> tuple[NDArray[np.float32], float]:
    """After less before, in standard deviations of normal white matter; and that deviation over its brightness.

    Each FLAIR is divided by its own slow brightness of normal white matter, so scale and coil shading drop out. The
    deviation is robust (1.4826 median absolute deviations), so a few changed voxels do not widen it.
    """
    size = np.linalg.norm(affine[:3, :3], axis=0)
    sure = white & normal
    if not sure.any():
        return np.zeros(white.shape, np.float32), 0.0
    weight = np.maximum(ndimage.gaussian_filter(sure.astype(np.float32), SLOW_MM / size), 1e-6)
    even = [
        ndimage.gaussian_filter(one / _slow(one, sure, weight, SLOW_MM / size), SIGMA_MM / size)
        for one in (flair_before, flair_after)
    ]
    difference = np.asarray(even[1] - even[0], np.float32)
    values = difference[sure]
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    return np.asarray((difference - middle) / max(spread, 1e-6), np.float32), spread


def _slow(image: Image, sure: Mask, weight: NDArray[np.float32], sigma: NDArray[np.float64]) -> NDArray[np.float32]:
    """The slow brightness of normal white matter around each voxel; its median where none is near."""
    slow = ndimage.gaussian_filter(np.where(sure, image, 0).astype(np.float32), sigma) / weight
    level = max(float(np.median(image[sure])), 1e-6)
    return np.asarray(np.where(weight > 1e-4, np.maximum(slow, 0.2 * level), level), np.float32)


def _large(mask: Mask, other: Mask, voxel_ml: float) -> Mask:
    """Pieces of at least `SMALLEST_ML`, with at least `BEYOND_ML` further than a voxel from `other`."""
    pieces, count = ndimage.label(mask, _TOUCHING)
    keep = np.bincount(pieces.ravel(), minlength=count + 1) * voxel_ml >= SMALLEST_ML
    beyond = pieces[mask & ~ndimage.binary_dilation(other, _TOUCHING)]
    keep &= np.bincount(beyond, minlength=count + 1) * voxel_ml >= BEYOND_ML
    keep[0] = False
    return np.asarray(keep[pieces])


def _fate(before_ml: float, after_ml: float, gained_ml: float, lost_ml: float) -> Fate:
    if before_ml == 0:
        return "new"
    if after_ml == 0:
        return "disappeared"
    return "enlarging" if gained_ml >= lost_ml else "shrinking"
