"""From fine labels to voxels: the mean of what lies in each voxel of a grid that the head is turned towards."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A grid to render onto: number of voxels and (4, 4) affine to RAS mm without shear."""

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    @property
    def voxel_size_mm(self) -> NDArray[np.float64]:
        """Edges of a voxel."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel."""
        return float(np.prod(self.voxel_size_mm)) / 1000

    def part(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> tuple["Grid", tuple[slice, slice, slice]]:
        """The sub-grid of voxels low to high (exclusive), and the slices that cut it out."""
        low, high = np.maximum(low, 0), np.minimum(high, self.shape)
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ low
        i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        return Grid((i.stop - i.start, j.stop - j.start, k.stop - k.start), affine), (i, j, k)


def centred_grid(
    size_mm: Sequence[float], voxel_mm: Sequence[float], centre_mm: NDArray[np.float64], turn: NDArray[np.float64]
) -> Grid:
    """A grid of about `size_mm` about a point, its axes the columns of the rotation `turn`."""
    voxel = np.asarray(voxel_mm, float)
    shape = np.rint(np.asarray(size_mm) / voxel).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = turn * voxel
    affine[:3, 3] = centre_mm - affine[:3, :3] @ ((shape - 1) / 2)
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def rotation(axis: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    """Rotation matrix by Rodrigues' formula.

    >>> np.round(rotation(np.array([0.0, 0, 1]), 90) @ [1, 0, 0], 12)
    array([0., 1., 0.])
    """
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def rigid_about(
    centre_mm: NDArray[np.float64], turn: NDArray[np.float64], shift_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(4, 4) map that turns about a point and then shifts."""
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = centre_mm + shift_mm - turn @ centre_mm
    return matrix


def as_itk(data: NDArray[np.float32], affine: NDArray[np.float64]) -> sitk.Image:
    """The array as an ITK image whose physical points are RAS mm (no LPS anywhere in this module)."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(data.T))
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    return image


def render(
    data: NDArray[np.float32],
    affine: NDArray[np.float64],
    grid: Grid,
    grid_to_data: NDArray[np.float64],
    finest_mm: float = 0.5,
) -> NDArray[np.float32]:
    """Mean of `data` over every voxel of `grid`, (I, J, K) float32; zero outside the data.

    `grid_to_data` maps an RAS point of the grid's world to the data's. Each voxel is cut into equal boxes no larger
    than about `finest_mm`, and the data interpolated at their centres.
    """
    image = as_itk(data, affine)
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(grid_to_data[:3, :3].ravel().tolist())
    transform.SetTranslation(grid_to_data[:3, 3].tolist())
    cuts = [max(1, round(size / finest_mm)) for size in grid.voxel_size_mm]
    total = np.zeros(grid.shape[::-1], np.float32)
    direction = (grid.affine[:3, :3] / grid.voxel_size_mm).ravel().tolist()
    for i in range(cuts[0]):
        for j in range(cuts[1]):
            for k in range(cuts[2]):
                inside = [(n + 0.5) / cut - 0.5 for n, cut in zip((i, j, k), cuts, strict=True)]
                origin = grid.affine[:3, 3] + grid.affine[:3, :3] @ np.array(inside)
                moved = sitk.Resample(
                    image,
                    list(grid.shape),
                    transform,
                    sitk.sitkLinear,
                    origin.tolist(),
                    grid.voxel_size_mm.tolist(),
                    direction,
                    0.0,
                    sitk.sitkFloat32,
                )
                total += sitk.GetArrayViewFromImage(moved)
    return np.ascontiguousarray(total.T / np.float32(np.prod(cuts)))


def corners_mm(shape: tuple[int, ...], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """(8, 3) points of the corners of a grid."""
    index = np.array([[i, j, k] for i in (0, shape[0]) for j in (0, shape[1]) for k in (0, shape[2])]) - 0.5
    return np.asarray(index @ affine[:3, :3].T + affine[:3, 3])


def box_on_grid(points: NDArray[np.float64], grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lowest voxel and one past the highest of `grid` that a cloud of points (n, 3) needs."""
    inverse = np.linalg.inv(grid.affine)
    index = points @ inverse[:3, :3].T + inverse[:3, 3]
    return np.floor(index.min(0)).astype(np.int64), np.ceil(index.max(0)).astype(np.int64) + 1
