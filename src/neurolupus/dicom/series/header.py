"""One DICOM file -> its slices and facts, from the header alone; pixels are never read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pydicom

from neurolupus.dicom.series.frames import frame_slices
from neurolupus.dicom.series.pixel_length import pixel_fault
from neurolupus.dicom.series.slices import DICOMDIR, Slice
from neurolupus.dicom.series.values import TAGS, WANTED, Getter

SMALLEST_FILE_BYTES = 132
LARGEST_SEQUENCE_BYTES = 64 << 20  # 20,000 frames of 3 KB; what is longer is not read
MAGIC = b"DICM"
DEFLATED = b"1.2.840.10008.1.2.1.99"
UNCOMPRESSED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")  # and implicit, which is shorter than its prefix


@dataclass(frozen=True, slots=True)
class Header:
    """What one file holds; `part_key` is the same for images that were acquired alike."""

    dataset: Any
    slices: tuple[Slice, ...]
    series_key: tuple[str, ...]
    part_key: tuple[object, ...]


class Unreadable(Exception):  # noqa: N818 - said of a file
    """A file that says it is DICOM and cannot be read; the text says why."""


def read_header(path: Path) -> Header | None:
    """The header of a file; None when it is no DICOM file, or a DICOMDIR.

    Raises
    ------
    Unreadable
        It is DICOM and its header is broken, or compressed as a whole.
    """
    size = path.stat().st_size
    if size < SMALLEST_FILE_BYTES:
        return None
    with path.open("rb") as stream:
        start = stream.read(1024)
        has_magic = start[128:132] == MAGIC
        if not is_dicom_start(start):
            return None
        if DEFLATED in start:
            # Read, it would be unpacked whole, to any size.
            raise Unreadable("the file is deflated as a whole (transfer syntax 1.2.840.10008.1.2.1.99)")
        stream.seek(0)
        try:
            dataset = pydicom.dcmread(
                stream, stop_before_pixels=True, force=True, specific_tags=WANTED, defer_size=LARGEST_SEQUENCE_BYTES
            )
            return _header(dataset, stream, path, size, has_magic)
        except Unreadable:
            raise
        except Exception as error:  # pydicom raises whatever a broken file makes happen
            if has_magic:
                raise Unreadable(f"the header is broken ({type(error).__name__})") from None
            return None


def _header(dataset: Any, stream: BinaryIO, path: Path, size: int, has_magic: bool) -> Header | None:
    get = Getter(dataset)
    series, sop_class = get.text("SeriesInstanceUID"), get.text("SOPClassUID")
    if sop_class == DICOMDIR or get.syntax_class() == DICOMDIR:
        return None
    if not series or not sop_class:
        if has_magic:
            missing = "SeriesInstanceUID" if not series else "SOPClassUID"
            raise Unreadable(f"the header lacks {missing}")
        return None
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", "")) if hasattr(dataset, "file_meta") else ""
    fault = pixel_fault(
        stream,
        size,
        is_compressed=syntax.startswith("1.2.840.10008.1.2.") and syntax not in UNCOMPRESSED,
        expected=_pixel_bytes(get),
    )
    if TAGS["PerFrameFunctionalGroupsSequence"] in dataset:
        slices = frame_slices(dataset, path, syntax, fault)
    else:
        slices = (_slice(get, path, syntax, fault),)
    series_key = (get.text("PatientID"), get.text("IssuerOfPatientID"), get.text("StudyInstanceUID"), series)
    return Header(dataset, slices, series_key, (sop_class, get.text("Modality")))


def _slice(get: Getter, path: Path, syntax: str, fault: str) -> Slice:
    position, orientation = get.numbers("ImagePositionPatient"), get.numbers("ImageOrientationPatient")
    spacing = get.numbers("PixelSpacing")
    return Slice(
        path=path,
        frame=0,
        sop_uid=get.text("SOPInstanceUID"),
        syntax=syntax,
        number=get.whole("InstanceNumber"),
        position=position if len(position) == 3 else None,
        orientation=orientation if len(orientation) == 6 else None,
        spacing_mm=spacing if len(spacing) == 2 else None,
        rows=get.short("Rows"),
        columns=get.short("Columns"),
        image_type=get.words("ImageType"),
        echo_ms=get.number("EchoTime"),
        inversion_ms=get.number("InversionTime"),
        repetition=f"{get.text('AcquisitionNumber')}/{get.text('TemporalPositionIdentifier')}",
        pixel_fault=fault,
    )


def is_dicom_start(start: bytes) -> bool:
    """Whether a file begins as DICOM files do, with or without the preamble."""
    return start[128:132] == MAGIC or _looks_headless(start)


def _looks_headless(start: bytes) -> bool:
    """Whether a file without preamble begins as data sets do: group 0008, a low element."""
    if start[:2] not in (b"\x08\x00", b"\x02\x00") or start[3:4] != b"\x00":
        return False
    explicit, length = start[4:6].isalpha() and start[4:6].isupper(), int.from_bytes(start[4:8], "little")
    return explicit or length < 256


def _pixel_bytes(get: Getter) -> int:
    """How many bytes the pixels take when they are not compressed."""
    factors = [get.short(word) for word in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")]
    rows, columns, samples, bits = (factor or 0 for factor in factors)
    frames = get.whole("NumberOfFrames") or 1
    return rows * columns * samples * max(frames, 1) * bits // 8
