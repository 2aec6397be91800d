"""Multi-frame files (Enhanced MR): each frame as a slice; what the functional groups say of the sequence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurolupus.dicom.series.slices import Slice

MOST_FRAMES = 20_000
LARGEST_NUMBER = 1e12


def frame_slices(dataset: Any, path: Path, syntax: str, fault: str) -> tuple[Slice, ...]:
    """The frames of a file, in the order in which they are stored."""
    shared = _only(dataset, "SharedFunctionalGroupsSequence")
    frames = list(dataset.PerFrameFunctionalGroupsSequence)[:MOST_FRAMES]
    rows, columns = dataset.get("Rows"), dataset.get("Columns")
    found = []
    for index, frame in enumerate(frames):
        plane = _group(frame, shared, "PlanePositionSequence")
        turn = _group(frame, shared, "PlaneOrientationSequence")
        measures = _group(frame, shared, "PixelMeasuresSequence")
        kind = _group(frame, shared, "MRImageFrameTypeSequence")
        echo, modifier = _group(frame, shared, "MREchoSequence"), _group(frame, shared, "MRModifierSequence")
        content = _group(frame, shared, "FrameContentSequence")
        found.append(
            Slice(
                path=path,
                frame=index,
                sop_uid=f"{dataset.get('SOPInstanceUID', '')}:{index + 1}",
                syntax=syntax,
                number=index + 1,
                position=_vector(plane, "ImagePositionPatient", 3),
                orientation=_vector(turn, "ImageOrientationPatient", 6),
                spacing_mm=_vector(measures, "PixelSpacing", 2),
                rows=rows,
                columns=columns,
                image_type=_image_type(kind, dataset),
                echo_ms=_number(echo, "EffectiveEchoTime"),
                inversion_ms=_number(modifier, "InversionTimes"),
                repetition=f"{_text(content, 'FrameAcquisitionNumber')}/{_text(content, 'TemporalPositionIndex')}",
                pixel_fault=fault,
            )
        )
    return tuple(found)


def frame_facts(dataset: Any) -> dict[str, float]:
    """Times in ms, angle and thickness as the groups that all frames share, else those of the first frame, say."""
    shared = _only(dataset, "SharedFunctionalGroupsSequence")
    frames = dataset.get("PerFrameFunctionalGroupsSequence") or [None]
    where = {
        "repetition_ms": ("MRTimingAndRelatedParametersSequence", "RepetitionTime"),
        "flip_angle_deg": ("MRTimingAndRelatedParametersSequence", "FlipAngle"),
        "echo_ms": ("MREchoSequence", "EffectiveEchoTime"),
        "inversion_ms": ("MRModifierSequence", "InversionTimes"),
        "thickness_mm": ("PixelMeasuresSequence", "SliceThickness"),
        "b_value": ("MRDiffusionSequence", "DiffusionBValue"),
    }
    values = {name: _number(_group(frames[0], shared, group), word) for name, (group, word) in where.items()}
    return {name: value for name, value in values.items() if value is not None}


def frame_sequence(dataset: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """ScanningSequence and SequenceVariant in the words of files of one image, which multi-frame files lack.

    References
    ----------
    .. [1] PS3.3 C.8.13.4, MR Pulse Sequence; C.8.13.5.6, MR Modifier.
    """
    shared = _only(dataset, "SharedFunctionalGroupsSequence")
    frames = dataset.get("PerFrameFunctionalGroupsSequence") or [None]
    modifier = _group(frames[0], shared, "MRModifierSequence")
    scanning = {"GRADIENT": ["GR"], "SPIN": ["SE"], "BOTH": ["GR", "SE"]}.get(_word(dataset, "EchoPulseSequence"), [])
    scanning += ["IR"] if _word(modifier, "InversionRecovery") == "YES" else []
    scanning += ["EP"] if _word(dataset, "EchoPlanarPulseSequence") == "YES" else []
    variant = ["SP"] if _word(dataset, "Spoiling") not in ("", "NONE") else []
    variant += ["SS"] if _word(dataset, "SteadyStatePulseSequence") not in ("", "NONE") else []
    variant += ["TOF"] if "YES" in (_word(dataset, "TimeOfFlightContrast"), _word(dataset, "PhaseContrast")) else []
    variant += ["MTC"] if _word(modifier, "MagnetizationTransfer") not in ("", "NONE") else []
    return tuple(scanning), tuple(variant)


def _only(holder: Any, keyword: str) -> Any:
    items = None if holder is None else holder.get(keyword)
    return items[0] if items else None


def _group(frame: Any, shared: Any, keyword: str) -> Any:
    """A functional group of the frame, else the shared one."""
    return _only(frame, keyword) or _only(shared, keyword)


def _vector(group: Any, keyword: str, count: int) -> Any:
    value = None if group is None else group.get(keyword)
    if value is None or type(value).__name__ != "MultiValue" or len(value) != count:
        return None
    numbers = tuple(_finite(one) for one in value)
    return None if None in numbers else numbers


def _number(group: Any, keyword: str) -> float | None:
    value = None if group is None else group.get(keyword)
    return _finite(value[0] if type(value).__name__ == "MultiValue" and value else value)


def _finite(value: Any) -> float | None:
    """A number; None for what a broken header has in its place."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < LARGEST_NUMBER else None


def _text(group: Any, keyword: str) -> str:
    return "" if group is None else str(group.get(keyword, ""))


def _word(group: Any, keyword: str) -> str:
    return _text(group, keyword).strip().upper()


def _image_type(kind: Any, dataset: Any) -> tuple[str, ...]:
    """The frame's type, and what it shows where that is told apart: PHASE, DIFFUSION ..."""
    value = (None if kind is None else kind.get("FrameType")) or dataset.get("ImageType") or []
    words = [str(word).strip().upper() for word in ([value] if isinstance(value, str) else value)]
    shown = (_word(kind, "ComplexImageComponent"), _word(kind, "AcquisitionContrast"))
    return (*words, *(word for word in shown if word and word not in words))
