"""Slices as a reader sees them: radiological convention, cropped to the head, square pixels.

The left of an axial or coronal picture is the patient's right; a sagittal picture looks to the left, nose first.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from neurolupus.records.volume import Mask

Plane = Literal["axial", "coronal", "sagittal"]
Field = NDArray[np.float32]  # (height, width), one number per pixel
AXIS: dict[Plane, int] = {"sagittal": 0, "coronal": 1, "axial": 2}
SIDES: dict[Plane, tuple[str, str]] = {"axial": ("R", "L"), "coronal": ("R", "L"), "sagittal": ("A", "P")}


@dataclass(frozen=True, slots=True)
class Box:
    """A block of voxels of a RAS-ordered grid; `stop` is not part of it. It may reach beyond the grid."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @property
    def centre(self) -> tuple[int, int, int]:
        """The voxel in the middle."""
        i, j, k = ((a + b) // 2 for a, b in zip(self.start, self.stop, strict=True))
        return i, j, k


@dataclass(frozen=True, slots=True)
class View:
    """What one picture shows: a plane through a box of a RAS-ordered grid, at so many pixels per mm."""

    plane: Plane
    index: int
    box: Box
    voxel_size_mm: tuple[float, float, float]
    pixels_per_mm: float = 2.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        across, up = (a for a in range(3) if a != AXIS[self.plane])
        width, height = (
            max(round((self.box.stop[a] - self.box.start[a]) * self.voxel_size_mm[a] * self.pixels_per_mm), 8)
            for a in (across, up)
        )
        return width, height

    def at(self, index: int) -> "View":
        """The parallel picture through another voxel plane."""
        return replace(self, index=index)

    def framed(self, width_mm: float, height_mm: float, centre: tuple[int, int, int] | None = None) -> "View":
        """The same plane in a frame of a given size around a voxel (the box's middle); it may leave the grid."""
        middle = centre or self.box.centre
        start, stop = list(self.box.start), list(self.box.stop)
        for axis, length_mm in zip((a for a in range(3) if a != AXIS[self.plane]), (width_mm, height_mm), strict=True):
            voxels = max(round(length_mm / self.voxel_size_mm[axis]), 2)
            start[axis] = middle[axis] - voxels // 2
            stop[axis] = start[axis] + voxels
        return replace(self, box=Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])))


def head_box(mask: Mask, voxel_size_mm: tuple[float, float, float], margin_mm: float = 12.0) -> Box:
    """The block around a mask with a margin, clipped to the grid; the whole grid when the mask is empty."""
    start, stop = [0, 0, 0], list(mask.shape)
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        if filled.size:
            margin = round(margin_mm / voxel_size_mm[axis])
            start[axis] = max(int(filled[0]) - margin, 0)
            stop[axis] = min(int(filled[-1]) + 1 + margin, mask.shape[axis])
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def cut(data: NDArray[Any], view: View, *, nearest: bool = False) -> Field:
    """One plane of `data` as a picture.

    Parameters
    ----------
    data : (I, J, K) array
        RAS order: i grows to the patient's right, j to the front, k upwards.
    view : View
    nearest : bool
        Repeat voxels instead of interpolating between them.

    Returns
    -------
    (height, width) float32 array
        Row 0 is the front (axial) or the top; column 0 is the patient's right, or the front in a sagittal picture.
        Zero where the view leaves the grid.
    """
    axis = AXIS[view.plane]
    index = min(max(view.index, 0), data.shape[axis] - 1)
    plane = np.take(data, index, axis=axis)
    across, up = (a for a in range(3) if a != axis)
    lows = [view.box.start[a] for a in (across, up)]
    highs = [view.box.stop[a] for a in (across, up)]
    whole = np.zeros([high - low for low, high in zip(lows, highs, strict=True)], np.float32)
    inside = plane[tuple(slice(max(low, 0), max(high, 0)) for low, high in zip(lows, highs, strict=True))]
    left, bottom = (max(-low, 0) for low in lows)
    whole[left : left + inside.shape[0], bottom : bottom + inside.shape[1]] = inside
    picture = np.ascontiguousarray(whole[::-1, ::-1].T)
    method = PILImage.Resampling.NEAREST if nearest else PILImage.Resampling.BICUBIC
    return np.asarray(PILImage.fromarray(picture, mode=None).resize(view.size, method), np.float32)


def spread(box: Box, plane: Plane, count: int, trim: float = 0.12) -> tuple[int, ...]:
    """`count` voxel planes evenly through a box, leaving out the share `trim` at either end; none twice."""
    axis = AXIS[plane]
    low, high = box.start[axis], box.stop[axis] - 1
    edge = (high - low) * trim
    return tuple(sorted({round(x) for x in np.linspace(low + edge, high - edge, count).tolist()}))


def busiest_index(mask: Mask, plane: Plane) -> int | None:
    """The plane in which most voxels of a mask lie; None for an empty mask."""
    others = tuple(a for a in range(3) if a != AXIS[plane])
    counts = np.count_nonzero(mask, axis=others)
    return int(np.argmax(counts)) if counts.any() else None
