"""DICOM results read as others read them: highdicom's geometry, pydicom's content tree, David Clunie's validator."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def segmentation_as_nifti(path: Path) -> Any:
    """The first segment on the grid that highdicom tells."""
    import highdicom as hd

    volume = hd.seg.segread(path).get_volume(combine_segments=False, segment_numbers=[1])
    array = np.asarray(volume.array).reshape(volume.spatial_shape)
    return nibabel.Nifti1Image(array.astype(np.float32), LPS @ volume.affine)  # type: ignore[no-untyped-call]


def places(image: Any, grid: Any = None) -> dict[tuple[int, ...], float]:
    """The value of each voxel that is not 0, by the voxel of `grid` (its own by default) in which its centre lies.

    The centre must be the voxel's own centre, to a hundredth of a voxel: headers round differently.
    """
    array: NDArray[Any] = np.asarray(image.dataobj)
    voxels = np.argwhere(array > 0)
    between = np.linalg.inv((grid or image).affine) @ image.affine
    points = voxels @ between[:3, :3].T + between[:3, 3]
    assert np.abs(points - np.rint(points)).max(initial=0) < 0.01
    values = array[tuple(voxels.T)]
    return {
        tuple(point): float(value) for point, value in zip(np.rint(points).astype(int).tolist(), values, strict=True)
    }


def numbers_of_report(path: Path) -> dict[str, tuple[float, str]]:
    """Value and unit of each measurement, by what tracks its group and its own name."""
    from pydicom import dcmread

    found: dict[str, tuple[float, str]] = {}
    for group in _below(dcmread(path), "125007"):
        tracked = next(one.TextValue for one in group.ContentSequence if _name(one) == "112039")
        for one in group.ContentSequence:
            if one.ValueType == "NUM":
                found[f"{tracked} {_name(one)}"] = _value(one)
                for more in one.get("ContentSequence", []):
                    if more.ValueType == "NUM":
                        found[f"{tracked} {_name(one)} {_name(more)}"] = _value(more)
    return found


def texts_of_report(path: Path) -> list[str]:
    """The comments of all groups."""
    from pydicom import dcmread

    groups = _below(dcmread(path), "125007")
    return [str(one.TextValue) for group in groups for one in group.ContentSequence if _name(one) == "121106"]


def faults_of(path: Path) -> list[str] | None:
    """The errors that dciodvfy finds; None where it is not installed (Debian: dicom3tools)."""
    if shutil.which("dciodvfy") is None:
        return None
    told = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    return [line for line in (told.stderr + told.stdout).splitlines() if line.startswith("Error")]


def _below(item: Any, name: str) -> list[Any]:
    here = [one for one in item.get("ContentSequence", []) if _name(one) == name]
    return here + [found for one in item.get("ContentSequence", []) for found in _below(one, name)]


def _name(item: Any) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].CodeValue) if names else ""


def _value(item: Any) -> tuple[float, str]:
    (measured,) = item.MeasuredValueSequence
    return float(measured.NumericValue), str(measured.MeasurementUnitsCodeSequence[0].CodeValue)
