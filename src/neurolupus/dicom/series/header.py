"""One DICOM file -> its slices and facts, from the header alone; pixels are never read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

from neurolupus.dicom.series.pixel_length import pixel_fault
from neurolupus.dicom.series.slices import DICOMDIR, Facts, Identity, Slice

SMALLEST_FILE_BYTES = 132
LONGEST_VALUE_BYTES = 4096
LONGEST_TEXT = 120
MAGIC = b"DICM"
DEFLATED = b"1.2.840.10008.1.2.1.99"
# Sequences are read whole; those of a multi-frame file hold a few hundred bytes for each frame.
SEQUENCES = (
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ContrastBolusAgentSequence",
)
KEYWORDS = (
    "SOPClassUID SOPInstanceUID Modality ImageType PatientID IssuerOfPatientID PatientName PatientBirthDate PatientAge "
    "PatientSex StudyInstanceUID SeriesInstanceUID StudyDate AcquisitionTime SeriesTime SeriesNumber InstanceNumber "
    "AcquisitionNumber TemporalPositionIdentifier SeriesDescription ProtocolName SequenceName PulseSequenceName "
    "ScanningSequence SequenceVariant ScanOptions MRAcquisitionType RepetitionTime EchoTime InversionTime FlipAngle "
    "DiffusionBValue AngioFlag ContrastBolusAgent ContrastBolusVolume SliceThickness BodyPartExamined Manufacturer "
    "DeviceSerialNumber StationName MagneticFieldStrength ImagePositionPatient ImageOrientationPatient PixelSpacing "
    "Rows Columns SamplesPerPixel BitsAllocated NumberOfFrames EchoPulseSequence InversionRecovery "
    "EchoPlanarPulseSequence"
)
TAGS: dict[str, BaseTag] = {word: Tag(word) for word in (*KEYWORDS.split(), *SEQUENCES)}
WANTED = list(TAGS.values())
NO_AGENT = re.compile(r"^\W*(none|no|not given|n/?a|na|unknown|ohne|without|nil|0)?\W*$", re.IGNORECASE)


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
                stream, stop_before_pixels=True, force=True, specific_tags=WANTED, defer_size=LONGEST_VALUE_BYTES * 16
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
        from neurolupus.dicom.series.frames import frame_slices

        slices = frame_slices(dataset, path, syntax, fault)
    else:
        slices = (_slice(get, path, syntax, fault),)
    series_key = (get.text("PatientID"), get.text("IssuerOfPatientID"), get.text("StudyInstanceUID"), series)
    return Header(dataset, slices, series_key, (sop_class, get.text("Modality")))


UNCOMPRESSED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")


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


def identity_of(dataset: Any) -> Identity:
    """Whose series it is."""
    get = Getter(dataset)
    return Identity(
        patient_id=_decoded(dataset, "PatientID"),
        issuer=_decoded(dataset, "IssuerOfPatientID"),
        name=_decoded(dataset, "PatientName"),
        study_uid=get.text("StudyInstanceUID"),
        series_uid=get.text("SeriesInstanceUID"),
        study_date=_digits(get.text("StudyDate"), 8),
        birth_date=_digits(get.text("PatientBirthDate"), 8),
        age=get.text("PatientAge"),
        sex=get.text("PatientSex"),
        time=_digits(get.text("AcquisitionTime") or get.text("SeriesTime"), 6),
    )


def facts_of(dataset: Any) -> Facts:
    """How the images of a file were acquired."""
    get = Getter(dataset)
    if TAGS["SharedFunctionalGroupsSequence"] in dataset or TAGS["PerFrameFunctionalGroupsSequence"] in dataset:
        from neurolupus.dicom.series.frames import frame_facts

        deep = frame_facts(dataset)
    else:
        deep = {}
    scanning = get.words("ScanningSequence") or _pulse(get)
    return Facts(
        sop_class=get.text("SOPClassUID"),
        modality=get.text("Modality"),
        series_number=get.whole("SeriesNumber"),
        description=_decoded(dataset, "SeriesDescription"),
        protocol=_decoded(dataset, "ProtocolName"),
        sequence_name=get.text("SequenceName") or get.text("PulseSequenceName"),
        scanning_sequence=scanning,
        sequence_variant=get.words("SequenceVariant"),
        scan_options=get.words("ScanOptions"),
        acquisition_type=get.text("MRAcquisitionType"),
        repetition_ms=get.number("RepetitionTime") or deep.get("repetition_ms"),
        echo_ms=_first(get.number("EchoTime"), deep.get("echo_ms")),
        inversion_ms=get.number("InversionTime") or deep.get("inversion_ms"),
        flip_angle_deg=get.number("FlipAngle") or deep.get("flip_angle_deg"),
        b_value=_first(_double(dataset, "DiffusionBValue"), deep.get("b_value")),
        is_angio=get.text("AngioFlag").upper() == "Y",
        contrast_agent=_agent(dataset),
        samples_per_pixel=get.short("SamplesPerPixel"),
        thickness_mm=get.number("SliceThickness") or deep.get("thickness_mm"),
        body_part=get.text("BodyPartExamined").upper(),
        manufacturer=_decoded(dataset, "Manufacturer"),
        field_strength_t=get.number("MagneticFieldStrength"),
        scanner=_decoded(dataset, "DeviceSerialNumber") or _decoded(dataset, "StationName"),
    )


class Getter:
    """Values of a dataset by keyword; what is absent or no such value is empty or None."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def _bytes(self, keyword: str) -> bytes:
        try:
            element = self._dataset.get_item(TAGS[keyword])
        except KeyError:
            return b""
        if isinstance(element, RawDataElement):
            value = element.value
            return value if isinstance(value, bytes) and len(value) <= LONGEST_VALUE_BYTES else b""
        if element is None or element.value is None:
            return b""
        value = element.value
        several = value if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue" else [value]
        return "\\".join(str(one) for one in several).encode("latin-1", "replace")

    def words(self, keyword: str) -> tuple[str, ...]:
        """The values of a text, upper case."""
        return tuple(word.upper() for word in _words(self._bytes(keyword)) if word)

    def text(self, keyword: str) -> str:
        """The first value of a text."""
        return next(iter(_words(self._bytes(keyword))), "")

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """The values of a decimal text; empty when one of them is no finite number."""
        return _numbers(self._bytes(keyword))

    def number(self, keyword: str) -> float | None:
        """The first value of a decimal text."""
        return next(iter(_numbers(self._bytes(keyword))), None)

    def whole(self, keyword: str) -> int | None:
        """The first value of an integer text."""
        value = self.number(keyword)
        return None if value is None else int(value)

    def short(self, keyword: str) -> int | None:
        """A two-byte whole number."""
        element = self._dataset.get_item(TAGS[keyword]) if TAGS[keyword] in self._dataset else None
        if isinstance(element, RawDataElement):
            value = element.value
            if not isinstance(value, bytes) or len(value) < 2:
                return None
            return int.from_bytes(value[:2], "little" if element.is_little_endian else "big")
        return None if element is None or not isinstance(element.value, int) else element.value

    def syntax_class(self) -> str:
        """The class that the file's meta information names."""
        meta = getattr(self._dataset, "file_meta", None)
        return "" if meta is None else str(meta.get("MediaStorageSOPClassUID", ""))


@lru_cache(maxsize=65_536)
def _words(raw: bytes) -> tuple[str, ...]:
    return tuple(word.strip(" \0\t\r\n") for word in raw.decode("latin-1").split("\\"))


@lru_cache(maxsize=65_536)
def _numbers(raw: bytes) -> tuple[float, ...]:
    try:
        values = tuple(float(word) for word in _words(raw) if word)
    except ValueError:
        return ()
    return values if all(abs(value) < 1e12 for value in values) else ()


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


def _decoded(dataset: Any, keyword: str) -> str:
    """A text in the data set's own character set, on one line, not long."""
    try:
        value = dataset.get(keyword)
    except Exception:  # a value that its character set does not allow
        value = Getter(dataset).text(keyword)
    several = value if type(value).__name__ == "MultiValue" else [value]
    text = "\\".join(str(one) for one in several if one is not None)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_TEXT]


def _double(dataset: Any, keyword: str) -> float | None:
    try:
        value = dataset.get(keyword)
        return None if value is None else float(value)
    except (TypeError, ValueError, AttributeError):
        return None


def _agent(dataset: Any) -> str:
    """The contrast agent that was given; empty when none is named."""
    named = _decoded(dataset, "ContrastBolusAgent")
    if not NO_AGENT.match(named):
        return named
    if TAGS["ContrastBolusAgentSequence"] in dataset:
        items = dataset.get("ContrastBolusAgentSequence")
        meanings = [str(item.get("CodeMeaning", "")) for item in items or []]
        return next((one[:LONGEST_TEXT] for one in meanings if not NO_AGENT.match(one)), "")
    volume = Getter(dataset).number("ContrastBolusVolume")
    return f"{volume:g} ml of an agent not named" if volume else ""


def _pulse(get: Getter) -> tuple[str, ...]:
    """ScanningSequence in the words of one-image files, of a multi-frame file."""
    echo = get.text("EchoPulseSequence").upper()
    found = {"GRADIENT": ["GR"], "SPIN": ["SE"], "BOTH": ["GR", "SE"]}.get(echo, [])
    found += ["IR"] if get.text("InversionRecovery").upper() == "YES" else []
    found += ["EP"] if get.text("EchoPlanarPulseSequence").upper() == "YES" else []
    return tuple(found)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _digits(text: str, count: int) -> str:
    """`20240312` of `2024.03.12` or `20240312`; empty when it is shorter."""
    digits = (
        "".join(letter for letter in text.partition(".")[0] if letter.isdigit())
        if count == 6
        else "".join(letter for letter in text if letter.isdigit())
    )
    return digits[:count] if len(digits) >= count else ""
