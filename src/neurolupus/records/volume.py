"""Volume: one three-dimensional image and where it lies."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import GridMismatchError, ImageContentError

Affine: TypeAlias = NDArray[np.float64]  # (4, 4), voxel indices to RAS+ mm
Image: TypeAlias = NDArray[np.float32]  # (I, J, K) intensities
Probability: TypeAlias = NDArray[np.float32]  # (I, J, K), 0 to 1
Mask: TypeAlias = NDArray[np.bool_]  # (I, J, K)
Labels: TypeAlias = NDArray[np.int32]  # (I, J, K), 0 is background

GRID_TOLERANCE_MM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """An image on a grid.

    Parameters
    ----------
    data : (I, J, K) array
    affine : (4, 4) float array
        Voxel indices to RAS+ coordinates in mm; invertible.

    Raises
    ------
    ImageContentError
        The data are not three-dimensional or the affine is not an invertible 4 x 4 matrix.
    """

    data: NDArray[Any]
    affine: Affine

    def __post_init__(self) -> None:
        if self.data.ndim != 3:
            raise ImageContentError(f"Image has shape {self.data.shape}; three dimensions are needed.")
        affine = np.asarray(self.affine, np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise ImageContentError(
                f"Affine {affine.tolist()} is no invertible 4 x 4 matrix; correct the image's header."
            )
        object.__setattr__(self, "affine", affine)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along each axis."""
        i, j, k = self.data.shape
        return i, j, k

    @property
    def voxel_size_mm(self) -> tuple[float, float, float]:
        """Length of a voxel's edges in mm."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(x), float(y), float(z)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in ml; shear is allowed."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    def with_data(self, data: NDArray[Any]) -> "Volume":
        """The same grid with other data of the same shape."""
        if data.shape != self.data.shape:
            raise GridMismatchError(f"Data have shape {data.shape}; the grid has {self.data.shape}.")
        return Volume(data, self.affine)


def is_same_grid(a: Volume, b: Volume, tolerance_mm: float = GRID_TOLERANCE_MM) -> bool:
    """Whether two volumes have the same shape and their corners agree within `tolerance_mm`."""
    if a.shape != b.shape:
        return False
    corners = np.array([[i, j, k, 1.0] for i in (0, a.shape[0]) for j in (0, a.shape[1]) for k in (0, a.shape[2])]).T
    return bool(np.abs((a.affine - b.affine) @ corners).max() <= tolerance_mm)


def check_same_grid(a: Volume, b: Volume, names: tuple[str, str], where: str = "") -> None:
    """Raise GridMismatchError unless both volumes lie on one grid."""
    if not is_same_grid(a, b):
        place = f" ({where})" if where else ""
        origin_a, origin_b = (np.round(v.affine[:3, 3], 2).tolist() for v in (a, b))
        raise GridMismatchError(
            f"{names[0]} has shape {a.shape} and origin {origin_a}, {names[1]} {b.shape} and {origin_b}; "
            f"both must lie on one grid{place}.\n"
            "    Resample one onto the other first; neurolupus measure aligns a T1w and a FLAIR by itself."
        )
