"""Another person from a label map: bent, atrophied, with white matter lesions painted in."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.acquisition import smooth_field
from neurolupus.imaging.labels import LATERAL_VENTRICLE_LABELS, PAINTED_WMH, tissue_of, whole_numbers
from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.volume import Affine, Labels, Mask, Volume

_HEALTHY_WM = (2, 41, 7, 46, 16)
_CEREBRAL_WM = (2, 41)
_CAP_MM = 15.0  # periventricular lesions reach no farther from the ventricle
_KNOT_MM = 6.0  # displacement is given on a grid of this spacing


def deformed(
    labels: Volume,
    rng: np.random.Generator,
    *,
    bend_mm: float = 2.5,
    ventricle_zoom: float = 1.0,
    brain_shrink: float = 0.0,
) -> Volume:
    """The label map of another head.

    Parameters
    ----------
    labels : Volume
        FreeSurfer numbers.
    bend_mm : float
        Standard deviation of a random smooth displacement (correlation about 40 mm).
    ventricle_zoom : float
        Linear growth of the lateral ventricles about their centre, fading over 25 mm.
    brain_shrink : float
        Share by which the brain recedes from the skull, linearly; the fluid around it widens.

    Returns
    -------
    Volume
        Same grid, int32. Where displacement reaches over the edge, air.
    """
    numbers = whole_numbers(labels.data)
    voxel_mm = np.array(labels.voxel_size_mm)
    knots = np.maximum(np.ceil(np.array(numbers.shape) * voxel_mm / _KNOT_MM).astype(int) + 1, 2)
    at = np.stack(
        np.meshgrid(*[np.linspace(0, n - 1, k) for n, k in zip(numbers.shape, knots, strict=True)], indexing="ij")
    )
    at_mm = at * voxel_mm[:, None, None, None]
    shift_mm = np.zeros_like(at_mm)
    for axis in range(3):
        bumps = ndimage.gaussian_filter(rng.standard_normal(tuple(knots)), 20.0 / _KNOT_MM)
        shift_mm[axis] = bend_mm * bumps / bumps.std()
    ventricles = np.argwhere(np.isin(numbers, LATERAL_VENTRICLE_LABELS))
    if len(ventricles) and ventricle_zoom != 1.0:
        centre = (ventricles.mean(axis=0) * voxel_mm)[:, None, None, None]
        fade = np.exp(-0.5 * np.sum((at_mm - centre) ** 2, axis=0) / 25.0**2)
        shift_mm += (1.0 / ventricle_zoom - 1.0) * fade * (at_mm - centre)
    if brain_shrink:
        shift_mm += _receding(numbers, voxel_mm, at, at_mm, brain_shrink)
    return labels.with_data(_looked_up(numbers, shift_mm / voxel_mm[:, None, None, None]))


def _receding(
    numbers: Labels, voxel_mm: NDArray[np.float64], at: NDArray[np.float64], at_mm: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """Displacement that draws the brain towards its centre and leaves the skull: full 8 mm inside the skull."""
    step = np.maximum(np.floor(3.0 / voxel_mm), 1).astype(int)
    coarse = tissue_of(numbers[:: step[0], :: step[1], :: step[2]]) > 0
    if not coarse.any():
        return np.zeros_like(at_mm)
    depth = ndimage.distance_transform_edt(np.pad(coarse, 1), sampling=voxel_mm * step)[1:-1, 1:-1, 1:-1]
    weight = np.minimum(ndimage.map_coordinates(depth, at / step[:, None, None, None], order=1) / 8.0, 1.0)
    centre = (np.argwhere(coarse).mean(axis=0) * step * voxel_mm)[:, None, None, None]
    return np.asarray(share * weight * (at_mm - centre))


def _looked_up(numbers: Labels, shift: NDArray[np.float64]) -> Labels:
    """The label at each voxel's displaced place, to the nearest voxel; `shift` is (3, coarse grid) in voxels."""
    inside = np.ones(numbers.shape, bool)
    flat = np.zeros(numbers.shape, np.int32)
    for axis, n in enumerate(numbers.shape):
        where = smooth_field(numbers.shape, shift[axis].astype(np.float32))
        where += np.arange(n, dtype=np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
        index = np.rint(where).astype(np.int32)
        inside &= (index >= 0) & (index < n)
        flat = flat * np.int32(n) + np.clip(index, 0, n - 1)
    return np.where(inside, numbers.ravel()[flat], np.int32(0))


def painted(labels: Volume, lesion_mask: Mask) -> Volume:
    """The label map with the mask's white matter voxels turned into lesion (77); other voxels stay as they are."""
    numbers = whole_numbers(labels.data)
    return labels.with_data(np.where(lesion_mask & np.isin(numbers, _HEALTHY_WM), np.int32(PAINTED_WMH), numbers))


def draw_lesions(
    labels: Volume, volume_ml: float, rng: np.random.Generator, *, periventricular_share: float = 0.6
) -> Mask:
    """A mask of periventricular caps and bands and of small deep round lesions of a given volume.

    Parameters
    ----------
    labels : Volume
    volume_ml : float
        Of all lesions together; reached to the voxel as long as there is white matter enough.
    periventricular_share : float
        Of the volume; the rest is deep, in ellipsoids of 1 to 4 mm radius.

    Returns
    -------
    (I, J, K) bool array
        Cerebral white matter voxels only.
    """
    numbers = whole_numbers(labels.data)
    mask = np.zeros(numbers.shape, bool)
    wm = np.isin(numbers, _CEREBRAL_WM)
    white = np.argwhere(wm)
    wanted = min(round(volume_ml / voxel_volume_ml(labels.affine)), len(white))
    if not wanted:
        return mask
    voxel_mm = np.array(labels.voxel_size_mm)
    distance = _ventricle_distance_mm(np.isin(numbers, LATERAL_VENTRICLE_LABELS), white, voxel_mm)
    caps = _caps(white, distance, round(wanted * periventricular_share), labels.affine, rng)
    mask[tuple(caps.T)] = True
    _add_round_lesions(mask, wm, white[distance > 6.0], wanted, voxel_mm, rng)
    return mask


def _ventricle_distance_mm(
    ventricles: Mask, white: NDArray[np.int_], voxel_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From each white matter voxel to the nearest ventricle voxel, seen on every other voxel; infinite without."""
    coarse = ventricles[::2, ::2, ::2]
    if not coarse.any():
        return np.full(len(white), np.inf)
    distance = ndimage.distance_transform_edt(~coarse, sampling=2 * voxel_mm)
    return np.asarray(ndimage.map_coordinates(distance, white.T / 2.0, order=1, mode="nearest"))


def _caps(
    white: NDArray[np.int_], distance: NDArray[np.float64], wanted: int, affine: Affine, rng: np.random.Generator
) -> NDArray[np.int_]:
    """The voxels that lie nearest the ventricles where a smooth random field and the horns draw the lesion outwards."""
    near = np.flatnonzero(distance < _CAP_MM)
    if not len(near) or not wanted:
        return np.zeros((0, 3), int)
    points = white[near] @ affine[:3, :3].T
    low, span = points.min(axis=0), np.ptp(points, axis=0).clip(1e-6)
    field = ndimage.map_coordinates(rng.standard_normal((14, 14, 14)), ((points - low) / span * 13).T, order=1)
    horns = np.abs(2 * (points[:, 1] - low[1]) / span[1] - 1) ** 2  # 0 at the middle, 1 at both ends
    score = distance[near] - 3.0 * field - 5.0 * horns
    return np.asarray(white[near[np.argsort(score, kind="stable")[:wanted]]])


def _add_round_lesions(
    mask: Mask,
    wm: Mask,
    centres: NDArray[np.int_],
    wanted: int,
    voxel_mm: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Ellipsoids about random centres, in white matter, until the mask holds `wanted` voxels; changes `mask`."""
    missing = wanted - int(np.count_nonzero(mask))
    for _ in range(5000 if len(centres) else 0):
        if missing <= 0:
            return
        centre = centres[rng.integers(len(centres))]
        radii = np.exp(rng.normal(np.log(2.0), 0.35)) * rng.uniform(0.75, 1.25, 3) / voxel_mm
        low = np.maximum(np.floor(centre - radii).astype(int), 0)
        high = np.minimum(np.ceil(centre + radii).astype(int) + 1, mask.shape)
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        steps = [((np.arange(s.start, s.stop) - c) / r) ** 2 for s, c, r in zip(box, centre, radii, strict=True)]
        apart = steps[0][:, None, None] + steps[1][None, :, None] + steps[2][None, None, :]
        new = np.argwhere((apart <= 1.0) & wm[box] & ~mask[box])
        order = np.argsort(apart[tuple(new.T)], kind="stable")[:missing]
        mask[tuple((new[order] + low).T)] = True
        missing -= len(order)
