"""What is looked at in a map that the user brought: whether it lies in the head, and what of it is not counted."""

import numpy as np
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.find_lesions import FoundLesions
from neurolupus.imaging.volumes import mask_volume_ml
from neurolupus.records.volume import Affine, Mask, Probability

_TOUCHING = np.ones((3, 3, 3), bool)  # 26 neighbours
MOST_OUTSIDE = 0.5


def inside_head(own: Probability, brain: Mask, affine: Affine, threshold: float) -> tuple[Probability, tuple[str, ...]]:
    """The map without the pieces that lie outside the head altogether, and a warning that counts them.

    Parameters
    ----------
    own : (I, J, K) float32 array
        A mask or probabilities.
    brain : (I, J, K) bool array
        Intracranial mask.
    affine : (4, 4) float array
    threshold : float
        From which a voxel counts: a network's map is seldom 0 where it finds nothing.

    Raises
    ------
    ImageContentError
        More than half of its volume lies outside: it is the map of another scan, or turned or mirrored.
    """
    drawn = own >= threshold
    if not drawn.any():
        return own, ()
    outside_ml, whole_ml = mask_volume_ml(drawn & ~brain, affine), mask_volume_ml(drawn, affine)
    if outside_ml > MOST_OUTSIDE * whole_ml:
        raise ImageContentError(
            f"{outside_ml:.2f} of {whole_ml:.2f} ml of the map of hyperintensities lie outside the head.\n"
            "    Is it the map of this scan, and neither turned nor mirrored? Look at it on the FLAIR."
        )
    pieces, count = ndimage.label(drawn, _TOUCHING)
    touching = np.zeros(count + 1, bool)
    touching[np.unique(pieces[brain])] = True
    strays = drawn & ~touching[pieces]
    if not strays.any():
        return own, ()
    number = int(np.count_nonzero(~touching[1:]))
    kept: Probability = np.where(strays, np.float32(0), own)
    return kept, (
        f"{number} of {count} pieces of the map of hyperintensities ({mask_volume_ml(strays, affine):.3f} ml) lie "
        "outside the head and are not counted. Is it the map of this scan?",
    )


def left_out_words(own: Mask, found: FoundLesions, affine: Affine) -> tuple[str, ...]:
    """A warning where voxels of the map count as infarct-like instead."""
    moved_ml = mask_volume_ml(own & ~found.mask & (found.labelled.labels > 0), affine)
    if not moved_ml:
        return ()
    return (
        f"{moved_ml:.2f} ml of the map of hyperintensities lie in an infarct-like lesion and are in no number of WMH. "
        "Who disagrees draws it with labels (neurolupus raters export): a rater decides what is an infarct.",
    )
