"""NIfTI files to Volumes and back."""

import gzip
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import nibabel as nib
import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurolupus.io.atomic import replacing
from neurolupus.io.faults import Fault, check_no_faults, single_fault_error
from neurolupus.io.header import AGAIN, ImageHeader, read_image_header
from neurolupus.io.inflate import TruncatedError, read_content
from neurolupus.records.volume import Labels, Volume

__all__ = ["ImageHeader", "read_image_header", "read_labels", "read_stored", "read_volume", "to_ras", "write_volume"]

NIBABEL: Any = nib  # its headers and orientations carry no types
ROWS = 32  # copied at once where the order of axes changes
SLICES = 16  # written at once: of float32, what a line of the processor's cache holds
GZIP_LEVEL = 1  # level 4 takes a quarter longer and saves 1 to 7 % on these images


def read_volume(path: Path) -> Volume:
    """The image as float32 in RAS+ order, scaled by its slope; NaN and infinities are kept.

    Parameters
    ----------
    path : Path
        A `.nii` or `.nii.gz` file; what it is is told from its content, not from its name.

    Returns
    -------
    Volume
        Axes flipped and swapped to the closest RAS+ order; world coordinates do not change. The sform places it,
        else the qform, else the voxel sizes alone (see `ImageHeader.orientation`).

    Raises
    ------
    ImageFileError
        The file is absent, no NIfTI, cut off, or claims more than it holds.
    ImageContentError
        It has more than one volume, or its voxels are no single numbers.
    """
    header = read_image_header(path)
    check_no_faults({str(path): shape_faults(header)})
    stored = read_stored(path, header)
    if isinstance(stored, Fault):
        raise single_fault_error(path, stored)
    return to_ras(stored, header)


def read_labels(path: Path) -> Volume:
    """The image as int32 labels in RAS+ order; stored fractions are rounded to the nearest label.

    Raises
    ------
    ImageFileError, ImageContentError
        As `read_volume`; also when a value is not finite or no 32-bit integer.
    """
    volume = read_volume(path)
    values: NDArray[Any] = volume.data
    limit = np.iinfo(np.int32).max
    lowest, highest = float(values.min()), float(values.max())
    if not (-limit <= lowest and highest < limit):
        remedy = "Give a segmentation: 0 outside, whole numbers inside."
        raise single_fault_error(path, Fault(f"has values from {lowest:g} to {highest:g}; labels needed", remedy))
    labels: Labels = np.rint(values).astype(np.int32)
    return Volume(labels, volume.affine)


def shape_faults(header: ImageHeader) -> list[Fault]:
    """What keeps an image from being one three-dimensional volume of numbers."""
    faults = []
    if header.dtype is None:
        remedy = "Export the scan as greyscale; a picture of a scan cannot be measured."
        faults.append(Fault(f"its voxels are {header.datatype}; one number per voxel is needed", remedy))
    if header.volumes > 1:
        shape = " x ".join(str(n) for n in header.shape)
        remedy = "Extract the volume you mean, for example with fslroi IN OUT 0 1."
        faults.append(Fault(f"has {header.volumes} volumes ({shape}); one is needed", remedy))
    return faults


def read_stored(path: Path, header: ImageHeader) -> NDArray[np.float32] | Fault:
    """The first volume as stored, float32, scaled by its slope; or the Fault that its data end early.

    Axes are in the order of the file. `header.dtype` must not be None.
    """
    assert header.dtype is not None, "shape_faults() comes first"
    count = header.dtype.itemsize * int(np.prod(header.volume_shape, dtype=np.int64))
    try:
        content = read_content(path, header.data_start, count)
    except TruncatedError as error:
        seen = f"{error} after {len(error.content):,} of {count:,} bytes of data"
        return Fault(seen, AGAIN, unreadable=True)
    except OSError as error:
        remedy = "Check that you may read the file and that its disk is there."
        return Fault(f"cannot be read ({error.strerror or error})", remedy, unreadable=True)
    if len(content) < count:
        return Fault(f"its data end after {len(content):,} of {count:,} bytes", AGAIN, unreadable=True)
    stored = np.frombuffer(content, header.dtype).reshape(header.volume_shape, order="F")
    return _scaled(stored, header.slope, header.intercept)


def _scaled(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit float32 becomes infinite and is found later
        if slope == 1.0 and intercept == 0.0:
            return stored.astype(np.float32)
        wide = np.float64 if stored.dtype.itemsize >= 4 else np.float32
        values: NDArray[Any] = stored.astype(wide)
        values *= slope
        values += intercept
        return values.astype(np.float32, copy=False)


def to_ras(stored: NDArray[np.float32], header: ImageHeader) -> Volume:
    """Stored data with axes flipped and swapped to the closest RAS+ order."""
    turn = NIBABEL.orientations.io_orientation(header.affine)
    data = _in_c_order(NIBABEL.orientations.apply_orientation(stored, turn))
    return Volume(data, header.affine @ NIBABEL.orientations.inv_ornt_aff(turn, header.volume_shape))


def _in_c_order(data: NDArray[Any]) -> NDArray[Any]:
    """The same values, the last axis fastest; a file's order is the reverse.

    Block by block, so that both sides stay in the processor's cache: numpy copies a whole turned image row by row, at a
    sixth of the speed.
    """
    if data.flags.c_contiguous:
        return data
    turned = np.empty(data.shape, data.dtype)
    for middle in range(data.shape[1]):
        for first in range(0, data.shape[0], ROWS):
            turned[first : first + ROWS, middle] = data[first : first + ROWS, middle]
    return turned


def write_volume(
    path: Path, volume: Volume, *, dtype: DTypeLike, level: int = GZIP_LEVEL, decimals: int | None = None
) -> None:
    """Write a NIfTI-1 file whose bytes depend on the volume only; it appears whole or not at all.

    Parameters
    ----------
    path : Path
        Ends in `.nii.gz` or `.nii`.
    volume : Volume
    dtype : dtype
        On disk. Fractions written as an integer type are scaled to its whole range (`scl_slope`), except that
        whole numbers that fit are kept as they are.
    level : int
        Of gzip, 1 to 9.
    decimals : int, optional
        To which values are rounded.
    """
    kind = np.dtype(dtype)
    slope = _slope(volume.data, kind, decimals)
    header = NIBABEL.Nifti1Header()
    header.set_data_dtype(kind)
    header.set_data_shape(volume.shape)
    header.set_xyzt_units("mm")
    header.set_sform(volume.affine, code=1)
    header.set_qform(volume.affine, code=1 if _is_rigid_grid(volume) else 0, strip_shears=True)
    header["pixdim"][1:4] = volume.voxel_size_mm
    header["scl_slope"], header["scl_inter"] = slope or 1.0, 0.0
    header["vox_offset"] = 352
    with replacing(path) as stream, _packing(path, stream, level) as packed:
        packed.write(header.binaryblock + bytes(4))
        for block in _stored_blocks(volume.data, kind, slope, decimals):
            packed.write(block.data)


def _packing(path: Path, stream: BinaryIO, level: int) -> AbstractContextManager[Any]:
    is_packed = path.name.endswith(".gz")
    return gzip.GzipFile("", "wb", level, stream, mtime=0) if is_packed else nullcontext(stream)


def _slope(data: NDArray[Any], dtype: np.dtype[Any], decimals: int | None) -> float | None:
    """By how much values are divided to be stored as whole numbers; None: they are stored as they are."""
    if dtype.kind == "f" or data.dtype.kind == "b":
        return None
    lowest, highest = (float(_rounded(end, decimals)) for end in (data.min(initial=0), data.max(initial=0)))
    limits = np.iinfo(dtype)
    fits = limits.min <= lowest and highest <= limits.max
    if data.dtype.kind in "iu":
        if not fits:
            raise ValueError(f"Labels from {lowest:g} to {highest:g} do not fit {dtype}; choose a wider type.")
        return None
    if fits and (decimals == 0 or all(np.array_equal(np.rint(part), part) for part in data)):
        return None
    # Symmetric about 0 for signed types, so that 0 stays exactly 0.
    slope = max(highest / limits.max, lowest / limits.min if limits.min else 0.0)
    if lowest < 0 and limits.min == 0:
        raise ValueError(f"Values from {lowest:g} do not fit {dtype}; choose a signed type.")
    return float(np.float32(slope * (1 + 1e-6)))


def _stored_blocks(
    data: NDArray[Any], dtype: np.dtype[Any], slope: float | None, decimals: int | None
) -> Iterator[NDArray[Any]]:
    """What is stored, some slices at a time in the file's order: its first axis is the fastest, an array's the slowest.

    A block stays in the processor's cache while it is turned, and no second whole image is held.
    """
    for first in range(0, data.shape[2], SLICES):
        values = _rounded(data[:, :, first : first + SLICES], decimals)
        stored = values if slope is None else np.rint(values / np.float32(slope))
        yield np.ascontiguousarray(stored.astype(dtype).T)


def _rounded(values: NDArray[Any], decimals: int | None) -> NDArray[Any]:
    return values if decimals is None else np.round(values, decimals)


def _is_rigid_grid(volume: Volume) -> bool:
    """Whether a qform can hold the affine: axes at right angles."""
    axes = volume.affine[:3, :3] / np.asarray(volume.voxel_size_mm)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() < 1e-5)
