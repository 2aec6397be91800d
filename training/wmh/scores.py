"""How well probabilities find lesions: per case, and whether they mean what they say."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from cases import Case
from neurolupus.imaging.agreement import segmentation_agreement
from neurolupus.records.volume import Mask, Probability

THRESHOLDS = (0.2, 0.35, 0.5)


@dataclass(frozen=True, slots=True)
class Score:
    """One case at one threshold; `expected_ml` is the sum of the probabilities."""

    case: str
    origin: str
    source: str
    flair_thickness_mm: float
    threshold: float
    truth_ml: float
    found_ml: float
    expected_ml: float
    dice: float
    lesion_f1: float
    false_lesions: int

    def row(self) -> dict[str, object]:
        """For the log."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


def scores_of(case: Case, probability: Probability) -> list[Score]:
    """Each threshold; what is not known counts for nothing."""
    truth = (case.truth >= 0.5) & ~case.ignore
    known = np.where(case.ignore, 0, probability).astype(np.float32)
    return [score(case, truth, known, threshold) for threshold in THRESHOLDS]


def score(case: Case, truth: Mask, probability: Probability, threshold: float) -> Score:
    """One threshold."""
    found = segmentation_agreement(truth, probability >= threshold, case.t1w.affine)
    precision = 1.0 if found.lesion_precision is None else found.lesion_precision
    return Score(
        case.name, case.origin, case.source, case.flair_thickness_mm, threshold, found.volume_a_ml, found.volume_b_ml,
        float(probability.sum()) * case.t1w.voxel_volume_ml, found.dice, found.lesion_f1,
        round(found.lesions_b * (1 - precision)),
    )  # fmt: skip


@dataclass(slots=True)
class Reliability:
    """Counts of voxels and of lesion in ten bins of probability, over many cases."""

    voxels: NDArray[np.float64]
    lesion: NDArray[np.float64]
    total: NDArray[np.float64]

    @classmethod
    def empty(cls) -> "Reliability":
        """Nothing counted yet."""
        return cls(np.zeros(10), np.zeros(10), np.zeros(10))

    def add(self, probability: NDArray[np.float32], lesion: NDArray[np.bool_]) -> None:
        """Count the voxels of a case."""
        bins = np.minimum((probability * 10).astype(int), 9)
        self.voxels += np.bincount(bins, minlength=10)
        self.lesion += np.bincount(bins, weights=lesion, minlength=10)
        self.total += np.bincount(bins, weights=probability, minlength=10)

    def rows(self) -> list[list[float]]:
        """Mean probability, share of lesion, voxels; one row per bin."""
        n = np.maximum(self.voxels, 1)
        return [
            [round(float(p), 3), round(float(s), 3), int(v)]
            for p, s, v in zip(self.total / n, self.lesion / n, self.voxels, strict=True)
        ]

    @property
    def expected_calibration_error(self) -> float:
        """The mean gap between probability and share of lesion over voxels above 0.1."""
        n = np.maximum(self.voxels, 1)
        gap = np.abs(self.total - self.lesion) / n
        return float((gap[1:] * self.voxels[1:]).sum() / max(1, self.voxels[1:].sum()))
