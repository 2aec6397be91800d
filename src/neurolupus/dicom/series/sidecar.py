"""The BIDS sidecar of an imported image: an allow-list of how it was acquired, nothing of whom or when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from neurolupus.dicom.series.slices import Facts

LONGEST_TEXT, LONGEST_LIST = 120, 64
LONG_WORD = 5
# BIDS 1.9.0, "Magnetic Resonance Imaging", and what dcm2niix adds. No date, name, place, serial number or free text.
KEPT = (
    "Modality", "Manufacturer", "ManufacturersModelName", "SoftwareVersions", "MagneticFieldStrength",
    "ImagingFrequency", "ReceiveCoilName", "ReceiveCoilActiveElements", "CoilCombinationMethod", "MatrixCoilMode",
    "MRAcquisitionType", "PulseSequenceType", "PulseSequenceName", "SequenceName", "ScanningSequence",
    "SequenceVariant", "ScanOptions", "ImageType", "NonlinearGradientCorrection", "SpoilingState", "SpoilingType",
    "MTState", "RepetitionTime", "RepetitionTimeExcitation", "RepetitionTimePreparation", "EchoTime", "InversionTime",
    "FlipAngle", "EchoTrainLength", "NumberOfAverages", "PixelBandwidth", "DwellTime", "SliceThickness",
    "SpacingBetweenSlices", "PartialFourier", "PartialFourierDirection", "ParallelReductionFactorInPlane",
    "ParallelReductionFactorOutOfPlane", "ParallelAcquisitionTechnique", "PercentPhaseFOV", "PercentSampling",
    "PhaseEncodingSteps", "AcquisitionMatrixPE", "ReconMatrixPE", "BaseResolution", "PhaseResolution",
    "PhaseOversampling", "InPlanePhaseEncodingDirectionDICOM", "PhaseEncodingAxis", "WaterFatShift", "SAR",
    "ContrastBolusIngredient", "PatientPosition", "ConversionSoftware", "ConversionSoftwareVersion",
)  # fmt: skip
# What may be kept on request: names that people gave, and the place.
ON_REQUEST = ("SeriesDescription", "ProtocolName", "InstitutionName", "StationName", "DeviceSerialNumber", "BodyPart")


def bids_sidecar(
    told: Mapping[str, object],
    facts: Facts,
    *,
    scanner: str = "",
    keep: Sequence[str] = (),
    secrets: Sequence[str] = (),
) -> dict[str, object]:
    """The fields to write, in the order of KEPT; times in seconds, as BIDS has them.

    Parameters
    ----------
    told : mapping
        What dcm2niix wrote.
    facts : Facts
        Fills in times, angle and 2D or 3D where dcm2niix tells none.
    scanner : str
        A pseudonym of the scanner, written as its serial number.
    keep : sequence of str
        Of ON_REQUEST.
    secrets : sequence of str
        Names and numbers of the patient: a text that holds one is left out, whatever its field.
    """
    own: dict[str, object | None] = {
        "MRAcquisitionType": facts.acquisition_type or None,
        "RepetitionTime": _seconds(facts.repetition_ms),
        "EchoTime": _seconds(facts.echo_ms),
        "InversionTime": _seconds(facts.inversion_ms),
        "FlipAngle": facts.flip_angle_deg or None,
        "MagneticFieldStrength": facts.field_strength_t or None,
        "Manufacturer": facts.manufacturer or None,
    }
    fields = {**{name: value for name, value in own.items() if value is not None}, **told}
    kept = {name: fields[name] for name in (*KEPT, *keep) if name in fields}
    if scanner:
        kept.setdefault("DeviceSerialNumber", scanner)
    return {name: value for name, value in kept.items() if _is_plain(value) and not _tells(value, secrets)}


def secrets_of(*texts: str) -> tuple[str, ...]:
    """The words of names and numbers that must be found nowhere: of three signs or more, lower case."""
    words = (word for text in texts for word in re.split(r"[\W_]+", text.lower()))
    return tuple(dict.fromkeys(word for word in words if len(word) >= 3 and word not in COMMON))


# Words of no person, for PatientName fields that hold "anonymous".
COMMON = frozenset(
    ("anonymous", "anonym", "anon", "patient", "unknown", "test", "none", "phantom", "the", "brain", "mri")
)


def without_secrets(text: str, secrets: Sequence[str]) -> str:
    """A text with the words of the patient replaced; case does not count."""
    for word in secrets:
        edge = "" if len(word) >= LONG_WORD else r"(?<![^\W_]){}(?![^\W_])"
        text = re.sub(edge.format(re.escape(word)) if edge else re.escape(word), "…", text, flags=re.IGNORECASE)
    return text


def _tells(value: object, secrets: Sequence[str]) -> bool:
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and _holds(text.lower(), secret) for text in texts for secret in secrets)


def _holds(text: str, secret: str) -> bool:
    """A long word anywhere, a short one only by itself: somebody called Mag is not named by MAGNITUDE."""
    return secret in text if len(secret) >= LONG_WORD else secret in re.split(r"[\W_]+", text)


def _seconds(value_ms: float | None) -> float | None:
    return round(value_ms / 1000, 7) if value_ms else None


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= LONGEST_LIST and all(_is_plain(item) and not isinstance(item, list) for item in value)
    return isinstance(value, (int, float, bool)) or (isinstance(value, str) and len(value) <= LONGEST_TEXT)
