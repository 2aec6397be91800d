"""A user's own scans with masks, to train on as well: NAME_T1w, NAME_FLAIR, NAME_mask (.nii, .nii.gz) in a folder.

The mask lies on the grid of the FLAIR or of the T1w; above 0.5 is lesion. FLAIR and T1w need not be aligned.
"""

from pathlib import Path

import numpy as np
from real import Scan, as_case, read

from cases import Case, corrected, onto_t1w
from neurolupus.imaging.brain import map_head
from neurolupus.imaging.grid import resample
from neurolupus.imaging.masks import intracranial_mask, is_skull_stripped
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
    if is_same_grid(mask, t1w):
        truth = mask.data > 0.5
    elif is_same_grid(mask, flair):
        truth = resample(mask, t1w, onto_to_moving=np.linalg.inv(found)) > 0.5
    else:
        raise SystemExit(
            f"{name}_mask has shape {mask.shape}, T1w {t1w.shape}, FLAIR {flair.shape}; it needs the grid of one."
        )
    scan = Scan(name, name, fixed, corrected(t1w.with_data(moved), inside), inside, truth, flair.voxel_size_mm)
    return as_case(scan)


def _path(folder: Path, name: str, kind: str) -> Path | None:
    found = [p for p in (folder / f"{name}_{kind}.nii.gz", folder / f"{name}_{kind}.nii") if p.exists()]
    return found[0] if found else None
