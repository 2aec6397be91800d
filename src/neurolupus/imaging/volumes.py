"""Masks and probabilities -> millilitres."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import ImageContentError
from neurolupus.records.volume import Affine, Mask, Probability


def voxel_volume_ml(affine: Affine) -> float:
    """Volume of one voxel in ml.

    Parameters
    ----------
    affine : (4, 4) float array
        Voxel indices to RAS+ mm. The determinant is taken, so rotation, reflection and shear are allowed.

    Examples
    --------
    >>> voxel_volume_ml(np.diag([1.0, 1.0, 3.6, 1.0]))
    0.0036
    """
    # The triple product of the edges: the determinant without rounding of an LU factorisation.
    a, b, c = np.asarray(affine, np.float64)[:3, :3].T
    return float(abs(np.dot(a, np.cross(b, c)))) / 1000.0


def mask_volume_ml(mask: Mask, affine: Affine) -> float:
    """Volume of the voxels of a mask, in ml.

    Parameters
    ----------
    mask : (I, J, K) bool array
    affine : (4, 4) float array

    Returns
    -------
    float
        Zero for an empty mask. A voxel counts wholly or not at all.

    Raises
    ------
    ImageContentError
        `mask` is not three-dimensional, or not of bool: a label or probability map needs a threshold first.

    Examples
    --------
    >>> mask_volume_ml(np.ones((10, 10, 10), bool), np.eye(4))
    1.0
    """
    _check_three_dimensional(mask)
    if mask.dtype != np.bool_:
        raise ImageContentError(
            f"Mask has type {mask.dtype}; bool is needed.\n"
            "    Compare with a threshold first, or sum the probabilities with probability_volume_ml."
        )
    return int(np.count_nonzero(mask)) * voxel_volume_ml(affine)


def probability_volume_ml(probability: Probability, affine: Affine, mask: Mask | None = None) -> float:
    """Volume expected from probabilities or partial-volume fractions: their sum times the voxel volume, in ml.

    Parameters
    ----------
    probability : (I, J, K) float array, 0 to 1
    affine : (4, 4) float array
    mask : (I, J, K) bool array, optional
        Sum over these voxels only.

    Raises
    ------
    ImageContentError
        Not three-dimensional, or values outside 0 to 1 (1 % is forgiven to interpolation), or not finite.

    Examples
    --------
    >>> probability_volume_ml(np.full((10, 10, 10), 0.25, np.float32), np.eye(4))
    0.25
    """
    _check_three_dimensional(probability)
    values = probability if mask is None else probability[mask]
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    if not (low >= -0.01 and high <= 1.01):
        raise ImageContentError(
            f"Probabilities run from {low:g} to {high:g}; they must be finite and lie between 0 and 1.\n"
            "    Divide a map in percent by 100; compare a label map with the label wanted."
        )
    return float(values.sum(dtype=np.float64)) * voxel_volume_ml(affine)


def _check_three_dimensional(data: NDArray[Any]) -> None:
    if data.ndim != 3:
        raise ImageContentError(
            f"Array has shape {data.shape}; three dimensions are needed.\n    Pass one volume of a series at a time."
        )
