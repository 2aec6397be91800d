"""What is too dark on T1w: as dark as fluid, or darker than grey matter."""

import numpy as np

from neurolupus.imaging.brain import HeadMap
from neurolupus.records.volume import Mask, Volume

SURE = 0.9  # class probability from which a voxel's brightness is asked


def fluid_dark(t1w: Volume, mask: Mask, head: HeadMap) -> Mask:
    """Voxels darker on T1w than half way from fluid to grey matter, (I, J, K)."""
    inside = mask & (head.on(t1w, "ventricle", "csf") > SURE)
    cortex = mask & (head.on(t1w, "cortex") > SURE)
    if not inside.any() or not cortex.any():
        return np.zeros(mask.shape, np.bool_)
    limit = (np.median(t1w.data[inside]) + np.median(t1w.data[cortex])) / 2
    dark: Mask = mask & (t1w.data < limit)
    return dark


def black_hole_dark(t1w: Volume, mask: Mask, lesions: Mask, head: HeadMap) -> Mask | None:
    """Voxels of white matter darker on T1w than grey matter, (I, J, K); None where no cortex was seen.

    The level is the median of sure cortex outside lesions; voxels that are rather grey matter or fluid by their place
    are left out, since they are dark without a lesion. A black hole lies between grey matter and fluid in the usual
    reading of multiple sclerosis [1]_; how dark counts varies between readers.

    References
    ----------
    .. [1] Sahraian et al. (2010), Acta Neurol Scand 122:1, doi:10.1111/j.1600-0404.2009.01221.x.
    """
    cortex = mask & ~lesions & (head.on(t1w, "cortex") > SURE)
    if not cortex.any():
        return None
    elsewhere = head.on(t1w, "cortex", "deep_gm", "cerebellar_gm", "csf", "ventricle") > 0.5
    dark: Mask = mask & ~elsewhere & (t1w.data < np.median(t1w.data[cortex]))
    return dark
