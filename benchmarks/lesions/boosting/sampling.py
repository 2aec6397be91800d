"""Images read off around places: interpolated, blurred, in rings, and how they curve."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.wmh_units import Floats

_DIRECTIONS: Final = np.array(
    [[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if abs(x) + abs(y) + abs(z) in (1, 3)],
    np.float64,
)


class Reader:
    """Reads images at places between their voxels, linearly; the weights are computed once."""

    def __init__(self, shape: tuple[int, int, int], where: NDArray[np.float64]) -> None:
        upper = np.array(shape)[:, None]
        low = np.clip(np.floor(where), 0, upper - 2).astype(np.intp)
        part = np.clip(where - low, 0, 1).astype(np.float32)
        strides = (shape[1] * shape[2], shape[2], 1)
        self.base = low[0] * strides[0] + low[1] * strides[1] + low[2]
        self.corners: list[tuple[int, Floats]] = []
        for corner in np.ndindex(2, 2, 2):
            sides = [part[a] if upper_side else 1 - part[a] for a, upper_side in enumerate(corner)]
            step = sum(c * s for c, s in zip(corner, strides, strict=True))
            self.corners.append((step, sides[0] * sides[1] * sides[2]))

    def at(self, image: Floats) -> Floats:
        """The image at every place, (n,)."""
        flat = np.ascontiguousarray(image, np.float32).ravel()
        total = np.zeros(len(self.base), np.float32)
        for step, weight in self.corners:
            total += weight * flat[self.base + step]
        return total


def rings(bright: Floats, where: NDArray[np.float64]) -> dict[str, Floats]:
    """The lowest, middle and highest FLAIR of 14 directions at 3 and 6 mm: a spot is dark all around, a rim is not."""
    padded, base, strides = _padded(bright, where, 3)
    flat = padded.ravel()
    columns: dict[str, Floats] = {}
    for radius in (3.0, 6.0):
        steps = np.rint(_DIRECTIONS / np.linalg.norm(_DIRECTIONS, axis=1, keepdims=True) * radius / 2.0).astype(np.intp)
        around = np.stack([flat[base + int(step @ strides)] for step in steps])
        around.sort(axis=0)
        for name, row in (("lowest", 1), ("middle", 7), ("highest", 12)):  # the second of each end: less noise
            columns[f"flair_{name}_{radius:.0f}mm"] = around[row]
    return columns


def curvature(image: Floats, where: NDArray[np.float64]) -> dict[str, Floats]:
    """Eigenvalues of the matrix of second differences: three alike and negative in a spot, one in a sheet."""
    padded, base, strides = _padded(image, where, 1)
    flat = padded.ravel()
    hessian = np.empty((len(base), 3, 3), np.float32)
    middle = flat[base]
    for a in range(3):
        hessian[:, a, a] = flat[base + strides[a]] + flat[base - strides[a]] - 2 * middle
        for b in range(a):
            up, across = strides[a] + strides[b], strides[a] - strides[b]
            mixed = flat[base + up] + flat[base - up] - flat[base + across] - flat[base - across]
            hessian[:, a, b] = hessian[:, b, a] = mixed / 4
    names = ("flair_curvature_most", "flair_curvature_middle", "flair_curvature_least")
    return dict(zip(names, eigenvalues(hessian), strict=True))


def eigenvalues(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Eigenvalues of symmetric 3 x 3 matrices, (n, 3, 3), in rising order, in closed form.

    References
    ----------
    .. [1] Smith (1961), Commun ACM 4:168, doi:10.1145/355578.366316.
    """
    mean = np.trace(matrix, axis1=1, axis2=2) / 3
    centred = matrix - mean[:, None, None] * np.eye(3, dtype=np.float32)
    size = np.sqrt(np.einsum("nij,nij->n", centred, centred) / 6) + np.float32(1e-9)
    unit = centred / size[:, None, None]
    determinant = (
        unit[:, 0, 0] * (unit[:, 1, 1] * unit[:, 2, 2] - unit[:, 1, 2] ** 2)
        - unit[:, 0, 1] * (unit[:, 0, 1] * unit[:, 2, 2] - unit[:, 1, 2] * unit[:, 0, 2])
        + unit[:, 0, 2] * (unit[:, 0, 1] * unit[:, 1, 2] - unit[:, 1, 1] * unit[:, 0, 2])
    )
    angle = np.arccos(np.clip(determinant / 2, -1, 1)) / 3
    highest = mean + 2 * size * np.cos(angle)
    lowest = mean + 2 * size * np.cos(angle + np.float32(2 * np.pi / 3))
    return lowest, 3 * mean - highest - lowest, highest


def _padded(
    image: Floats, where: NDArray[np.float64], margin: int
) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """The image with a border, the flat index of the voxel nearest to each place, and the steps along the axes."""
    padded = np.pad(image, margin, mode="edge")
    upper = np.array(image.shape)[:, None] - 1
    nearest = np.clip(np.rint(where), 0, upper).astype(np.intp) + margin
    strides = np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1], np.intp)
    return padded, (strides[:, None] * nearest).sum(0), strides


def halved_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """The shape of `halved`."""
    i, j, k = ((n + 1) // 2 for n in shape)
    return i, j, k


def halved(image: Floats) -> Floats:
    """Means of blocks of 2 x 2 x 2 voxels."""
    padded = np.pad(image, [(0, n % 2) for n in image.shape], mode="edge")
    i, j, k = (n // 2 for n in padded.shape)
    halved: Floats = padded.reshape(i, 2, j, 2, k, 2).mean(axis=(1, 3, 5), dtype=np.float32)
    return halved


def smooth(image: Floats, sigma_mm: float, voxel_size_mm: tuple[float, float, float]) -> Floats:
    """The image blurred by a Gaussian of a width in mm, cut at 2.5 standard deviations."""
    blurred: Floats = ndimage.gaussian_filter(image, [sigma_mm / s for s in voxel_size_mm], truncate=2.5)
    return blurred
