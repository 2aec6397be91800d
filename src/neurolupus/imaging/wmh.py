"""WMH: the probability of white matter hyperintensity in every voxel, from FLAIR, T1w and anatomy."""

import numpy as np

from neurolupus.imaging.brain import HeadMap
from neurolupus.records.volume import Image, Mask, Probability, Volume


def grey_mode(flair: Image, cortex: Mask) -> float:
    """The commonest FLAIR intensity of the cortex: the unit in which FLAIR is measured.

    The mode holds still when lesions, partial volume with fluid or bright artefacts join the cortex; means do not.
    """
    values = flair[cortex]
    low, high = np.percentile(values, (5, 95))
    counts, edges = np.histogram(values, 128, (low, high))
    smooth = np.convolve(counts, np.hanning(15), "same")
    peak = int(smooth.argmax())
    return float((edges[peak] + edges[peak + 1]) / 2)


def wmh_probability(t1w: Volume, flair: Image, mask: Mask, head: HeadMap) -> Probability:
    """Probability of white matter hyperintensity, (I, J, K); zero outside the brain mask.

    Parameters
    ----------
    t1w : Volume
        Bias-corrected.
    flair : (I, J, K) float32 array
        Bias-corrected, on the grid of `t1w`.
    """
    white = head.on(t1w, "cerebral_wm", "infratentorial_wm", "deep_gm")
    cortex = (head.on(t1w, "cortex") > 0.8) & mask
    relative = flair / grey_mode(flair, cortex)
    bright = 1 / (1 + np.exp(-(relative - 1.2) / 0.04))
    probability: Probability = np.where(mask, bright * white, 0).astype(np.float32)
    return probability
