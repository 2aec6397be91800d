"""The mask at the operating point: which bright spots are lesions, and where each of them ends."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.grid import widened
from neurolupus.imaging.wmh_calibration import calibration
from neurolupus.imaging.wmh_units import mode, surest
from neurolupus.records.measured import Lesion
from neurolupus.records.volume import Image, Labels, Mask, Probability, Volume

SURE: Final = 0.8  # voxels that tell how bright a lesion is
LEAST: Final = 0.05  # where the model sees none, brightness alone makes none
REACH_MM: Final = 3.0  # how far beyond the model's own border a lesion may go
NEAR_MM: Final = 4.0  # over which the brightness of a lesion is averaged: large ones are uneven
MANY: Final = 20  # lesions that the model is nowhere sure of; one simulated scan with motion had 45, without 12
_TOUCHING = np.ones((3, 3, 3), bool)  # 26 neighbours
_Floats = NDArray[np.float32]


def at_operating_point(
    probability: Probability, flair: Image, white: float, voxel_mm: tuple[float, float, float]
) -> Mask:
    """The mask of the model's own map at its operating point; parameters as of `operating_mask`."""
    known = calibration()
    return operating_mask(
        probability, flair, white, voxel_mm, threshold=known.operating_point, peak=known.operating_peak
    )


def normal_white(t1w: Volume, flair: Image, mask: Mask, head: HeadMap) -> float:
    """The FLAIR of normal white matter; parameters as of `wmh.wmh_probability`."""
    return mode(flair[surest(head.on(t1w, "cerebral_wm"), mask)])


def operating_mask(
    probability: Probability,
    flair: Image,
    white: float,
    voxel_mm: tuple[float, float, float],
    *,
    threshold: float,
    peak: float,
) -> Mask:
    """Lesions with a voxel that reaches `peak`, each out to half of its own brightness; (I, J, K).

    A speck of bright cortex is seldom believed in anywhere; a lesion has a middle that is: pieces of the map at
    `threshold` are kept by what their surest voxel reaches, as edges are in hysteresis [1]_. A network is unsure of
    borders, and of those of pale lesions most. They are set where the FLAIR is half way from normal white matter to
    the lesion's sure voxels nearby, as half maximum tells the width of a blurred body: there a voxel is half lesion.

    Parameters
    ----------
    probability : (I, J, K) float array
    flair : (I, J, K) float array
        Bias-corrected, on the same grid.
    white : float
        The FLAIR of normal white matter.
    voxel_mm : (float, float, float)
    threshold, peak : float

    References
    ----------
    .. [1] Canny (1986), IEEE Trans Pattern Anal Mach Intell 8:679, doi:10.1109/TPAMI.1986.4767851.

    Examples
    --------
    >>> probability = np.array([[[0.02, 0.3, 0.95, 0.5, 0.02, 0.5, 0.8]]])
    >>> flair = np.array([[[2.0, 1.6, 2.0, 1.4, 1.0, 2.0, 2.0]]])
    >>> operating_mask(probability, flair, 1.0, (1.0, 1.0, 1.0), threshold=0.46, peak=0.9)[0, 0].astype(int).tolist()
    [0, 1, 1, 0, 0, 0, 0]
    """
    pieces, count = ndimage.label(probability >= threshold, _TOUCHING)
    is_lesion = np.zeros(count + 1, bool)
    is_lesion[pieces[probability >= max(peak, threshold)]] = True
    found = np.zeros(probability.shape, bool)
    reach = [int(np.ceil(REACH_MM / size)) for size in voxel_mm]
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        if is_lesion[number]:
            wide = widened(box, reach)
            above = (flair[wide] - white).astype(np.float32)
            found[wide] |= _out_to_half(pieces[wide] == number, probability[wide], above, voxel_mm)
    return found


def _out_to_half(piece: Mask, probability: Probability, above: _Floats, voxel_mm: tuple[float, float, float]) -> Mask:
    """The piece without what is less than half as bright as its sure voxels, and with what is more around it."""
    sure = piece & (probability >= SURE)
    usual = float(above[sure].mean()) if sure.any() else 0.0
    if usual <= 0:  # believed in for other reasons than its FLAIR
        return piece
    sigma = [NEAR_MM / size for size in voxel_mm]
    weight, faint = ndimage.gaussian_filter(sure.astype(np.float32), sigma), np.float32(1e-3)
    brightness = ndimage.gaussian_filter(np.where(sure, above, 0), sigma)
    half = (brightness + faint * usual) / (weight + faint) / 2  # far from all sure voxels: of the whole lesion
    near = ndimage.distance_transform_edt(~piece, sampling=voxel_mm) <= REACH_MM
    near |= ndimage.binary_dilation(piece)  # of thick slices the next one
    parts, count = ndimage.label(near & (probability >= LEAST) & (above >= half), _TOUCHING)
    kept = np.zeros(count + 1, bool)
    kept[parts[sure]] = True
    kept[0] = False
    return np.asarray(kept[parts])


def with_operating_point(labels: Labels, lesions: Sequence[Lesion], operating: Mask) -> tuple[Lesion, ...]:
    """The lesions, told which of them have a voxel in the mask at the operating point.

    Parameters
    ----------
    labels : (I, J, K) int array
        The number of the lesion that each voxel belongs to, 0 for none.
    lesions : sequence of Lesion
        Of those that are infarct-like it stays unknown: they are in no mask of WMH.
    operating : (I, J, K) bool array
    """
    sure = set(np.unique(labels[operating]).tolist())
    return tuple(one if one.infarct_like else replace(one, at_operating_point=one.label in sure) for one in lesions)


def unsure_lesions(lesions: Sequence[Lesion]) -> tuple[str, ...]:
    """A warning in words where most lesions, and many, have no voxel in the mask at the operating point.

    Motion does that, and so does cortex that is brighter than usual; many pale lesions do it as well.
    """
    known = [lesion.at_operating_point for lesion in lesions if not lesion.infarct_like]
    unsure = known.count(False)
    if unsure <= max(MANY, len(known) / 2):
        return ()
    return (
        f"Of {unsure} of the {len(known)} hyperintensities the model is nowhere sure; motion and bright cortex look "
        "like that, and so do pale lesions. Look at them on the FLAIR; the volume at the operating point leaves them "
        "out.",
    )
