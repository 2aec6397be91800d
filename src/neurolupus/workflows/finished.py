"""What is finished in an output folder: the numbers of every scan, and the images of one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from neurolupus.errors import TableError
from neurolupus.io.dataset import check_output, derivative_path
from neurolupus.io.nifti import read_labels, read_volume
from neurolupus.io.results import PROVENANCE_SUFFIX, measured_paths, read_measured, volumes_path
from neurolupus.jobs.state import StateFolder
from neurolupus.records.measured import Lesion, MeasuredScan, Settings
from neurolupus.records.measurement import Measurement, MeasurementSet, Number
from neurolupus.records.scan import ScanId, ScanPair
from neurolupus.records.volume import Image, Probability, Volume


@dataclass(frozen=True, slots=True, eq=False)
class FinishedScan:
    """One measured scan: its row of volumes.tsv, its warnings, and the methods that were compared."""

    scan_id: ScanId
    row: Mapping[str, Number]
    warnings: tuple[str, ...]
    methods: tuple[Mapping[str, Number], ...] = ()


def finished_scans(out: Path) -> tuple[FinishedScan, ...]:
    """Every scan with complete results, in order; one whose last attempt failed or still runs is left out.

    Raises
    ------
    UsageError
        The folder is not there.
    TableError
        A volumes file is damaged.
    """
    check_output(out)
    status = {state.name: state.status for state in StateFolder(out).all()}
    scans = (_finished(path) for path in measured_paths(out))
    return tuple(scan for scan in scans if status.get(scan.scan_id.stem, "done") == "done")


def _finished(path: Path) -> FinishedScan:
    row, told = read_measured(path)
    session = row["session_id"]
    scan_id = ScanId(
        str(row["participant_id"]).removeprefix("sub-"), str(session).removeprefix("ses-") if session else None
    )
    warnings = tuple(str(one) for one in told.get("warnings", ()))
    return FinishedScan(scan_id, row, warnings, tuple(told.get("wmh_methods", ())))


def _volumes(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TableError(f"{path} cannot be read ({error}).\n    Measure the scan again.") from error
    empty = {"warnings": [], "lesions": [], "settings": {}, "measurements": {}, "sources": [], "usable": True}
    return {**empty, "wmh_methods": [], **told}


def read_finished_scan(out: Path, scan_id: ScanId) -> MeasuredScan:
    """The images and measurements of one finished scan, as its derivatives hold them.

    The T1w is the bias-corrected one, the FLAIR lies on its grid, and probabilities have three decimals; the transform
    and the acquisition facts are left to the files.

    Raises
    ------
    ImageFileError, TableError
        A derivative is missing or damaged.
    """
    told = _volumes(volumes_path(out, scan_id))
    has_flair = derivative_path(out, scan_id, label="WMH", suffix="probseg", extension=".nii.gz").is_file()

    def read(suffix: str, **entities: str) -> Volume:
        return read_volume(derivative_path(out, scan_id, suffix=suffix, extension=".nii.gz", **entities))

    def probability(label: str) -> Probability:
        return np.asarray(read("probseg", label=label).data, np.float32)

    t1w = read("T1w", desc="preproc")
    flair: Image | None = read("FLAIR", space="T1w", desc="preproc").data if has_flair else None
    lesions = derivative_path(out, scan_id, desc="lesions", suffix="dseg", extension=".nii.gz")
    return MeasuredScan(
        pair=ScanPair(scan_id, t1w, None, sources=tuple(told["sources"])),
        settings=_settings(told["settings"]),
        t1w=t1w,
        t1w_corrected=t1w.data,
        brain_mask=read("mask", desc="brain").data > 0,
        intracranial_mask=read("mask", desc="intracranial").data > 0,
        gm=probability("GM"),
        wm=probability("WM"),
        csf=probability("CSF"),
        flair=flair,
        transform=None,
        wmh_probability=probability("WMH") if has_flair else None,
        wmh_mask=read("mask", label="WMH").data > 0 if has_flair else None,
        lesion_labels=np.asarray(read_labels(lesions).data, np.int32) if has_flair else None,
        filled_t1w=read("T1w", desc="filled").data,
        lesions=tuple(_lesion(one) for one in told["lesions"]),
        measurements=_measurements(told["measurements"]),
        usable=bool(told["usable"]),
        warnings=tuple(told["warnings"]),
    )


def lesions_of(out: Path, scan_id: ScanId) -> tuple[Lesion, ...]:
    """The lesions of one finished scan, without its images."""
    return tuple(_lesion(one) for one in _volumes(volumes_path(out, scan_id))["lesions"])


@dataclass(frozen=True, slots=True)
class ScanNumbers:
    """What one finished scan's volumes file tells, its images left alone."""

    measurements: MeasurementSet
    lesions: tuple[Lesion, ...]
    warnings: tuple[str, ...]
    usable: bool
    unusable_reason: str | None
    version: str


def numbers_of(out: Path, scan_id: ScanId) -> ScanNumbers:
    """The numbers, lesions and warnings of one finished scan.

    Raises
    ------
    TableError
        Its volumes file is missing or damaged.
    """
    path = volumes_path(out, scan_id)
    told = _volumes(path)
    try:
        return ScanNumbers(
            measurements=_measurements(told["measurements"]),
            lesions=tuple(_lesion(one) for one in told["lesions"]),
            warnings=tuple(str(one) for one in told["warnings"]),
            usable=bool(told["usable"]),
            unusable_reason=told.get("unusable_reason"),
            version=str(told.get("version", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(
            f"{path.name} is not as this version writes it ({error}).\n    Measure the scan again."
        ) from error


def sources_of(out: Path, scan_id: ScanId) -> tuple[str, ...]:
    """The files one finished scan was measured from, T1w first, as its volumes file names them."""
    return tuple(str(name) for name in _volumes(volumes_path(out, scan_id))["sources"])


def input_hashes_of(out: Path, scan_id: ScanId) -> tuple[str, ...]:
    """SHA-256 of the files one finished scan was measured from; empty where that is not told."""
    path = derivative_path(out, scan_id, suffix=PROVENANCE_SUFFIX, extension=".json")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return tuple(str(one) for one in told["input_sha256"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def settings_of(out: Path, scan_id: ScanId) -> Settings:
    """The settings one finished scan was measured with."""
    return _settings(_volumes(volumes_path(out, scan_id))["settings"])


def _settings(told: dict[str, Any]) -> Settings:
    return Settings(**{f.name: told[f.name] for f in fields(Settings) if f.name in told})


def _lesion(told: dict[str, Any]) -> Lesion:
    x, y, z = told["centroid_mm"]
    return Lesion(**{**told, "centroid_mm": (x, y, z)})


def _measurements(told: dict[str, dict[str, Any]]) -> MeasurementSet:
    items = (
        Measurement(name, one["value"], one.get("unit", ""), one.get("low"), one.get("high"), one.get("method", ""))
        for name, one in told.items()
    )
    return MeasurementSet(tuple(items))
