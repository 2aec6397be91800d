"""Shape of a lesion: convexity, solidity, concavity index, eccentricity and fractal dimension."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import spatial

from neurolupus.imaging.grid import to_sitk
from neurolupus.imaging.lesions import longest_extent_mm
from neurolupus.records.volume import Affine, Mask, Volume

SMALLEST_ML = 0.03  # about 4 mm across; ours: fewer voxels have the shape of the grid, not of a lesion
DIRECTIONS = 180  # over which the smallest diameter is sought: one a degree
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class LesionShape:
    """Five numbers of one lesion; a compact, round one has 1 for the first four.

    Parameters
    ----------
    solidity : float
        Volume / volume of the convex hull; falls with clefts and branches.
    convexity : float
        Surface of the convex hull / surface; falls with clefts, but thin, bent lesions, as around ventricles, have more
        hull than surface, and values above 1 are common.
    concavity_index : float
        sqrt((2 - convexity)² + (1 - solidity)²); rises as the shape grows more complex.
    eccentricity : float
        Shortest diameter across the longest one / longest diameter: 1 a ball, near 0 a line.
    fractal_dimension : float or None
        By counting boxes: 1 a line, 2 a sheet, 3 a block; None when fewer than two box sizes fit.
    """

    solidity: float
    convexity: float
    concavity_index: float
    eccentricity: float
    fractal_dimension: float | None


def lesion_shape(voxels: NDArray[np.int_], affine: Affine) -> LesionShape:
    """The shape of one connected set of voxels.

    Parameters
    ----------
    voxels : (n, 3) int array
        Voxel indices.
    affine : (4, 4) float array
        Voxel indices to RAS+ mm.

    Notes
    -----
    Formulas of Ghaznawi et al. [1]_ after de Bresser et al. [2]_, which Inglese et al. [3]_ used in lupus. The convex
    hull is drawn in voxels as the lesion is, so that both carry the same error of the grid and a convex lesion has
    exactly 1; surfaces are estimated by Crofton's formula [4]_, since voxel faces make a ball half as large again.
    Boxes for the fractal dimension have the edge 1, 2, 4 ... times the largest voxel edge, up to half the longest
    extent, and begin at the lesion's corner; the dimension is the least squares slope of log n on log 1/edge.

    References
    ----------
    .. [1] Ghaznawi et al. (2019), J Cereb Blood Flow Metab 39:2486, doi:10.1177/0271678X18800463.
    .. [2] de Bresser et al. (2018), Sci Rep 8:1893, doi:10.1038/s41598-018-20084-y.
    .. [3] Inglese et al. (2022), Rheumatology 61:2663, PMID 34730801.
    .. [4] Lehmann and Legland (2012), Insight J.
    """
    low = voxels.min(axis=0) - 1
    mask = np.zeros(voxels.max(axis=0) - low + 2, np.bool_)
    mask[tuple((voxels - low).T)] = True
    hull = _convex_hull(mask)
    solidity = np.count_nonzero(mask) / np.count_nonzero(hull)
    convexity = _surface(hull, affine) / _surface(mask, affine)
    return LesionShape(
        solidity=float(solidity),
        convexity=float(convexity),
        concavity_index=float(np.hypot(2.0 - convexity, 1.0 - solidity)),
        eccentricity=_eccentricity(voxels, affine),
        fractal_dimension=_fractal_dimension(voxels, affine),
    )


def _convex_hull(mask: Mask) -> Mask:
    """Voxels whose centres lie in the convex hull of the mask's; the mask itself among them."""
    centres = np.argwhere(mask).astype(np.float64)
    nudge = 1e-3 * np.vstack([np.eye(3), -np.eye(3)])  # gives a flat lesion a body, too thin to hold another centre
    corners = (centres[:, None, :] + nudge).reshape(-1, 3)
    planes = np.unique(np.round(spatial.ConvexHull(corners).equations, 9), axis=0)
    hull = mask.copy()
    rest = np.argwhere(~mask)
    for start in range(0, len(rest), _ROWS_AT_ONCE):
        part = rest[start : start + _ROWS_AT_ONCE]
        inside = np.ones(len(part), np.bool_)
        for plane in planes:
            inside[inside] = part[inside] @ plane[:3] + plane[3] <= 1e-6
        hull[tuple(part[inside].T)] = True
    return hull


def _surface(mask: Mask, affine: Affine) -> float:
    """The surface of a mask in mm², by Crofton's formula."""
    measure = sitk.LabelShapeStatisticsImageFilter()
    measure.ComputePerimeterOn()
    measure.Execute(to_sitk(Volume(mask, affine), mask.astype(np.uint8)))
    return float(measure.GetPerimeter(1))


def _eccentricity(voxels: NDArray[np.int_], affine: Affine) -> float:
    """The smallest diameter at right angles to the longest, over the longest; each to the voxels' outer faces."""
    edges = affine[:3, :3]
    points = voxels @ edges.T
    if len(points) > 4:
        points = _extreme(points)
    apart = spatial.distance.cdist(points, points, "sqeuclidean")
    first, last = np.unravel_index(int(apart.argmax()), apart.shape)
    axis = points[last] - points[first]
    if not axis.any():
        sizes = np.linalg.norm(edges, axis=0)
        return float(sizes.min() / sizes.max())
    axis /= np.linalg.norm(axis)
    across = np.linalg.svd(axis[None, :])[2][1:]
    angle = np.linspace(0.0, np.pi, DIRECTIONS, endpoint=False)
    directions = np.cos(angle)[:, None] * across[0] + np.sin(angle)[:, None] * across[1]
    width = np.ptp(points @ directions.T, axis=0) + np.linalg.norm(directions @ edges, axis=1)
    return float(min(1.0, width.min() / longest_extent_mm(voxels, affine)))


def _extreme(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners of the convex hull, or all points where they lie in one plane."""
    try:
        return np.asarray(points[spatial.ConvexHull(points).vertices])
    except spatial.QhullError:
        return points


def _fractal_dimension(voxels: NDArray[np.int_], affine: Affine) -> float | None:
    """The box counting dimension of the voxels, None when fewer than two box sizes fit."""
    size = np.linalg.norm(affine[:3, :3], axis=0)
    edge, longest = float(size.max()), longest_extent_mm(voxels, affine)
    corner = (voxels - voxels.min(axis=0) + 0.5) * size  # centres, from the lesion's corner
    edges, counts = [], []
    while edge <= longest / 2:
        edges.append(edge)
        counts.append(len(np.unique(np.floor(corner / edge + 1e-9).astype(int), axis=0)))
        edge *= 2
    if len(edges) < 2:
        return None
    return float(np.polyfit(np.log(1.0 / np.array(edges)), np.log(counts), 1)[0])
