"""What was drawn on one scan, as masks to measure: hyperintensities, and infarct-like lesions by themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurolupus.io.atomic import write_json
from neurolupus.io.nifti import write_volume
from neurolupus.io.own_wmh import EDIT_FIELD
from neurolupus.records.rating import INFARCT, WMH
from neurolupus.records.volume import Labels, Mask, Volume


@dataclass(frozen=True, slots=True)
class DrawnMasks:
    """The files to measure a scan with; no infarct-like lesion, no file of them."""

    wmh: Path
    infarct: Path | None


def write_drawn_masks(folder: Path, stem: str, drawn: Volume, *, how: str, about: Mapping[str, object]) -> DrawnMasks:
    """Write the masks of a label map, each with its sidecar.

    Parameters
    ----------
    drawn : Volume
        Labels of `records.rating`.
    how : str
        Who drew what from what: it becomes a warning of the measurement.
    about : mapping
        More for the sidecars.
    """
    labels: Labels = np.asarray(drawn.data, np.int32)
    told = {"Type": "Lesion", "Manual": True, **about}
    wmh = _write(folder / f"{stem}_label-WMH_mask.nii.gz", drawn, labels == WMH, {**told, EDIT_FIELD: how})
    path = infarct_beside(wmh)
    if not (labels == INFARCT).any():
        path.unlink(missing_ok=True)  # of an earlier reading
        return DrawnMasks(wmh, None)
    return DrawnMasks(wmh, _write(path, drawn, labels == INFARCT, told))


def infarct_beside(wmh: Path) -> Path:
    """Where the mask of infarct-like lesions lies, if any was drawn, beside that of hyperintensities."""
    return wmh.with_name(wmh.name.replace("_label-WMH_", "_label-infarct_"))


def rater_source(rater: str) -> str:
    """What the column `wmh_method` says of a rater's map; no name can be taken for the model's."""
    return f"rater {rater}"


def _write(path: Path, grid: Volume, mask: Mask, about: Mapping[str, object]) -> Path:
    write_volume(path, grid.with_data(mask), dtype="uint8")
    write_json(path.with_name(path.name.removesuffix(".nii.gz") + ".json"), dict(about))
    return path
