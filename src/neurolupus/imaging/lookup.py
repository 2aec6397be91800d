"""Look-ups: values and gradients of images at any points, by linear interpolation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.records.volume import Affine, Image

Points = NDArray[np.float64]  # (N, 3)

AT_ONCE = 8192  # points: what is made of them stays in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Images of one grid, ready to be looked up at RAS+ points.

    Parameters
    ----------
    table : (I * J * K, C) float32 array
        A row per voxel, so that one look-up fetches all of it: the value of each image, then, where wanted, the
        gradient of each per mm along the RAS+ axes.
    shape : tuple of int
    ras_to_voxel : (4, 4) float array
    """

    table: NDArray[np.float32]
    shape: tuple[int, ...]
    ras_to_voxel: Affine

    @staticmethod
    def of(images: Sequence[Image], affine: Affine, *, gradient: bool = False) -> "Lookup":
        """The table of images that lie on one grid; with their gradients, by central differences, if asked for."""
        inverse: Affine = np.linalg.inv(affine).astype(np.float64)
        count = len(images)
        table = np.zeros((images[0].size, 4 * count if gradient else count), np.float32)
        for number, image in enumerate(images):
            table[:, number] = image.ravel()
            for axis in range(3) if gradient else ():
                slope = np.gradient(image, axis=axis).astype(np.float32).ravel()
                for row in range(3):
                    if inverse[axis, row] != 0:
                        table[:, count + 3 * number + row] += np.float32(inverse[axis, row]) * slope
        return Lookup(table, images[0].shape, inverse)

    def at(self, points: Points) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """What the table says at (N, 3) points, (N, C), and whether each lies on the grid; off it the edge counts."""
        found = np.zeros((len(points), self.table.shape[1]))
        inside = np.empty(len(points), np.bool_)
        top = np.array(self.shape)[:, None] - 1
        strides = np.array([self.shape[1] * self.shape[2], self.shape[2], 1])
        corners = [(step, int(strides @ np.array(step))) for step in np.ndindex(2, 2, 2)]
        for first in range(0, len(points), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            voxel = self.ras_to_voxel[:3, :3] @ points[part].T + self.ras_to_voxel[:3, 3:]
            inside[part] = np.all((voxel >= 0) & (voxel <= top), axis=0)
            corner = np.clip(np.floor(voxel), 0, top - 1).astype(np.intp)
            beyond = np.clip(voxel - corner, 0, 1)
            base = strides @ corner
            here = found[part]
            for step, offset in corners:
                share = [beyond[axis] if there else 1 - beyond[axis] for axis, there in enumerate(step)]
                here += (share[0] * share[1] * share[2])[:, None] * self.table.take(base + offset, axis=0)
        return found, inside
