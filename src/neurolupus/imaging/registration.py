"""Rigid registration of two contrasts of one head by mutual information.

Mattes' estimate of the mutual information with its analytic gradient, on a fixed set of points inside the head, climbed
by L-BFGS from coarse to fine. Written here because the general toolkits' sampling differs from run to run (and with the
number of threads), and two runs of one scan must give the same bytes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from neurolupus.errors import ImageContentError
from neurolupus.imaging.grid import bounding_box, crop, widen
from neurolupus.imaging.lookup import Lookup, Points
from neurolupus.imaging.quality import nmi
from neurolupus.imaging.smoothing import blurred
from neurolupus.records.measured import RigidTransform
from neurolupus.records.volume import Affine, Image, Mask, Volume

LEVER_MM = 60.0  # a turn of 1 / 60 rad moves the cortex by about 1 mm: rotations and shifts get one scale
START_TURN_DEG = 12.0
METHOD = "rigid, Mattes mutual information, L-BFGS"


@dataclass(frozen=True, slots=True)
class Level:
    """One step from coarse to fine: smoothing and number of points."""

    sigma_mm: float
    points: int
    bins: int


# The finest level is not smoothed and looks at the brain alone: on real 3 mm pairs each mm of smoothing added 0.1 to
# 0.3 mm of error, since it mixes the brain's edge with a skull that differs between the contrasts; with the skull's
# margin in view, thick slices of a simulated FLAIR were drawn 0.25 mm along their normal.
LEVELS = (Level(4.0, 8_000, 24), Level(1.0, 40_000, 32), Level(0.0, 100_000, 48))
AROUND_MM = 16.0  # of the T1w: the smoothing of the coarsest level reaches 12 mm
MARGIN_MM = 3.0  # of the coarse levels, whose reach must not end at the brain's edge
THICK_MM = 2.0  # slices thicker than this are interpolated by a cubic spline before the last climb


def _spline3(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cubic B-spline on |x| < 2."""
    a = np.abs(x)
    near = 2 / 3 - a**2 + a**3 / 2
    far = np.clip(2 - a, 0, None) ** 3 / 6
    value: NDArray[np.float64] = np.where(a < 1, near, far)
    return value


def _spline3_slope(x: NDArray[np.float64]) -> NDArray[np.float64]:
    a = np.abs(x)
    near = -2 * a + 1.5 * a**2
    far = -(np.clip(2 - a, 0, None) ** 2) / 2
    slope: NDArray[np.float64] = np.sign(x) * np.where(a < 1, near, far)
    return slope


def _to_bins(values: NDArray[np.floating], low: float, high: float, bins: int) -> NDArray[np.float64]:
    """Continuous bin coordinates, two bins of margin for the spline's support."""
    scaled = (np.asarray(values, np.float64) - low) / max(high - low, 1e-12)
    coordinate: NDArray[np.float64] = 2 + np.clip(scaled, 0, 1) * (bins - 5)
    return coordinate


def _matrix(parameters: NDArray[np.float64], centre: NDArray[np.float64], start: Affine) -> Affine:
    """T1w point to FLAIR point: a turn about `centre`, a shift, then `start`."""
    turn = Rotation.from_rotvec(parameters[:3] / LEVER_MM).as_matrix()
    moved = np.eye(4)
    moved[:3, :3] = turn
    moved[:3, 3] = centre - turn @ centre + parameters[3:]
    matrix: Affine = start @ moved
    return matrix


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Minus the mutual information of one level as a function of six parameters about a start."""

    points: Points
    fixed_bin: NDArray[np.intp]
    moving: Lookup
    moving_range: tuple[float, float]
    bins: int
    centre: NDArray[np.float64]

    def value(self, start: Affine, parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        matrix = _matrix(parameters, self.centre, start)
        found, inside = self.moving.at(self.points @ matrix[:3, :3].T + matrix[:3, 3])
        if inside.sum() < 0.2 * len(inside):
            return 0.0, np.zeros(6)
        bins, n = self.bins, int(inside.sum())
        values, slopes = found[inside, 0], found[inside, 1:]
        coordinate = _to_bins(values, *self.moving_range, bins)
        fixed = self.fixed_bin[inside]
        first = np.floor(coordinate).astype(np.intp) - 1
        joint = np.zeros(bins * bins)
        for step in range(4):
            joint += np.bincount(
                fixed * bins + first + step, _spline3(first + step - coordinate), minlength=bins * bins
            )
        p = (joint / n).reshape(bins, bins)
        p_moving, p_fixed = p.sum(0), p.sum(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(p > 0, np.log(p / p_moving), 0.0)
            information = float(np.where(p > 0, p * (ratio - np.log(p_fixed)[:, None]), 0.0).sum())
        flat = ratio.ravel()
        weight = np.zeros(n)
        for step in range(4):
            weight -= _spline3_slope(first + step - coordinate) * flat[fixed * bins + first + step]
        low, high = self.moving_range
        clipped = (values <= low) | (values >= high)
        weight *= np.where(clipped, 0.0, (bins - 5) / max(high - low, 1e-12)) / n
        by_point = (slopes * weight[:, None]) @ start[:3, :3]
        arm = self.points[inside] - self.centre
        turned = arm @ Rotation.from_rotvec(parameters[:3] / LEVER_MM).as_matrix().T
        # d(R a)/d(rotvec) is the cross product with R a to first order; restarts keep the rotation vector small
        gradient = np.concatenate([np.cross(turned, by_point).sum(0) / LEVER_MM, by_point.sum(0)])
        return -information, -gradient


def _smooth(volume: Volume, sigma_mm: float, threads: int) -> Image:
    sigma = [sigma_mm / size for size in volume.voxel_size_mm]
    # a slice thicker than the kernel is smooth enough already
    sigma = [s if s > 0.35 else 0.0 for s in sigma]
    return blurred(volume.data.astype(np.float32, copy=False), sigma, threads=threads, truncate=3.0)


def _points_in(mask: Mask, affine: Affine, count: int, rng: np.random.Generator) -> Points:
    """`count` points spread over a mask, off the grid: points on the grid make the information jump at whole voxels."""
    voxels = np.argwhere(mask)
    chosen = voxels[np.sort(rng.choice(len(voxels), min(count, len(voxels)), replace=False))]
    jittered = chosen + rng.uniform(-0.5, 0.5, chosen.shape)
    points: Points = jittered @ affine[:3, :3].T + affine[:3, 3]
    return points


def _problem(
    fixed: Volume, moving: Volume, points: Points, level: Level, near: Affine | None = None, threads: int = 1
) -> _Problem:
    """The problem of one level; `near`, where known, is about where points of the T1w lie in the FLAIR."""
    looked_up, inside = Lookup.of([_smooth(fixed, level.sigma_mm, threads)], fixed.affine).at(points)
    points, values = points[inside], looked_up[inside, 0]
    low, high = np.percentile(values, (0.5, 99.5))
    fixed_bin = np.clip(np.rint(_to_bins(values, low, high, level.bins)), 0, level.bins - 1).astype(np.intp)
    smooth = moving.with_data(_smooth(moving, level.sigma_mm, threads))
    seen = smooth.data[smooth.data > 0.02 * float(smooth.data.max())]
    span = (0.0, float(np.percentile(seen, 99.5))) if seen.size else (0.0, 1.0)
    if near is not None:
        smooth = _around(smooth, points @ near[:3, :3].T + near[:3, 3])
    smooth = _thinned(smooth, level.sigma_mm)
    table = Lookup.of([smooth.data], smooth.affine, gradient=True)
    return _Problem(points, fixed_bin, table, span, level.bins, points.mean(0))


def _around(volume: Volume, points: Points) -> Volume:
    """The part of a volume that points may reach while they climb; all of it where they lie elsewhere."""
    inverse = np.linalg.inv(volume.affine)
    voxel = points @ inverse[:3, :3].T + inverse[:3, 3]
    margin = AROUND_MM / np.asarray(volume.voxel_size_mm)
    low = np.clip(np.floor(voxel.min(0) - margin), 0, volume.shape).astype(int)
    high = np.clip(np.ceil(voxel.max(0) + margin) + 1, 0, volume.shape).astype(int)
    if (high - low < 2).any():
        return volume
    i, j, k = (slice(int(first), int(last)) for first, last in zip(low, high, strict=True))
    return crop(volume, (i, j, k))


def _thinned(volume: Volume, sigma_mm: float) -> Volume:
    """A blurred volume on voxels of about half the blur's sigma: finer ones say the same."""
    i, j, k = (max(1, int(sigma_mm / 2 / size)) for size in volume.voxel_size_mm)
    affine = volume.affine.copy()
    affine[:3, :3] *= (i, j, k)
    return Volume(np.ascontiguousarray(volume.data[::i, ::j, ::k]), affine)


def with_fine_slices(volume: Volume) -> Volume:
    """The volume with axes of thick slices interpolated to about 1 mm by a cubic B-spline, at the same place."""
    data, affine = volume.data, volume.affine.copy()
    for axis, size in enumerate(volume.voxel_size_mm):
        parts = round(size) if size > THICK_MM and data.shape[axis] > 3 else 1
        if parts > 1:
            data = _spline_along(data, axis, parts)
            affine[:3, axis] /= parts
    return Volume(data, affine)


def _spline_along(data: Image, axis: int, parts: int) -> Image:
    """Values of the cubic B-spline through `data` at every 1 / parts of a voxel along one axis, ends included."""
    n = data.shape[axis]
    weights = np.moveaxis(ndimage.spline_filter1d(data, 3, axis=axis, output=np.float32), axis, 0)
    out = np.empty(((n - 1) * parts + 1, *weights.shape[1:]), np.float32)
    for row in range(out.shape[0]):
        first, part = divmod(row, parts)
        near = np.arange(first - 1, first + 3)
        mirrored = np.abs(np.where(near > n - 1, 2 * (n - 1) - near, near))
        blend = _spline3((near - first - part / parts).astype(np.float64))
        out[row] = np.tensordot(blend.astype(np.float32), weights[mirrored], 1)
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))


def mask_centre(mask: Mask, affine: Affine) -> NDArray[np.float64]:
    """The centre of mass of a mask in RAS+ mm."""
    centre: NDArray[np.float64] = affine[:3, :3] @ np.array(ndimage.center_of_mass(mask)) + affine[:3, 3]
    return centre


def _climb(problem: _Problem, start: Affine, steps: int) -> tuple[Affine, float]:
    """The best map found from `start`, and its mutual information in nats."""
    best = minimize(
        lambda x: problem.value(start, x),
        np.zeros(6),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "ftol": 1e-8, "gtol": 1e-7, "maxls": 12},
    )
    return _matrix(best.x, problem.centre, start), -float(best.fun)


def _starts(fixed: Volume, moving: Volume, mask: Mask) -> list[Affine]:
    """Where to begin: the headers' own alignment, and centres of mass together; each also turned about each axis."""
    centre = mask_centre(mask, fixed.affine)
    bright = moving.data > 0.15 * np.percentile(moving.data, 99.5)
    shift = np.eye(4)
    shift[:3, 3] = mask_centre(bright, moving.affine) - centre
    found = []
    for base in (np.eye(4), shift):
        found.append(base)
        for axis in range(3):
            for sign in (-1.0, 1.0):
                turn = np.zeros(6)
                turn[axis] = sign * np.deg2rad(START_TURN_DEG) * LEVER_MM
                found.append(_matrix(turn, centre, base))
    return found


def register_rigid(t1w: Volume, flair: Volume, brain_mask: Mask, *, seed: int = 0, threads: int = 1) -> RigidTransform:
    """The rigid map from FLAIR points to T1w points.

    Parameters
    ----------
    t1w, flair : Volume
        Each on its own grid.
    brain_mask : (I, J, K) bool array
        On the grid of `t1w`; skull and scalp move against the brain with the field's distortion and are left out.
    seed : int
        Of the points' places; the same seed gives the same transform to the last bit.
    threads : int
        Their number changes no bit.

    Returns
    -------
    RigidTransform
        `score` is the normalised mutual information of the aligned images on the finest level's points.

    Raises
    ------
    ImageContentError
        The brain mask is empty.

    References
    ----------
    .. [1] Mattes et al. (2003), IEEE Trans Med Imaging 22:120-128, doi:10.1109/TMI.2003.809072.
    .. [2] Studholme et al. (1999), Pattern Recognit 32:71-86: the normalised score.
    """
    if not brain_mask.any():
        raise ImageContentError(
            "The brain mask is empty; registration needs a brain.\n"
            "    Check that the T1w shows a whole head, or pass --skull-stripped if it holds the brain alone."
        )
    rng = np.random.default_rng(seed)
    i, j, k = (int(np.ceil((AROUND_MM + MARGIN_MM) / size)) for size in t1w.voxel_size_mm)
    box = bounding_box(brain_mask, (i, j, k))
    t1w, brain_mask = crop(t1w, box), brain_mask[box]
    wide = widen(brain_mask, MARGIN_MM, t1w.voxel_size_mm)
    coarse = _problem(t1w, flair, _points_in(wide, t1w.affine, LEVELS[0].points, rng), LEVELS[0], None, threads)
    starts = sorted(_starts(t1w, flair, wide), key=lambda s: coarse.value(s, np.zeros(6))[0])
    best, score = starts[0], -np.inf
    for start in starts[:5]:
        candidate, information = _climb(coarse, start, 40)
        if information > score:
            best, score = candidate, information
    middle = _problem(t1w, flair, _points_in(wide, t1w.affine, LEVELS[1].points, rng), LEVELS[1], best, threads)
    best, _ = _climb(middle, best, 40)
    points = _points_in(brain_mask, t1w.affine, LEVELS[2].points, rng)
    problem = _problem(with_fine_slices(t1w), with_fine_slices(flair), points, LEVELS[2], best, threads)
    best, _ = _climb(problem, best, 40)
    flair_to_t1w: Affine = np.linalg.inv(best).astype(np.float64)
    return RigidTransform(flair_to_t1w, _normalised(problem, best), METHOD)


def _normalised(problem: _Problem, matrix: Affine) -> float:
    """Normalised mutual information on the problem's points; 1 when none is seen in both."""
    found, inside = problem.moving.at(problem.points @ matrix[:3, :3].T + matrix[:3, 3])
    if not inside.any():
        return 1.0
    bins = problem.bins
    column = np.rint(_to_bins(found[inside, 0], *problem.moving_range, bins)).astype(np.intp)
    joint = np.bincount(problem.fixed_bin[inside] * bins + column, minlength=bins * bins).reshape(bins, bins)
    return nmi(joint)
