"""What is too dark on T1w: as dark as fluid, or darker than grey matter."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.grid import bounding_box, large_pieces, largest_in, pieces_covered
from neurolupus.records.volume import Image, Mask, Probability, Volume

SUREST = 0.2  # share of a class's voxels whose brightness is asked; the network is never 0.9 sure of cortex
ISLAND_SHARE = 0.5  # ours: fluid of less than this share of a dark piece is an island in it
WALL_SHARE = 0.4  # ours: the cavity of a phantom has 0.63, the fluid in its sulci at most 0.11
ISLAND_ML = 1.0  # ours: less of cortex or fluid than this beside a lesion is the lesion's own edge
EDGE_MM = 2.0  # a voxel of the network's grid
FEWEST = 50  # voxels, below which a class's brightness is not known


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Where fluid and cortex are expected, and how bright they are.

    Parameters
    ----------
    fluid, cortex : (I, J, K) float32 arrays
        Probabilities.
    fluid_t1w, cortex_t1w, cortex_flair : float or None
        See `level`; None: not seen.
    """

    fluid: Probability
    cortex: Probability
    fluid_t1w: float | None
    cortex_t1w: float | None
    cortex_flair: float | None


def levels_of(t1w: Volume, flair: Image, mask: Mask, head: HeadMap) -> Levels:
    """Fluid and cortex of a head within a mask."""
    fluid, cortex = head.on(t1w, "ventricle", "csf"), head.on(t1w, "cortex")
    return Levels(
        fluid,
        cortex,
        fluid_t1w=level(t1w.data, fluid, mask),
        cortex_t1w=level(t1w.data, cortex, mask),
        cortex_flair=level(flair, cortex, mask),
    )


def fluid_dark(t1w: Image, flair: Image, mask: Mask, levels: Levels) -> Mask:
    """Voxels as dark as fluid on both images, (I, J, K); none where a level was not seen.

    Darker on T1w than half way from fluid to cortex, and darker on FLAIR than cortex: a cavity is dark on both, while a
    black hole of multiple sclerosis stays bright on FLAIR.
    """
    if levels.fluid_t1w is None or levels.cortex_t1w is None or levels.cortex_flair is None:
        return np.zeros(mask.shape, np.bool_)
    return np.asarray(mask & (t1w < (levels.fluid_t1w + levels.cortex_t1w) / 2) & (flair < levels.cortex_flair))


def fluid_like(dark: Mask, levels: Levels) -> Mask:
    """Voxels of `fluid_dark` that belong to no ventricle and no sulcus, (I, J, K).

    Pieces that touch fluid where the network expects it are that fluid's own border; an island of expected fluid inside
    a larger piece has none, for the network takes a part of a cavity for fluid too.
    """
    pieces, count = ndimage.label(dark)
    is_border = _largest_touching(levels.fluid > 0.5, pieces, count) >= ISLAND_SHARE * np.bincount(
        pieces.ravel(), minlength=count + 1
    )
    is_border[0] = True
    return np.asarray(~is_border[pieces])


def bright_walled(fluid: Mask, flair: Image, levels: Levels) -> Mask:
    """Pieces of `fluid` whose wall is brighter than cortex on FLAIR to `WALL_SHARE` and more: gliosis around a cavity.

    Fluid in sulci has cortex for a wall, perivascular spaces have white matter; neither is brighter than cortex.
    """
    if levels.cortex_flair is None:
        return np.zeros(fluid.shape, np.bool_)
    return pieces_covered(fluid, flair > levels.cortex_flair, WALL_SHARE)


def _largest_touching(fluid: Mask, pieces: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Voxels of the largest body of fluid that each piece touches; zero where it touches none."""
    bodies, bodies_count = ndimage.label(fluid)
    size = np.bincount(bodies.ravel(), minlength=bodies_count + 1)
    size[0] = 0
    near = ndimage.grey_dilation(size[bodies], footprint=ndimage.generate_binary_structure(3, 1))
    return largest_in(near, pieces, count)


def black_hole_dark(t1w: Volume, mask: Mask, lesions: Mask, head: HeadMap, levels: Levels) -> Mask | None:
    """Voxels of white matter darker on T1w than grey matter, (I, J, K); None where no cortex was seen.

    The level is the median of the surest cortex outside lesions; voxels that are rather grey matter or fluid by their
    place are left out, since they are dark without a lesion: outside lesions, and in them within `EDGE_MM` of such.
    A black hole lies between grey matter and fluid in the usual reading of multiple sclerosis [1]_; how dark counts
    varies between readers.

    References
    ----------
    .. [1] Sahraian et al. (2010), Acta Neurol Scand 122:1.
    """
    cortex = level(t1w.data, levels.cortex, mask & ~lesions)
    if cortex is None:
        return None
    elsewhere = head.on(t1w, "cortex", "deep_gm", "cerebellar_gm", "csf", "ventricle") > 0.5
    # in a lesion and at its edge the network takes what is dark for cortex or fluid: believed only beside the real
    real = large_pieces(elsewhere & ~lesions, t1w.affine, ISLAND_ML)
    x, y, z = (int(np.ceil(EDGE_MM / mm)) + 1 for mm in t1w.voxel_size_mm)
    box = bounding_box(lesions, (x, y, z))
    near = np.asarray(ndimage.distance_transform_edt(~real[box], sampling=t1w.voxel_size_mm)) <= EDGE_MM
    dark: Mask = mask & (t1w.data < cortex) & ~(elsewhere & ~lesions)
    dark[box] &= ~(elsewhere[box] & near)
    return dark


def level(image: Image, probability: Probability, mask: Mask) -> float | None:
    """The median brightness of the voxels that most surely are of a class; None where fewer than 50 are likely."""
    likely = mask & (probability > 0.5)
    values: NDArray[np.float32] = probability[likely]
    if values.size < FEWEST:
        return None
    return float(np.median(image[likely & (probability >= np.quantile(values, 1 - SUREST))]))
