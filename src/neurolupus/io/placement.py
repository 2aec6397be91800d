"""Where a NIfTI header says that an image lies: its sform, its qform, or neither."""

from dataclasses import dataclass
from typing import Any, Literal

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from neurolupus.io.faults import Fault
from neurolupus.records.volume import Affine

Orientation = Literal["sform", "qform", "none"]
NIBABEL: Any = nib  # its header classes carry no types


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies, and what of the header contradicts it.

    Parameters
    ----------
    affine : (4, 4) float array
        Stored voxel indices to RAS+ mm: of the sform, else of the qform, else nibabel's guess.
    orientation : 'sform', 'qform' or 'none'
    form_difference_mm : float
        Largest distance between a corner placed by the sform and by the qform; 0 unless both are set.
    mirrored : bool
        Whether sform and qform tell left and right differently.
    """

    affine: Affine
    orientation: Orientation
    form_difference_mm: float = 0.0
    mirrored: bool = False


def placement(raw: Any) -> Placement | Fault:
    """The place that a header tells."""
    forms: dict[Orientation, Affine] = {}
    remedy = "Correct the orientation in the header, or convert the DICOM series again."
    names: tuple[Orientation, Orientation] = ("sform", "qform")
    for name in names:
        if int(raw[f"{name}_code"]) <= 0:
            continue
        try:
            affine = np.asarray(raw.get_sform() if name == "sform" else raw.get_qform(), np.float64)
        except (NIBABEL.spatialimages.HeaderDataError, ValueError):
            affine = np.full((4, 4), np.nan)
        if not _is_invertible(affine):
            if name == "sform" or not forms:
                return Fault(f"has a {name} that is no invertible matrix", remedy, unreadable=True)
            continue
        forms[name] = affine
    if not forms:
        with np.errstate(all="ignore"):
            affine = np.asarray(raw.get_base_affine(), np.float64)
        if not _is_invertible(affine):
            sizes = [float(size) for size in raw["pixdim"][1:4]]
            return Fault(f"has neither sform nor qform, and voxel sizes {sizes}", remedy, unreadable=True)
        return Placement(affine, "none")
    difference, mirrored = 0.0, False
    if len(forms) == 2:
        i, j, k = (int(n) for n in raw["dim"][1:4])
        corners: NDArray[np.float64] = np.array([[a, b, c, 1.0] for a in (0, i) for b in (0, j) for c in (0, k)]).T
        difference = float(np.linalg.norm(((forms["sform"] - forms["qform"]) @ corners)[:3], axis=0).max())
        signs = [np.sign(np.linalg.det(one[:3, :3])) for one in forms.values()]
        mirrored = bool(signs[0] != signs[1])
    chosen: Orientation = "sform" if "sform" in forms else "qform"
    return Placement(forms[chosen], chosen, difference, mirrored)


def _is_invertible(affine: Affine) -> bool:
    """Whether the axes have a length and span space: not collapsed, nor so oblique that they nearly coincide."""
    if not np.isfinite(affine).all():
        return False
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    if edges.min() < 1e-5 or edges.max() > 1e5:
        return False
    return bool(abs(np.linalg.det(affine[:3, :3] / edges)) > 1e-3)
