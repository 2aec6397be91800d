"""What a scanner adds: coil shading, slow drift of the field, motion between k-space segments, Rician noise."""

import numpy as np
from numpy.typing import NDArray
from rendering import Grid
from scipy import fft, ndimage

POLYNOMIAL_ORDER = 3
COILS = 8
COARSE_MM = 8.0

Array = NDArray[np.float32]


def bias_field(grid: Grid, centre_mm: NDArray[np.float64], depth: float, rng: np.random.Generator) -> Array:
    """Multiplicative shading on a grid, (I, J, K), mean 1 about the brain.

    The sum of squares of coil elements around the head, each falling off like a loop's field, times the exponential of
    a third-order polynomial. Within 75 mm of the centre 98 % of it spans `depth` (0.4: from about 0.8 to 1.2).
    """
    if depth == 0:
        return np.ones(grid.shape, np.float32)
    points, coarse_shape = coarse_points(grid)
    relative = (points - centre_mm) / 100.0
    log_field = 0.5 * zscore(polynomial(relative, rng)) + rng.uniform(0.4, 1.0) * zscore(np.log(coils(relative, rng)))
    near = (relative**2).sum(1) < 0.75**2
    low, high = np.percentile(log_field[near], (1, 99))
    field = np.exp((log_field - log_field[near].mean()) / (high - low) * np.log((1 + depth / 2) / (1 - depth / 2)))
    zoom = np.array([(c - 1) / max(n - 1, 1) for c, n in zip(coarse_shape, grid.shape, strict=True)])
    return np.asarray(
        ndimage.affine_transform(field.reshape(coarse_shape).astype(np.float32), np.diag(zoom), 0, grid.shape, order=1),
        np.float32,
    )


def coarse_points(grid: Grid) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Points (n, 3) that cover a grid about every COARSE_MM, and their shape."""
    sizes = [max(2, int(np.ceil(n * s / COARSE_MM)) + 1) for n, s in zip(grid.shape, grid.voxel_size_mm, strict=True)]
    axes = [np.linspace(0, n - 1, m) for n, m in zip(grid.shape, sizes, strict=True)]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    return index @ grid.affine[:3, :3].T + grid.affine[:3, 3], tuple(sizes)


def polynomial(x: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A random polynomial of POLYNOMIAL_ORDER in three variables; higher orders weigh less."""
    total = np.zeros(len(x))
    for a in range(POLYNOMIAL_ORDER + 1):
        for b in range(POLYNOMIAL_ORDER + 1 - a):
            for c in range(POLYNOMIAL_ORDER + 1 - a - b):
                if a + b + c:
                    total += rng.standard_normal() / (a + b + c) * x[:, 0] ** a * x[:, 1] ** b * x[:, 2] ** c
    return total


def coils(x: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Root sum of squares of COILS loops on an ellipsoid about the head (100 mm units), strengths within 15 %."""
    total = np.zeros(len(x))
    start = rng.uniform(0, 2 * np.pi)
    for n in range(COILS):
        angle = start + 2 * np.pi * n / COILS
        place = np.array([1.25 * np.cos(angle), 1.45 * np.sin(angle), rng.uniform(-0.5, 0.9)])
        distance2 = ((x - place) ** 2).sum(1)
        total += ((1 + 0.15 * rng.standard_normal()) / (distance2 + 0.7**2) ** 1.5) ** 2
    return np.sqrt(total)


def zscore(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values less their mean, over their standard deviation."""
    return np.asarray((values - values.mean()) / values.std())


def rician(signal: Array, sigma: float, rng: np.random.Generator) -> Array:
    """Magnitude of the signal with complex Gaussian noise of SD `sigma` in each channel."""
    if sigma == 0:
        return signal
    real = signal + sigma * rng.standard_normal(signal.shape, np.float32)
    imaginary = sigma * rng.standard_normal(signal.shape, np.float32)
    return np.hypot(real, imaginary).astype(np.float32)


def move_head(image: Array, voxel_mm: NDArray[np.float64], strength: float, rng: np.random.Generator) -> Array:
    """The image as if the head had moved: blocks of phase-encode lines come from shifted and nodded copies.

    `strength` 1 is a nod of about 1.5 degrees and 1.5 mm for a third of the scan; the centre of k-space stays.
    """
    if strength == 0:
        return image
    axis = 1
    lines = image.shape[axis]
    k_space = fft.fft(image, axis=axis, workers=1).astype(np.complex64)
    centre = (np.array(image.shape) - 1) / 2
    taken = np.abs(fft.fftfreq(lines)) < 0.06
    for _ in range(3):
        angle = np.radians(strength * rng.normal(0, 1.5))
        shift = strength * rng.normal(0, 1.5, 3) / voxel_mm
        ratio = voxel_mm[2] / voxel_mm[1]
        turn = np.array(
            [[1, 0, 0], [0, np.cos(angle), -np.sin(angle) * ratio], [0, np.sin(angle) / ratio, np.cos(angle)]]
        )
        moved = ndimage.affine_transform(image, turn, centre - turn @ centre + shift, order=1)
        first, width = rng.integers(lines), lines // 9
        block = np.isin(np.arange(lines), (first + np.arange(width)) % lines) & ~taken
        k_space[:, block] = fft.fft(moved, axis=axis, workers=1)[:, block]
        taken |= block
    return np.abs(fft.ifft(k_space, axis=axis, workers=1)).astype(np.float32)
