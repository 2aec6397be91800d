"""MeasuredScan: everything measure_scan() makes of one pair, on the grid of the T1w."""

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from neurolupus.records.measurement import MeasurementSet
from neurolupus.records.scan import ScanPair
from neurolupus.records.volume import Affine, Image, Labels, Mask, Probability, Volume
from neurolupus.records.wmh_method import MethodComparison

Region = Literal["periventricular", "deep", "juxtacortical", "infratentorial"]
Side = Literal["left", "right"]
Lobe = Literal["frontal", "parietal", "temporal", "occipital", "central"]  # central: deep nuclei, capsules, insula
LOBES: tuple[Lobe, ...] = get_args(Lobe)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may choose.

    Parameters
    ----------
    wmh_threshold : float
        Probability at and above which a voxel is a hyperintensity; 0.2 in Inglese et al. (2021).
    skull_stripped : bool or None
        Whether the T1w holds the brain only; None: told from the image.
    """

    wmh_threshold: float = 0.2
    skull_stripped: bool | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.wmh_threshold < 1.0:
            raise ValueError(f"wmh_threshold is {self.wmh_threshold}; it must lie between 0 and 1. The paper used 0.2.")


@dataclass(frozen=True, slots=True, eq=False)
class RigidTransform:
    """FLAIR to T1w.

    Parameters
    ----------
    flair_to_t1w_ras : (4, 4) float array
        Maps a RAS+ mm point of the FLAIR to the same anatomical point of the T1w.
    score : float
        Normalised mutual information of the aligned pair inside the head, 1 (unrelated) to 2 (identical).
    """

    flair_to_t1w_ras: Affine
    score: float
    method: str = ""

    @property
    def rotation_deg(self) -> float:
        """The angle of the rotation."""
        cosine = (np.trace(self.flair_to_t1w_ras[:3, :3]) - 1) / 2
        return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


@dataclass(frozen=True, slots=True)
class Lesion:
    """One connected hyperintensity; `label` is its number in `MeasuredScan.lesion_labels`.

    What is None is not known: the shape of a lesion too small to have one, the place without an atlas fit.

    Parameters
    ----------
    peak_probability : float or None
        Of its surest voxel.
    confidence : float or None
        How likely it is a lesion at all, of those that the model found on real brains; not of a map of the user's.
    at_operating_point : bool or None
        Whether any of it is in the mask at the model's operating point.
    infarct_like : bool
        A class of its own: not in the WMH mask, its volume holds the dark core too.
    reach_mm : float or None
        How far its farthest voxel lies from a lateral or the third ventricle; of periventricular lesions.
    confluent : bool
        Periventricular, and reaching further than 10 mm.
    dark_ml : float or None
        Part of it that is darker on T1w than grey matter.
    black_hole : bool or None
        Whether at least half of it is.
    solidity, convexity, concavity_index, eccentricity, fractal_dimension : float or None
        See `imaging/lesion_shape.py`.
    side, lobe : str or None
        Where most of its voxels lie; no lobe below the tentorium.
    """

    label: int
    volume_ml: float
    region: Region
    centroid_mm: tuple[float, float, float]
    longest_mm: float
    mean_probability: float
    infarct_like: bool
    peak_probability: float | None = None
    confidence: float | None = None
    at_operating_point: bool | None = None
    reach_mm: float | None = None
    confluent: bool = False
    dark_ml: float | None = None
    black_hole: bool | None = None
    solidity: float | None = None
    convexity: float | None = None
    concavity_index: float | None = None
    eccentricity: float | None = None
    fractal_dimension: float | None = None
    side: Side | None = None
    lobe: Lobe | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredScan:
    """What was made of one pair; every array lies on the grid of `t1w` (RAS order).

    Without a FLAIR, `flair`, `transform` and the WMH arrays are None.
    """

    pair: ScanPair
    settings: Settings
    t1w: Volume  # as read, (I, J, K) float32
    t1w_corrected: Image  # bias-corrected
    brain_mask: Mask  # the brain as field tools mask it: tissue, ventricles, the fluid within sulci
    intracranial_mask: Mask  # all fluid too: its volume is TIV, and tissue fractions sum to 1 inside
    gm: Probability
    wm: Probability  # filled WMH included
    csf: Probability
    flair: Image | None
    transform: RigidTransform | None
    wmh_probability: Probability | None
    wmh_mask: Mask | None  # without infarct-like lesions
    lesion_labels: Labels | None  # infarct-like lesions too, each with its dark core
    filled_t1w: Image
    lesions: tuple[Lesion, ...]
    measurements: MeasurementSet
    usable: bool
    warnings: tuple[str, ...]
    seconds: dict[str, float] = field(default_factory=dict)
    comparisons: tuple[MethodComparison, ...] = ()
    wmh_operating_mask: Mask | None = None  # of the model's own map only

    @property
    def infarcts(self) -> tuple[Lesion, ...]:
        """The infarct-like ones of `lesions`."""
        return tuple(lesion for lesion in self.lesions if lesion.infarct_like)

    @property
    def infarct_mask(self) -> Mask | None:
        """Infarct-like lesions with their cores; None without a FLAIR."""
        if self.lesion_labels is None:
            return None
        mask: Mask = np.isin(self.lesion_labels, [lesion.label for lesion in self.infarcts])
        return mask

    @property
    def tissue_labels(self) -> Labels:
        """The likeliest tissue: 0 outside, 1 GM, 2 WM, 3 CSF (the order of the BIDS common labels)."""
        labels = np.where(self.wm >= self.csf, np.int32(2), np.int32(3))
        labels[(self.gm >= self.wm) & (self.gm >= self.csf)] = 1
        labels[~self.intracranial_mask] = 0
        return labels
