"""Pictures of a scan's maps for raters, drawn when first asked for and kept beside the scan."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from neurolupus.errors import NotKept
from neurolupus.io.atomic import replacing
from neurolupus.io.dataset import derivative_path
from neurolupus.io.nifti import read_volume
from neurolupus.report.map_slices import map_slices
from neurolupus.store.engine import Store
from neurolupus.store.ratings import MAPS
from neurolupus.store.scans import Scan
from neurolupus.workflows.clinic.scan_files import SLICES, folder_of, measured_folder, raw_pair, scan_id_of_row

_GREY = {
    "T1w": {"desc": "preproc", "suffix": "T1w"},
    "FLAIR": {"space": "T1w", "desc": "preproc", "suffix": "FLAIR"},
}
_ON = {"T1w": "T1w", "GM": "T1w", "WM": "T1w", "CSF": "T1w", "FLAIR": "FLAIR", "WMH": "FLAIR"}
_ONE_AT_A_TIME = threading.Semaphore(1)  # a mosaic asks for hundreds at once


def map_picture(store: Store, scan: Scan, name: str) -> Path:
    """The file of a map's picture.

    Raises
    ------
    NotKept
        The map is none that is rated, or the scan has none.
    """
    if name not in MAPS or name not in maps_of(store, scan):
        raise NotKept(f"The scan has no map {name!r}.\n    Without a FLAIR there is neither FLAIR nor WMH.")
    raw = None if _is_measured(store, scan) else _raw(store, scan)[name]
    newest = (raw or _path(store, scan, suffix="volumes", extension=".json")).stat().st_mtime
    path = folder_of(store, scan) / SLICES / f"{name}.webp"
    with _ONE_AT_A_TIME:
        if not path.is_file() or path.stat().st_mtime < newest:
            picture = _drawn_raw(name, raw) if raw else _drawn(store, scan, name)
            with replacing(path) as stream:
                stream.write(picture)
    return path


def maps_of(store: Store, scan: Scan) -> tuple[str, ...]:
    """The maps that a scan has, in the order they are rated; of one that is held its images."""
    if not _is_measured(store, scan):
        return tuple(_raw(store, scan)) if scan.status == "held" else ()
    has_flair = _path(store, scan, extension=".nii.gz", **_GREY["FLAIR"]).is_file()
    return tuple(name for name in MAPS if has_flair or _ON[name] != "FLAIR")


def _is_measured(store: Store, scan: Scan) -> bool:
    return _path(store, scan, suffix="volumes", extension=".json").is_file()


def _raw(store: Store, scan: Scan) -> dict[str, Path]:
    """The images of a scan as they were acquired, by map."""
    return {name: path for name, path in zip(_GREY, raw_pair(store, scan), strict=True) if path is not None}


def _drawn_raw(name: str, path: Path) -> bytes:
    """Slices through the head as it was scanned: what is brighter than a tenth of the brightest tissue."""
    image = read_volume(path)
    head = image.data > 0.1 * np.percentile(image.data, 99)
    return map_slices(name, image.data, head, image.voxel_size_mm)


def _drawn(store: Store, scan: Scan, name: str) -> bytes:
    image = read_volume(_path(store, scan, extension=".nii.gz", **_GREY[_ON[name]]))
    head = read_volume(_path(store, scan, desc="intracranial", suffix="mask", extension=".nii.gz")).data > 0
    drawn = None
    if name not in _GREY:
        suffix = "mask" if name == "WMH" else "probseg"
        drawn = read_volume(_path(store, scan, label=name, suffix=suffix, extension=".nii.gz")).data
    return map_slices(name, image.data, head, image.voxel_size_mm, drawn)


def _path(store: Store, scan: Scan, **parts: str) -> Path:
    return derivative_path(measured_folder(store, scan), scan_id_of_row(scan), **parts)
