"""A map of hyperintensities on the grid of another image of the same head."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from neurolupus.imaging.grid import resample
from neurolupus.records.volume import Affine, Probability, Volume


def own_map(own: Volume, t1w: Volume, t1w_to_flair: Affine) -> Probability:
    """A map that the user brought on the T1w's grid: as it is where it was drawn there, else moved from the FLAIR's."""
    if own.shape == t1w.shape and np.allclose(own.affine, t1w.affine, atol=1e-3):
        return own.data.astype(np.float32)
    return moved_map(own, t1w, t1w_to_flair)


def moved_map(drawn: Volume, onto: Volume, onto_to_drawn: Affine) -> Probability:
    """A mask or probabilities on another grid.

    Parameters
    ----------
    drawn : Volume
        A mask (0 and 1) or probabilities.
    onto : Volume
        Whose grid is wanted.
    onto_to_drawn : (4, 4) float array
        RAS+ mm of `onto` to RAS+ mm of `drawn`.

    Notes
    -----
    A mask stays one, and each of its lesions keeps its volume: it gets as many voxels as make it up, those that hold
    most of it. Voxels of which half is lesion would be too few: convex bodies shrink, and of a lesion of one or two
    voxels, as lupus has them, there may be none left. Of 24 masks drawn on slices of 3 mm and turned a little that rule
    lost 4 to 25 % of the volume, most where there was least.
    """
    share: Probability = np.clip(resample(drawn, onto, onto_to_moving=onto_to_drawn), 0, 1)
    return _same_volumes(drawn, onto, share, onto_to_drawn) if np.isin(drawn.data, (0, 1)).all() else share


_NEIGHBOURS = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def _same_volumes(drawn: Volume, onto: Volume, share: Probability, onto_to_drawn: Affine) -> Probability:
    """The voxels that hold most of each lesion, as many as its volume needs; `share` is how much each voxel holds."""
    mask = np.zeros(onto.shape, np.float32)
    pieces, count = ndimage.label(drawn.data > 0, np.ones((3, 3, 3)))
    voxels = np.argwhere(pieces)
    if not len(voxels):
        return mask
    piece = pieces[tuple(voxels.T)]
    drawn_mm = _points(voxels, drawn.affine)
    onto_affine = onto_to_drawn @ onto.affine
    there = _points(drawn_mm, np.linalg.inv(onto_affine))
    seen = ((there >= -0.5) & (there <= np.array(onto.shape) - 0.5)).all(axis=1)  # a lesion may reach out of the grid
    holding = share > 0
    around = np.rint(there[seen]).astype(int)[:, None] + _NEIGHBOURS  # between thick slices a small lesion has no share
    holding[tuple(np.clip(around.reshape(-1, 3), 0, np.array(onto.shape) - 1).T)] = True
    touched = np.argwhere(holding)
    if not len(touched):
        return mask
    far, nearest = cKDTree(drawn_mm).query(_points(touched, onto_affine))
    lesion = piece[nearest]
    volume = np.bincount(piece[seen], minlength=count + 1) * (drawn.voxel_volume_ml / onto.voxel_volume_ml)
    wanted = np.where(volume > 0, np.maximum(np.rint(volume), 1), 0)

    order = np.lexsort((far, -share[tuple(touched.T)], lesion))
    first = np.searchsorted(lesion[order], np.arange(count + 1))
    rank = np.arange(len(order)) - first[lesion[order]]
    mask[tuple(touched[order[rank < wanted[lesion[order]]]].T)] = 1
    return mask


def _points(points: NDArray[Any], affine: NDArray[Any]) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = points @ affine[:3, :3].T + affine[:3, 3]
    return moved
