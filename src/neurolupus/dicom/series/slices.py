"""What is known of DICOM images from their headers alone: one slice, what a series was made with, a series."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Vector = tuple[float, float, float]
Six = tuple[float, float, float, float, float, float]

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
LEGACY_ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.4"
MR_CLASSES = (MR_IMAGE, ENHANCED_MR, LEGACY_ENHANCED_MR)
DICOMDIR = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, slots=True)
class Slice:
    """One image, or one frame of a multi-frame file; None is what the header does not say.

    Attributes
    ----------
    path : Path
    frame : int
        From 0; always 0 in a file of one image.
    sop_uid : str
    syntax : str
        Transfer syntax UID.
    number : int or None
        InstanceNumber, or the number of the frame from 1.
    position, orientation : LPS mm, direction cosines of a row and of a column
    spacing_mm : distance of rows, distance of columns
    rows, columns : int or None
    image_type : tuple of str
    echo_ms, inversion_ms : float or None
    repetition : str
        Acquisition number and temporal position: tells repetitions of a volume apart.
    pixel_fault : str
        What is wrong with the pixel data as their length tells; empty when nothing is.
    """

    path: Path
    frame: int
    sop_uid: str
    syntax: str
    number: int | None
    position: Vector | None
    orientation: Six | None
    spacing_mm: tuple[float, float] | None
    rows: int | None
    columns: int | None
    image_type: tuple[str, ...]
    echo_ms: float | None
    inversion_ms: float | None
    repetition: str
    pixel_fault: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose images these are, as the header says; never written into a data set or a log."""

    patient_id: str
    issuer: str
    name: str  # to find it where it must not stand
    study_uid: str
    series_uid: str
    study_date: str  # YYYYMMDD, empty when it is not known
    birth_date: str
    age: str  # as DICOM writes it: 044Y
    sex: str
    time: str  # HHMMSS of the acquisition


@dataclass(frozen=True, slots=True)
class Facts:
    """How a series was acquired; what holds for all of its images. None or empty: not in the header."""

    sop_class: str
    modality: str
    series_number: int | None
    description: str
    protocol: str
    sequence_name: str
    scanning_sequence: tuple[str, ...]
    sequence_variant: tuple[str, ...]
    scan_options: tuple[str, ...]
    acquisition_type: str  # 2D, 3D or empty
    repetition_ms: float | None
    echo_ms: float | None
    inversion_ms: float | None
    flip_angle_deg: float | None
    b_value: float | None
    is_burned_in: bool
    is_angio: bool
    contrast_agent: str
    samples_per_pixel: int | None
    thickness_mm: float | None
    body_part: str
    manufacturer: str
    field_strength_t: float | None
    scanner: str  # serial number, else station: never written as it is


@dataclass(frozen=True, slots=True)
class Series:
    """Images that belong together: one SeriesInstanceUID, or one part of it.

    Attributes
    ----------
    part : str
        What tells this part from others of the same series: `echo 2`; empty for a whole series.
    n_parts : int
        Into how many parts the series fell.
    n_copies : int
        Files left out because they hold an image that is here already.
    """

    identity: Identity
    facts: Facts
    slices: tuple[Slice, ...]
    part: str = ""
    n_parts: int = 1
    n_copies: int = 0

    @property
    def name(self) -> str:
        """`series 3`, with its part; not what people called it, which may hold a name."""
        number = "a series without number" if self.facts.series_number is None else f"series {self.facts.series_number}"
        return number + (f" ({self.part})" if self.part else "")
