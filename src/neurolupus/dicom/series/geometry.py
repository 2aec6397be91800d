"""Whether the slices of a series make up one volume: every fault in words, several told together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurolupus.dicom.series.slices import Series, Slice

FEWEST_SLICES = 4
# Positions are written with few digits: a step may differ from the usual one by 2 %, or by 0.02 mm where it is small.
STEP_TOLERANCE, STEP_TOLERANCE_MM = 0.02, 0.02
SAME_PLACE_MM = 0.01
SHEAR_DEG = 0.5
ORIENTATION_TOLERANCE = 1e-3
MOST_ORIENTATIONS, MOST_COUNTED = 100, 6
# What dcm2niix unpacks: PS3.6 annex A.
SYNTAXES = {
    "": "not told",
    "1.2.840.10008.1.2": "implicit VR little endian",
    "1.2.840.10008.1.2.1": "explicit VR little endian",
    "1.2.840.10008.1.2.2": "explicit VR big endian",
    "1.2.840.10008.1.2.4.50": "JPEG baseline, 8 bit",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless, first-order",
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS near-lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.5": "RLE lossless",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that keeps a series from being a volume: a word for machines, and the sentence."""

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The voxels of a whole volume in LPS: columns, rows, slices.

    Attributes
    ----------
    shape : columns, rows, slices
    origin_mm, step_mm : (3,) float arrays
        Centre of the first pixel of the first slice; from a slice to the next.
    row, column : (3,) float arrays
        Directions in which the column index and the row index grow.
    spacing_mm : of columns, of rows, of slices
    """

    shape: tuple[int, int, int]
    origin_mm: NDArray[np.float64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    step_mm: NDArray[np.float64]
    spacing_mm: tuple[float, float, float]

    @property
    def coverage_mm(self) -> float:
        """How far the slices reach, along their normal."""
        return self.shape[2] * self.spacing_mm[2]

    @property
    def affine(self) -> NDArray[np.float64]:
        """Voxel (column, row, slice) to RAS+ mm."""
        matrix = np.eye(4)
        matrix[:3, 0], matrix[:3, 1] = self.row * self.spacing_mm[0], self.column * self.spacing_mm[1]
        matrix[:3, 2], matrix[:3, 3] = self.step_mm, self.origin_mm
        return np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix


def judge(series: Series) -> tuple[Fault, ...]:
    """What keeps a series from being one volume that can be converted; empty when nothing does.

    Notes
    -----
    Only headers and lengths are looked at: a file whose pixels are damaged within their length is found by converting.
    """
    slices = series.slices
    faults = [*_storage_faults(slices), *_size_faults(slices)]
    n = len(slices)
    placed = [one for one in slices if one.position is not None and one.orientation is not None]
    if len(placed) < n:
        what = "position or orientation (ImagePositionPatient, ImageOrientationPatient)"
        return (*faults, Fault("no-position", f"{n - len(placed)} of {n} slices have no {what}"))
    turns = by_orientation(placed, ORIENTATION_TOLERANCE)
    if len(turns) > 1:
        counts = " + ".join(str(len(own)) for own in turns[:MOST_COUNTED]) + " ..." * (len(turns) > MOST_COUNTED)
        faults.append(
            Fault("not-a-volume", f"not a volume: slices of {len(turns)} orientations ({counts}), as in a localiser")
        )
        return tuple(faults)
    if n < FEWEST_SLICES:
        return (*faults, Fault("too-few-slices", f"{n} slice{'s' * (n > 1)}; a volume has {FEWEST_SLICES} or more"))
    return (*faults, *_stack_faults(placed))


def grid_of(series: Series) -> Grid:
    """The voxels of a series that `judge` has no fault with."""
    first = series.slices[0]
    assert first.position is not None
    assert first.orientation is not None
    assert first.spacing_mm is not None
    assert first.rows is not None
    assert first.columns is not None
    positions = np.array([one.position for one in series.slices], float)
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    spacing = (first.spacing_mm[1], first.spacing_mm[0], float(np.linalg.norm(step)))
    return Grid((first.columns, first.rows, len(positions)), positions[0], row, column, step, spacing)


def _storage_faults(slices: Sequence[Slice]) -> list[Fault]:
    n, faults = len(slices), []
    unknown = sorted({one.syntax for one in slices} - set(SYNTAXES))
    if unknown:
        known = "convert it to an uncompressed transfer syntax first, with dcmdjpeg, dcmdjpls or gdcmconv"
        faults.append(Fault("transfer-syntax", f"transfer syntax {', '.join(unknown)} cannot be unpacked; {known}"))
    broken = Counter(one.pixel_fault for one in slices if one.pixel_fault)
    if broken:
        first = next(one for one in slices if one.pixel_fault)
        more = f" and {sum(broken.values()) - 1} more" if sum(broken.values()) > 1 else ""
        which = "the file" if first.frame or n == 1 else f"slice {told_number(first)}{more} of {n}"
        faults.append(Fault("truncated", f"{which}: {first.pixel_fault}; fetch the series again"))
    return faults


def _size_faults(slices: Sequence[Slice]) -> list[Fault]:
    faults = []
    sizes = Counter((one.columns, one.rows) for one in slices)
    if any(None in size for size in sizes):
        faults.append(Fault("no-position", "Rows or Columns is missing"))
    elif len(sizes) > 1:
        told = ", ".join(f"{count} of {size[0]} x {size[1]}" for size, count in sizes.most_common())
        faults.append(Fault("mixed-sizes", f"slices of {len(sizes)} sizes: {told} pixels"))
    edges = {None if one.spacing_mm is None else tuple(round(edge, 3) for edge in one.spacing_mm) for one in slices}
    if None in edges:
        faults.append(Fault("no-position", "PixelSpacing is missing"))
    elif len(edges) > 1:
        told = ", ".join(sorted(f"{edge[0]:g} x {edge[1]:g}" for edge in edges if edge))
        faults.append(Fault("mixed-sizes", f"pixels of {len(edges)} sizes: {told} mm"))
    return faults


def by_orientation(slices: Sequence[Slice], tolerance: float) -> list[list[Slice]]:
    """Slices apart by their orientation; what differs by less in each cosine is one. All have an orientation.

    After MOST_ORIENTATIONS the rest stay together: no volume has so many, and looking through them would take long.
    """
    found: list[tuple[NDArray[np.float64], list[Slice]]] = []
    for one in slices:
        turn = np.array(one.orientation, float)
        own = next((own for known, own in found if np.abs(known - turn).max() < tolerance), None)
        if own is None and len(found) >= MOST_ORIENTATIONS:
            own = found[-1][1]
        if own is None:
            found.append((turn, [one]))
        else:
            own.append(one)
    return [own for _, own in found]


def _stack_faults(slices: Sequence[Slice]) -> list[Fault]:
    """Faults of slices of one orientation, in the order of their positions along the normal."""
    assert slices[0].orientation is not None
    row, column = np.array(slices[0].orientation[:3]), np.array(slices[0].orientation[3:])
    if abs(float(row @ column)) > 1e-2 or not np.allclose([row @ row, column @ column], 1, atol=1e-2):
        return [Fault("no-position", "ImageOrientationPatient is no pair of directions at right angles")]
    normal = np.cross(row, column)
    positions = np.array([one.position for one in slices], float)
    at = positions @ normal
    steps = np.diff(at)
    if float(at[-1] - at[0]) < SAME_PLACE_MM:
        return [Fault("not-a-volume", f"not a volume: all {len(slices)} slices lie at one position")]
    faults = []
    same = [index for index, step in enumerate(steps) if step < SAME_PLACE_MM]
    if same:
        pairs = ", ".join(f"{told_number(slices[i])} and {told_number(slices[i + 1])}" for i in same[:5])
        more = f" and {len(same) - 5} more" if len(same) > 5 else ""
        faults.append(Fault("duplicate-slices", f"{len(same)} positions are taken twice: slices {pairs}{more}"))
    keep = [0, *(index + 1 for index, step in enumerate(steps) if step >= SAME_PLACE_MM)]
    kept = [slices[index] for index in keep]
    faults += _shear_faults(positions[keep], normal)
    return faults + _step_faults(kept, at[keep])


def _shear_faults(positions: NDArray[np.float64], normal: NDArray[np.float64]) -> list[Fault]:
    way = positions[-1] - positions[0]
    angle = float(np.degrees(np.arccos(min(1.0, abs(float(way @ normal)) / float(np.linalg.norm(way))))))
    if angle <= SHEAR_DEG:
        return []
    return [
        Fault("gantry-tilt", f"slices are sheared by {angle:.1f}°: the gantry was tilted, or they were reformatted")
    ]


def _step_faults(slices: Sequence[Slice], at: NDArray[np.float64]) -> list[Fault]:
    steps = np.diff(at)
    if not steps.size:
        return []
    usual = float(np.median(steps))
    # The median of 5, 10, 10 mm with two slices missing is a step that no neighbours have: the least is nearer.
    usual = float(steps.min()) if float(steps.min()) < 0.75 * usual else usual
    allowed = max(STEP_TOLERANCE * usual, STEP_TOLERANCE_MM)
    wide = [index for index, step in enumerate(steps) if abs(step - usual) > allowed]
    if not wide:
        return []
    missing = [_missing(slices, index, float(steps[index]) / usual) for index in wide]
    if all(missing):
        numbers = [number for one in missing for number in one]
        told = ", ".join(str(number) for number in numbers[:10]) + (" ..." if len(numbers) > 10 else "")
        where = "; ".join(f"{steps[index]:.2f} mm after slice {told_number(slices[index])}" for index in wide[:3])
        word = f"{len(numbers)} slice{'s' * (len(numbers) > 1)} missing: number {told}"
        return [Fault("missing-slices", f"{word} ({where}, else {usual:.2f} mm)")]
    seen = ", ".join(f"{step:.2f}" for step in sorted({round(float(step), 2) for step in steps})[:6])
    first = told_number(slices[wide[0]])
    return [
        Fault("uneven-increment", f"the slice increment is uneven: {seen} mm, the first odd one after slice {first}")
    ]


def _missing(slices: Sequence[Slice], index: int, times: float) -> list[int]:
    """Numbers that are missing in a gap of so many steps, told by the numbers around it; empty: none is."""
    whole = round(times)
    here, after = slices[index].number, slices[index + 1].number
    if whole < 2 or abs(times - whole) > 0.05 or here is None or after is None:
        return []
    pairs = pairwise(slices)
    jumps = Counter(b.number - a.number for a, b in pairs if a.number is not None and b.number is not None)
    usual = jumps.most_common(1)[0][0]
    if not usual or after - here != whole * usual:
        return []
    return sorted(here + usual * step for step in range(1, whole))


def told_number(one: Slice) -> str:
    """The number of a slice in words."""
    return "without number" if one.number is None else str(one.number)
