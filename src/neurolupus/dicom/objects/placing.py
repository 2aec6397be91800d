"""A volume put back on the frames of the series it was made of: exactly, or not at all."""

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurolupus.dicom.objects.source import SourceSeries
from neurolupus.errors import DicomError
from neurolupus.records.volume import Volume

FIT_MM = 0.1  # positions are written with few digits, and converters round
CHECKED_FRAMES = 5
SAME_SCAN = 0.8  # correlation of edges: 0.95 and more for the same scan, below 0.3 for another (test_placing.py)


def misfit_mm(volume: Volume, source: SourceSeries) -> float:
    """How far a volume's voxels lie from the nearest way of laying them onto the frames; infinite for other shapes.

    Only flips and swaps of axes are ways: nothing is resampled.
    """
    turn, offset = _turn(volume, source)
    if np.abs(np.linalg.det(turn)) != 1 or not np.array_equal(_turned_shape(turn, source), volume.shape):
        return float("inf")
    corners = np.array(list(product(*((0, n - 1) for n in source.shape)))).T
    laid = turn @ corners + offset[:, None]
    inside = (laid >= 0).all() and (laid < np.array(volume.shape)[:, None]).all()
    meant = volume.affine[:3, :3] @ laid + volume.affine[:3, 3:]
    there = source.affine[:3, :3] @ corners + source.affine[:3, 3:]
    return float(np.linalg.norm(meant - there, axis=0).max()) if inside else float("inf")


def on_frames(values: NDArray[Any], volume: Volume, source: SourceSeries) -> NDArray[Any]:
    """The values of a volume's grid, (frames, rows, columns) of the source.

    Raises
    ------
    DicomError
        The volume does not fit the series.
    """
    distance = misfit_mm(volume, source)
    if distance > FIT_MM:
        raise DicomError(f"Series {source.uid} does not fit: {misfit_words(volume, source)}.")
    turn, _ = _turn(volume, source)
    axes = [int(np.argmax(np.abs(turn[:, axis]))) for axis in range(3)]
    flipped = [axis for axis in range(3) if turn[axes[axis], axis] < 0]
    laid = np.flip(np.transpose(values, axes), flipped)  # columns, rows, frames
    return np.ascontiguousarray(laid.transpose(2, 1, 0))


def misfit_words(volume: Volume, source: SourceSeries) -> str:
    """By how much a volume and a series differ."""
    distance = misfit_mm(volume, source)
    if np.isfinite(distance):
        return f"its voxels lie {distance:.2f} mm away; {FIT_MM:g} mm are allowed"
    sizes = [np.linalg.norm(affine[:3, :3], axis=0) for affine in (volume.affine, source.affine)]
    mine, its = (
        f"{' x '.join(map(str, shape))} voxels of {' x '.join(f'{mm:.3g}' for mm in size)} mm"
        for shape, size in zip((volume.shape, source.shape), sizes, strict=True)
    )
    return f"it has {its} (columns, rows, frames), the result {mine} (right, front, up)"


def likeness(t1w: Volume, brain: NDArray[np.bool_], source: SourceSeries) -> float:
    """How alike the edges of a measured T1w and of the source's pixels are inside the brain, -1 to 1.

    Edges are left as they were by a correction of slow shading, and differ between any two brains: a series of another
    patient with the same geometry is recognised.

    Raises
    ------
    DicomError
        The series does not fit, or its pixels cannot be unpacked.
    """
    ours, inside = on_frames(t1w.data, t1w, source), on_frames(brain, t1w, source)
    filled = np.flatnonzero(inside.sum(axis=(1, 2)) > 0.5 * inside.sum(axis=(1, 2)).max(initial=0))
    if not filled.size:
        raise DicomError("The brain mask is empty; nothing says that the series is the one measured.")
    numbers = filled[np.linspace(0, len(filled) - 1, CHECKED_FRAMES + 2).astype(int)[1:-1]]
    found = []
    for number in sorted(set(numbers.tolist())):
        theirs = source.frame(number)
        for axis in (0, 1):
            both = np.logical_and(np.delete(inside[number], 0, axis), np.delete(inside[number], -1, axis))
            a, b = (np.diff(np.asarray(one, np.float64), axis=axis)[both] for one in (ours[number], theirs))
            if a.std() > 0 and b.std() > 0:
                found.append(float(np.corrcoef(a, b)[0, 1]))
    return float(np.median(found)) if found else 0.0


def _turn(volume: Volume, source: SourceSeries) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Column, row and frame to indices of the volume, in whole numbers: the nearest."""
    between = np.linalg.inv(volume.affine) @ source.affine
    return np.rint(between[:3, :3]).astype(np.int64), np.rint(between[:3, 3]).astype(np.int64)


def _turned_shape(turn: NDArray[np.int64], source: SourceSeries) -> NDArray[np.int64]:
    shape: NDArray[np.int64] = np.abs(turn) @ np.array(source.shape)
    return shape
