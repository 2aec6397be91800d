"""Whose a series is and how it was acquired, from the header of one of its files."""

from __future__ import annotations

import re
from typing import Any

from neurolupus.dicom.series.frames import frame_facts, frame_sequence
from neurolupus.dicom.series.slices import Facts, Identity
from neurolupus.dicom.series.values import LONGEST_TEXT, TAGS, Getter, decoded, double

NO_AGENT = re.compile(r"^\W*(none|no|not given|n/?a|na|unknown|ohne|without|nil|0)?\W*$", re.IGNORECASE)


def identity_of(dataset: Any) -> Identity:
    """Whose series it is."""
    get = Getter(dataset)
    return Identity(
        patient_id=decoded(dataset, "PatientID"),
        issuer=decoded(dataset, "IssuerOfPatientID"),
        name=decoded(dataset, "PatientName"),
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
    deep: dict[str, float] = {}
    scanning, variant = get.words("ScanningSequence"), get.words("SequenceVariant")
    if TAGS["SharedFunctionalGroupsSequence"] in dataset or TAGS["PerFrameFunctionalGroupsSequence"] in dataset:
        deep = frame_facts(dataset)
        told, more = frame_sequence(dataset)
        scanning, variant = scanning or told, variant or more
    return Facts(
        sop_class=get.text("SOPClassUID"),
        modality=get.text("Modality"),
        series_number=get.whole("SeriesNumber"),
        description=decoded(dataset, "SeriesDescription"),
        protocol=decoded(dataset, "ProtocolName"),
        sequence_name=get.text("SequenceName") or get.text("PulseSequenceName"),
        scanning_sequence=scanning,
        sequence_variant=variant,
        scan_options=get.words("ScanOptions"),
        acquisition_type=get.text("MRAcquisitionType"),
        repetition_ms=get.number("RepetitionTime") or deep.get("repetition_ms"),
        echo_ms=_first(get.number("EchoTime"), deep.get("echo_ms")),
        inversion_ms=get.number("InversionTime") or deep.get("inversion_ms"),
        flip_angle_deg=get.number("FlipAngle") or deep.get("flip_angle_deg"),
        b_value=_first(double(dataset, "DiffusionBValue"), deep.get("b_value")),
        is_burned_in=get.text("BurnedInAnnotation").upper() == "YES",
        is_angio=get.text("AngioFlag").upper() == "Y",
        contrast_agent=_agent(dataset),
        samples_per_pixel=get.short("SamplesPerPixel"),
        thickness_mm=get.number("SliceThickness") or deep.get("thickness_mm"),
        body_part=get.text("BodyPartExamined").upper(),
        manufacturer=decoded(dataset, "Manufacturer"),
        field_strength_t=get.number("MagneticFieldStrength"),
        scanner=decoded(dataset, "DeviceSerialNumber") or decoded(dataset, "StationName"),
    )


def _agent(dataset: Any) -> str:
    """The contrast agent that was given; empty when none is named."""
    named = decoded(dataset, "ContrastBolusAgent")
    if not NO_AGENT.match(named):
        return named
    if TAGS["ContrastBolusAgentSequence"] in dataset:
        items = dataset.get("ContrastBolusAgentSequence")
        meanings = [str(item.get("CodeMeaning", "")) for item in items or []]
        return next((one[:LONGEST_TEXT] for one in meanings if not NO_AGENT.match(one)), "")
    volume = Getter(dataset).number("ContrastBolusVolume")
    return f"{volume:g} ml of an agent not named" if volume else ""


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
