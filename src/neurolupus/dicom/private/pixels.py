"""The stored pixels of a file: looked at where they can be decoded, and freed of what is not picture."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.uid import UID

from neurolupus.errors import DicomError


def decoded(original: Dataset, path: Path) -> NDArray[np.generic]:
    """The frames of an image, (rows, columns) or (frames, rows, columns).

    Raises
    ------
    DicomError
        They cannot be decoded: what cannot be seen is not passed on.
    """
    try:
        return np.asarray(original.pixel_array)
    except Exception as error:  # decoders raise whatever they like
        name = _syntax(original).name
        if not _syntax(original).is_compressed:
            raise DicomError(f"the pixels do not fit the header ({type(error).__name__})") from None
        return _by_simpleitk(path, name)


def _by_simpleitk(path: Path, name: str) -> NDArray[np.generic]:
    """JPEG lossless among others, which pydicom needs more packages for."""
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    try:
        frames = np.asarray(sitk.GetArrayFromImage(reader.Execute()))
    except RuntimeError:
        raise DicomError(f"the pixels cannot be decoded ({name}), so nobody can see what is in them") from None
    return frames[0] if frames.shape[0] == 1 else frames


def picture_only(made: Dataset) -> None:
    """Cut what stands behind the last pixel, and clear bits above those of the picture.

    Old overlays hide in the upper bits of unsigned pixels, and anything can stand behind the last one. The bits of the
    picture stay as they are. Compressed pixels are left alone.

    Raises
    ------
    DicomError
        There are fewer pixels than the header says.
    """
    syntax: UID = _syntax(made)
    if syntax.is_compressed or "PixelData" not in made:
        return
    element: DataElement = made["PixelData"]
    bits, stored = int(made.BitsAllocated), int(made.BitsStored)
    count = (
        int(made.Rows)
        * int(made.Columns)
        * int(made.get("SamplesPerPixel") or 1)
        * int(made.get("NumberOfFrames") or 1)
    )
    size = count * bits // 8
    value = bytes(element.value)
    if len(value) < size or bits not in (8, 16, 32):
        raise DicomError(f"{len(value)} bytes of pixels; {size} are needed by the header")
    value = value[:size]
    if stored < bits and int(made.get("PixelRepresentation") or 0) == 0:
        numbers = np.frombuffer(value, np.dtype(f"{'<' if syntax.is_little_endian else '>'}u{bits // 8}"))
        upper = np.array(~((1 << (int(made.HighBit) + 1)) - 1) & ((1 << bits) - 1), numbers.dtype)
        if (numbers & upper).any():
            value = (numbers & ~upper).astype(numbers.dtype).tobytes()
    made["PixelData"].value = value + b"\0" * (len(value) % 2)


def _syntax(dataset: Dataset) -> UID:
    return UID(dataset.file_meta.TransferSyntaxUID)
