"""What a voxel looks like to the WMH model: brightness, contrast with its surroundings and place, all in mm.

Only candidates are described: voxels that could be a hyperintensity at all. Everything wider than 2 mm is computed on
the 2 mm grid of the head map and read off at the candidates, so the cost depends little on the voxel size.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from boosting.sampling import smooth
from boosting.surroundings import PLACES, Surroundings, in_voxels
from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.grid import bounding_box, crop
from neurolupus.imaging.wmh_units import Floats, Units
from neurolupus.records.volume import Image, Mask, Volume

BRIGHT: Final = 0.35  # candidates are brighter than this way from the white matter's to the grey matter's FLAIR mode
NEAR_WHITE: Final = 0.3  # and within some millimetres of this much that is neither cortex nor outer fluid
_MARGIN_MM = 6.0
FEATURES: Final = (
    "flair",
    "flair_wm",
    "flair_over_white",
    "flair_1mm",
    "flair_2mm",
    "flair_4mm",
    "flair_8mm",
    "flair_minus_2mm",
    "flair_1mm_minus_4mm",
    "flair_2mm_minus_8mm",
    "flair_over_white_6mm",
    "flair_over_white_12mm",
    "flair_lowest_3mm",
    "flair_middle_3mm",
    "flair_highest_3mm",
    "flair_lowest_6mm",
    "flair_middle_6mm",
    "flair_highest_6mm",
    "flair_curvature_most",
    "flair_curvature_middle",
    "flair_curvature_least",
    "t1w",
    "t1w_1mm",
    "t1w_2mm",
    "t1w_8mm",
    "t1w_over_white_6mm",
    *(f"{place}_{reach}" for reach in ("here", "4mm", "10mm") for place in PLACES),
    "right_left",
    "front",
    "depth",
)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The voxels that could be hyperintense and what is known of each.

    Parameters
    ----------
    where : (3, n) int array
        Voxel indices on the grid of the T1w.
    table : (n, len(FEATURES)) float32 array
    """

    where: NDArray[np.intp]
    table: Floats


def describe_candidates(t1w: Volume, flair: Image, mask: Mask, head: HeadMap) -> Candidates:
    """The candidate voxels of a scan and their features.

    Parameters
    ----------
    t1w : Volume
        Bias-corrected.
    flair : (I, J, K) float32 array
        Bias-corrected, on the grid of `t1w`.
    mask : (I, J, K) bool array
        Intracranial.
    head : HeadMap

    Raises
    ------
    ImageContentError
        See `wmh_units.tissue_units`.
    """
    box = bounding_box(mask, in_voxels(_MARGIN_MM, t1w.voxel_size_mm))
    fine, inside = crop(t1w, box), mask[box]
    near = Surroundings(fine, flair[box], inside, head)
    units = near.units
    bright = np.where(inside, flair[box] / np.float32(units.flair_grey), 0).astype(np.float32)
    np.clip(bright, 0, 4, out=bright)
    bright_1mm = smooth(bright, 1.0, fine.voxel_size_mm)
    found = _candidates(bright_1mm, bright, inside, near.white_near(fine), units)
    index = np.argwhere(found).T
    columns: dict[str, Floats] = {}
    here = tuple(index)
    columns["flair"], columns["flair_1mm"] = bright[here], bright_1mm[here]
    columns["flair_wm"] = (bright[here] * units.flair_grey - units.flair_white) / np.float32(units.flair_spread)
    columns["flair_over_white"] = bright[here] - np.float32(units.flair_white / units.flair_grey)
    columns["t1w"] = units.t1w_scaled(fine.data[here])
    near.describe(fine, index, columns)
    columns |= _places(fine, index, bounding_box(inside))
    table = np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float32, copy=False)
    return Candidates(index + np.array([[s.start] for s in box]), table)


def _candidates(flair_1mm: Floats, flair: Floats, inside: Mask, white_near: Floats, units: Units) -> Mask:
    white = units.flair_white / units.flair_grey
    limit = np.float32(white + BRIGHT * max(1.0 - white, 0.05))
    found: Mask = inside & (white_near > NEAR_WHITE) & ((flair_1mm > limit) | (flair > limit + np.float32(0.1)))
    return found


def _places(fine: Volume, index: NDArray[np.intp], tight: tuple[slice, slice, slice]) -> dict[str, Floats]:
    """The part of the way through the brain's box; depth below its top is in units of 100 mm.

    The bottom of the box depends on how much of the neck the mask holds, so nothing is measured from there.
    """
    share = [(i - s.start) / max(1, s.stop - s.start) for i, s in zip(index, tight, strict=True)]
    depth = (tight[2].stop - index[2]) * fine.voxel_size_mm[2] / 100
    columns = {"right_left": np.abs(2 * share[0] - 1), "front": share[1], "depth": depth}
    return {name: np.asarray(values, np.float32) for name, values in columns.items()}
