"""A user's own scans with masks, to train on as well: NAME_T1w, NAME_FLAIR, NAME_mask (.nii, .nii.gz) in a folder.

The mask lies on the grid of the FLAIR or of the T1w: 0 and 1, probabilities (above 0.5 is lesion), or the labels of
`neurolupus raters`, of which 1 is lesion and of 2 and 3 nothing is learned. FLAIR and T1w need not be aligned.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from real import Scan, as_case, read

from cases import Case, brain_box, corrected, onto_t1w
from neurolupus.imaging.brain import map_head
from neurolupus.imaging.masks import intracranial_mask, is_skull_stripped
from neurolupus.imaging.moved_map import moved_map
from neurolupus.imaging.registration import register_rigid
from neurolupus.records.volume import is_same_grid


def own_names(folder: Path) -> list[str]:
    """The scans of a folder; a scan without one of its three files stops with their names."""
    names = sorted(p.name.split("_T1w.nii")[0] for p in folder.glob("*_T1w.nii*"))
    if not names:
        raise SystemExit(
            f"{folder} holds no NAME_T1w.nii.gz; put NAME_T1w, NAME_FLAIR and NAME_mask of each scan there."
        )
    lacking = [f"{n}_{kind}" for n in names for kind in ("FLAIR", "mask") if _path(folder, n, kind) is None]
    if lacking:
        raise SystemExit(
            f"{folder} lacks {', '.join(lacking)} (.nii or .nii.gz); every scan needs T1w, FLAIR and mask."
        )
    return names


def version_of(folder: Path, name: str) -> str:
    """Of a scan's three files, so that a corrected mask is not taken for the one before."""
    told = hashlib.sha256()
    for kind in ("T1w", "FLAIR", "mask"):
        path = _path(folder, name, kind)
        assert path is not None
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()[:8]


def own_case(folder: Path, name: str) -> Case:
    """One scan with the user's mask as the truth."""
    t1w, flair, mask = (read(p) for k in ("T1w", "FLAIR", "mask") if (p := _path(folder, name, k)) is not None)
    head = map_head(t1w, threads=1)
    inside = intracranial_mask(head, t1w)
    if is_skull_stripped(t1w, inside):
        inside &= t1w.data != 0
    fixed = t1w.with_data(corrected(t1w, inside))
    found = register_rigid(fixed, flair, inside).flair_to_t1w_ras
    moved = onto_t1w(flair, t1w, found)
    if not (is_same_grid(mask, t1w) or is_same_grid(mask, flair)):
        raise SystemExit(
            f"{name}_mask has shape {mask.shape}, T1w {t1w.shape}, FLAIR {flair.shape}; it needs the grid of one."
        )
    lesion, unknown = shares(mask.data, f"{name}_mask")
    if not is_same_grid(mask, t1w):
        lesion, unknown = (moved_map(mask.with_data(image), t1w, np.linalg.inv(found)) for image in (lesion, unknown))
    truth = lesion > 0.5
    scan = Scan(name, name, fixed, corrected(t1w.with_data(moved), inside), inside, truth, flair.voxel_size_mm)
    ignore = (unknown > 0) & ~truth
    return replace(as_case(scan), ignore=ignore[brain_box(inside, t1w.voxel_size_mm)])


def shares(values: NDArray[np.floating], name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is lesion and what is not known, from a mask, probabilities, or a rater's labels."""
    highest = float(values.max())
    if highest <= 1 and float(values.min()) >= 0:
        return values.astype(np.float32), np.zeros(values.shape, np.float32)
    if not np.isin(values, (0, 1, 2, 3)).all():
        raise SystemExit(
            f"{name} has values from {values.min():g} to {highest:g}; 0 to 1 are needed, or the labels 1 WMH, "
            "2 infarct-like and 3 unsure of neurolupus raters."
        )
    return (values == 1).astype(np.float32), (values >= 2).astype(np.float32)


def _path(folder: Path, name: str, kind: str) -> Path | None:
    found = [p for p in (folder / f"{name}_{kind}.nii.gz", folder / f"{name}_{kind}.nii") if p.exists()]
    return found[0] if found else None
