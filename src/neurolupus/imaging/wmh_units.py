"""The units of a scan: FLAIR and T1w of its own normal tissue, by which all brightness is told."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import ImageContentError
from neurolupus.records.volume import Image, Mask, Probability

Floats = NDArray[np.float32]
LEAST_CONTRAST: Final = 0.1  # of T1w white matter: a scan with less is not blown up to look as if it had more


@dataclass(frozen=True, slots=True)
class Units:
    """The FLAIR and T1w intensities of normal tissue, in which a scan is measured."""

    flair_grey: float
    flair_white: float
    flair_spread: float
    t1w_grey: float
    t1w_white: float

    def t1w_scaled(self, t1w: Floats) -> Floats:
        """Cortex 0, white matter 1; clipped at 3 to either side."""
        contrast = max(self.t1w_white - self.t1w_grey, LEAST_CONTRAST * self.t1w_white)
        scaled = (t1w - np.float32(self.t1w_grey)) / np.float32(contrast)
        return np.clip(scaled, -3, 3).astype(np.float32)


def mode(values: Floats) -> float:
    """The commonest value: it holds still when lesions, partial volume or artefacts join; means do not."""
    low, high = np.percentile(values, (5, 95))
    if not high > low:
        return float(low)
    counts, edges = np.histogram(values, 128, (low, high))
    smooth = np.convolve(counts, np.hanning(15), "same")
    peak = int(smooth.argmax())
    return float((edges[peak] + edges[peak + 1]) / 2)


def surest(probability: Probability, among: Mask) -> Mask:
    """The surest voxels of a class, half as many as its expected volume: some are found in a vague map as well."""
    values = probability[among]
    wanted = int(values.sum(dtype=np.float64) / 2)
    if wanted == 0:
        return np.zeros(among.shape, np.bool_)
    limit = np.partition(values, -wanted)[-wanted]
    sure: Mask = among & (probability >= limit)
    return sure


def tissue_units(t1w: Image, flair: Image, cortex: Mask, white: Mask) -> Units:
    """The modes of cortex and white matter.

    Raises
    ------
    ImageContentError
        There is no cortex or no white matter to measure by.
    """
    if min(int(cortex.sum()), int(white.sum())) < 100:
        raise ImageContentError(
            f"{int(cortex.sum())} voxels are surely cortex and {int(white.sum())} surely white matter; at least 100 of "
            "each are needed to tell what is bright on FLAIR.\n"
            "    Look at the brain mask, and check that T1w and FLAIR are of the same head."
        )
    seen = flair[white]
    grey, bright = mode(flair[cortex]), mode(seen)
    lower = bright - float(np.percentile(seen, 16))  # lesions widen the upper side only
    t1w_grey, t1w_white = mode(t1w[cortex]), mode(t1w[white])
    if grey <= 0 or t1w_white <= 0:
        raise ImageContentError(
            f"Cortex has FLAIR {grey:.3g}, white matter T1w {t1w_white:.3g}; both must be positive.\n"
            "    Look at the images and at the brain mask: one of them is empty there."
        )
    return Units(grey, bright, max(lower, 1e-3 * grey), t1w_grey, t1w_white)
