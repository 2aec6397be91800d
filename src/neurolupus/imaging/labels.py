"""FreeSurfer label numbers -> tissue classes: the one table by which a label map becomes a truth."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import ImageContentError
from neurolupus.records.volume import Affine, Labels, Mask

OUTSIDE: Final = 0
GM: Final = 1
WM: Final = 2
CSF: Final = 3

PAINTED_WMH: Final = 77  # 'WM-hypointensities' of the FreeSurfer table: the number of lesions painted by the phantom
SPINAL_FLUID: Final = 24  # CSF around the brain; the label also runs down the spinal canal

# 507 to 530 are the numbers of FreeSurfer's extra-cerebral structures less 400 (907 soft tissue, 915 compact bone ...).
# Choroid plexus: 136/163 lie within the lateral ventricles and 137/164 within their inferior horns, in every head.
# Ventral diencephalon (28, 60), brain stem (16) and chiasm (85) are as bright as white matter on T1w and count as such;
# so do vessels (30, 62: dark spots within the putamen's white matter) and lesions (25, 57, 77).
KINDS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "cortex": (3, 42),
        "medial_temporal_gm": (17, 18, 53, 54),
        "striatum": (11, 12, 26, 50, 51, 58),
        "pallidum": (13, 52),
        "thalamus": (10, 49),
        "cerebellar_gm": (8, 47),
        "cerebral_wm": (2, 41),
        "cerebellar_wm": (7, 46),
        "brain_stem": (16,),
        "ventral_dc": (28, 60, 85),
        "vessel": (30, 62),
        "wmh": (25, 57, PAINTED_WMH),
        "outer_csf": (SPINAL_FLUID,),
        "ventricle": (4, 5, 14, 15, 43, 44, 72),
        "choroid_plexus": (136, 137, 163, 164),
        "air": (0,),
        "artery": (502,),
        "eye": (506,),
        "soft_tissue": (507,),
        "eye_muscle": (508,),
        "mucosa": (509,),
        "skin": (511,),
        "spinal_cord": (512,),
        "sinus": (514,),
        "compact_bone": (515,),
        "spongy_bone": (516,),
        "optic_nerve": (530,),
    }
)
_TISSUE_OF_KIND: Final[Mapping[str, int]] = MappingProxyType(
    dict.fromkeys(("cortex", "medial_temporal_gm", "striatum", "pallidum", "thalamus", "cerebellar_gm"), GM)
    | dict.fromkeys(
        ("cerebral_wm", "cerebellar_wm", "brain_stem", "ventral_dc", "vessel", "wmh"),
        WM,
    )
    | dict.fromkeys(("outer_csf", "ventricle", "choroid_plexus"), CSF)
)
LATERAL_VENTRICLE_LABELS: Final = (4, 5, 43, 44, 136, 137, 163, 164)
INFRATENTORIAL_LABELS: Final = (7, 8, 16, 46, 47)
TISSUE_TABLE: Final[Mapping[int, int]] = MappingProxyType(
    {number: _TISSUE_OF_KIND.get(kind, OUTSIDE) for kind, numbers in KINDS.items() for number in numbers}
)


def whole_numbers(data: NDArray[Any]) -> Labels:
    """Label numbers rounded to whole numbers: some label maps are stored as floats a little off."""
    return data if data.dtype == np.int32 else np.rint(data).astype(np.int32)


def tissue_of(labels: NDArray[Any]) -> Labels:
    """The tissue of each voxel: 0 outside, 1 GM, 2 WM, 3 CSF.

    Parameters
    ----------
    labels : (I, J, K) array
        FreeSurfer numbers; floats are rounded. Numbers from 500 on lie outside the brain.

    Returns
    -------
    (I, J, K) int32 array
        Label 24 of the spinal canal is CSF here; see `cut_at_skull_base`.

    Raises
    ------
    ImageContentError
        Numbers below 500 occur that the table does not know.
    """
    numbers = whole_numbers(labels)
    present = np.flatnonzero(np.bincount(numbers.ravel())) if numbers.min(initial=0) >= 0 else np.unique(numbers)
    unknown = [int(n) for n in present if n < 500 and int(n) not in TISSUE_TABLE]
    if unknown:
        raise ImageContentError(
            f"The label map holds {unknown}, which the tissue table does not know; FreeSurfer numbers from "
            "0 to 499 must each have a tissue.\n    Add them to KINDS in neurolupus/imaging/labels.py."
        )
    table = np.zeros(int(present.max(initial=0)) + 1, np.int32)
    for number in present:
        table[number] = TISSUE_TABLE.get(int(number), OUTSIDE)
    return table[numbers]


def cut_at_skull_base(labels: NDArray[Any], affine: Affine) -> Labels:
    """The label map without spinal fluid: label 24 below the cerebellum and brain stem becomes soft tissue (507).

    Parameters
    ----------
    labels : (I, J, K) array
    affine : (4, 4) float array
        Voxel indices to RAS+ mm; below means a smaller third coordinate, in whatever order the voxels are stored.

    Returns
    -------
    (I, J, K) int32 array
        Unchanged where there is neither cerebellum nor brain stem.
    """
    numbers = whole_numbers(labels)
    infratentorial = np.isin(numbers, INFRATENTORIAL_LABELS)
    if not infratentorial.any():
        return numbers
    height = height_mm(numbers.shape, affine)
    below = (numbers == SPINAL_FLUID) & (height < height[infratentorial].min() - 1e-6)
    return np.where(below, np.int32(507), numbers)


def height_mm(shape: tuple[int, ...], affine: Affine) -> NDArray[np.float64]:
    """The third RAS+ coordinate of each voxel in mm, (I, J, K)."""
    i, j, k = (np.arange(n, dtype=np.float64) for n in shape)
    x, y, z, origin = affine[2]
    return np.asarray(x * i[:, None, None] + y * j[None, :, None] + z * k[None, None, :] + origin)


def heal_lesions(labels: NDArray[Any], affine: Affine) -> Labels:
    """The label map with each white matter lesion (25, 57, 77) turned into the white matter of its side (2, 41)."""
    numbers = whole_numbers(labels).copy()
    numbers[numbers == 25] = 2
    numbers[numbers == 57] = 41
    index = np.argwhere(numbers == PAINTED_WMH)
    side = np.where(index @ affine[0, :3] + affine[0, 3] < 0, 2, 41)
    numbers[tuple(index.T)] = side
    return numbers


def lesions_of(labels: NDArray[Any]) -> Mask:
    """Where the label map holds white matter lesions."""
    return np.isin(whole_numbers(labels), KINDS["wmh"])
