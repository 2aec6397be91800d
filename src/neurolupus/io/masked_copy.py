"""A NIfTI file with some voxels cleared: every other value, the type and the placement as they were."""

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from neurolupus.errors import ImageFileError
from neurolupus.io.atomic import replacing
from neurolupus.io.nifti import GZIP_LEVEL
from neurolupus.records.volume import Mask

NIBABEL: Any = nib  # its headers carry no types
# Text of the header in which converters keep times and names.
_TEXTS = ("descrip", "aux_file", "db_name", "intent_name")


def write_masked_copy(source: Path, target: Path, clear: Mask) -> None:
    """Write `source` with the voxels of `clear` at zero; it appears whole or not at all.

    Values that stay are the same to the last bit, and so are type, scaling, sform and qform. Texts of the header and
    its extensions, where times and names may stand, are left out.

    Parameters
    ----------
    source, target : Path
        `.nii` or `.nii.gz`; both of the same kind.
    clear : (I, J, K) bool array
        In the order of the file's own axes.

    Raises
    ------
    ImageFileError
        The file cannot be read, or zero cannot be written in its type and scaling.
    """
    try:
        image = NIBABEL.load(source)
        stored = np.array(image.dataobj.get_unscaled())
    except (OSError, ValueError, EOFError, NIBABEL.filebasedimages.ImageFileError) as error:
        raise ImageFileError(f"{source} cannot be read ({error}).\n    Copy it again from its source.") from error
    slope, intercept = _scaling(image)
    zero = -intercept / slope
    if stored.dtype.kind in "iu":
        zero = float(np.clip(round(zero), np.iinfo(stored.dtype).min, np.iinfo(stored.dtype).max))
        if abs(zero * slope + intercept) > max(abs(slope), 1e-6):
            raise ImageFileError(
                f"{source.name} cannot hold the value 0 (slope {slope:g}, intercept {intercept:g}).\n"
                "    Write it again with an intercept of 0."
            )
    stored[clear.reshape(clear.shape + (1,) * (stored.ndim - 3))] = np.asarray(zero).astype(stored.dtype)
    header = image.header.copy()
    for name in _TEXTS:
        header[name] = b""
    header.extensions.clear()
    header["vox_offset"] = header.single_vox_offset
    header["scl_slope"], header["scl_inter"] = slope, intercept
    _write(target, header.binaryblock + bytes(4) + stored.tobytes(order="F"))


def _scaling(image: Any) -> tuple[float, float]:
    """Slope and intercept as they are meant: without a slope, values are what is stored."""
    slope, intercept = (float(one) for one in (image.dataobj.slope, image.dataobj.inter))
    return (slope, intercept) if slope and np.isfinite(slope) else (1.0, 0.0)


def _write(target: Path, content: bytes) -> None:
    with replacing(target) as stream:
        if target.name.endswith(".gz"):
            with gzip.GzipFile("", "wb", GZIP_LEVEL, stream, mtime=0) as packed:
                packed.write(content)
        else:
            stream.write(content)
