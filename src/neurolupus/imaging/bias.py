"""Bias: the slow change of brightness over the head that coils make, estimated by N4 and divided out."""

import numpy as np
import SimpleITK as sitk

from neurolupus.imaging.grid import array_from_sitk, bounding_box, crop, to_sitk
from neurolupus.records.volume import Image, Mask, Volume

WORKING_VOXEL_MM = 4.0  # the field is smooth over centimetres; finer grids cost time and change it by less than 0.1 %
CONTROL_SPACING_MM = 60.0
ITERATIONS = (40, 40, 30)


def bias_field(image: Volume, mask: Mask, *, threads: int = 2) -> Image:
    """The multiplicative bias field, (I, J, K), with mean 1 inside the mask.

    Parameters
    ----------
    image : Volume
        Any contrast; values at and below zero are left out.
    mask : (I, J, K) bool array
        Where the field is estimated; the spline carries it to the edge of the mask's box, then it is constant.

    References
    ----------
    .. [1] Tustison et al. (2010), IEEE Trans Med Imaging 29:1310-1320, doi:10.1109/TMI.2010.2046908.
    """
    box = bounding_box(mask, (4, 4, 4))
    small = crop(image, box)
    positive = np.maximum(small.data, 0).astype(np.float32)
    seen = mask[box] & (positive > 0)
    source, inside = to_sitk(small, positive), to_sitk(small, seen)
    shrink = [max(1, round(WORKING_VOXEL_MM / s)) for s in small.voxel_size_mm]
    shrink = [min(f, n // 4) or 1 for f, n in zip(shrink, small.shape, strict=True)]
    filter_ = sitk.N4BiasFieldCorrectionImageFilter()
    filter_.SetNumberOfThreads(threads)
    filter_.SetMaximumNumberOfIterations(ITERATIONS)
    extent = np.asarray(small.shape) * small.voxel_size_mm
    filter_.SetNumberOfControlPoints([int(np.ceil(e / CONTROL_SPACING_MM / 2)) + 3 for e in extent[::-1]])
    coarse, coarse_mask = sitk.Shrink(source, shrink[::-1]), sitk.Shrink(inside, shrink[::-1])
    filter_.Execute(coarse, coarse_mask)
    log_field = array_from_sitk(filter_.GetLogBiasFieldAsImage(source)).astype(np.float32)
    log_field -= log_field[seen].mean(dtype=np.float64)
    edges = [(s.start, n - s.stop) for s, n in zip(box, image.shape, strict=True)]
    field: Image = np.exp(np.pad(log_field, edges, mode="edge"))
    return field
