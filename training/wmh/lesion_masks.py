"""Other patients' lesion masks brought into the white matter of another brain."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.grid import resample
from neurolupus.records.volume import Image, Mask, Volume

# Edges of the cerebral white matter of an average brain in MNI152 space, mm: x, y, z.
AVERAGE_WHITE = np.array([[-64.0, -98.0, -38.0], [64.0, 62.0, 70.0]])
SMALLEST_VOXELS = 3
EXPERT = ("xs19", "xs26")  # with scans and experts' lesions: each a test of its own, its mask painted on nobody


@dataclass(frozen=True, slots=True, eq=False)
class Transplant:
    """Lesions on the grid of a scan: `share` of each voxel, and the patients they come from."""

    share: Image
    patients: tuple[str, ...]


def masks_to_paint(data: Path) -> list[Path]:
    """The masks of patients who are no tests."""
    paths = sorted((data / "ms-lesions" / "lesion-masks").glob("*_mask.nii.gz"))
    return [p for p in paths if not any(t in p.name for t in EXPERT)]


@lru_cache(maxsize=32)
def read_mask(path: Path) -> Volume:
    """A lesion mask in RAS order."""
    image = nib.as_closest_canonical(nib.load(path))
    return Volume((np.asarray(image.dataobj) > 0).astype(np.float32), np.asarray(image.affine, np.float64))


def patient_of(path: Path) -> str:
    """The patient a mask belongs to, e.g. xs19."""
    return path.name.split("_")[0].removeprefix("sub-")


def white_bounds(white: Mask, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower and upper edge of the white matter along x, y, z in RAS+ mm, (2, 3); outliers left out."""
    points = np.argwhere(white)[::7] @ affine[:3, :3].T + affine[:3, 3]
    return np.percentile(points, (0.3, 99.7), axis=0)


def transplant(
    paths: list[Path], onto: Volume, white: Image, wanted_ml: float, rng: np.random.Generator, *, largest_ml: float
) -> Transplant:
    """Lesions of other patients, drawn at random until they hold `wanted_ml`.

    Parameters
    ----------
    onto : Volume
        The scan.
    white : (I, J, K) float array
        Share of white matter; lesions lie where it is at least a third.
    largest_ml : float
        Larger lesions are left out: small loads are made of small lesions.
    """
    bounds = white_bounds(white > 0.5, onto.affine)
    room = white > 0.33
    voxel_ml = onto.voxel_volume_ml
    share, total = np.zeros(onto.shape, np.float32), 0.0
    patients = []
    for number in rng.permutation(len(paths)):
        if total >= wanted_ml:
            break
        warped = _warped(paths[number], onto, bounds, rng) * room
        labels, count = ndimage.label(warped >= 0.5, np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        taken = np.zeros(count + 1, bool)
        for lesion in 1 + rng.permutation(count):
            ml = sizes[lesion] * voxel_ml
            if sizes[lesion] >= SMALLEST_VOXELS and ml <= largest_ml and total + ml <= 1.1 * wanted_ml:
                taken[lesion] = True
                total += ml
        if taken.any():
            near = ndimage.grey_dilation(np.where(taken[labels], labels, 0), size=3)  # its soft edge belongs to it
            share = np.maximum(share, warped * (near > 0) * (taken[labels] | (labels == 0)))
            patients.append(patient_of(paths[number]))
    return Transplant(share, tuple(sorted(patients)))


def _warped(path: Path, onto: Volume, bounds: NDArray[np.float64], rng: np.random.Generator) -> Image:
    """A mask scaled from the average white matter to this one, mirrored, turned and shifted a little at random."""
    scale = (AVERAGE_WHITE[1] - AVERAGE_WHITE[0]) / (bounds[1] - bounds[0])
    centre, average = bounds.mean(0), AVERAGE_WHITE.mean(0)
    matrix = np.eye(4)
    turn = _rotation(np.deg2rad(rng.normal(0, 4, 3)))
    mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0, 1.0])
    matrix[:3, :3] = turn @ mirror @ np.diag(scale)
    matrix[:3, 3] = average + rng.normal(0, 3, 3) - matrix[:3, :3] @ centre
    return resample(read_mask(path), onto, onto_to_moving=matrix)


def _rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(z @ y @ x)
