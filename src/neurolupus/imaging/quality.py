"""Quality of a scan: one formula, one function; images that do not look as they should."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from neurolupus.errors import ImageContentError
from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.grid import bounding_box, resample
from neurolupus.records.volume import Affine, Image, Mask, Volume

# White matter over cortex in the T1w, divided by the same in the FLAIR: six real and two simulated pairs had 1.30 to
# 1.64, the same pairs swapped 0.88 to 0.93; two images of one contrast have 1.
LEAST_WHITER = 0.97


def snr(image: Image, tissue: Mask) -> float | None:
    """Signal-to-noise ratio within a tissue: mean / (SD sqrt(n / (n - 1))), SD with divisor n.

    None for fewer than two voxels or no spread. As in MRIQC [1]_.

    References
    ----------
    .. [1] Esteban et al. (2017), PLoS One 12:e0184661, doi:10.1371/journal.pone.0184661.

    Examples
    --------
    >>> snr(np.array([[[90.0, 100.0, 110.0]]]), np.ones((1, 1, 3), bool))
    10.0
    """
    values = image[tissue].astype(np.float64)
    spread = values.std(ddof=1) if len(values) > 1 else 0.0  # sd_n sqrt(n / (n - 1)) = sd_(n-1)
    return float(values.mean() / spread) if spread > 0 else None


def cnr(image: Image, wm: Mask, gm: Mask, background: Mask) -> float | None:
    """Contrast-to-noise ratio: |mean WM - mean GM| / sqrt(var WM + var GM + var background).

    None where a tissue has no voxels; a background without voxels (skull-stripped) adds no variance. After Magnotta
    and Friedman [1]_.

    References
    ----------
    .. [1] Magnotta and Friedman (2006), J Digit Imaging 19:140, doi:10.1007/s10278-006-0264-x.

    Examples
    --------
    >>> image = np.array([[[9.0, 11.0, 5.0, 7.0, 0.0, 0.0]]])
    >>> part = np.arange(6).reshape(1, 1, 6) // 2
    >>> round(cnr(image, part == 0, part == 1, part == 2), 6)
    2.828427
    """
    if not wm.any() or not gm.any():
        return None
    noise = np.sqrt(_variance(image, wm) + _variance(image, gm) + _variance(image, background))
    return float(abs(_mean(image, wm) - _mean(image, gm)) / noise) if noise > 0 else None


def cjv(image: Image, wm: Mask, gm: Mask) -> float | None:
    """Coefficient of joint variation: (SD WM + SD GM) / |mean WM - mean GM|; rises with noise and bias.

    None without voxels or without contrast. After Ganzetti et al. [1]_.

    References
    ----------
    .. [1] Ganzetti et al. (2016), Front Neuroinform 10:10, doi:10.3389/fninf.2016.00010.

    Examples
    --------
    >>> image = np.array([[[9.0, 11.0, 5.0, 7.0]]])
    >>> part = np.arange(4).reshape(1, 1, 4) // 2
    >>> cjv(image, part == 0, part == 1)
    0.5
    """
    if not wm.any() or not gm.any():
        return None
    contrast = abs(_mean(image, wm) - _mean(image, gm))
    spread = float(np.sqrt(_variance(image, wm)) + np.sqrt(_variance(image, gm)))
    return spread / contrast if contrast > 0 else None


def efc(image: Image) -> float | None:
    """Entropy focus criterion: 0 when all energy is in one voxel, 1 when it is spread evenly; rises with ghosts.

    None for an empty image. After Atkinson et al. [1]_, normalised by the largest entropy as in MRIQC.

    References
    ----------
    .. [1] Atkinson et al. (1997), IEEE Trans Med Imaging 16:903, doi:10.1109/42.650886.

    Examples
    --------
    >>> round(efc(np.ones((4, 4, 4))), 9)
    1.0
    """
    values = image.astype(np.float64)
    np.abs(values, out=values)
    energy = float(np.sqrt(np.sum(values**2)))
    if energy == 0 or values.size < 2:
        return None
    values /= energy
    largest = np.sqrt(values.size) * np.log(np.sqrt(values.size))
    return float(entr(values, out=values).sum() / largest)


def nmi(counts: NDArray[np.integer]) -> float:
    """Normalised mutual information (H(a) + H(b)) / H(a, b) of two images: 1 unrelated, 2 one-to-one.

    Parameters
    ----------
    counts : (A, B) integer array
        Joint histogram: voxels whose first image falls into bin a and second into bin b. Few voxels per bin raise the
        score. Empty or constant images tell nothing of one another: 1.

    References
    ----------
    .. [1] Studholme et al. (1999), Pattern Recognit 32:71, doi:10.1016/S0031-3203(98)00091-0.

    Examples
    --------
    >>> nmi(np.array([[5, 0], [0, 5]]))
    2.0
    """
    together = _entropy(counts)
    return (_entropy(counts.sum(axis=1)) + _entropy(counts.sum(axis=0))) / together if together > 0 else 1.0


def cut_area_cm2(mask: Mask, image: Volume) -> float:
    """The largest area over which a mask meets one side of what an image shows, in cm2; 0 when all of it is seen.

    Slices of zeros at the sides of the image are padding: it does not show what lies there.

    Parameters
    ----------
    mask : (I, J, K) bool array
        On the image's grid.
    image : Volume

    Examples
    --------
    >>> cut_area_cm2(np.ones((20, 20, 5), bool), Volume(np.ones((20, 20, 5)), np.diag([1.0, 1.0, 2.0, 1.0])))
    4.0
    """
    seen = mask[bounding_box(image.data != 0)]
    areas = [0.0]
    for axis in range(3):
        across = [size for other, size in enumerate(image.voxel_size_mm) if other != axis]
        ends = seen.take([0, -1], axis=axis).sum(axis=tuple(other for other in range(3) if other != axis))
        areas.append(int(ends.max()) * across[0] * across[1] / 100)
    return max(areas)


@dataclass(frozen=True, slots=True)
class TissueMedians:
    """The median intensity of each tissue in one image."""

    gm: float
    wm: float
    csf: float

    @property
    def is_like_t1w(self) -> bool:
        """White matter brightest, fluid darkest."""
        return self.wm > self.gm > self.csf

    @property
    def is_like_flair(self) -> bool:
        """Grey matter at least as bright as white (to 5 %), fluid darkest."""
        return self.csf < min(self.gm, self.wm) and self.wm <= 1.05 * self.gm


def tissue_medians(image: Image, gm: Mask, wm: Mask, csf: Mask) -> TissueMedians | None:
    """The median of each tissue; None when one has no voxels."""
    if not (gm.any() and wm.any() and csf.any()):
        return None
    return TissueMedians(*(float(np.median(image[m])) for m in (gm, wm, csf)))


def contrast_order(t1w: TissueMedians, flair: TissueMedians | None) -> tuple[str, ...]:
    """Warnings in words when the images do not look like a T1w and a FLAIR; one for a swapped pair.

    Examples
    --------
    >>> contrast_order(TissueMedians(60.0, 90.0, 20.0), TissueMedians(100.0, 80.0, 15.0))
    ()
    >>> print(contrast_order(TissueMedians(100.0, 80.0, 15.0), TissueMedians(60.0, 90.0, 20.0))[0])
    T1w and FLAIR look swapped: in the T1w, grey matter (100) is as bright as white matter (80), in the FLAIR it is \
darker (60 and 90). Give them the other way round.
    """
    if flair is not None and not t1w.is_like_t1w and not flair.is_like_flair and t1w.is_like_flair:
        return (
            f"T1w and FLAIR look swapped: in the T1w, grey matter ({t1w.gm:.3g}) is as bright as white matter "
            f"({t1w.wm:.3g}), in the FLAIR it is darker ({flair.gm:.3g} and {flair.wm:.3g}). "
            "Give them the other way round.",
        )
    warnings = []
    if not t1w.is_like_t1w:
        warnings.append(
            f"The T1w does not look like one: medians are {t1w.wm:.3g} in white matter, {t1w.gm:.3g} in grey matter "
            f"and {t1w.csf:.3g} in fluid; the order must be falling. Check that it is no T2w, FLAIR or CT."
        )
    if flair is not None and not flair.is_like_flair:
        warnings.append(
            f"The FLAIR does not look like one: medians are {flair.gm:.3g} in grey matter, {flair.wm:.3g} in white "
            f"matter and {flair.csf:.3g} in fluid; grey matter must be brightest and fluid darkest. "
            "Check that it is no T1w or T2w."
        )
    return tuple(warnings)


def check_not_swapped(head: HeadMap, flair: Volume, t1w_to_flair: Affine) -> None:
    """Raise ImageContentError where the T1w looks like a FLAIR and the FLAIR like a T1w.

    White matter and cortex are those of the head's anatomy, which the network tells in either contrast; a segmentation
    by brightness would call white matter what is brightest.

    Parameters
    ----------
    head : HeadMap
        Of the T1w.
    flair : Volume
        On its own grid.
    t1w_to_flair : (4, 4) float array
        Maps a RAS+ point of the T1w to the same anatomical point of the FLAIR.
    """
    wm, cortex = (head.of(name) > 0.5 for name in ("cerebral_wm", "cortex"))
    if not (wm.any() and cortex.any()):
        return
    of_t1w, of_flair = (
        float(np.median(image[wm])) / max(float(np.median(image[cortex])), 1e-6)
        for image in (head.grid.data, resample(flair, head.grid, onto_to_moving=t1w_to_flair))
    )
    if of_t1w < LEAST_WHITER * of_flair:
        raise ImageContentError(
            f"T1w and FLAIR look swapped: white matter has {of_t1w:.2f} times the brightness of cortex in the T1w and "
            f"{of_flair:.2f} times in the FLAIR; in the T1w it must be more.\n"
            "    Give them the other way round."
        )


def _mean(image: Image, mask: Mask) -> float:
    return float(image[mask].mean(dtype=np.float64))


def _variance(image: Image, mask: Mask) -> float:
    return float(image[mask].var(dtype=np.float64)) if mask.any() else 0.0


def _entropy(counts: NDArray[np.integer]) -> float:
    p = counts[counts > 0] / max(1, int(counts.sum()))
    return float(-np.sum(p * np.log(p)))
