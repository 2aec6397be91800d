"""Lesions put into a patch while it trains: shapes of other patients' lesions, anywhere in white matter."""

from pathlib import Path

import numpy as np
from lesion_masks import read_mask
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
SMALLEST_VOXELS, SMALL_VOXELS, LARGEST_VOXELS = 4, 400, 12_000
LARGE_SHARE = 0.12  # of the lesions drawn; most are small, as most of a patient's are
FAINT = 0.12  # of grey matter's FLAIR above white matter's; one in ten voxels that experts drew has less than 0.15
OCTANT = np.ones((3, 3, 3))


class Shapes:
    """Lesion shapes, small and large, as shares of voxels."""

    def __init__(self, masks: list[Path]) -> None:
        self.small: list[Floats] = []
        self.large: list[Floats] = []
        for path in masks:
            mask = read_mask(path).data > 0
            labels, _ = ndimage.label(mask, OCTANT)
            for number, box in enumerate(ndimage.find_objects(labels), start=1):
                shape = labels[box] == number
                if SMALLEST_VOXELS <= shape.sum() <= LARGEST_VOXELS:
                    group = self.small if shape.sum() <= SMALL_VOXELS else self.large
                    group.append(np.pad(shape.astype(np.float32), 2))

    def draw(self, rng: np.random.Generator) -> Floats:
        """One, turned, mirrored and resized at random; about as many of each size as patients have."""
        group = self.large if rng.random() < LARGE_SHARE else self.small
        shape = group[int(rng.integers(len(group)))]
        shape = shape.transpose(rng.permutation(3))
        for axis in range(3):
            if rng.random() < 0.5:
                shape = np.flip(shape, axis)
        zoom = np.exp(rng.normal(0, 0.15, 3))
        resized = ndimage.zoom(shape, zoom, order=1)
        return np.clip(ndimage.gaussian_filter(resized, 0.35), 0, 1).astype(np.float32)


def implant(share: Floats, room: Floats, shapes: Shapes, rng: np.random.Generator, most: int) -> Floats:
    """Share of new lesions in each voxel of a patch, none where a lesion is already."""
    fresh = np.zeros_like(share)
    allowed = np.argwhere((room > 0.4) & (share < 0.05))
    if len(allowed) < 200:
        return fresh
    for _ in range(int(rng.integers(1, most + 1))):
        shape = shapes.draw(rng)
        place = allowed[int(rng.integers(len(allowed)))]
        start = place - np.array(shape.shape) // 2
        low, high = np.maximum(start, 0), np.minimum(start + shape.shape, share.shape)
        if (high <= low).any():
            continue
        there = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        part = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))
        if share[there].max() > 0.05 and shape.sum() < SMALL_VOXELS:
            continue
        fresh[there] = np.maximum(fresh[there], shape[part] * (room[there] > 0.25))
    return fresh


def paint(images: Floats, fresh: Floats, thickness_mm: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The new lesions in FLAIR and T1w (grey matter 0; T1w white matter 1), each of its own strength.

    Returns where they are too faint to be seen.
    """
    labels, count = ndimage.label(fresh > 0.05, OCTANT)
    if not count:
        return np.zeros(fresh.shape, bool)
    strength = np.concatenate([[0], rng.beta(2.5, 1.5, count) * 0.5 + 0.5]).astype(np.float32)
    darkness = np.concatenate([[0], rng.uniform(0.3, 1.2, count)]).astype(np.float32)
    edge = rng.uniform(0.2, 0.8)
    slices = np.sqrt(edge**2 + max(0.0, (thickness_mm / 3.46) ** 2 - 0.09))
    rise = np.exp(rng.uniform(np.log(0.15), np.log(0.8)))  # expert lesions of two patients: 0.15 to 0.5
    amount = fresh * strength[labels]
    added = rise * ndimage.gaussian_filter(amount, (edge, edge, slices))
    images[0] += added
    images[1] -= rng.uniform(0.2, 2.0) * ndimage.gaussian_filter(amount * darkness[labels], edge)
    peak = ndimage.maximum_filter(added, 3)
    return np.asarray((fresh > 0.05) & (peak < FAINT))


def strengthen(images: Floats, truth: Floats, rng: np.random.Generator) -> None:
    """Lesions that are there already, brighter on FLAIR and darker on T1w: experts' are, by 0.8 to 1.8 of contrast."""
    soft = ndimage.gaussian_filter(truth, 0.6)
    images[0] += rng.uniform(-0.05, 0.3) * soft
    images[1] -= rng.uniform(0, 1.3) * soft
