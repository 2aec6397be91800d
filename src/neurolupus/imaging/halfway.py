"""Two scans of one head half way between them: both are interpolated once, so neither is the blurrier."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from neurolupus.imaging.grid import bounding_box, crop, isotropic_grid, resample
from neurolupus.imaging.registration import register_rigid
from neurolupus.records.volume import Affine, Image, Mask, Volume

VOXEL_MM = 1.0
MARGIN_VOXELS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Halfway:
    """A grid between two scans, and the way from it to each.

    Parameters
    ----------
    grid : Volume
        Isotropic voxels of 1 mm around the brain; empty.
    to_before, to_after : (4, 4) float arrays
        RAS+ mm of the grid to those of each scan; rigid, and each half of the way from one to the other.
    score : float
        Normalised mutual information of the aligned T1w.
    """

    grid: Volume
    to_before: Affine
    to_after: Affine
    score: float

    def before(self, volume: Volume) -> Image:
        """An image of the session before, on the grid."""
        return resample(volume, self.grid, onto_to_moving=self.to_before)

    def after(self, volume: Volume) -> Image:
        """An image of the session after, on the grid."""
        return resample(volume, self.grid, onto_to_moving=self.to_after)


def meet_halfway(before: Volume, after: Volume, brain: Mask, *, seed: int = 0) -> Halfway:
    """Where two T1w of one head meet.

    Parameters
    ----------
    before, after : Volume
        T1w.
    brain : (I, J, K) bool array
        Intracranial mask of `before`.
    seed : int

    References
    ----------
    .. [1] Reuter et al. (2012), NeuroImage 61:1402, doi:10.1016/j.neuroimage.2012.02.084: why half way.
    """
    found = register_rigid(before, after, brain, seed=seed)
    after_to_before = found.flair_to_t1w_ras  # the map of the moving image, here the T1w of the session after
    half: Affine = np.real(linalg.sqrtm(after_to_before)).astype(np.float64)
    to_before, to_after = half, np.linalg.inv(half).astype(np.float64)
    near = crop(before.with_data(brain.astype(np.float32)), bounding_box(brain, (MARGIN_VOXELS,) * 3))
    moved = Volume(near.data, np.linalg.inv(to_before) @ near.affine)
    return Halfway(isotropic_grid(moved, VOXEL_MM), to_before, to_after, found.score)
