"""A simulated scanner: label map -> averaged voxels, coil shading, motion, Rician noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from neurolupus.records.volume import Affine, Image

Floats = NDArray[np.float32]
_POINTS_AT_ONCE = 1 << 18


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where an image is taken: its grid, and how finely each voxel is averaged.

    Parameters
    ----------
    shape : (I, J, K)
    affine : (4, 4) float array
        Voxel indices to scanner coordinates, RAS+ mm.
    points : int
        Sample points in each voxel; their mean is the voxel, so a thick slice is a true slab average.
    """

    shape: tuple[int, int, int]
    affine: Affine
    points: int

    @property
    def offsets(self) -> NDArray[np.float64]:
        """Where the points lie within a voxel, from -1/2 to 1/2, (points, 3).

        A rank-1 lattice: seen along any axis, all points differ and are evenly spaced. The corners of a small cube
        would do worse: with two steps along an axis a shifted head lands up to a quarter of a voxel off.
        """
        n = self.points
        steps = np.array([1, _coprime(n, 0.382), _coprime(n, 0.618)])
        return np.asarray((np.arange(n)[:, None] * steps % n + 0.5) / n - 0.5, np.float64)


def _coprime(n: int, share: float) -> int:
    """The first number from `share` of n on that has no common divisor with n."""
    step = max(round(share * n), 1)
    while np.gcd(step, n) != 1:
        step += 1
    return step


def sampling_around(
    corners_mm: NDArray[np.float64],
    voxel_mm: tuple[float, float, float],
    *,
    margin_mm: float,
    point_mm: float,
    rng: np.random.Generator,
) -> Sampling:
    """A grid along the scanner's axes around a box given by points (n, 3), with a random origin within one voxel."""
    size = np.asarray(voxel_mm, np.float64)
    low = corners_mm.min(axis=0) - margin_mm - rng.uniform(0, 1, 3) * size
    shape = np.ceil((corners_mm.max(axis=0) + margin_mm - low) / size).astype(int) + 1
    affine = np.diag([*size, 1.0])
    affine[:3, 3] = low
    i, j, k = (int(n) for n in shape)
    return Sampling((i, j, k), affine, max(1, round(float(np.prod(size)) / point_mm**3)))


def average_labels(labels: NDArray[np.uint8], scanner_to_index: Affine, table: Floats, sampling: Sampling) -> Floats:
    """The mean of each table column over the sample points of each voxel.

    Parameters
    ----------
    labels : (I, J, K) uint8 array
        Rows of `table`; each label fills its voxel to the faces. Outside the array is row 0.
    scanner_to_index : (4, 4) float array
        Scanner coordinates in mm to indices of `labels`.
    table : (n, c) float32 array
    sampling : Sampling

    Returns
    -------
    (c, *sampling.shape) float32 array
    """
    padded = np.pad(labels, 1)
    flat = padded.ravel()
    top = np.array(padded.shape) - 1
    strides = np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1], np.int32)
    to_index = (scanner_to_index @ sampling.affine).astype(np.float64)
    to_index[:3, 3] += 1.0
    ni, nj, nk = sampling.shape
    columns = np.ascontiguousarray(table.T)
    out = np.zeros((len(columns), ni, nj, nk), np.float32)
    block = max(1, _POINTS_AT_ONCE // (nj * nk))
    for start in range(0, ni, block):
        stop = min(start + block, ni)
        i, j, k = np.arange(start, stop, dtype=np.float64), np.arange(nj, dtype=np.float64), np.arange(nk, dtype=float)
        for di, dj, dk in sampling.offsets:
            index = np.zeros((stop - start, nj, nk), np.int32)
            for axis in range(3):
                row = to_index[axis]
                plane = (row[0] * (i + di) + row[3])[:, None] + (row[1] * (j + dj))[None, :]
                where = plane.astype(np.float32)[:, :, None] + (row[2] * (k + dk)).astype(np.float32)
                np.rint(where, out=where)
                np.clip(where, 0, top[axis], out=where)
                index += where.astype(np.int32) * strides[axis]
            found = flat[index]
            for column, values in zip(out, columns, strict=True):
                column[start:stop] += values[found]
    out /= np.float32(sampling.points)
    return out


def smooth_field(shape: tuple[int, int, int], coarse: Floats) -> Floats:
    """A coarse grid, its corners laid on the corners of the image, interpolated linearly."""
    field = np.asarray(coarse, np.float32)
    for axis, n in enumerate(shape):
        field = np.moveaxis(np.tensordot(_hats(n, field.shape[axis]), field, axes=(1, axis)), 0, axis)
    return field


def _hats(n: int, knots: int) -> Floats:
    """Linear interpolation from `knots` to `n` equally spaced places as a matrix, (n, knots)."""
    where = np.linspace(0, knots - 1, n)[:, None]
    return np.maximum(0.0, 1.0 - np.abs(where - np.arange(knots))).astype(np.float32)


def coil_shading(sampling: Sampling, strength: float, rng: np.random.Generator, *, coils: int = 8) -> Floats:
    """A smooth multiplicative field as a head coil makes it: the root of summed squares of a ring of receivers.

    Parameters
    ----------
    strength : float
        Width of the 5th to 95th percentile, as a share of the median, which is 1. Zero: no shading.
    coils : int
        Receivers at random places around the head; the field of each falls off with the square of distance.

    Returns
    -------
    (I, J, K) float32 array
    """
    if strength == 0:
        return np.ones(sampling.shape, np.float32)
    knots = (12, 12, 12)
    size = np.abs(np.diag(sampling.affine)[:3]) * sampling.shape
    ends = [np.linspace(-s / 2, s / 2, n) for s, n in zip(size, knots, strict=True)]
    at = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1)
    squares = np.zeros(knots)
    for _ in range(coils):
        direction = rng.standard_normal(3)
        place = direction / np.linalg.norm(direction) * (0.55 * size + rng.uniform(10, 40))
        gain = rng.uniform(0.7, 1.3)
        squares += (gain / (1.0 + np.sum((at - place) ** 2, axis=-1) / 90.0**2)) ** 2
    log_field = 0.5 * np.log(squares)
    inner = log_field[2:-2, 2:-2, 2:-2]
    low, middle, high = np.percentile(inner, [5, 50, 95])
    scaled = ((log_field - middle) * (strength / (high - low))).astype(np.float32)
    return np.asarray(np.exp(smooth_field(sampling.shape, scaled)))


def shaken(image: Image, voxel_mm: NDArray[np.float64], motion_mm: float, rng: np.random.Generator) -> Image:
    """The image of a head that drifts in the first two axes while lines of its k-space are taken one after another.

    Parameters
    ----------
    motion_mm : float
        Standard deviation of the displacement far from the centre of k-space; the centre itself stays still, so the
        head stays in place. Zero: no motion.
    """
    if motion_mm == 0:
        return image
    lines = image.shape[1]
    knots = rng.standard_normal((2, 9)).astype(np.float32)
    frequency = fft.fftfreq(lines)
    drift = np.stack([np.interp(frequency, np.linspace(-0.5, 0.5, 9), k) for k in knots]) * motion_mm
    drift *= np.minimum(1.0, np.abs(frequency) / 0.1)
    spectrum = fft.fft2(image, axes=(0, 1))
    across = fft.fftfreq(image.shape[0])
    turns = across[:, None] * (drift[0] / voxel_mm[0])[None, :] + (frequency * drift[1] / voxel_mm[1])[None, :]
    spectrum *= np.exp(-2j * np.pi * turns).astype(np.complex64)[:, :, None]
    return np.asarray(np.abs(fft.ifft2(spectrum, axes=(0, 1))), np.float32)


def with_rician_noise(image: Image, sd: float, rng: np.random.Generator) -> Image:
    """The magnitude of the image with Gaussian noise in both channels (Gudbjartsson and Patz 1995)."""
    if sd == 0:
        return image
    real = image + np.float32(sd) * rng.standard_normal(image.shape, np.float32)
    imaginary = np.float32(sd) * rng.standard_normal(image.shape, np.float32)
    return np.asarray(np.hypot(real, imaginary), np.float32)
