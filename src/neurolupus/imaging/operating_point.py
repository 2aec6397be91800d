"""The mask at the operating point: two thresholds, one for how far a lesion reaches and one for whether it is one."""

import numpy as np
from scipy import ndimage

from neurolupus.records.volume import Mask, Probability

_TOUCHING = np.ones((3, 3, 3), bool)  # 26 neighbours


def operating_mask(probability: Probability, threshold: float, peak: float) -> Mask:
    """Voxels that reach `threshold`, in pieces with a voxel that reaches `peak`; (I, J, K).

    A speck of bright cortex is seldom believed in anywhere; a lesion has a middle that is. The two thresholds are those
    of edge detection by hysteresis [1]_.

    Parameters
    ----------
    probability : (I, J, K) float array
    threshold, peak : float

    References
    ----------
    .. [1] Canny (1986), IEEE Trans Pattern Anal Mach Intell 8:679, doi:10.1109/TPAMI.1986.4767851.

    Examples
    --------
    >>> operating_mask(np.array([[[0.5, 0.95, 0.5, 0.1, 0.5, 0.8]]]), 0.46, 0.9)[0, 0].astype(int).tolist()
    [1, 1, 1, 0, 0, 0]
    """
    pieces, count = ndimage.label(probability >= threshold, _TOUCHING)
    is_lesion = np.zeros(count + 1, bool)
    is_lesion[pieces[probability >= peak]] = True
    is_lesion[0] = False
    return np.asarray(is_lesion[pieces])
