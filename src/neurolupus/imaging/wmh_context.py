"""What the first look at all candidates says about each of them: its neighbours, its lesion, the whole load."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.wmh_features import Candidates
from neurolupus.imaging.wmh_sampling import Reader, smooth
from neurolupus.imaging.wmh_units import Floats
from neurolupus.records.volume import Volume

CONTEXT: Final = (
    "first",
    "first_1mm",
    "first_2mm",
    "first_4mm",
    "first_10mm",
    "lesion_size",
    "lesion_highest",
    "lesion_mean",
    "load",
)
LESION: Final = 0.25  # voxels of at least this probability at first look make up lesions
_BLOCK_MM: Final = 3.0
_MARGIN_MM: Final = 3.0


def describe_context(grid: Volume, candidates: Candidates, first: Floats) -> Floats:
    """What surrounds each candidate in the probabilities of the first look.

    Parameters
    ----------
    grid : Volume
        The T1w the candidates lie on.
    candidates : Candidates
    first : (n,) float32 array
        The probability of each at first look.

    Returns
    -------
    (n, len(CONTEXT)) float32 array
        Sizes and the load are log10 of ml (plus 0.001).
    """
    n = len(first)
    if not n:
        return np.zeros((0, len(CONTEXT)), np.float32)
    size = grid.voxel_size_mm
    margin = np.ceil(_MARGIN_MM / np.array(size)).astype(int)[:, None]
    low = candidates.where.min(axis=1, keepdims=True)
    shape = candidates.where.max(axis=1) - low[:, 0] + 1 + 2 * margin[:, 0]
    here = candidates.where - low + margin
    image = np.zeros(tuple(int(s) for s in shape), np.float32)
    image[tuple(here)] = first
    columns = {"first": first}
    for reach in (1.0, 2.0):
        columns[f"first_{reach:.0f}mm"] = smooth(image, reach, size)[tuple(here)]
    factor = [max(1, round(_BLOCK_MM / s)) for s in size]
    blocks = _block_means(image, factor)
    reader = Reader(blocks.shape, (here - (np.array(factor)[:, None] - 1) / 2) / np.array(factor)[:, None])
    coarse = (size[0] * factor[0], size[1] * factor[1], size[2] * factor[2])
    for reach in (4.0, 10.0):
        columns[f"first_{reach:.0f}mm"] = reader.at(smooth(blocks, reach, coarse))
    columns |= _lesions(image, here, first, grid.voxel_volume_ml)
    load_ml = float(first.sum(dtype=np.float64)) * grid.voxel_volume_ml
    columns["load"] = np.full(n, np.log10(load_ml + 1e-3), np.float32)
    return np.stack([columns[name] for name in CONTEXT], axis=1).astype(np.float32, copy=False)


def _lesions(image: Floats, here: NDArray[np.intp], first: Floats, voxel_ml: float) -> dict[str, Floats]:
    """Size, highest and mean probability of the lesion each candidate belongs to; without one, -3, 0 and 0."""
    labels, count = ndimage.label(image >= LESION, np.ones((3, 3, 3)))
    own = labels[tuple(here)]
    voxels = np.bincount(own, minlength=count + 1)
    total = np.bincount(own, weights=first, minlength=count + 1)
    highest = np.zeros(count + 1, np.float32)
    np.maximum.at(highest, own, first)
    voxels[0], total[0], highest[0] = 0, 0, 0
    return {
        "lesion_size": np.log10(voxels * voxel_ml + 1e-3)[own].astype(np.float32),
        "lesion_highest": highest[own],
        "lesion_mean": (total / np.maximum(voxels, 1))[own].astype(np.float32),
    }


def _block_means(image: Floats, factor: list[int]) -> Floats:
    """Means of blocks of voxels; the last block of an axis is padded with zeros."""
    padded = np.pad(image, [(0, -n % f) for n, f in zip(image.shape, factor, strict=True)])
    (i, j, k), (a, b, c) = padded.shape, factor
    means: Floats = padded.reshape(i // a, a, j // b, b, k // c, c).mean(axis=(1, 3, 5), dtype=np.float32)
    return means
