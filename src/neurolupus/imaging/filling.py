"""Lesion-filled T1w: lesion voxels take the look of the white matter around them."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.errors import GridMismatchError, ImageContentError, ScanWarning
from neurolupus.imaging.grid import bounding_box
from neurolupus.records.volume import Affine, Image, Mask, Probability

SIGMAS_MM = (2.0, 4.0, 8.0, 16.0)  # radius of the neighbourhood, grown until it holds enough white matter
ENOUGH = 0.1  # share of the neighbourhood's weight that must be white matter; at 2 mm about 36 mm³
SURELY_WM = 0.9
_REACH = 3.0  # kernels end at three sigma

Floats = NDArray[np.float32]


class _Neighbourhood(NamedTuple):
    share: Floats  # (n,) of the kernel's weight on normal-appearing white matter
    mean: Floats
    variance: Floats


def fill_lesions(t1w: Image, lesion_mask: Mask, wm: Probability, affine: Affine, *, rng_seed: int = 0) -> Image:
    """The T1w with each lesion voxel replaced by local normal-appearing white matter.

    Parameters
    ----------
    t1w : (I, J, K) float32 array
        The whole head; best after bias correction.
    lesion_mask : (I, J, K) bool array
    wm : (I, J, K) float array
        Probability of white matter; at 0.9 and above, outside lesions and not beside one, it is normal-appearing.
    affine : (4, 4) float array
        Voxel indices to RAS+ mm; neighbourhoods are round in mm on anisotropic grids.
    rng_seed : int
        Seeds the noise: the same input gives the same bytes.

    Returns
    -------
    (I, J, K) float32 array
        `t1w` itself when the mask is empty; else a copy that differs in lesion voxels only.

    Raises
    ------
    GridMismatchError
        Shapes differ.
    ImageContentError
        There is no white matter to fill from.

    Warns
    -----
    ScanWarning
        Lesion voxels have no white matter within reach (48 mm); they take the mean of all white matter.

    Notes
    -----
    Local white matter mean after Chard et al. [1]_ and Magon et al. [2]_, with noise of the local spread as in
    Battaglini et al. [3]_: normalised convolution over Gaussian neighbourhoods of 2, 4, 8 and 16 mm, each used as far
    as the smaller one lacks white matter. Voxels at a lesion's edge so follow the white matter they touch.

    References
    ----------
    .. [1] Chard et al. (2010), J Magn Reson Imaging 32:223, doi:10.1002/jmri.22214.
    .. [2] Magon et al. (2014), BMC Neurosci 15:106, doi:10.1186/1471-2202-15-106.
    .. [3] Battaglini et al. (2012), Hum Brain Mapp 33:2062, doi:10.1002/hbm.21344.
    """
    if not t1w.shape == lesion_mask.shape == wm.shape:
        raise GridMismatchError(
            f"T1w has shape {t1w.shape}, the lesion mask {lesion_mask.shape}, the white matter {wm.shape}; "
            "all must lie on one grid.\n    Resample onto the grid of the T1w first."
        )
    if not lesion_mask.any():
        return t1w
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    i, j, k = (int(n) for n in np.ceil(_REACH * SIGMAS_MM[-1] / voxel_mm))
    box = bounding_box(lesion_mask, (i, j, k))
    lesion = lesion_mask[box]
    source = (wm[box] >= SURELY_WM) & ~ndimage.binary_dilation(lesion, np.ones((3, 3, 3), bool))
    if not source.any():
        raise ImageContentError(
            f"None of {wm.size} voxels is normal-appearing white matter (probability >= {SURELY_WM}) within "
            f"{_REACH * SIGMAS_MM[-1]:.0f} mm of the {int(lesion.sum())} lesion voxels; filling needs some.\n"
            "    Look at the WMH mask and at the tissue maps: one of them lies beside the brain."
        )
    level, spread = _level_and_spread(t1w[box][source])
    points = np.argwhere(lesion)
    mean, variance = _local_white_matter(t1w[box] - level, source, points, voxel_mm, spread)
    noise = np.random.default_rng(rng_seed).standard_normal(len(points), np.float32)
    filled = t1w.astype(np.float32, copy=True)
    filled[box][lesion] = np.maximum(level + mean + noise * np.sqrt(variance), 0 if t1w.min() >= 0 else -np.inf)
    return filled


def _local_white_matter(
    centred: Floats, source: Mask, points: NDArray[np.int_], voxel_mm: NDArray[np.float64], spread: float
) -> tuple[Floats, Floats]:
    """Mean (less the global level) and variance of the white matter around each point, from small to wide."""
    missing = np.ones(len(points), np.float32)  # how much of the answer is still to come from wider neighbourhoods
    mean, variance = np.zeros_like(missing), np.zeros_like(missing)
    for sigma_mm in SIGMAS_MM:
        open_ = np.flatnonzero(missing > 0)
        if not len(open_):
            break
        around = _neighbourhood(centred, source, points[open_], sigma_mm, voxel_mm)
        last = sigma_mm == SIGMAS_MM[-1]
        trust = np.where(around.share > 1e-6, 1.0, 0.0) if last else np.clip(around.share / ENOUGH - 0.5, 0.0, 1.0)
        weight = (missing[open_] * trust).astype(np.float32)
        mean[open_] += weight * around.mean
        variance[open_] += weight * np.minimum(around.variance, spread**2)
        missing[open_] -= weight
        missing[missing < 1e-6] = 0.0
    if missing.any():
        warnings.warn(
            f"{np.count_nonzero(missing)} of {len(points)} lesion voxels have no white matter within "
            f"{_REACH * SIGMAS_MM[-1]:.0f} mm; they were filled with the mean of all white matter. "
            "Look at the WMH mask: such voxels are rarely lesions.",
            ScanWarning,
            stacklevel=3,
        )
        variance += missing * np.float32(spread**2)
    return mean, variance


def _neighbourhood(
    centred: Floats, source: Mask, points: NDArray[np.int_], sigma_mm: float, voxel_mm: NDArray[np.float64]
) -> _Neighbourhood:
    """Gaussian-weighted share, mean and variance of the source voxels around each point.

    Only the box around the points is looked at; wide kernels work on block means, at most half a sigma wide.
    """
    reach = np.ceil(_REACH * sigma_mm / voxel_mm).astype(int)
    low = np.maximum(points.min(axis=0) - reach, 0)
    high = np.minimum(points.max(axis=0) + reach + 1, source.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    step = np.maximum(1, np.floor(0.5 * sigma_mm / voxel_mm)).astype(int)
    weight = source[box].astype(np.float32)
    value = centred[box] * weight
    sums = [_block_mean(a, step) for a in (weight, value, value * centred[box])]
    sigma = sigma_mm / (voxel_mm * step)
    where = (((points - low) - (step - 1) / 2) / step).T
    w, wx, wxx = (_smooth_at(a, sigma, where) for a in sums)
    safe = np.maximum(w, 1e-12)
    mean = wx / safe
    return _Neighbourhood(w, mean, np.maximum(wxx / safe - mean**2, 0.0))


def _smooth_at(sums: Floats, sigma: NDArray[np.float64], where: NDArray[np.float64]) -> Floats:
    smooth = ndimage.gaussian_filter(sums, sigma, mode="constant", truncate=_REACH)
    if float(np.abs(where - np.round(where)).max(initial=0.0)) < 1e-9:
        return np.asarray(smooth[tuple(np.round(where).astype(int))])
    return np.asarray(ndimage.map_coordinates(smooth, where, order=1, mode="nearest"), np.float32)


def _block_mean(image: Floats, step: NDArray[np.int_]) -> Floats:
    """Means of blocks of `step` voxels; the last block of an axis is padded with zeros."""
    if (step == 1).all():
        return image
    padded = np.pad(image, [(0, int(-n % s)) for n, s in zip(image.shape, step, strict=True)])
    (i, j, k), (a, b, c) = padded.shape, (int(s) for s in step)
    return np.asarray(padded.reshape(i // a, a, j // b, b, k // c, c).mean(axis=(1, 3, 5)))


def _level_and_spread(values: Floats) -> tuple[np.float32, float]:
    """Median and robust standard deviation (1.4826 median absolute deviation) of the white matter."""
    level = np.float32(np.median(values))
    return level, 1.4826 * float(np.median(np.abs(values - level)))
