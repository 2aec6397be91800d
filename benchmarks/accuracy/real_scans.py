"""The real scans with something known of them: reference transforms, brain masks, consensus lesions."""

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scoring import apply

from neurolupus.records.scan import Acquisition, ScanId, ScanPair
from neurolupus.records.volume import Volume

LONGITUDINAL = (("01", "1"), ("01", "2"), ("04", "1"), ("20", "2"))
LESIONS = ("xs19", "xs26")
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LongitudinalReference:
    """What is known of a raw pair: (4, 4) RAS maps of points, and the brain in the common space of the patient.

    `common_to_flair` and `flair_to_t1w` chain: a point of the brain mask ends in the T1w.
    """

    flair_to_t1w: Matrix
    common_to_flair: Matrix
    brain: Volume

    def brain_points_in_flair(self, step: int = 4) -> Matrix:
        """RAS points of the FLAIR inside the reference brain, (n, 3)."""
        index = np.argwhere(self.brain.data)[::step]
        return apply(self.common_to_flair @ self.brain.affine, index.astype(float))


def read_volume(path: Path) -> Volume:
    """An image in RAS order, float32; the qform where there is no sform (nibabel's rule)."""
    image = nib.as_closest_canonical(nib.load(path))
    return Volume(np.asarray(image.dataobj, np.float32), np.asarray(image.affine, np.float64))


def acquisition(path: Path) -> Acquisition:
    """Shape and voxel size as stored; 2D where slices are twice as thick as the pixels."""
    header = nib.load(path).header
    x, y, z = (float(v) for v in header.get_zooms()[:3])
    i, j, k = header.get_data_shape()
    return Acquisition((i, j, k), (x, y, z), "2D" if max(x, y, z) > 2 * min(x, y, z) else "3D")


def read_longitudinal(root: Path, participant: str, session: str) -> tuple[ScanPair, LongitudinalReference]:
    """A raw pair of ms-longitudinal and its references."""
    stem = f"sub-{participant}_ses-{session}"
    anat = root / "ms-longitudinal" / f"sub-{participant}" / f"ses-{session}" / "anat"
    t1w, flair = anat / f"{stem}_T1w.nii.gz", anat / f"{stem}_FLAIR.nii.gz"
    pair = ScanPair(
        ScanId(participant, session), read_volume(t1w), read_volume(flair), acquisition(t1w), acquisition(flair)
    )
    derived = root / "ms-longitudinal" / "derivatives" / "lit_reference" / f"sub-{participant}"
    maps = derived / f"ses-{session}" / "xfm"
    brain = read_volume(derived / "anat" / f"sub-{participant}_space-common_desc-brain_mask.nii.gz")
    return pair, LongitudinalReference(
        itk_to_ras(maps / f"{stem}_from-T1w_to-FLAIR_mode-image_xfm_itk.txt"),
        itk_to_ras(maps / f"{stem}_from-FLAIR_to-common_mode-image_xfm_itk.txt"),
        brain.with_data(brain.data > 0),
    )


def itk_to_ras(path: Path) -> Matrix:
    """The (4, 4) RAS map of points of an ITK affine file (LPS; maps the output image's points to the input's)."""
    return transform_to_ras(sitk.ReadTransform(str(path)))


def transform_to_ras(transform: sitk.Transform) -> Matrix:
    """The (4, 4) RAS map of points of a linear ITK transform, found by mapping the unit vectors."""
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    matrix = np.eye(4)
    for axis in range(3):
        matrix[:3, axis] = np.array(transform.TransformPoint(tuple(np.eye(3)[axis]))) - origin
    matrix[:3, 3] = origin
    return np.asarray(LPS @ matrix @ LPS)


def read_lesion_pair(root: Path, participant: str) -> tuple[ScanPair, NDArray[np.bool_]]:
    """A skull-stripped pair of ms-lesions and its consensus lesions, on one grid."""
    stem = root / "ms-lesions" / f"sub-{participant}" / "anat" / f"sub-{participant}_space-MNI152rigid_"
    t1w, flair = Path(f"{stem}desc-brain_T1w.nii.gz"), Path(f"{stem}desc-brain_FLAIR.nii.gz")
    lesions = read_volume(Path(f"{stem}label-lesion_mask.nii.gz")).data > 0
    pair = ScanPair(
        ScanId(participant),
        read_volume(t1w),
        read_volume(flair),
        Acquisition(None, None, "3D"),
        Acquisition(None, None, "3D"),
    )
    return pair, lesions


def sample_on(mask: Volume, grid: Volume, grid_to_mask: Matrix) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """A mask at the voxels of another grid (linear, at least half), and which of those voxels its image covers."""
    index = np.linalg.inv(mask.affine) @ grid_to_mask @ grid.affine
    moved = ndimage.affine_transform(
        mask.data.astype(np.float32), index[:3, :3], index[:3, 3], grid.shape, np.float32, order=1
    )
    covered = ndimage.affine_transform(
        np.ones(mask.shape, np.float32), index[:3, :3], index[:3, 3], grid.shape, np.float32, order=0
    )
    return moved >= 0.5, covered > 0
