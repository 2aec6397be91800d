"""How bright each kind of tissue is on a simulated T1w and FLAIR."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from neurolupus.imaging.labels import KINDS

FAT: Final = 607  # bright soft tissue: the label maps do not tell it from muscle (507)


@dataclass(frozen=True, slots=True)
class Contrast:
    """Means of every kind of tissue in `labels.KINDS` and of fat; T1w white matter and FLAIR cortex are near 1.

    Parameters
    ----------
    t1w, flair : mapping of kind to mean
    t1w_spread, flair_spread : float
        Standard deviation within a tissue, as a share of its mean: texture that no coil or noise explains.
    label_jitter : float
        Standard deviation between labels of one kind (left and right, nucleus and nucleus), as a share of the mean.
    """

    name: str
    t1w: Mapping[str, float]
    flair: Mapping[str, float]
    t1w_spread: float = 0.025
    flair_spread: float = 0.035
    label_jitter: float = 0.01

    def __post_init__(self) -> None:
        for sequence in (self.t1w, self.flair):
            missing = sorted((set(KINDS) | {"fat"}) - set(sequence))
            if missing or min(sequence.values()) < 0:
                raise ValueError(f"Contrast {self.name!r} lacks {missing} or has a negative mean; all are needed.")


def contrast_of(name: str, *, gm: float, csf: float, wmh: float, flair_wm: float, flair_wmh: float) -> Contrast:
    """A contrast from its few numbers; deep nuclei lie between grey and white matter as they do in real scans.

    Parameters
    ----------
    gm, csf, wmh : float
        T1w means as shares of white matter.
    flair_wm, flair_wmh : float
        FLAIR means as shares of cortex.
    """

    def between(share: float) -> float:
        return gm + share * (1.0 - gm)

    t1w = {
        "cortex": gm,
        "medial_temporal_gm": 0.98 * gm,
        "striatum": between(0.18),
        "pallidum": between(0.75),
        "thalamus": between(0.45),
        "cerebellar_gm": 0.97 * gm,
        "cerebral_wm": 1.0,
        "cerebellar_wm": 0.98,
        "brain_stem": between(0.85),
        "ventral_dc": between(0.72),
        "vessel": 0.5 * (gm + csf),
        "wmh": wmh,
        "outer_csf": csf,
        "ventricle": 0.9 * csf,
        "choroid_plexus": 0.45 * gm + 0.55 * csf,
        "spinal_cord": between(0.8),
        "optic_nerve": between(0.5),
    }
    flair_gm = 1.0
    flair = {
        "cortex": flair_gm,
        "medial_temporal_gm": 1.06,
        "striatum": 0.95,
        "pallidum": 0.9 * flair_wm,
        "thalamus": 0.92,
        "cerebellar_gm": 0.95,
        "cerebral_wm": flair_wm,
        "cerebellar_wm": 1.03 * flair_wm,
        "brain_stem": 1.06 * flair_wm,
        "ventral_dc": 1.02 * flair_wm,
        "vessel": 0.45,
        "wmh": flair_wmh,
        "outer_csf": 0.16,
        "ventricle": 0.12,
        "choroid_plexus": 0.75,
        "spinal_cord": flair_wm,
        "optic_nerve": 0.8,
    }
    return Contrast(name, MappingProxyType(t1w | _T1W_OUTSIDE), MappingProxyType(flair | _FLAIR_OUTSIDE))


_T1W_OUTSIDE = {
    "air": 0.0,
    "artery": 0.6,
    "eye": 0.22,
    "soft_tissue": 0.55,
    "fat": 1.15,
    "eye_muscle": 0.55,
    "mucosa": 0.6,
    "skin": 0.85,
    "sinus": 0.42,
    "compact_bone": 0.07,
    "spongy_bone": 0.6,
}
_FLAIR_OUTSIDE = {
    "air": 0.0,
    "artery": 0.25,
    "eye": 0.15,
    "soft_tissue": 0.5,
    "fat": 0.8,
    "eye_muscle": 0.6,
    "mucosa": 1.1,
    "skin": 0.75,
    "sinus": 0.35,
    "compact_bone": 0.08,
    "spongy_bone": 0.45,
}
_PRESETS = (
    contrast_of("mprage_3t", gm=0.64, csf=0.22, wmh=0.74, flair_wm=0.80, flair_wmh=1.40),
    contrast_of("spgr_1_5t", gm=0.74, csf=0.34, wmh=0.82, flair_wm=0.83, flair_wmh=1.30),
    contrast_of("low_contrast", gm=0.84, csf=0.52, wmh=0.90, flair_wm=0.88, flair_wmh=1.22),
)
CONTRASTS: Final[Mapping[str, Contrast]] = MappingProxyType({c.name: c for c in _PRESETS})


def random_contrast(rng: np.random.Generator, name: str = "random") -> Contrast:
    """A contrast between and a little beyond the presets; what lies outside the brain varies by half.

    White matter stays brightest and fluid darkest on T1w, and lesions stay brightest on FLAIR.
    """
    gm = rng.uniform(0.58, 0.84)
    drawn = contrast_of(
        name,
        gm=gm,
        csf=rng.uniform(0.15, gm - 0.25),
        wmh=rng.uniform(gm, 0.95),
        flair_wm=rng.uniform(0.72, 0.92),
        flair_wmh=rng.uniform(1.2, 1.6),
    )

    def outside_varied(sequence: Mapping[str, float], outside: Mapping[str, float]) -> Mapping[str, float]:
        varied = {kind: mean * float(rng.uniform(0.5, 1.5)) for kind, mean in outside.items()}
        return MappingProxyType(dict(sequence) | varied)

    return replace(
        drawn,
        t1w=outside_varied(drawn.t1w, _T1W_OUTSIDE),
        flair=outside_varied(drawn.flair, _FLAIR_OUTSIDE),
        t1w_spread=float(rng.uniform(0.015, 0.04)),
        flair_spread=float(rng.uniform(0.02, 0.05)),
    )
