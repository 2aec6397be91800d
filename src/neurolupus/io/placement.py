"""Where a NIfTI header says that an image lies: its sform, its qform, or neither."""

from typing import Any, Literal

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from neurolupus.io.faults import Fault
from neurolupus.records.volume import Affine

Orientation = Literal["sform", "qform", "none"]
NIBABEL: Any = nib  # its header classes carry no types


def placement(raw: Any) -> tuple[Affine, Orientation, float] | Fault:
    """The affine (sform, else qform, else nibabel's guess), its origin, and how far the two forms differ."""
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
        return affine, "none", 0.0
    difference = 0.0
    if len(forms) == 2:
        i, j, k = (int(n) for n in raw["dim"][1:4])
        corners: NDArray[np.float64] = np.array([[a, b, c, 1.0] for a in (0, i) for b in (0, j) for c in (0, k)]).T
        difference = float(np.linalg.norm(((forms["sform"] - forms["qform"]) @ corners)[:3], axis=0).max())
    if "sform" in forms:
        return forms["sform"], "sform", difference
    return forms["qform"], "qform", difference


def _is_invertible(affine: Affine) -> bool:
    """Whether the axes have a length and span space: not collapsed, nor so oblique that they nearly coincide."""
    if not np.isfinite(affine).all():
        return False
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    if edges.min() < 1e-5 or edges.max() > 1e5:
        return False
    return bool(abs(np.linalg.det(affine[:3, :3] / edges)) > 1e-3)
