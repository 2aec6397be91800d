"""How uncertain a tissue volume is; that of lesions: wmh_calibration."""

from dataclasses import dataclass

import numpy as np

from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.volume import Affine, Probability

CORRELATION_MM = 4.0  # length over which segmentation errors go together; ours, about the width of a gyrus


@dataclass(frozen=True, slots=True)
class VolumeInterval:
    """Bounds of a volume in ml; `method` says of what kind they are."""

    low_ml: float
    high_ml: float
    method: str


def tissue_interval(
    probability: Probability, affine: Affine, *, model_relative_sd: float, correlation_mm: float = CORRELATION_MM
) -> VolumeInterval:
    """A 95 % interval of a tissue volume: doubt within the image and error of the method together.

    Parameters
    ----------
    probability : (I, J, K) float array
        Posterior probability or partial-volume fraction; its sum is the volume.
    affine : (4, 4) float array
    model_relative_sd : float
        Standard deviation of the method's relative error, measured where the truth is known (simulated heads).
    correlation_mm : float
        Errors of voxels within a cube of this edge are taken to be the same, of others to be independent.

    Returns
    -------
    VolumeInterval
        Sum ± 1.96 sd, not below zero.

    Notes
    -----
    A voxel of volume v and probability p adds the variance p (1 - p) v² if it is wholly tissue or not; for a
    partial-volume fraction that is the largest variance a mean of p allows, so this part errs on the wide side. With
    errors shared by c voxels, the variance of the sum is c times that of independent voxels. The part seen within
    one image is small (tenths of a per cent); the error of the method, which no image can tell of itself, is the rest.

    Examples
    --------
    >>> tissue_interval(np.ones((100, 100, 60), np.float32), np.eye(4), model_relative_sd=0.01)
    VolumeInterval(low_ml=588.24, high_ml=611.76, method='within-image and model error')
    """
    voxel_ml = voxel_volume_ml(affine)
    p = np.clip(probability, 0.0, 1.0)
    volume = float(p.sum(dtype=np.float64)) * voxel_ml
    shared_voxels = max(1.0, correlation_mm**3 / 1000.0 / voxel_ml)
    doubt = float((p * (1.0 - p)).sum(dtype=np.float64))
    variance = shared_voxels * doubt * voxel_ml**2 + (model_relative_sd * volume) ** 2
    half = 1.96 * float(np.sqrt(variance))
    return VolumeInterval(max(0.0, volume - half), volume + half, "within-image and model error")
