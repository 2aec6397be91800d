"""Brain volume change from two aligned T1w at once: the boundary shift integral, calibrated on the pair itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.grid import resample
from neurolupus.records.volume import Affine, Image, Mask, Probability, Volume

PURE = 0.95  # share of a tissue where its brightness is learnt, in both sessions
CORTEX_MM = 4.0  # grey matter this near to fluid: deep grey matter is brighter, and no boundary of the brain
SLOW_MM = 20.0  # what coils change between the sessions is slower than this
LARGEST_RATIO = 1.6  # of the two T1w in one place, that shading is taken to make
FEWEST = 1000  # voxels of each tissue
SCALE = 0.004  # linear: how much larger one copy of a scan is than the other when it is calibrated
LEAST_CALIBRATION = 0.3  # below it, the brain's border is hardly seen
_FACES = ndimage.generate_binary_structure(3, 1)


@dataclass(frozen=True, slots=True, eq=False)
class SessionOnGrid:
    """One session on the halfway grid.

    Parameters
    ----------
    t1w : (I, J, K) float32 array
        Corrected for bias; 0 where nothing was seen.
    gm, wm : (I, J, K) float arrays
        Shares of each voxel.
    inside : (I, J, K) bool array
        Intracranial.
    """

    t1w: Image
    gm: Probability
    wm: Probability
    inside: Mask

    @property
    def brain(self) -> Probability:
        """Share of brain tissue in each voxel."""
        return np.clip(self.gm + self.wm, 0, 1)


@dataclass(frozen=True, slots=True)
class BoundaryShift:
    """What the border of the brain did between two sessions.

    Parameters
    ----------
    change_percent : float
        Of the mean of both brains; below 0: loss. Exchanging the sessions changes its sign and nothing else.
    shift_ml : float
        The integral itself, not calibrated.
    calibration : float
        The share of a known change that the integral shows on copies of these two scans.
    """

    change_percent: float
    shift_ml: float
    calibration: float


def boundary_shift(before: SessionOnGrid, after: SessionOnGrid, grid: Volume) -> BoundaryShift:
    """The change of brain volume between two aligned sessions.

    Parameters
    ----------
    before, after : SessionOnGrid
    grid : Volume
        Where both lie.

    Raises
    ------
    ImageContentError
        Fluid, cortex or white matter is hardly seen, or the border of the brain shows no known change.

    Notes
    -----
    1. Slow differences of brightness in pure tissue are divided out, half from each session [3]_.
    2. Each session is scaled so that fluid is 0 and cortex 1 [2]_, and cut there.
    3. The difference is summed over the border of the brain: what lies within one voxel of it in either session [1]_.
       Brain that became fluid counts -1, fluid that became brain 1, and shifts by parts of a voxel as parts.
    4. In narrow sulci a voxel holds cortex, fluid and white matter, and the sum sees only part of a shift. How large a
       part is told by two copies of each session that differ in size by a known amount, as in SIENA [4]_.

    References
    ----------
    .. [1] Freeborough & Fox (1997), IEEE Trans Med Imaging 16:623-629, doi:10.1109/42.640753.
    .. [2] Leung et al. (2010), NeuroImage 50:516-523, doi:10.1016/j.neuroimage.2009.12.059.
    .. [3] Lewis & Fox (2004), NeuroImage 23:75-83, doi:10.1016/j.neuroimage.2004.04.030.
    .. [4] Smith et al. (2002), NeuroImage 17:479-489, doi:10.1006/nimg.2002.1040.
    """
    pure = _pure_tissue(before, after, grid.voxel_size_mm)
    ratio = _slow_ratio(before.t1w, after.t1w, pure.brain, grid.voxel_size_mm)
    levels = [
        _brain_share(before.t1w * np.sqrt(ratio), pure),
        _brain_share(after.t1w / np.sqrt(ratio), pure),
    ]
    seen = (before.t1w > 0) & (after.t1w > 0)
    shares = (before.brain, after.brain)
    voxel_ml = grid.voxel_volume_ml
    shift_ml = voxel_ml * _integral(levels, shares, seen)
    calibration = float(
        np.mean([_calibration(level, share, seen, grid) for level, share in zip(levels, shares, strict=True)])
    )
    if calibration < LEAST_CALIBRATION:
        raise ImageContentError(
            f"Of a known change of size the border of the brain shows {calibration:.2f}; {LEAST_CALIBRATION} is needed."
            "\n    Look at both T1w: are grey matter and fluid told apart?"
        )
    mean_ml = voxel_ml * float(np.mean([share.sum(dtype=np.float64) for share in shares]))
    return BoundaryShift(100 * shift_ml / calibration / mean_ml, shift_ml, calibration)


@dataclass(frozen=True, slots=True, eq=False)
class _Pure:
    """Voxels that are one tissue in both sessions; `brain` is grey or white."""

    fluid: Mask
    cortex: Mask
    brain: Mask


def _pure_tissue(before: SessionOnGrid, after: SessionOnGrid, voxel_mm: tuple[float, float, float]) -> _Pure:
    both = before.inside & after.inside
    fluid = ndimage.binary_erosion(both, _FACES, iterations=2) & (np.maximum(before.brain, after.brain) < 1 - PURE)
    grey, white = (np.minimum(one, other) > PURE for one, other in ((before.gm, after.gm), (before.wm, after.wm)))
    near = ndimage.distance_transform_edt(before.brain + after.brain > 1, sampling=voxel_mm) < CORTEX_MM
    pure = _Pure(fluid, grey & near, grey | white)
    counts = {"fluid": pure.fluid, "cortex": pure.cortex, "white matter": white}
    few = {name: int(np.count_nonzero(mask)) for name, mask in counts.items() if np.count_nonzero(mask) < FEWEST}
    if few:
        seen = ", ".join(f"{count} voxels of {name}" for name, count in few.items())
        raise ImageContentError(
            f"Both sessions hold {seen}; {FEWEST} are needed to compare their brains.\n"
            "    Look at the tissue maps of both; is a large part of the brain outside the field of view?"
        )
    return pure


def _slow_ratio(before: Image, after: Image, where: Mask, voxel_mm: tuple[float, float, float]) -> Image:
    """How much brighter the session after is around each voxel; the ratio of all where no tissue is near."""
    top = np.log(LARGEST_RATIO)
    both = where & (before > 0) & (after > 0)
    level = float(np.log(np.median(after[both]) / np.median(before[both])))
    logs = np.zeros(before.shape, np.float32)
    logs[both] = np.clip(np.log(after[both] / before[both]) - level, -top, top)
    sigma = [SLOW_MM / size for size in voxel_mm]
    weight = ndimage.gaussian_filter(both.astype(np.float32), sigma, truncate=3.0)
    slow = ndimage.gaussian_filter(logs, sigma, truncate=3.0) / np.maximum(weight, 1e-4)
    ratio: Image = np.exp(slow + np.float32(level)).astype(np.float32)
    return ratio


def _brain_share(image: Image, pure: _Pure) -> Image:
    """Fluid 0, cortex and brighter 1, in between as far as the voxel is bright."""
    fluid, cortex = (float(image[mask].mean(dtype=np.float64)) for mask in (pure.fluid, pure.cortex))
    if cortex <= fluid:
        raise ImageContentError(
            f"Cortex is no brighter than fluid ({cortex:.3g}, {fluid:.3g}); a T1w is needed.\n"
            "    Check that both sessions' T1w are T1-weighted."
        )
    return np.clip((image - fluid) / (cortex - fluid), 0, 1).astype(np.float32)


def _integral(levels: Sequence[Image], shares: Sequence[Probability], seen: Mask) -> float:
    """Voxels that came less voxels that went, over the border of the brain in either session."""
    brains = [share >= 0.5 for share in shares]
    border = ndimage.binary_dilation(brains[0] | brains[1], _FACES)
    border &= ~ndimage.binary_erosion(brains[0] & brains[1], _FACES) & seen
    return float((levels[1] - levels[0])[border].sum(dtype=np.float64))


def _calibration(level: Image, share: Probability, seen: Mask, grid: Volume) -> float:
    """The share of a known change of size that the integral shows on one session."""
    middle = grid.affine[:3, :3] @ ((np.asarray(grid.shape) - 1) / 2) + grid.affine[:3, 3]
    copies = [_resized(level, share, factor, middle, grid) for factor in (1 + SCALE / 2, 1 - SCALE / 2)]
    known = (1 - SCALE / 2) ** 3 - (1 + SCALE / 2) ** 3
    shown = _integral([one for one, _ in copies], [share for _, share in copies], seen)
    return shown / (known * float(share.sum(dtype=np.float64)))


def _resized(
    level: Image, share: Probability, factor: float, middle: NDArray[np.float64], grid: Volume
) -> tuple[Image, Probability]:
    """Both images, larger by `factor` about the middle of the grid."""
    to_original: Affine = np.diag([1 / factor] * 3 + [1.0])
    to_original[:3, 3] = middle - middle / factor
    # cubic: a linear one would blur the border beyond the voxels that are summed
    copy = resample(grid.with_data(level), grid, onto_to_moving=to_original, order=3)
    return copy, resample(grid.with_data(share), grid, onto_to_moving=to_original)
