"""Which voxels of a scan show the face and the ears, told from the measured intracranial mask and the head's place.

Everything below a plane that rises from under the back of the head over the ears to the forehead goes, but for the
intracranial space and a margin around it. What measures the brain does not see the difference.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.atlas_fit import AtlasFit
from neurolupus.records.volume import Affine, Mask, Volume

MARGIN_MM = 8.0  # skull and the muscles of the temple; skin of the brow lies 12 mm and more from the brain
LEAST_MARGIN_MM = 3.0  # closer, and the mask's own error would cut the brain

# The plane in MNI mm: z = OFFSET + SLOPE * y. It passes 35 mm above the commissures at the forehead (y = 80), above the
# ears (z = 8 at y = -10), and below the occiput (z = -21 at y = -107); eyes, nose, mouth and ears lie beneath.
PLANE_SLOPE, PLANE_OFFSET_MM = 0.3, 11.0


@dataclass(frozen=True, slots=True, eq=False)
class FaceRegion:
    """Where the face may be, in space: it can be asked on any grid.

    Attributes
    ----------
    protected : Volume
        bool; the intracranial mask and the margin around it, on the T1w's grid widened by the margin.
    t1w_to_mni : (4, 4) float array
        RAS+ mm of the T1w to MNI mm.
    """

    protected: Volume
    t1w_to_mni: Affine

    def on(self, grid: Volume, grid_to_t1w: Affine | None = None) -> Mask:
        """The voxels to clear on a grid.

        Parameters
        ----------
        grid : Volume
            Its data are not looked at.
        grid_to_t1w : (4, 4) float array, optional
            RAS+ mm of the grid to RAS+ mm of the T1w; the same space by default.

        Returns
        -------
        (I, J, K) bool array
            True in every voxel whose centre lies beneath the plane and outside the protected space.
        """
        to_t1w = (np.eye(4) if grid_to_t1w is None else grid_to_t1w) @ grid.affine
        to_mni = self.t1w_to_mni @ to_t1w
        to_voxel = np.linalg.inv(self.protected.affine) @ to_t1w
        below = _linear(to_mni[2] - PLANE_SLOPE * to_mni[1], grid.shape) < PLANE_OFFSET_MM
        safe = ndimage.affine_transform(
            self.protected.data.astype(np.uint8), to_voxel[:3, :3], to_voxel[:3, 3], grid.shape, order=0, cval=0
        )
        found: Mask = below & (safe == 0)
        return found


def face_region(intracranial_mask: Volume, fit: AtlasFit, *, margin_mm: float = MARGIN_MM) -> FaceRegion:
    """Where the face of a measured head may be.

    Parameters
    ----------
    intracranial_mask : Volume
        bool, on the grid of the T1w.
    fit : AtlasFit
        Of the same T1w.
    margin_mm : float
        What is kept around the intracranial space, at least 3 mm.

    Raises
    ------
    ImageContentError
        The mask is empty, the margin too small, or it is not known where in the head the face lies.
    """
    if margin_mm < LEAST_MARGIN_MM:
        raise ImageContentError(
            f"Margin {margin_mm:g} mm; at least {LEAST_MARGIN_MM:g} mm are needed to keep the brain."
        )
    if not intracranial_mask.data.any():
        raise ImageContentError(
            "The intracranial mask is empty; a measured head is needed.\n    Measure the scan again."
        )
    if not fit.is_good:
        raise ImageContentError(
            f"The head does not fit the atlas (overlap {fit.overlap:.2f}), so that it is not known where its face is.\n"
            "    Look at the scan; deface it by another program."
        )
    return FaceRegion(_widened(intracranial_mask, margin_mm), fit.head_to_mni)


def _widened(mask: Volume, by_mm: float) -> Volume:
    """Every voxel whose centre lies within `by_mm` of one of the mask's, on a grid with room for all of them."""
    size = np.asarray(mask.voxel_size_mm)
    rim = np.ceil(by_mm / size).astype(int) + 1
    data = np.pad(mask.data.astype(bool), [(int(n), int(n)) for n in rim])
    affine = mask.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ rim
    near: NDArray[np.bool_] = ndimage.distance_transform_edt(~data, sampling=mask.voxel_size_mm) <= by_mm
    return Volume(near, affine)


def _linear(row: NDArray[np.float64], shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Values of a linear function of voxel indices, (I, J, K)."""
    i, j, k = (np.arange(n, dtype=np.float32) for n in shape)
    a, b, c, d = (np.float32(one) for one in row)
    return a * i[:, None, None] + b * j[None, :, None] + c * k[None, None, :] + d
