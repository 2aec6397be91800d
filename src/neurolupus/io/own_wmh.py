"""A hyperintensity map that the user brings: another program's, or a mask edited by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from neurolupus.io.faults import Fault, single_fault_error
from neurolupus.io.nifti import read_volume
from neurolupus.io.sidecar import read_sidecar
from neurolupus.records.volume import Image, Probability, Volume, is_same_grid

Grid = Literal["T1w", "FLAIR"]
EDIT_FIELD = "NeurolupusEdit"  # of a mask's sidecar: who edited what, in words for the report
SAME_GRID_MM = 0.1  # headers of two programs round the same affine differently
MOST_LABELS = 10  # classes that a rater draws; more are numbers of lesions, or no labels at all
WHOLE = 1e-3  # so near to whole numbers values are meant as such
MOST_ML = 500.0  # over any brain's hyperintensities, below any brain's grey or white matter but a child's
LEAST_STEPS = 4  # values that are multiples of one number: labels are counted from 1
MIXED = 0.2  # share of neighbours with two labels, above which values change from voxel to voxel, as brightness does


@dataclass(frozen=True, slots=True, eq=False)
class OwnMap:
    """Probabilities from 0 to 1 on the grid of one of the images, exactly, and what was done to get them."""

    volume: Volume
    grid: Grid
    warnings: tuple[str, ...]


def read_own_wmh(path: Path, t1w: Volume, flair: Volume) -> OwnMap:
    """The map of a file.

    Parameters
    ----------
    path : Path
        A mask (0 and 1), labels (every label above 0 is lesion) or probabilities.
    t1w, flair : Volume
        The images; the map must lie on the grid of one of them.

    Raises
    ------
    ImageFileError, ImageContentError
        No image; values below 0 or not finite; shades of grey or per cent; more than 500 ml marked; the grid of
        neither image.
    """
    own = read_volume(path)
    values = own.data
    if not np.isfinite(values).all() or float(values.min()) < -WHOLE:  # what lies between is clipped below
        seen = "values that are not finite" if not np.isfinite(values).all() else f"values down to {values.min():g}"
        raise single_fault_error(path, Fault(f"has {seen}; a mask or probabilities needed", "Give 0 to 1, or labels."))
    grid = _grid_of(own, t1w, flair)
    if grid is None:
        grids = f"T1w {_told(t1w)}; FLAIR {_told(flair)}"
        fault = Fault(f"{_told(own)} lies on the grid of neither image ({grids})", "Save it on one of their grids.")
        raise single_fault_error(path, fault)
    edit = read_sidecar(path).text(EDIT_FIELD)
    warnings: tuple[str, ...] = (f"WMH: {edit}",) if edit else ()
    whole = np.rint(values)
    is_whole = float(np.abs(values - whole).max()) <= WHOLE  # 0.9999999 is a one that another program resampled
    values = whole if is_whole else values
    highest = float(values.max())
    if highest > 1:
        if not is_whole:
            fault = Fault(
                f"has fractions up to {highest:g}; a mask or probabilities needed", "Divide it so that 1 is sure."
            )
            raise single_fault_error(path, fault)
        if is_grey(values):
            seen = f"has {len(np.unique(values)) - 1} values up to {highest:g} that change from voxel to voxel"
            fault = Fault(f"{seen}; they look like shades of grey or per cent", "Divide it so that 1 is sure.")
            raise single_fault_error(path, fault)
        warnings = (
            *warnings,
            f"WMH ({path.name}): labels up to {highest:g}; every label above 0 counts as hyperintensity",
        )
        values = (values > 0).astype(np.float32)
    marked_ml = float(np.count_nonzero(values >= 0.5)) * own.voxel_volume_ml
    if marked_ml > MOST_ML:
        seen = f"marks {marked_ml:.0f} ml as hyperintensity; at most {MOST_ML:g} ml expected of a brain"
        remedy = "Give the lesions alone; of a segmentation of tissues, the label of lesions."
        raise single_fault_error(path, Fault(seen, remedy))
    if not values.any():
        warnings = (*warnings, f"WMH ({path.name}): empty; no hyperintensity is measured")
    probability: Probability = np.clip(values, 0, 1).astype(np.float32)
    image = t1w if grid == "T1w" else flair
    return OwnMap(image.with_data(probability), grid, warnings)


def is_grey(values: Image) -> bool:
    """Whether whole numbers are no labels: many or in equal steps, and beside one another."""
    used = np.unique(values[values > 0]).astype(int)
    stepped = len(used) >= LEAST_STEPS and np.gcd.reduce(used) > 1  # per cent in tens: 10, 20 ... 100
    if len(used) <= MOST_LABELS and not stepped:
        return False
    beside = mixed = 0
    for axis in range(3):
        one, other = np.moveaxis(values, axis, 0)[:-1], np.moveaxis(values, axis, 0)[1:]
        both = (one > 0) & (other > 0)
        beside += int(np.count_nonzero(both))
        mixed += int(np.count_nonzero(both & (one != other)))
    return mixed > MIXED * beside


def _told(image: Volume) -> str:
    origin = ", ".join(f"{mm:.0f}" for mm in image.affine[:3, 3])
    size = " x ".join(f"{mm:.3g}" for mm in image.voxel_size_mm)
    return f"of shape {image.shape}, voxels of {size} mm, origin ({origin})"


def _grid_of(own: Volume, t1w: Volume, flair: Volume) -> Grid | None:
    for name, image in (("T1w", t1w), ("FLAIR", flair)):
        if is_same_grid(own, image, SAME_GRID_MM):
            return "T1w" if name == "T1w" else "FLAIR"
    return None
