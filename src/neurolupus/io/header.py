"""ImageHeader: what a NIfTI file claims to hold, looked at before anything else is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from neurolupus.io.faults import Fault, single_fault_error
from neurolupus.io.inflate import LARGEST_EXPANSION, TruncatedError, is_gzip, read_content
from neurolupus.io.placement import Placement, placement
from neurolupus.records.volume import Affine

NIBABEL: Any = nib  # its header classes carry no types

MAX_VOXELS = 1024**3  # per volume: eight times a 0.5 mm head
NIFTI1_BYTES, NIFTI2_BYTES = 348, 540
# NIfTI-1 datatype codes that hold one real number per voxel (nifti1.h); the name says what any other holds.
NUMBER_CODES = {2, 4, 8, 16, 64, 256, 512, 768, 1024, 1280}
OTHER_CODES = {
    1: "one bit",
    32: "complex64",
    128: "RGB colour",
    1536: "float128",
    1792: "complex128",
    2048: "complex256",
    2304: "RGBA colour",
}
AGAIN = "Copy or convert the file again; if it was downloaded, compare its size with the source."


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the header of a NIfTI-1 or NIfTI-2 file says.

    Parameters
    ----------
    shape : tuple of int
        As stored, trailing ones removed beyond the third axis: (I, J, K), or longer for more than one volume.
    voxel_size_mm : (float, float, float)
        Along the stored axes.
    dtype : numpy dtype or None
        None when a voxel is no single number; `datatype` then says what it is.
    told_size_mm : (float, float, float)
        The same as the header's `pixdim` tells, which an affine may contradict.
    placement : Placement
        Orientation 'none': the header has neither form, and left and right are a guess.
    """

    shape: tuple[int, ...]
    voxel_size_mm: tuple[float, float, float]
    dtype: np.dtype[Any] | None
    datatype: str
    told_size_mm: tuple[float, float, float]
    placement: Placement
    slope: float
    intercept: float
    data_start: int
    compressed: bool

    @property
    def affine(self) -> Affine:
        """Stored voxel indices to RAS+ mm, (4, 4)."""
        return self.placement.affine

    @property
    def volume_shape(self) -> tuple[int, int, int]:
        """Voxels of one volume."""
        i, j, k = self.shape[:3]
        return i, j, k

    @property
    def volumes(self) -> int:
        """Number of three-dimensional volumes."""
        return int(np.prod(self.shape[3:], dtype=np.int64))

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        """Length of the image along its stored axes."""
        x, y, z = (n * size for n, size in zip(self.volume_shape, self.voxel_size_mm, strict=True))
        return x, y, z


def read_image_header(path: Path) -> ImageHeader:
    """What the header says; the data are not read, and the claimed size is compared with the file's.

    Raises
    ------
    ImageFileError
        The file is absent, empty, no NIfTI, cut off, or claims more data than it can hold.
    """
    header = header_or_fault(path)
    if isinstance(header, Fault):
        raise single_fault_error(path, header)
    return header


def header_or_fault(path: Path) -> ImageHeader | Fault:
    """As `read_image_header`, for callers that gather faults: the Fault is returned, not raised."""
    try:
        return _file_fault(path) or _read(path)
    except OSError as error:
        remedy = "Check that you may read the file and that its disk is there."
        return Fault(f"cannot be read ({error.strerror or error})", remedy, unreadable=True)


def _read(path: Path) -> ImageHeader | Fault:
    try:
        raw = bytes(read_content(path, 0, NIFTI2_BYTES, verified=False))
    except TruncatedError as error:
        raw = bytes(error.content)
        if len(raw) < NIFTI1_BYTES:
            return Fault(f"{error} before its header is whole", AGAIN, unreadable=True)
    parsed = _parse(raw)
    return parsed if isinstance(parsed, Fault) else _interpret(parsed, path)


def _file_fault(path: Path) -> Fault | None:
    if path.is_dir():
        return Fault("is a folder; a NIfTI file is needed", "Name the file, or give a BIDS folder.", unreadable=True)
    if not path.exists():
        if path.is_symlink():
            remedy = "Fetch the content first (datalad get, git annex get)."
            return Fault("is a link to a file that is not here", remedy, unreadable=True)
        return Fault("does not exist; a NIfTI file is needed", "Check the path.", unreadable=True)
    if path.stat().st_size == 0:
        return Fault("is empty (0 bytes); a NIfTI file is needed", AGAIN, unreadable=True)
    return None


def _parse(raw: bytes) -> Any:
    """A nibabel header, or the Fault of bytes that are no NIfTI header."""
    if raw[128:132] == b"DICM":
        remedy = "Convert it first, for example with dcm2niix."
        return Fault("is a DICOM file; a NIfTI file is needed", remedy, unreadable=True)
    if raw.startswith(b"version https://git-lfs"):
        return Fault("is a Git LFS pointer, not the file itself", "Fetch the content: git lfs pull.", unreadable=True)
    if raw[344:348] == b"ni1\0" or raw[4:8] == b"ni2\0":
        remedy = "Convert it to .nii.gz, for example with nib-convert or fslchfiletype."
        return Fault("is one half of a .hdr/.img pair; a single NIfTI file is needed", remedy, unreadable=True)
    if raw[344:348] == b"n+1\0":
        return NIBABEL.Nifti1Header(raw[:NIFTI1_BYTES], check=False)
    if raw[4:8] == b"n+2\0" and len(raw) >= NIFTI2_BYTES:
        return NIBABEL.Nifti2Header(raw[:NIFTI2_BYTES], check=False)
    if len(raw) < NIFTI1_BYTES:
        seen = f"holds {len(raw)} bytes; a NIfTI header has {NIFTI1_BYTES}"
        return Fault(seen, AGAIN, unreadable=True)
    remedy = "Convert the scan to NIfTI, for example with dcm2niix."
    return Fault("is no NIfTI file (its header has no NIfTI mark)", remedy, unreadable=True)


def _interpret(raw: Any, path: Path) -> ImageHeader | Fault:
    """The facts of a parsed header, or the first fault that makes the file unreadable."""
    dimensions = [int(n) for n in raw["dim"]]
    count = dimensions[0]
    if not 1 <= count <= 7 or min(dimensions[1 : count + 1]) < 1:
        seen = f"claims dimensions {dimensions[1 : max(2, min(count, 7) + 1)]}; each must be at least 1"
        return Fault(seen, AGAIN, unreadable=True)
    code = int(raw["datatype"])
    if code not in NUMBER_CODES and code not in OTHER_CODES:
        return Fault(f"has the unknown datatype code {code}", AGAIN, unreadable=True)
    shape = dimensions[1 : count + 1] + [1] * (3 - count)
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    dtype = raw.get_data_dtype() if code in NUMBER_CODES else None
    start = float(raw["vox_offset"])
    least = NIFTI1_BYTES + 4 if raw.sizeof_hdr == NIFTI1_BYTES else NIFTI2_BYTES + 4
    compressed = is_gzip(path)
    if start == 0:
        start = least
    if not (least <= start <= 1 << 40):
        return Fault(
            f"claims that its data start at byte {start:g}; {least} or later is needed", AGAIN, unreadable=True
        )
    voxel_bytes = raw.get_data_dtype().itemsize if code != 1 else 1
    size_fault = _size_fault(path, shape, voxel_bytes, int(start), compressed)
    if size_fault is not None:
        return size_fault
    placed = placement(raw)
    if isinstance(placed, Fault):
        return placed
    slope, intercept = float(raw["scl_slope"]), float(raw["scl_inter"])
    if slope == 0 or not np.isfinite(slope):
        slope, intercept = 1.0, 0.0  # NIfTI-1: a slope of 0 means that values are as stored
    if not np.isfinite(intercept):
        return Fault(f"has scl_inter {intercept}; a number is needed", AGAIN, unreadable=True)
    x, y, z = (float(size) for size in np.linalg.norm(placed.affine[:3, :3], axis=0))
    told_x, told_y, told_z = (abs(float(size)) for size in raw["pixdim"][1:4])
    return ImageHeader(
        shape=tuple(shape),
        voxel_size_mm=(x, y, z),
        dtype=dtype,
        datatype=OTHER_CODES.get(code, str(dtype)),
        told_size_mm=(told_x, told_y, told_z),
        placement=placed,
        slope=slope,
        intercept=intercept,
        data_start=int(start),
        compressed=compressed,
    )


def _size_fault(path: Path, shape: list[int], voxel_bytes: int, start: int, compressed: bool) -> Fault | None:
    """What is wrong with the claimed size; Python's integers, so that no claim overflows."""
    voxels = claimed = 1
    for axis, n in enumerate(shape):
        claimed *= n
        voxels *= n if axis < 3 else 1
    held = path.stat().st_size
    claimed = start + claimed * voxel_bytes
    most = held * LARGEST_EXPANSION if compressed else held
    if claimed > most:
        packed = "compressed bytes" if compressed else "bytes"
        seen = f"claims {_bytes(claimed)} of content and holds {held:,} {packed}"
        if compressed:
            seen += f", which cannot unpack to more than {_bytes(most)}"
        return Fault(seen, AGAIN, unreadable=True)
    if voxels > MAX_VOXELS:
        size = " x ".join(str(n) for n in shape[:3])
        remedy = "Resample it, or correct its header."
        return Fault(f"has {size} voxels; at most 1024^3 are read", remedy, unreadable=True)
    return None


def _bytes(count: int) -> str:
    """`549.8 GB`, `1.2 MB` or `352 bytes`; units of 1000."""
    for factor, unit in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= factor:
            return f"{count / factor:,.1f} {unit}"
    return f"{count} bytes"
