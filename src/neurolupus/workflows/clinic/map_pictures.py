"""Pictures of a scan's maps for raters, drawn when first asked for and kept beside the scan."""

from __future__ import annotations

import threading
from pathlib import Path

from neurolupus.errors import StoreError
from neurolupus.io.atomic import replacing
from neurolupus.io.dataset import derivative_path
from neurolupus.io.nifti import read_volume
from neurolupus.report.map_slices import map_slices
from neurolupus.store.engine import Store
from neurolupus.store.ratings import MAPS
from neurolupus.store.scans import Scan
from neurolupus.workflows.clinic.scan_files import SLICES, folder_of, measured_folder, scan_id_of_row

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
    StoreError
        The map is none that is rated, or the scan has none.
    """
    if name not in MAPS or name not in maps_of(store, scan):
        raise StoreError(f"The scan has no map {name!r}.\n    Without a FLAIR there is neither FLAIR nor WMH.")
    volumes = _path(store, scan, suffix="volumes", extension=".json").stat().st_mtime
    path = folder_of(store, scan) / SLICES / f"{name}.webp"
    with _ONE_AT_A_TIME:
        if not path.is_file() or path.stat().st_mtime < volumes:
            picture = _drawn(store, scan, name)
            with replacing(path) as stream:
                stream.write(picture)
    return path


def maps_of(store: Store, scan: Scan) -> tuple[str, ...]:
    """The maps that a scan has, in the order they are rated."""
    if not _path(store, scan, suffix="volumes", extension=".json").is_file():
        return ()
    has_flair = _path(store, scan, extension=".nii.gz", **_GREY["FLAIR"]).is_file()
    return tuple(name for name in MAPS if has_flair or _ON[name] != "FLAIR")


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
