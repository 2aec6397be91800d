"""Masks: from the network's map to the intracranial space and the brain on the scan's own grid."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit

from neurolupus.imaging.brain import CLASSES, CSF_CLASSES, GM_CLASSES, NETWORK_VOXEL_MM, WM_CLASSES, HeadMap
from neurolupus.imaging.grid import bounding_box, crop, largest_component, opened, resample
from neurolupus.imaging.smoothing import blurred
from neurolupus.records.volume import Image, Mask, Probability, Volume

HULL_SIGMA_MM, HULL_SHARE = 5.0, 0.3
NEVER, ALWAYS = 0.005, 0.998  # probability of lying inside below and above which the network alone decides
PRIOR_WEIGHT = 0.2  # of the network's log odds: it sees 2 mm and ten heads, and is surer than it should be
OUTER_RING = (0.01, 0.3)  # probability of lying inside, where the intensities outside the edge are learnt
UNKNOWN_SHARE = 0.3  # of what is outside, that may have any brightness below white matter: sinuses, dura
UNKNOWN_BRIGHTEST = 0.9  # times white matter
OTHER_SHARE = 0.1  # of every voxel inside, that may be of any tissue, whatever the network says
CLASS_FLOOR = 0.5  # probability of a tissue where its intensities are learnt
BINS, BRIGHTEST = 96, 1.6  # of the histograms; times white matter
MOST_EVIDENCE = 4.0  # log odds that one voxel's intensity may give
SMOOTH_MM = 0.6
NEIGHBOUR_MM, NEIGHBOUR_PULL, ROUNDS = 1.0, 3.0, 3


def first_intracranial_mask(head: HeadMap, onto: Volume) -> Mask:
    """Grey matter, white matter and all fluid by the network alone, one piece without holes."""
    return largest_component(head.on(onto, *CLASSES[1:]) >= 0.5)


def intracranial_mask(head: HeadMap, t1w: Volume, *, threads: int = 1) -> Mask:
    """Grey matter, white matter and all fluid, one piece without holes, on the grid of a bias-corrected T1w.

    The network sees 2 mm and is unsure for some millimetres about the inner skull. There the image decides with it: the
    histograms of fluid, grey and white matter, and of what lies outside the edge, learnt from this very scan, give each
    voxel's odds of lying inside, so that dura and marrow at the edge are left out and wide fluid spaces kept, whatever
    their contrast; a venous sinus between the folds stays in for the most part. Neighbours pull together (mean field).
    """
    probability = head.on(t1w, *CLASSES[1:])
    box = bounding_box(probability > NEVER, (2, 2, 2))
    small, p = crop(t1w, box), probability[box]
    prior = np.log((p + np.float32(1e-3)) / (1 - p + np.float32(1e-3)))
    odds = np.float32(PRIOR_WEIGHT) * prior + _intensity_odds(head, small, p, threads)
    inside = _settled(odds, small.voxel_size_mm, threads)
    inside = np.where(p > ALWAYS, True, np.where(p < NEVER, False, inside))
    mask = np.zeros(t1w.shape, np.bool_)
    mask[box] = opened(inside)
    return largest_component(mask)


def _intensity_odds(head: HeadMap, t1w: Volume, p: Probability, threads: int) -> Image:
    """Logarithm of how much likelier each voxel's intensity is inside the edge than outside it, lightly smoothed."""
    tissues = [head.on(t1w, *names) for names in (CSF_CLASSES, GM_CLASSES, WM_CLASSES)]
    sure = t1w.data[tissues[2] > 0.9]
    if not sure.size:
        return np.zeros(p.shape, np.float32)
    top = BRIGHTEST * max(float(np.median(sure)), 1e-6)
    bins = np.clip(t1w.data / top * BINS, 0, BINS - 1).astype(np.intp)
    ring = _histogram(bins[(p > OUTER_RING[0]) & (p < OUTER_RING[1])])
    outside = (1 - UNKNOWN_SHARE) * ring + UNKNOWN_SHARE * BRIGHTEST / UNKNOWN_BRIGHTEST / BINS
    total = np.maximum(sum(tissues), np.float32(1e-6))

    def share_of(tissue: Probability) -> Image:
        learnt = tissue > CLASS_FLOOR
        likelihood = _histogram(bins[learnt], tissue[learnt] ** 2).astype(np.float32)
        share: Image = ((1 - len(tissues) * OTHER_SHARE) * tissue / total + OTHER_SHARE) * likelihood[bins]
        return share

    with ThreadPoolExecutor(max(1, threads)) as pool:
        inside = sum(pool.map(share_of, tissues), start=np.float32(0))
    odds = np.clip(np.log(inside / outside.astype(np.float32)[bins]), -MOST_EVIDENCE, MOST_EVIDENCE)
    return blurred(odds, [SMOOTH_MM / s for s in t1w.voxel_size_mm], threads=threads)


def _histogram(bins: NDArray[np.intp], weights: NDArray[np.float32] | None = None) -> NDArray[np.float64]:
    """Share of the weight in each bin, smoothed over three bins, never zero; voxels weigh the same without weights."""
    counts = np.bincount(bins, weights=weights, minlength=BINS) + 1e-6
    kernel = np.hanning(7)[1:-1]
    share: NDArray[np.float64] = np.convolve(counts / counts.sum(), kernel / kernel.sum(), "same") + 2e-4
    return share


def _settled(odds: Image, voxel_size_mm: tuple[float, float, float], threads: int) -> Mask:
    """Inside or not, when every voxel also follows its neighbours."""
    sigma = [NEIGHBOUR_MM / s for s in voxel_size_mm]
    inside = expit(odds)
    for _ in range(ROUNDS):
        inside = expit(odds + np.float32(NEIGHBOUR_PULL) * (2 * blurred(inside, sigma, threads=threads) - 1))
    mask: Mask = inside > 0.5
    return mask


def brain_mask(head: HeadMap, onto: Volume, within: Mask) -> Mask:
    """The brain as other tools mask it: tissue, ventricles and the fluid within sulci.

    Tissue and ventricles are blurred over the width of a sulcus and cut where the hull of the brain lies; fluid between
    hull and skull is left out, so that the mask compares with those of BET and its kin. As with those, veins and dura
    between the folds may lie in it.

    Parameters
    ----------
    within : (I, J, K) bool array
        What the hull must not leave, on the grid of `onto`.
    """
    share = ndimage.gaussian_filter(1 - head.of("outside", "csf"), HULL_SIGMA_MM / NETWORK_VOXEL_MM)
    return largest_component((resample(head.grid.with_data(share), onto) >= HULL_SHARE) & within)


def is_skull_stripped(t1w: Volume, mask: Mask) -> bool:
    """Whether nothing but brain is in the image: less than 3 % of what is bright lies outside the grown mask."""
    bright = t1w.data > 0.1 * np.percentile(t1w.data[mask], 50) if mask.any() else np.zeros(t1w.shape, np.bool_)
    box = bounding_box(mask, (2, 2, 2))
    bright[box] &= ndimage.maximum_filter(mask[box].astype(np.uint8), 5) == 0
    outside = float(bright.sum())
    return outside < 0.03 * float(mask.sum())
