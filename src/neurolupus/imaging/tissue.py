"""Tissue: grey matter, white matter and fluid as partial-volume fractions that sum to 1 inside the brain mask.

Each voxel is one of nine states: the three pure tissues, and mixtures of neighbours in brightness (fluid with grey,
grey with white) at a quarter, a half and three quarters. States have Gaussian intensities whose means and variances
change from place to place with the anatomy (cortex, deep grey matter, cerebellum; cerebral and infratentorial white
matter); the network's map is the spatial prior; neighbours pull together (mean field); expectation-maximisation fits
the rest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import ImageContentError
from neurolupus.imaging.brain import CSF_CLASSES, GM_CLASSES, WM_CLASSES, HeadMap
from neurolupus.imaging.grid import bounding_box, crop
from neurolupus.imaging.smoothing import blurred
from neurolupus.records.volume import Mask, Probability, Volume

Vector = NDArray[np.float32]  # (N,) one value per voxel of the brain mask

# (fluid, grey, white) share of each state
STATES = np.array(
    [
        (1, 0, 0), (0, 1, 0), (0, 0, 1),
        (0.75, 0.25, 0), (0.5, 0.5, 0), (0.25, 0.75, 0),
        (0, 0.75, 0.25), (0, 0.5, 0.5), (0, 0.25, 0.75),
    ],
    np.float32,
)  # fmt: skip
PURE = 3
PRIOR_FLOOR = 0.05  # what the network leaves to the intensities where it is sure
PRIOR_POWER = 0.4  # below 1: the network's certainty is worth less than it says
MIXED_SHARE = 0.5  # of a voxel between two tissues, that it holds both
NEIGHBOUR_PULL = 0.6
ROUNDS = 12
# Spread of fluid and grey matter over that of white matter, at the most: an unbounded class takes in dura, vessels and
# the tails of its neighbours, and its share grows at every round.
WIDEST = (2.0, 1.3, 1.2)
SUBSAMPLE = 200_000
AT_ONCE = 16_384  # voxels: what is made of them stays in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class Tissue:
    """Fractions on the grid of the T1w; zero outside the brain mask, summing to 1 inside."""

    gm: Probability
    wm: Probability
    csf: Probability


@dataclass(frozen=True, slots=True, eq=False)
class _Classes:
    """Intensity of the anatomical classes of each tissue: fluid (1), grey (3), white (2)."""

    mean: tuple[Vector, Vector, Vector]
    variance: tuple[Vector, Vector, Vector]

    def local(self, priors: tuple[NDArray[np.float32], ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and variance of the three tissues at every voxel, each (3, N), from the classes' local shares."""
        means, variances = [], []
        for mean, variance, prior in zip(self.mean, self.variance, priors, strict=True):
            share = prior / prior.sum(0)
            here = mean @ share
            means.append(here)
            variances.append(variance @ share + (mean**2) @ share - here**2)
        return np.stack(means), np.stack(variances)


def _state_prior(tissue_prior: NDArray[np.float32]) -> NDArray[np.float32]:
    """Prior of the nine states (9, N) from that of the three tissues (3, N)."""
    csf, gm, wm = tissue_prior
    outer, inner = np.sqrt(csf * gm) * (MIXED_SHARE / 3), np.sqrt(gm * wm) * (MIXED_SHARE / 3)
    prior = np.stack([csf, gm, wm, outer, outer, outer, inner, inner, inner])
    scaled: NDArray[np.float32] = prior / prior.sum(0)
    return scaled


def _posterior(
    values: Vector, mean: NDArray[np.float32], variance: NDArray[np.float32], prior: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Probability of the nine states given intensity, (9, N)."""
    posterior = np.empty((len(STATES), len(values)), np.float32)
    for first in range(0, len(values), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        state_mean, state_variance = STATES @ mean[:, part], STATES @ variance[:, part]
        log = np.log(prior[:, part] + 1e-12)
        log -= 0.5 * ((values[part] - state_mean) ** 2 / state_variance + np.log(state_variance))
        raised = np.exp(log - log.max(0))
        np.divide(raised, raised.sum(0), out=posterior[:, part])
    return posterior


def _fit(values: Vector, priors: tuple[NDArray[np.float32], ...], tissue_prior: NDArray[np.float32]) -> _Classes:
    """Means and variances of the classes by expectation-maximisation over the pure states."""
    floor = np.float32((0.01 * float(np.percentile(values, 95))) ** 2)
    responsibilities = [p * t for p, t in zip(priors, tissue_prior, strict=True)]
    responsibilities = [r**2 for r in responsibilities]  # to begin with, only where the network is sure
    classes = _moments(values, tuple(responsibilities), floor)
    prior = _state_prior(tissue_prior)
    for _ in range(ROUNDS):
        posterior = _posterior(values, *classes.local(priors), prior)
        weights = tuple(posterior[t] * priors[t] / priors[t].sum(0) for t in range(PURE))
        classes = _moments(values, weights, floor)
    return classes


def _moments(values: Vector, weights: tuple[NDArray[np.float32], ...], floor: np.float32) -> _Classes:
    means, variances = [], []
    for weight in weights:
        total = weight.sum(1) + 1e-6
        mean = (weight @ values) / total
        spread = (weight @ values**2) / total - mean**2
        # a class that is hardly seen takes its tissue's common value
        common = float((weight.sum(0) @ values) / total.sum())
        few = total < 50
        means.append(np.where(few, common, mean).astype(np.float32))
        variances.append(np.maximum(np.where(few, spread.max(), spread), floor).astype(np.float32))
    white = variances[2].min()
    variances = [np.minimum(v, white * np.float32(w**2)) for v, w in zip(variances, WIDEST, strict=True)]
    return _Classes((means[0], means[1], means[2]), (variances[0], variances[1], variances[2]))


def _neighbours(fractions: NDArray[np.float32], mask: Mask, sigma: list[float], threads: int) -> NDArray[np.float32]:
    """The mean of each tissue over a voxel's neighbourhood inside the mask, (3, N)."""
    box = np.zeros(mask.shape, np.float32)
    out = np.empty_like(fractions)
    weight = blurred(mask.astype(np.float32), sigma, threads=threads, truncate=2.0)[mask]
    for tissue in range(PURE):
        box[mask] = fractions[tissue]
        out[tissue] = blurred(box, sigma, threads=threads, truncate=2.0)[mask] / weight
    return out


def segment_tissue(t1w: Volume, mask: Mask, head: HeadMap, *, threads: int = 1) -> Tissue:
    """Fractions of grey matter, white matter and fluid in every voxel of the brain mask.

    Parameters
    ----------
    t1w : Volume
        Bias-corrected and lesion-filled.
    mask : (I, J, K) bool array
        Intracranial mask on the grid of `t1w`.
    head : HeadMap
        The network's classes: the spatial prior.
    threads : int
        Their number changes no bit.

    Raises
    ------
    ImageContentError
        The mask is empty, or grey and white matter cannot be told apart.

    References
    ----------
    .. [1] Ashburner & Friston (2005), NeuroImage 26:839-851, doi:10.1016/j.neuroimage.2005.02.018: priors.
    .. [2] Van Leemput et al. (1999), IEEE Trans Med Imaging 18:897-908, doi:10.1109/42.811270: the mean field.
    .. [3] Tohka et al. (2004), NeuroImage 23:84-97, doi:10.1016/j.neuroimage.2004.05.007: partial volume states.
    """
    if not mask.any():
        raise ImageContentError("The brain mask is empty; tissue cannot be segmented.\n    Check the T1w.")
    box = bounding_box(mask, (1, 1, 1))
    small, inside = crop(t1w, box), mask[box]
    values = small.data[inside].astype(np.float32)
    # ventricles and outer fluid look alike and share one class; grey and white matter differ from part to part
    parts = ((CSF_CLASSES,), tuple((n,) for n in GM_CLASSES), tuple((n,) for n in WM_CLASSES))
    priors = tuple(
        np.stack([np.maximum(head.on(small, *names)[inside], 0) + np.float32(1e-4) for names in part]) for part in parts
    )
    tissue_prior = np.stack([p.sum(0) for p in priors]) ** np.float32(PRIOR_POWER)
    tissue_prior = tissue_prior / tissue_prior.sum(0) * (1 - 3 * PRIOR_FLOOR) + PRIOR_FLOOR
    step = max(1, len(values) // SUBSAMPLE)
    classes = _fit(values[::step], tuple(p[:, ::step] for p in priors), tissue_prior[:, ::step])
    mean, variance = classes.local(priors)
    _check_contrast(classes)
    sigma = [0.8 / s for s in small.voxel_size_mm]
    prior = tissue_prior
    for turn in range(3):
        fractions = STATES.T @ _posterior(values, mean, variance, _state_prior(prior))
        if turn < 2:
            pulled = tissue_prior * np.exp(
                np.float32(NEIGHBOUR_PULL) * 4 * _neighbours(fractions, inside, sigma, threads)
            )
            prior = pulled / pulled.sum(0)
    maps = []
    for tissue in (1, 2, 0):
        full = np.zeros(t1w.shape, np.float32)
        full[box][inside] = fractions[tissue]
        maps.append(full)
    return Tissue(*maps)


def _check_contrast(classes: _Classes) -> None:
    grey, white = float(classes.mean[1][0]), float(classes.mean[2][0])
    if abs(white - grey) < 0.02 * max(abs(white), abs(grey), 1e-6):
        raise ImageContentError(
            f"Cortex (mean {grey:.3g}) and white matter (mean {white:.3g}) have the same brightness; a T1w is needed.\n"
            "    Check that the T1w and the FLAIR were not swapped and that the image is no other contrast."
        )
