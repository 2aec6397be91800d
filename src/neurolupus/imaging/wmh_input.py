"""What the WMH network sees of a scan: FLAIR and T1w in units of normal tissue at about 1 mm, anatomy at twice that."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.brain import CLASSES, INDEX, HeadMap
from neurolupus.imaging.grid import bounding_box, crop, isotropic_grid, resample
from neurolupus.imaging.wmh_units import Floats, Units, surest, tissue_units
from neurolupus.records.volume import Image, Mask, Probability, Volume

NATIVE_MM: Final = (0.85, 1.25)  # voxels whose edges all lie between these are taken as they are
NETWORK_MM: Final = 1.0  # all others are brought to this
MULTIPLE: Final = 8  # sides of the network's grid
MARGIN_MM: Final = 4.0
ANATOMY: Final = (*CLASSES[1:], "right_left", "front", "depth")  # channels of the coarse input
BRIGHTEST: Final = 3.0  # FLAIR is cut at this many times the grey matter's mode


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInput:
    """A scan as the network sees it.

    Parameters
    ----------
    images : (2, I, J, K) float32 array
        FLAIR and T1w, each 0 at grey matter's mode, zero outside the mask; I, J and K are multiples of `MULTIPLE`.
    anatomy : (len(ANATOMY), I / 2, J / 2, K / 2) float32 array
        Class probabilities and place, in the order of `ANATOMY`.
    inside : (I, J, K) bool array
        The mask on this grid.
    grid : Volume
        Where it lies.
    units : Units
        The intensities of normal tissue.
    """

    images: Floats
    anatomy: Floats
    inside: Mask
    grid: Volume
    units: Units

    def back(self, probability: Probability, onto: Volume) -> Probability:
        """A map on the network's grid, read on the grid of the scan."""
        offset = np.linalg.inv(onto.affine) @ self.grid.affine
        start = np.rint(offset[:3, 3]).astype(int)
        if np.allclose(offset[:3, :3], np.eye(3), atol=1e-5) and np.allclose(offset[:3, 3], start, atol=1e-3):
            whole = np.zeros(onto.shape, np.float32)
            sides = [min(n, m - s) for n, m, s in zip(probability.shape, onto.shape, start, strict=True)]
            there = tuple(slice(s, s + n) for s, n in zip(start, sides, strict=True))
            whole[there] = probability[tuple(slice(0, n) for n in sides)]
            return whole
        return np.clip(resample(self.grid.with_data(probability), onto), 0, 1)


def network_input(t1w: Volume, flair: Image, mask: Mask, head: HeadMap) -> NetworkInput:
    """A bias-corrected pair on one grid as the network sees it.

    Parameters
    ----------
    t1w : Volume
    flair : (I, J, K) float32 array
        On the grid of `t1w`.
    mask : (I, J, K) bool array
        Intracranial.
    head : HeadMap

    Raises
    ------
    ImageContentError
        The mask is empty, or there is no cortex or no white matter to measure by.
    """
    if not mask.any():
        raise ImageContentError(
            "The intracranial mask is empty; there is nothing to search for hyperintensities.\n"
            "    Look at the T1w: is it a head, and does its header put it upright?"
        )
    margin = [int(np.ceil(MARGIN_MM / s)) for s in t1w.voxel_size_mm]
    box = bounding_box(mask, (margin[0], margin[1], margin[2]))
    fine = crop(t1w, box)
    grid, (bright, tissue, inside) = _on_network_grid(fine, (flair[box], fine.data, mask[box].astype(np.float32)))
    within = inside > 0.5
    coarse = _coarse_grid(grid)
    classes = [resample(head.grid.with_data(head.probabilities[INDEX[n]]), coarse) for n in CLASSES]
    units = _units(bright, tissue, within, classes)
    images = np.stack(
        [
            np.where(within, np.clip(bright / np.float32(units.flair_grey), 0, BRIGHTEST) - 1, 0),
            np.where(within, units.t1w_scaled(tissue), 0),
        ]
    ).astype(np.float32)
    anatomy = np.stack([*classes[1:], *_places(within)]).astype(np.float32)
    return NetworkInput(images, anatomy, within, grid, units)


def halved(image: NDArray[np.generic]) -> Floats:
    """Means of blocks of 2 x 2 x 2 voxels; the sides are even."""
    i, j, k = (n // 2 for n in image.shape)
    blocks: Floats = image.reshape(i, 2, j, 2, k, 2).mean(axis=(1, 3, 5), dtype=np.float32)
    return blocks


def _on_network_grid(fine: Volume, images: tuple[Image, ...]) -> tuple[Volume, tuple[Floats, ...]]:
    """The images as they are, padded, where voxels are near 1 mm; else resampled, smoothed first where finer."""
    low, high = NATIVE_MM
    if all(low <= s <= high for s in fine.voxel_size_mm):
        pad = [(0, -n % MULTIPLE) for n in fine.shape]
        padded = tuple(np.pad(image, pad).astype(np.float32) for image in images)
        return Volume(np.zeros(padded[0].shape, np.float32), fine.affine), padded
    grid = isotropic_grid(fine, NETWORK_MM, MULTIPLE)
    sigma = [0.4 * np.sqrt(max(0.0, (NETWORK_MM / s) ** 2 - 1)) for s in fine.voxel_size_mm]
    smooth = (ndimage.gaussian_filter(image.astype(np.float32), sigma, truncate=2.5) for image in images)
    return grid, tuple(resample(fine.with_data(image), grid) for image in smooth)


def _coarse_grid(grid: Volume) -> Volume:
    """The grid whose voxels are blocks of 2 x 2 x 2."""
    affine = grid.affine.copy()
    affine[:3, :3] *= 2
    affine[:3, 3] += grid.affine[:3, :3] @ np.full(3, 0.5)
    i, j, k = (n // 2 for n in grid.shape)
    return Volume(np.zeros((i, j, k), np.float32), affine)


def _units(flair: Floats, t1w: Floats, inside: Mask, classes: list[Floats]) -> Units:
    """The modes of cortex and white matter, at the coarse grid: less noise."""
    weight = halved(inside)
    flair, t1w = (halved(np.where(inside, image, 0)) / np.maximum(weight, 0.5) for image in (flair, t1w))
    whole = weight > 0.99
    cortex, white = (surest(classes[INDEX[n]], whole) for n in ("cortex", "cerebral_wm"))
    return tissue_units(t1w, flair, cortex, white)


def _places(inside: Mask) -> list[Floats]:
    """How far from the middle, how far to the front, how far below the top: shares of the mask's box."""
    box = bounding_box(inside)
    shape = tuple(n // 2 for n in inside.shape)
    x, y = (
        np.clip((2 * np.arange(n) + 0.5 - s.start) / max(1, s.stop - s.start), 0, 1)
        for n, s in zip(shape[:2], box[:2], strict=True)
    )
    right_left, depth = np.abs(2 * x - 1), (box[2].stop - (2 * np.arange(shape[2]) + 0.5)) / 100
    ones = np.ones(shape, np.float32)
    return [ones * right_left[:, None, None], ones * y[None, :, None], ones * np.clip(depth, 0, 2)[None, None, :]]
