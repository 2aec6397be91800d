"""Which voxels of a scan show the face and the ears, told from the measured intracranial mask and the head's place.

Everything below a plane that rises from under the back of the head over the ears to the forehead goes, but for the
intracranial space and a margin around it. Ears lie within a wide margin, and are found as what stands out from the
head at its sides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.atlas_fit import AtlasFit
from neurolupus.records.volume import Affine, Mask, Volume

# A brain that is measured again needs the skull and scalp around it: see docs/reference/defacing.md for what other
# margins remove and cost.
MARGIN_MM = 20.0
LEAST_MARGIN_MM = 3.0  # closer, and the mask's own error would cut the brain

# An ear is thinner than this ball and lies at the side of the head, in MNI mm; it is cleared to this near the brain.
EAR_RADIUS_MM, EAR_ROOT_MM, EAR_MARGIN_MM = 7.0, 3.0, 8.0
EAR_VOXEL_MM, SKULL_GAP_MM, EAR_LEAST_MM3 = 2.0, 5.0, 300.0
EAR_SIDE_MM, EAR_BACK_MM, EAR_FRONT_MM = 55.0, -75.0, 30.0

# The plane in MNI mm: z = OFFSET + SLOPE * y. It passes 35 mm above the commissures at the forehead (y = 80), above the
# ears (z = 8 at y = -10), and below the occiput (z = -21 at y = -107); eyes, nose, mouth and ears lie beneath.
PLANE_SLOPE, PLANE_OFFSET_MM = 0.3, 11.0


AIR_SHARE = 0.12  # of the 98th percentile of what is not zero: above noise, below skin


@dataclass(frozen=True, slots=True, eq=False)
class FaceRegion:
    """Where the face may be, in space: it can be asked on any grid.

    Attributes
    ----------
    protected : Volume
        bool; the intracranial mask and the margin around it, without ears, on the T1w's grid widened by the margin.
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


def face_region(t1w: Volume, intracranial_mask: Mask, fit: AtlasFit, *, margin_mm: float = MARGIN_MM) -> FaceRegion:
    """Where the face of a measured head may be.

    Parameters
    ----------
    t1w : Volume
    intracranial_mask : (I, J, K) bool array
    fit : AtlasFit
        Of the same T1w.
    margin_mm : float
        What is kept around the intracranial space, at least 3 mm; but ears are cleared to 8 mm from it.

    Raises
    ------
    ImageContentError
        The mask is empty, the margin too small, or it is not known where in the head the face lies.
    """
    if margin_mm < LEAST_MARGIN_MM:
        raise ImageContentError(
            f"Margin {margin_mm:g} mm; at least {LEAST_MARGIN_MM:g} mm are needed to keep the brain."
        )
    if not intracranial_mask.any():
        raise ImageContentError(
            "The intracranial mask is empty; a measured head is needed.\n    Measure the scan again."
        )
    if not fit.is_good:
        raise ImageContentError(
            f"The head does not fit the atlas (overlap {fit.overlap:.2f}), so that it is not known where its face is.\n"
            "    Look at the scan; deface it by another program."
        )
    rim = np.ceil(margin_mm / np.asarray(t1w.voxel_size_mm)).astype(int) + 1
    from_brain, affine = _from_brain(t1w.with_data(intracranial_mask.astype(bool)), rim)
    protected = Volume(from_brain <= margin_mm, affine)
    if margin_mm > EAR_MARGIN_MM:
        ears = _ears(t1w, rim, protected.with_data(from_brain), fit.head_to_mni) & (from_brain > EAR_MARGIN_MM)
        protected = protected.with_data(protected.data & ~ears)
    return FaceRegion(protected, fit.head_to_mni)


def air_level(volume: Volume) -> float:
    """The brightness between air and skin; zero for an empty image."""
    values = volume.data[volume.data > 0]
    return AIR_SHARE * float(np.percentile(values, 98)) if values.size else 0.0


def _from_brain(mask: Volume, rim: NDArray[np.int_]) -> tuple[NDArray[np.float32], Affine]:
    """Distance of each voxel's centre from the nearest of the mask's in mm, on a grid wider by `rim` voxels."""
    data = np.pad(mask.data, [(int(n), int(n)) for n in rim])
    affine = mask.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ rim
    return ndimage.distance_transform_edt(~data, sampling=mask.voxel_size_mm).astype(np.float32), affine


def _ears(t1w: Volume, rim: NDArray[np.int_], from_brain: Volume, t1w_to_mni: Affine) -> Mask:
    """What stands out at the sides of the head and is thinner than a ball that rolls inside it, with its root."""
    step = [max(1, round(EAR_VOXEL_MM / size)) for size in t1w.voxel_size_mm]
    thin_out = tuple(slice(None, None, n) for n in step)
    size = [n * one for n, one in zip(step, t1w.voxel_size_mm, strict=True)]
    # The last layer is repeated outwards: where the picture ends is no surface of the head
    head = np.pad(t1w.data > air_level(t1w), [(int(n), int(n)) for n in rim], mode="edge")[thin_out]
    # Skull is as dark as air: it is filled from within, so that the scalp is not taken for something thin
    solid = _closed(head | (from_brain.data[thin_out] <= EAR_MARGIN_MM), SKULL_GAP_MM, size)
    opened = _within(ndimage.distance_transform_edt(solid, sampling=size) > EAR_RADIUS_MM, EAR_RADIUS_MM, size)
    to_mni = t1w_to_mni @ from_brain.affine
    x, y = (_linear(to_mni[axis], from_brain.shape)[thin_out] for axis in (0, 1))
    side = (np.abs(x) > EAR_SIDE_MM) & (y > EAR_BACK_MM) & (y < EAR_FRONT_MM)
    labels, count = ndimage.label(solid & ~opened & side)
    large = np.bincount(labels.ravel(), minlength=count + 1) * float(np.prod(size)) >= EAR_LEAST_MM3
    large[0] = False
    found = _within(large[labels], EAR_ROOT_MM, size) & side
    for axis, n in enumerate(step):
        found = np.repeat(found, n, axis=axis)
    i, j, k = from_brain.shape
    whole: Mask = found[:i, :j, :k]
    return whole


def _within(mask: Mask, by_mm: float, size_mm: list[float]) -> Mask:
    near: Mask = ndimage.distance_transform_edt(~mask, sampling=size_mm) <= by_mm
    return near


def _closed(mask: Mask, by_mm: float, size_mm: list[float]) -> Mask:
    """The mask with its gaps and holes filled."""
    grown = _within(mask, by_mm, size_mm)
    filled: Mask = ndimage.binary_fill_holes(ndimage.distance_transform_edt(grown, sampling=size_mm) > by_mm) | mask
    return filled


def _linear(row: NDArray[np.float64], shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Values of a linear function of voxel indices, (I, J, K)."""
    i, j, k = (np.arange(n, dtype=np.float32) for n in shape)
    a, b, c, d = (np.float32(one) for one in row)
    values: NDArray[np.float32] = a * i[:, None, None] + b * j[None, :, None] + c * k[None, None, :] + d
    return values
