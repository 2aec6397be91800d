"""Whether a converted image is what the DICOM headers say: shape, place, sides, and values of a few slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
from numpy.typing import NDArray

from neurolupus.dicom.series.geometry import Grid
from neurolupus.dicom.series.slices import Series, Slice

NIBABEL: Any = nib
# Corners may differ by what headers of 32-bit floats and 16-digit decimals round, and no more.
CORNER_MM = 0.1
# Pixels that numpy reads by itself; others are unpacked by dcm2niix alone.
PLAIN = ("", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5")
COMPARED_SLICES = 9
LEAST_CORRELATION = 0.9999
LARGEST_PIXELS_BYTES = 1 << 30


def conversion_faults(image: Path, series: Series, grid: Grid) -> tuple[str, ...]:
    """What differs between a NIfTI file and the series it was made of; empty when nothing does."""
    try:
        read = NIBABEL.load(image)
        shape, affine = tuple(int(n) for n in read.shape), np.asarray(read.affine, float)
    except Exception as error:  # nibabel raises whatever a broken file makes happen
        return (f"no readable NIfTI image ({type(error).__name__})",)
    if len(shape) != 3:
        return (f"{len(shape)} dimensions ({' x '.join(map(str, shape))}); one volume is needed",)
    if read.get_data_dtype().names:
        return ("in colour",)
    turn = NIBABEL.orientations
    change = turn.ornt_transform(turn.io_orientation(affine), turn.io_orientation(grid.affine))
    there = affine @ turn.inv_ornt_aff(change, shape)
    turned = tuple(shape[int(axis)] for axis in np.argsort(change[:, 0]))
    if turned != grid.shape:
        return (f"shape {' x '.join(map(str, turned))} instead of {' x '.join(map(str, grid.shape))}",)
    worst = _corner_distance(there, grid.affine, grid.shape)
    if worst > CORNER_MM:
        return (f"a corner lies {worst:.2f} mm from where the headers have it",)
    voxels = turn.apply_orientation(np.asanyarray(read.dataobj), change)
    chosen = sorted({round(at) for at in np.linspace(0, len(series.slices) - 1, COMPARED_SLICES)})
    pixels = _Pixels()
    wrong = [index for index in chosen if _differs(voxels[:, :, index], pixels.of(series.slices[index]))]
    return (f"the pixels of slice {wrong[0] + 1} are not those of the DICOM file",) if wrong else ()


def _corner_distance(a: NDArray[np.float64], b: NDArray[np.float64], shape: tuple[int, int, int]) -> float:
    corners = np.array(
        [[i, j, k, 1.0] for i in (0, shape[0] - 1) for j in (0, shape[1] - 1) for k in (0, shape[2] - 1)]
    )
    return float(np.linalg.norm(((a - b) @ corners.T)[:3], axis=0).max())


class _Pixels:
    """Pixels (rows, columns) of slices; a file of many frames is read once."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._pixels: NDArray[Any] | None = None

    def of(self, one: Slice) -> NDArray[Any] | None:
        """None where numpy alone cannot unpack them."""
        if one.path != self._path:
            self._path, self._pixels = one.path, _read(one)
        pixels = self._pixels
        return pixels[one.frame] if pixels is not None and pixels.ndim == 3 else pixels


def _read(one: Slice) -> NDArray[Any] | None:
    if one.syntax not in PLAIN or one.path.stat().st_size > LARGEST_PIXELS_BYTES:
        return None
    try:
        return np.asarray(pydicom.dcmread(one.path, force=True).pixel_array)
    except Exception:  # without pixels to compare with there is nothing to say
        return None


def _differs(voxels: NDArray[Any], pixels: NDArray[Any] | None) -> bool:
    """Whether a slice (columns, rows) holds other values than its file; scaling does not count. False: not known."""
    if pixels is None:
        return False
    mine, theirs = np.asarray(voxels, float).T.ravel(), np.asarray(pixels, float).ravel()
    if mine.shape != theirs.shape:
        return True
    if mine.std() == 0 or theirs.std() == 0:
        return bool((mine.std() == 0) != (theirs.std() == 0))
    return float(np.corrcoef(mine, theirs)[0, 1]) < LEAST_CORRELATION
