"""neurolupus raters export: scans for raters to draw on, with colours for ITK-SNAP and 3D Slicer."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from neurolupus import __version__
from neurolupus.errors import UsageError
from neurolupus.io.atomic import replacing_folder
from neurolupus.io.dataset import derivative_path
from neurolupus.io.delimited import write_tsv
from neurolupus.io.hashing import file_sha256
from neurolupus.io.nifti import read_labels, read_volume, write_volume
from neurolupus.io.rater_folder import (
    BRAIN,
    FLAIR,
    LABELS,
    RATING_COLUMNS,
    RATINGS_FILE,
    SEGMENTATION,
    T1W,
    labels_sha256,
    write_key,
    write_rater_set,
)
from neurolupus.io.seg_nrrd import write_seg_nrrd
from neurolupus.records.measurement import Number
from neurolupus.records.rating import INFARCT, WMH, MapFormat, RaterCase, RaterSet, Start
from neurolupus.records.scan import ScanId
from neurolupus.records.volume import Volume
from neurolupus.workflows.finished import finished_scans, lesions_of
from neurolupus.workflows.observer import Observer, Silent

MAP_FILES: Mapping[MapFormat, str] = {"nifti": LABELS, "slicer": SEGMENTATION}


@dataclass(frozen=True, slots=True)
class RatersExport:
    """What was written: the folder, its scans as they are named in it, and the key of codes."""

    folder: Path
    cases: tuple[str, ...]
    key: Path | None

    def summary(self) -> dict[str, object]:
        """JSON of the export."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}


def export_for_raters(
    out: Path,
    folder: Path,
    *,
    participants: Sequence[str] = (),
    sessions: Sequence[str] = (),
    start: Start = "model",
    map_format: MapFormat = "nifti",
    key: Path | None = None,
    rng: np.random.Generator | None = None,
    observer: Observer | None = None,
) -> RatersExport:
    """Write T1w, FLAIR and a label map of every finished scan with a FLAIR, for one rater or several.

    Parameters
    ----------
    out : Path
        A finished output of `measure`; nothing in it is changed.
    folder : Path
        Must not exist: what raters drew is never replaced.
    participants, sessions : sequences of str
        Labels to export; empty: all.
    start : {'model', 'empty'}
        What the label maps hold.
    map_format : {'nifti', 'slicer'}
        What the label maps are: `labels.nii.gz` for any program, or `labels.seg.nrrd`, 3D Slicer's own.
    key : Path, optional
        Blinded: scans get codes in random order, and this file, outside `folder`, says which is which.
    rng : Generator, optional
        Draws the order; needed with `key`.

    Raises
    ------
    UsageError
        Nothing to export, or a file is in the way.
    """
    observer = observer or Silent()
    _check_places(out, folder, key)
    scans = _chosen(out, participants, sessions)
    names = {scan: scan.stem for scan in scans}
    if key is not None:
        order = (rng or np.random.default_rng()).permutation(len(scans)).tolist()
        names = {scans[place]: f"case-{n:03d}" for n, place in enumerate(order, start=1)}
    cases = []
    with replacing_folder(folder) as made:
        for scan, name in sorted(names.items(), key=lambda item: item[1]):
            observer.say(f"{name} ...")
            cases.append(_write_case(out, scan, made / name, name, start, MAP_FILES[map_format]))
        told = RaterSet(__version__, start, key is not None, tuple(cases))
        write_rater_set(made, told, file=MAP_FILES[map_format])
        write_tsv(made / RATINGS_FILE, RATING_COLUMNS, (_rating_row(name, scan, key) for scan, name in names.items()))
        if key is not None:
            write_key(key, {name: scan for scan, name in names.items()})
    return RatersExport(folder, tuple(case.name for case in cases), key)


def starting_labels(out: Path, scan_id: ScanId) -> Volume:
    """What the model found, as raters' labels: infarct-like lesions have theirs."""
    mask = read_volume(derivative_path(out, scan_id, label="WMH", suffix="mask", extension=".nii.gz"))
    numbered = read_labels(derivative_path(out, scan_id, desc="lesions", suffix="dseg", extension=".nii.gz"))
    infarcts = [lesion.label for lesion in lesions_of(out, scan_id) if lesion.infarct_like]
    labels = np.where(mask.data > 0, np.int32(WMH), np.int32(0))
    labels[np.isin(numbered.data, infarcts)] = INFARCT  # with their cores; the mask of WMH holds none of it
    return mask.with_data(labels)


def _write_case(out: Path, scan_id: ScanId, folder: Path, name: str, start: Start, file: str) -> RaterCase:
    folder.mkdir()
    images: Mapping[str, dict[str, str]] = {
        T1W: {"desc": "preproc", "suffix": "T1w"},
        FLAIR: {"space": "T1w", "desc": "preproc", "suffix": "FLAIR"},
        BRAIN: {"desc": "brain", "suffix": "mask"},
    }
    for image, entities in images.items():
        shutil.copyfile(derivative_path(out, scan_id, extension=".nii.gz", **entities), folder / image)
    labels = starting_labels(out, scan_id)
    if start == "empty":
        labels = labels.with_data(np.zeros_like(labels.data))
    if file == SEGMENTATION:
        write_seg_nrrd(folder / file, labels)
    else:
        write_volume(folder / file, labels, dtype="uint8")
    mask = derivative_path(out, scan_id, label="WMH", suffix="mask", extension=".nii.gz")
    return RaterCase(name, file_sha256(mask), labels_sha256(labels.data))


def _rating_row(name: str, scan: ScanId, key: Path | None) -> dict[str, Number]:
    if key is not None:
        return {"participant_id": name, "map": "WMH"}
    session = f"ses-{scan.session_id}" if scan.session_id else None
    return {"participant_id": f"sub-{scan.participant_id}", "session_id": session, "map": "WMH"}


def _check_places(out: Path, folder: Path, key: Path | None) -> None:
    if folder.exists():
        raise UsageError(
            f"{folder} exists; what raters drew is never replaced.\n    Name another folder, or remove this one."
        )
    if folder.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"{folder} lies in {out}, which raters must not see.\n    Name a folder outside it.")
    if key is not None and key.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{key} lies in the folder it unblinds.\n    Keep the key elsewhere, away from the raters.")
    if key is not None and key.exists():
        raise UsageError(f"{key} exists; a key is never replaced.\n    Name another file.")


def _chosen(out: Path, participants: Sequence[str], sessions: Sequence[str]) -> list[ScanId]:
    """The finished scans with a FLAIR and the labels asked for."""
    able = [scan.scan_id for scan in finished_scans(out) if scan.row.get("wmh_ml") is not None]
    known = {scan.participant_id for scan in able}
    unknown = sorted(set(participants) - known)
    chosen = [
        scan
        for scan in able
        if (not participants or scan.participant_id in participants) and (not sessions or scan.session_id in sessions)
    ]
    if unknown or not chosen:
        seen = f"no finished scan with a FLAIR of sub-{unknown[0]}" if unknown else "no such finished scan with a FLAIR"
        raise UsageError(
            f"{out} holds {seen}; raters draw on measured scans.\n    Measure first: neurolupus measure BIDS_DIR {out}"
        )
    return chosen
