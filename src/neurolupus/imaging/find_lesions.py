"""A WMH probability map to lesions: threshold, components, infarct-like ones apart, each lesion described."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurolupus.imaging.atlas_fit import AtlasFit
from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.cavities import walled_cavities, with_outer_wall
from neurolupus.imaging.darkness import ISLAND_ML, black_hole_dark, bright_walled, fluid_dark, fluid_like, levels_of
from neurolupus.imaging.grid import bounding_box, crop, large_pieces, largest_in
from neurolupus.imaging.infarcts import core_away_from, halo_of, separate_infarcts, with_drawn
from neurolupus.imaging.lesion_details import NO_LOADS, PlaceLoads, describe_lesions, place_loads
from neurolupus.imaging.lesions import LabelledLesions, label_lesions
from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.volume import Image, Mask, Probability, Volume

MARGIN = (20, 20, 20)  # voxels
OVERRULED = (
    "The program sees an infarct-like lesion of about {ml:.1f} ml that the rater did not draw as one; the drawing "
    "counts."
)
NO_FIT = (
    "Sides and lobes of lesions are not known: the head does not fit the atlas (overlap {overlap:.2f}, "
    "0.6 needed). Look at the brain mask; a head turned by more than 30 degrees is not found."
)


@dataclass(frozen=True, slots=True, eq=False)
class FoundLesions:
    """All that is bright.

    Parameters
    ----------
    probability, mask : arrays
        WMH without infarct-like lesions.
    filled : Mask
        What is filled on the T1w: the mask, and the rims of infarct-like lesions. Their cores are lost tissue and stay
        fluid.
    labelled : LabelledLesions
        Infarct-like lesions too.
    places : PlaceLoads or None
        None: the head did not fit the atlas.
    warnings : tuple of str
    """

    probability: Probability
    mask: Mask
    filled: Mask
    labelled: LabelledLesions
    places: PlaceLoads | None
    warnings: tuple[str, ...]

    def on(self, shape: tuple[int, ...], box: tuple[slice, ...]) -> "FoundLesions":
        """The same on the grid that `box` was cut from; nothing is bright elsewhere."""

        def whole(part: NDArray[Any]) -> NDArray[Any]:
            image = np.zeros(shape, part.dtype)
            image[box] = part
            return image

        return replace(
            self,
            probability=whole(self.probability),
            mask=whole(self.mask),
            filled=whole(self.filled),
            labelled=self.labelled._replace(labels=whole(self.labelled.labels)),
        )


def find_lesions(
    t1w: Volume,
    flair: Image,
    probability: Probability,
    brain: Mask,
    head: HeadMap,
    fit: Callable[[], AtlasFit],
    *,
    threshold: float,
    confidence: Callable[[float], float] | None = None,
    drawn_infarct: Mask | None = None,
) -> FoundLesions:
    """The lesions of a head.

    Parameters
    ----------
    t1w : Volume
        Corrected for bias.
    flair : (I, J, K) float32 array
        On the same grid.
    probability : (I, J, K) float array
        WMH probability, of any model or mask.
    brain : (I, J, K) bool array
        Intracranial mask.
    head : HeadMap
    fit : callable
        Gives the head's place in the atlas; asked where there is a lesion.
    threshold : float
        Probability at and above which a voxel is bright.
    confidence : callable, optional
        How likely a hyperintensity is one, by the probability of its surest voxel.
    drawn_infarct : (I, J, K) bool array, optional
        Infarct-like lesions that a rater drew; they are in no number of WMH, whatever `probability` says there. The
        rater decides then what is an infarct: where none was drawn none is found, and a warning says where one looks
        like it.
    """
    decided = drawn_infarct is not None
    drawn: Mask = np.zeros(brain.shape, np.bool_) if drawn_infarct is None else drawn_infarct
    box = bounding_box(brain | (probability > 0) | drawn, MARGIN)  # half of a whole head's grid is air
    bright: Probability = np.where(drawn[box], 0, probability[box])
    found = _in_box(
        crop(t1w, box), flair[box], bright, brain[box], drawn[box], head, fit, threshold, confidence, decided=decided
    )
    return found.on(brain.shape, box)


def _in_box(
    t1w: Volume,
    flair: Image,
    probability: Probability,
    brain: Mask,
    drawn: Mask,
    head: HeadMap,
    place_in_atlas: Callable[[], AtlasFit],
    threshold: float,
    confidence: Callable[[float], float] | None,
    *,
    decided: bool,
) -> FoundLesions:
    ventricles = head.on(t1w, "ventricle") > 0.5
    levels = levels_of(t1w, flair, brain, head)
    dark = fluid_dark(t1w.data, flair, brain, levels)
    cavities = walled_cavities(dark & ~drawn, flair, brain, t1w.affine, levels.cortex_flair)
    fluid = fluid_like(dark, levels) | (dark & cavities)
    cavities = with_outer_wall(cavities, probability >= threshold, t1w.affine)
    overruled_ml = float(np.count_nonzero(cavities)) * voxel_volume_ml(t1w.affine) if decided else 0.0
    seen = np.maximum(probability, drawn)  # of a cavity, what the model says; of what a rater drew, 1
    if not decided:
        faint = halo_of(cavities, (probability >= threshold) & ~cavities, t1w.affine)
        drawn, probability = drawn | cavities, np.where(cavities | faint, np.float32(0), probability)
    bright = probability >= threshold
    rimmed = bright_walled(fluid, flair, levels)
    label = partial(
        label_lesions,
        affine=t1w.affine,
        ventricles=ventricles,
        cortex=large_pieces((levels.cortex > 0.5) & ~(bright | drawn), t1w.affine, ISLAND_ML),
        infratentorial=head.on(t1w, "cerebellar_gm", "infratentorial_wm") > 0.5,
    )
    labelled = label(bright, probability, fluid_core=fluid & ~drawn, rimmed=rimmed)
    if decided:
        overruled_ml += sum(one.volume_ml for one in labelled.lesions if one.infarct_like)
        told = tuple(replace(one, infarct_like=False) for one in labelled.lesions)
        labelled = labelled._replace(lesions=told)
    warnings = (OVERRULED.format(ml=overruled_ml),) if overruled_ml else ()
    core = core_away_from(fluid & ~drawn, ventricles, labelled.labels, t1w.affine)
    apart = separate_infarcts(labelled.labels, labelled.lesions, probability, t1w.affine, core, rimmed)
    if drawn.any():
        apart = with_drawn(apart, *label(drawn, seen))
    if not apart.lesions:
        return FoundLesions(probability, apart.wmh_mask, apart.wmh_mask, labelled, NO_LOADS, warnings)
    fit = place_in_atlas()
    described = describe_lesions(
        LabelledLesions(apart.labels, apart.lesions),
        t1w.affine,
        ventricles=ventricles,
        dark=black_hole_dark(t1w, brain, apart.labels > 0, head, levels),
        fit=fit if fit.is_good else None,
    )
    peaks = largest_in(seen, apart.labels, len(described)).tolist()
    described = tuple(
        replace(one, peak_probability=peak, confidence=sure(peak) if sure else None)
        for one in described
        for peak, sure in [(peaks[one.label], None if one.infarct_like else confidence)]
    )
    labelled = LabelledLesions(apart.labels, described)
    return FoundLesions(
        apart.probability,
        apart.wmh_mask,
        apart.wmh_mask | ((apart.labels > 0) & ~fluid),
        labelled,
        place_loads(labelled, t1w.affine, fit) if fit.is_good else None,
        warnings if fit.is_good else (*warnings, NO_FIT.format(overlap=fit.overlap)),
    )
