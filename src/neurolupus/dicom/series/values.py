"""Values of a data set by keyword, whatever broken files hold in their place."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

LONGEST_VALUE_BYTES = 4096
LONGEST_TEXT = 120
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
    "Rows Columns SamplesPerPixel BitsAllocated NumberOfFrames EchoPulseSequence EchoPlanarPulseSequence Spoiling "
    "SteadyStatePulseSequence TimeOfFlightContrast PhaseContrast BurnedInAnnotation"
)
TAGS: dict[str, BaseTag] = {word: Tag(word) for word in (*KEYWORDS.split(), *SEQUENCES)}
WANTED = list(TAGS.values())


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


def decoded(dataset: Any, keyword: str) -> str:
    """A text in the data set's own character set, on one line, not long."""
    try:
        value = dataset.get(keyword)
    except Exception:  # a value that its character set does not allow
        value = Getter(dataset).text(keyword)
    several = value if type(value).__name__ == "MultiValue" else [value]
    text = "\\".join(str(one) for one in several if one is not None)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_TEXT]


def double(dataset: Any, keyword: str) -> float | None:
    """A number stored as a binary float."""
    try:
        value = dataset.get(keyword)
        return None if value is None else float(value)
    except (TypeError, ValueError, AttributeError):
        return None
