"""Numbers that judge a segmentation or a registration; none of this is neurolupus's own arithmetic."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Bool = NDArray[np.bool_]
Matrix = NDArray[np.float64]
ALL_NEIGHBOURS = np.ones((3, 3, 3), bool)


def dice(a: Bool, b: Bool) -> float:
    """Twice the overlap over the sum of sizes; 1 when both are empty.

    >>> dice(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def percent_error(measured: float, truth: float) -> float:
    """How far a volume is off, in percent of the truth; nan without truth.

    >>> percent_error(97, 100)
    -3.0
    """
    return 100 * (measured - truth) / truth if truth else float("nan")


def lesion_scores(truth: Bool, measured: Bool, smallest_voxels: int = 3) -> dict[str, float]:
    """Lesion-wise precision, recall and F1: 26-connected components that overlap at all.

    Components under `smallest_voxels` are left out of both sides, but may still serve as the other's overlap.
    """
    found, n_truth = hits(truth, measured, smallest_voxels)
    right, n_measured = hits(measured, truth, smallest_voxels)
    recall = found / n_truth if n_truth else float("nan")
    precision = right / n_measured if n_measured else float("nan")
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
    return {"lesion_precision": precision, "lesion_recall": recall, "lesion_f1": f1, "lesion_n_truth": n_truth}


def hits(of: Bool, by: Bool, smallest_voxels: int) -> tuple[int, int]:
    """How many components of one mask the other touches, and how many there are."""
    labelled, count = ndimage.label(of, ALL_NEIGHBOURS)
    sizes = np.bincount(labelled.ravel(), minlength=count + 1)
    touched = np.bincount(labelled[by], minlength=count + 1) > 0
    large = sizes >= smallest_voxels
    large[0] = False
    return int((large & touched).sum()), int(large.sum())


def points_of(mask: Bool, affine: Matrix, step: int = 4) -> Matrix:
    """RAS points (n, 3) of every `step`-th voxel of a mask."""
    index = np.argwhere(mask)[::step]
    return np.asarray(index @ affine[:3, :3].T + affine[:3, 3])


def apply(matrix: Matrix, points: Matrix) -> Matrix:
    """Points (n, 3) mapped by a (4, 4) matrix."""
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def registration_error_mm(found: Matrix, truth: Matrix, points: Matrix) -> tuple[float, float]:
    """Mean and greatest distance between where two (4, 4) maps bring the same points.

    >>> shift = np.eye(4); shift[0, 3] = 2
    >>> registration_error_mm(shift, np.eye(4), np.zeros((5, 3)))
    (2.0, 2.0)
    """
    distance = np.linalg.norm(apply(found, points) - apply(truth, points), axis=1)
    return float(distance.mean()), float(distance.max())


def surface_distance95_mm(a: Bool, b: Bool, voxel_mm: tuple[float, float, float]) -> float:
    """95th percentile of the distances between the borders of two masks, both ways."""
    if not a.any() or not b.any():
        return float("nan")
    edges = [m & ~ndimage.binary_erosion(m) for m in (a, b)]
    far = [ndimage.distance_transform_edt(~edge, voxel_mm) for edge in edges]
    return float(np.percentile(np.concatenate([far[1][edges[0]], far[0][edges[1]]]), 95))


def coefficient_of_variation(values: list[float]) -> float:
    """SD (n - 1) over the mean, in percent.

    >>> round(coefficient_of_variation([99, 100, 101]), 9)
    1.0
    """
    return float(100 * np.std(values, ddof=1) / np.mean(values))
