"""Gaussian blur of a whole image in several threads: the same values as scipy's, to the last bit."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import ndimage

from neurolupus.records.volume import Image


def blurred(image: Image, sigma: Sequence[float], *, threads: int = 1, truncate: float = 4.0) -> Image:
    """The image blurred along each axis.

    Lines are blurred one by one, so the image can be cut between them; scipy's own loop leaves Python's lock.

    Parameters
    ----------
    image : (I, J, K) float32 array
    sigma : (3,) floats
        Of each axis, in voxels; 0 leaves an axis as it is.
    threads : int
    truncate : float
        Where the bell ends, in sigmas.
    """
    out: Image = np.array(image, np.float32)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for axis, width in enumerate(sigma):
            if width > 0:
                across = (axis + 1) % 3
                slabs = np.array_split(np.arange(image.shape[across]), max(1, threads))
                cuts = [_slab(across, int(rows[0]), int(rows[-1]) + 1) for rows in slabs if len(rows)]
                list(pool.map(lambda cut, a=axis, s=width: _along(out[cut], a, s, truncate), cuts))
    return out


def _slab(axis: int, start: int, stop: int) -> tuple[slice, ...]:
    return tuple(slice(start, stop) if one == axis else slice(None) for one in range(3))


def _along(part: Image, axis: int, sigma: float, truncate: float) -> None:
    """Blur a part in place."""
    ndimage.gaussian_filter1d(part, sigma, axis, output=part, truncate=truncate)
