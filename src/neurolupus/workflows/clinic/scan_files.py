"""Where a kept scan's files lie, and which of them may be looked at: a closed list of names."""

from __future__ import annotations

from pathlib import Path

from neurolupus.errors import StoreError
from neurolupus.io.dataset import derivative_path, scan_folder
from neurolupus.io.nifti import write_volume
from neurolupus.jobs.scratch import scratch
from neurolupus.records.scan import ScanId
from neurolupus.store.edits import Edit
from neurolupus.store.engine import Store
from neurolupus.store.scans import Scan
from neurolupus.workflows.raters_export import starting_labels
from neurolupus.workflows.scan import report_path

RAW, MEASURED, EDITS, SLICES = "raw", "measured", "edits", "slices"
IMAGES: dict[str, dict[str, str]] = {
    "t1w": {"desc": "preproc", "suffix": "T1w"},
    "flair": {"space": "T1w", "desc": "preproc", "suffix": "FLAIR"},
    "wmh": {"label": "WMH", "suffix": "probseg"},
    "wmh-mask": {"label": "WMH", "suffix": "mask"},
}


def scan_id_of_row(scan: Scan) -> ScanId:
    """The BIDS labels of a kept scan."""
    return ScanId(scan.participant, scan.session)


def folder_of(store: Store, scan: Scan) -> Path:
    """The folder of one scan."""
    return store.files / scan.folder


def raw_pair(store: Store, scan: Scan) -> tuple[Path | None, Path | None]:
    """The T1w and the FLAIR as they were acquired; None where they were not taken in."""
    folder = scan_folder(folder_of(store, scan) / RAW, scan_id_of_row(scan))
    found = {kind: sorted(folder.glob(f"*_{kind}.nii*")) for kind in ("T1w", "FLAIR")}
    t1w, flair = (found[kind][0] if found[kind] else None for kind in ("T1w", "FLAIR"))
    return t1w, flair


def measured_folder(store: Store, scan: Scan) -> Path:
    """The derivative data set of one scan."""
    return folder_of(store, scan) / MEASURED


def image_path(store: Store, scan: Scan, name: str) -> Path:
    """One image of a scan.

    Raises
    ------
    StoreError
        The name is none of IMAGES, or the scan has no such image.
    """
    if name not in IMAGES:
        raise StoreError(f"{name!r} is no image of a scan; choose {', '.join(IMAGES)}.")
    path = derivative_path(measured_folder(store, scan), scan_id_of_row(scan), extension=".nii.gz", **IMAGES[name])
    return _inside(path, folder_of(store, scan), f"The scan has no {name}.")


def images_of(store: Store, scan: Scan) -> tuple[str, ...]:
    """The names of IMAGES that a scan has."""
    out, scan_id = measured_folder(store, scan), scan_id_of_row(scan)
    return tuple(
        name for name, parts in IMAGES.items() if derivative_path(out, scan_id, extension=".nii.gz", **parts).is_file()
    )


def labels_to_edit(store: Store, scan: Scan) -> bytes:
    """What the program found as a label map to draw on, a gzipped NIfTI; an infarct-like lesion is label 2.

    The mask of WMH alone holds no infarct: edited and measured, it would make the scan look usable.

    Raises
    ------
    StoreError
        The scan has no mask.
    """
    image_path(store, scan, "wmh-mask")
    with scratch("neurolupus-labels") as folder:
        path = folder / "labels.nii.gz"
        write_volume(path, starting_labels(measured_folder(store, scan), scan_id_of_row(scan)), dtype="uint8")
        return path.read_bytes()


def report_of(store: Store, scan: Scan) -> Path:
    """The scan's report.

    Raises
    ------
    StoreError
        There is none.
    """
    path = report_path(measured_folder(store, scan), scan_id_of_row(scan))
    return _inside(path, folder_of(store, scan), "The scan has no report.")


def edit_folder(store: Store, edit: Edit) -> Path:
    """The folder of a mask edited by hand."""
    return store.files / edit.folder


def edit_mask(store: Store, scan: Scan, edit: Edit) -> Path:
    """The mask edited by hand, as it was measured.

    Raises
    ------
    StoreError
        It is gone.
    """
    path = edit_folder(store, edit) / f"{scan_id_of_row(scan).stem}_label-WMH_mask.nii.gz"
    return _inside(path, folder_of(store, scan), "The edited mask is gone.")


def _inside(path: Path, folder: Path, otherwise: str) -> Path:
    """The path, if it is a file that lies in the folder once links are followed."""
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        raise StoreError(f"{otherwise}\n    Measure the scan again.")
    return path
