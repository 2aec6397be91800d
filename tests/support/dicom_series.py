"""One MR DICOM series made of a volume, as a scanner would have sent it; with identities, so that leaks can be seen.

    written = write_series(folder, nifti_path, kind="FLAIR", vendor="GE", plane="sagittal")
    phantom, affine = asymmetric_phantom()
    write_series(folder, (phantom, affine), kind="T1w", overrides={"ContrastBolusAgent": "Gadovist"})

Everything that names the patient holds one of `LEAKS`: look for those bytes in what must not hold them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom import Sequence as Items
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage, generate_uid

Affine = NDArray[np.float64]
Image = Path | tuple[NDArray[Any], Affine]

# The directions of columns, rows and slices of each plane, as scanners send them; in words of nibabel (towards).
PLANES = {"axial": ("L", "P", "S"), "sagittal": ("P", "I", "L"), "coronal": ("L", "I", "P")}
ENHANCED_MR = UID("1.2.840.10008.5.1.4.1.1.4.1")


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose series it is. No such person exists."""

    name: str = "Quaglia^Ottavia"
    patient_id: str = "MRN-7731955"
    issuer: str = "ZENTRALSPITAL"
    birth_date: str = "19791103"
    sex: str = "F"
    age: str = ""  # 044Y; told by the dates when empty


# Texts that stand in every header and nowhere else: none of them may be found after import.
LEAKS = (
    "Quaglia",
    "Ottavia",
    "7731955",
    "ZENTRALSPITAL",
    "19791103",
    "Zumbrunn",
    "SN-55012",
    "ACC-90817",
    "STATION-X9",
)


MADE_UP_UID = re.compile(rb"2\.25\.\d{30,39}")


def tells(content: bytes, leak: str) -> bool:
    """Whether a text stands in a file, in capitals or not, outside the UIDs that were made up for it.

    Each of those has some 37 digits: now and then six of them are a time of the day by chance.
    """
    return leak.lower().encode() in MADE_UP_UID.sub(b"2.25.", content.lower())


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    folder: Path
    paths: tuple[Path, ...]
    study_uid: str
    series_uid: str
    array: NDArray[Any]  # (I, J, K) as the image was given, in whole numbers
    affine: Affine  # RAS+


VENDORS: dict[str, dict[str, object]] = {
    "SIEMENS": {"Manufacturer": "SIEMENS", "ManufacturerModelName": "Prisma", "SoftwareVersions": "syngo MR E11"},
    "GE": {"Manufacturer": "GE MEDICAL SYSTEMS", "ManufacturerModelName": "SIGNA Premier", "SoftwareVersions": "29"},
    "PHILIPS": {"Manufacturer": "Philips", "ManufacturerModelName": "Ingenia", "SoftwareVersions": "5.7.1"},
}

# Sequence facts as each vendor writes them: T1w (inversion-prepared 3D gradient echo) and FLAIR, in milliseconds.
KINDS: dict[tuple[str, str], dict[str, object]] = {
    ("T1w", "SIEMENS"): {
        "ScanningSequence": ["GR", "IR"], "SequenceVariant": ["SK", "SP", "MP"], "ScanOptions": "IR",
        "MRAcquisitionType": "3D", "SequenceName": "*tfl3d1_16ns", "RepetitionTime": "2300", "EchoTime": "2.98",
        "InversionTime": "900", "FlipAngle": "9", "EchoTrainLength": "1", "SeriesDescription": "t1_mprage_sag_p2_iso",
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"],
    },
    ("T1w", "GE"): {
        "ScanningSequence": "GR", "SequenceVariant": ["SS", "SP", "SK"], "ScanOptions": ["FAST_GEMS", "EDR_GEMS"],
        "MRAcquisitionType": "3D", "RepetitionTime": "8.2", "EchoTime": "3.2", "InversionTime": "450",
        "FlipAngle": "12", "EchoTrainLength": "1", "SeriesDescription": "Sag BRAVO",
        "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
    },
    ("T1w", "PHILIPS"): {
        "ScanningSequence": "GR", "SequenceVariant": "MP", "ScanOptions": "FC", "MRAcquisitionType": "3D",
        "RepetitionTime": "8.1", "EchoTime": "3.7", "FlipAngle": "8", "EchoTrainLength": "240",
        "SeriesDescription": "3D T1 TFE",
        "ImageType": ["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"],
    },
    ("FLAIR", "SIEMENS"): {
        "ScanningSequence": ["SE", "IR"], "SequenceVariant": ["SK", "SP", "MP"], "ScanOptions": "PFP",
        "MRAcquisitionType": "3D", "SequenceName": "*spcir_278ns", "RepetitionTime": "5000", "EchoTime": "388",
        "InversionTime": "1800", "FlipAngle": "120", "EchoTrainLength": "278",
        "SeriesDescription": "t2_space_dark-fluid_sag",
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"],
    },
    ("FLAIR", "GE"): {
        "ScanningSequence": ["SE", "IR"], "SequenceVariant": "SK", "ScanOptions": ["FAST_GEMS", "IR_GEMS"],
        "MRAcquisitionType": "2D", "RepetitionTime": "9002", "EchoTime": "122", "InversionTime": "2250",
        "FlipAngle": "160", "EchoTrainLength": "24", "SeriesDescription": "Ax T2 FLAIR",
        "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
    },
    ("FLAIR", "PHILIPS"): {
        "ScanningSequence": "IR", "SequenceVariant": "SK", "ScanOptions": "FS", "MRAcquisitionType": "2D",
        "RepetitionTime": "11000", "EchoTime": "125", "InversionTime": "2800", "FlipAngle": "90",
        "EchoTrainLength": "27", "SeriesDescription": "FLAIR_longTR",
        "ImageType": ["ORIGINAL", "PRIMARY", "M_IR", "M", "IR"],
    },
}  # fmt: skip

# What a multi-frame file tells in its functional groups, and nowhere else.
MOVED = (
    "PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "ImageOrientationPatient", "RepetitionTime", "FlipAngle",
    "EchoTime", "InversionTime", "EchoTrainLength", "ScanningSequence", "SequenceVariant", "ScanOptions",
    "SequenceName",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """The study and series that images belong to."""

    study: str = "1"
    number: int = 3
    date: str = "20240312"
    time: str = "101500"
    patient: Patient = field(default_factory=Patient)


def asymmetric_phantom(shape: tuple[int, int, int] = (48, 56, 40), mm: float = 4.0) -> tuple[NDArray[np.int16], Affine]:
    """A ball with a bright block in its right, front, upper part; RAS+, so the block lies at large i, j and k."""
    grid = np.indices(shape).astype(float)
    centre = (np.array(shape) - 1) / 2
    radius = np.sqrt(sum((grid[axis] - centre[axis]) ** 2 for axis in range(3)))
    array = np.where(radius < 0.45 * min(shape), 300, 0) + np.where(radius < 0.35 * min(shape), 200, 0)
    i, j, k = (round(0.6 * n) for n in shape)
    array[i : i + 6, j : j + 4, k : k + 3] = 1500
    affine = np.diag([mm, mm, mm, 1.0])
    affine[:3, 3] = -mm * centre
    return array.astype(np.int16), affine


def write_series(
    folder: Path,
    image: Image,
    *,
    kind: str = "T1w",
    vendor: str = "SIEMENS",
    plane: str = "axial",
    order: Order | None = None,
    overrides: Mapping[str, object] | None = None,
    per_slice: Mapping[int, Mapping[str, object]] | None = None,
    leave_out: Sequence[int] = (),
    syntax: UID = ExplicitVRLittleEndian,
    enhanced: bool = False,
    extension: str = ".dcm",
) -> Written:
    """Write a series; the same arguments give the same UIDs.

    Parameters
    ----------
    image : Path of a NIfTI file, or array and affine (RAS+)
        Floats are scaled to 0–4095.
    overrides, per_slice : attributes by keyword; None takes one away
        Of all slices, and of slices by their number from 0.
    leave_out : numbers of slices that never arrived
    enhanced : bool
        One file of many frames (Enhanced MR) instead of one file per slice.
    """
    order = order or Order()
    array, affine = _voxels(image)
    slices, directions, origins, spacing = _as_slices(array, affine, plane)
    study_uid = generate_uid(entropy_srcs=[order.patient.patient_id, order.study, "study"])
    series_uid = generate_uid(entropy_srcs=[study_uid, str(order.number), kind, "series"])
    common = _common(order, study_uid, series_uid, kind, vendor, directions, spacing)
    folder.mkdir(parents=True, exist_ok=True)
    kept = [k for k in range(len(slices)) if k not in set(leave_out)]
    if enhanced:
        path = folder / f"enhanced{extension}"
        _save(_enhanced(common, [slices[k] for k in kept], [origins[k] for k in kept], overrides or {}), path, syntax)
        return Written(folder, (path,), study_uid, series_uid, array, affine)
    paths = []
    for k in kept:
        ds = Dataset()
        ds.update(common)
        ds.SOPInstanceUID = generate_uid(entropy_srcs=[series_uid, str(k)])
        ds.InstanceNumber = str(k + 1)
        ds.ImagePositionPatient = [_decimal(value) for value in origins[k]]
        ds.SliceLocation = _decimal(float(np.cross(*directions) @ origins[k]))
        _pixels(ds, slices[k])
        for changes in (overrides or {}, (per_slice or {}).get(k, {})):
            _override(ds, changes)
        paths.append(folder / f"IM{k + 1:04d}{extension}")
        _save(ds, paths[-1], syntax)
    return Written(folder, tuple(paths), study_uid, series_uid, array, affine)


def _voxels(image: Image) -> tuple[NDArray[Any], Affine]:
    if isinstance(image, Path):
        loaded: Any = nibabel.load(image)  # type: ignore[attr-defined]
        array, affine = np.asanyarray(loaded.dataobj), np.asarray(loaded.affine, float)
    else:
        array, affine = image
    if not np.issubdtype(array.dtype, np.integer) or array.max() > 32767 or array.min() < 0:
        array = np.clip(array, 0, None)
        array = np.round(array * (4095 / max(float(array.max()), 1e-9)))
    return array.astype(np.int16), affine


def _as_slices(
    array: NDArray[Any], affine: Affine, plane: str
) -> tuple[list[NDArray[Any]], tuple[NDArray[Any], NDArray[Any]], list[NDArray[Any]], tuple[float, float, float]]:
    """Pixels (rows, columns) of each slice; directions of columns and rows, and origins, in LPS."""
    loaded: Any = nibabel.Nifti1Image(array, affine)  # type: ignore[no-untyped-call]
    turn: Any = nibabel.orientations
    change = turn.ornt_transform(turn.io_orientation(affine), turn.axcodes2ornt(PLANES[plane]))
    turned = loaded.as_reoriented(change)
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ turned.affine
    edges = np.linalg.norm(matrix[:3, :3], axis=0)
    along = matrix[:3, :3] / edges
    assert np.allclose(along.T @ along, np.eye(3), atol=1e-3), "a sheared volume has no MR series"
    voxels = np.asanyarray(turned.dataobj)
    slices = [np.ascontiguousarray(voxels[:, :, k].T) for k in range(voxels.shape[2])]
    origins = [matrix[:3, 3] + k * matrix[:3, 2] for k in range(voxels.shape[2])]
    return slices, (along[:, 0], along[:, 1]), origins, (float(edges[0]), float(edges[1]), float(edges[2]))


def _common(
    order: Order,
    study_uid: str,
    series_uid: str,
    kind: str,
    vendor: str,
    directions: tuple[NDArray[Any], NDArray[Any]],
    spacing: tuple[float, float, float],
) -> Dataset:
    ds, who = Dataset(), order.patient
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = MRImageStorage
    ds.Modality = "MR"
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = who.name, who.patient_id, who.issuer
    ds.PatientBirthDate, ds.PatientSex = who.birth_date, who.sex
    if who.age:
        ds.PatientAge = who.age
    ds.PatientAddress = "Quagliagasse 7"
    ds.OtherPatientIDs = f"OLD-{who.patient_id}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study_uid, series_uid
    ds.FrameOfReferenceUID = generate_uid(entropy_srcs=[study_uid, "frame"])
    ds.StudyID, ds.AccessionNumber = f"{order.study}", "ACC-90817"
    ds.StudyDescription = "MRI brain, Quaglia"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = order.date
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = order.time
    ds.InstitutionName, ds.StationName, ds.DeviceSerialNumber = "ZENTRALSPITAL", "STATION-X9", "SN-55012"
    ds.ReferringPhysicianName = ds.OperatorsName = ds.PerformingPhysicianName = "Zumbrunn^Ida"
    ds.BodyPartExamined, ds.PatientPosition = "BRAIN", "HFS"
    ds.MagneticFieldStrength, ds.ImagingFrequency = "3", "123.2"
    ds.SeriesNumber, ds.AcquisitionNumber = str(order.number), "1"
    for keyword, value in (VENDORS[vendor] | KINDS[(kind, vendor)]).items():
        setattr(ds, keyword, value)
    ds.ProtocolName = ds.SeriesDescription
    ds.ImageOrientationPatient = [_decimal(value) for value in (*directions[0], *directions[1])]
    ds.PixelSpacing = [_decimal(spacing[1]), _decimal(spacing[0])]
    ds.SliceThickness = ds.SpacingBetweenSlices = _decimal(spacing[2])
    block = ds.private_block(0x0009, "NEUROLUPUS TEST", create=True)
    block.add_new(0x10, "LO", who.name)
    return ds


def _pixels(ds: Dataset, pixels: NDArray[Any]) -> None:
    ds.Rows, ds.Columns = pixels.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.PixelData = pixels.astype("<i2").tobytes()


def _enhanced(
    common: Dataset, slices: list[NDArray[Any]], origins: list[NDArray[Any]], overrides: Mapping[str, object]
) -> Dataset:
    """One Enhanced MR instance: what is common in the shared groups, the position of each frame in its own."""
    ds = Dataset()
    ds.update(common)
    _override(ds, overrides)
    ds.SOPClassUID = ENHANCED_MR
    ds.SOPInstanceUID = generate_uid(entropy_srcs=[ds.SeriesInstanceUID, "enhanced"])
    ds.InstanceNumber, ds.NumberOfFrames = "1", str(len(slices))
    shared = Dataset()
    measures, plane = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = ds.PixelSpacing, ds.SliceThickness
    measures.SpacingBetweenSlices = ds.SpacingBetweenSlices
    plane.ImageOrientationPatient = ds.ImageOrientationPatient
    timing, echo, modifier, kind = Dataset(), Dataset(), Dataset(), Dataset()
    timing.RepetitionTime, timing.FlipAngle = float(ds.RepetitionTime), float(ds.FlipAngle)
    timing.EchoTrainLength = int(ds.EchoTrainLength)
    echo.EffectiveEchoTime = float(ds.EchoTime)
    modifier.InversionRecovery = "YES" if "InversionTime" in ds else "NO"
    if "InversionTime" in ds:
        modifier.InversionTimes = float(ds.InversionTime)
    kind.FrameType = [*list(ds.ImageType)[:2], "VOLUME", "NONE"]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Items([measures]), Items([plane])
    shared.MRTimingAndRelatedParametersSequence, shared.MREchoSequence = Items([timing]), Items([echo])
    shared.MRModifierSequence, shared.MRImageFrameTypeSequence = Items([modifier]), Items([kind])
    frames = []
    for number, origin in enumerate(origins, start=1):
        frame, position, content = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [_decimal(value) for value in origin]
        content.StackID, content.InStackPositionNumber, content.DimensionIndexValues = "1", number, [1, number]
        frame.PlanePositionSequence, frame.FrameContentSequence = Items([position]), Items([content])
        frames.append(frame)
    ds.PulseSequenceName = ds.get("SequenceName", "GR")
    ds.EchoPulseSequence = "GRADIENT" if "GR" in ds.ScanningSequence else "SPIN"
    ds.ImageType = [*list(ds.ImageType)[:2], "VOLUME", "NONE"]
    for keyword in MOVED:
        if keyword in ds:
            del ds[keyword]
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = Items([shared]), Items(frames)
    _pixels(ds, np.stack(slices))
    return ds


def _override(ds: Dataset, changes: Mapping[str, object]) -> None:
    for keyword, value in changes.items():
        if keyword in ds:
            del ds[keyword]  # setting it in place would change the element that all slices share
        if value is not None:
            setattr(ds, keyword, value)


def _save(ds: Dataset, path: Path, syntax: UID) -> None:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.save_as(path, enforce_file_format=True)


def _decimal(value: float) -> str:
    """A decimal string of at most 16 characters."""
    return f"{value:.10g}"[:16]
