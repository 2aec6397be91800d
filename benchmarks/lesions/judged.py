"""What a method makes of a scan, and how that compares with the truth."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.records.volume import Mask, Probability

SMALLEST_VOXELS = 3  # components under 3 mm³ are neither found nor missed
OCTANT = np.ones((3, 3, 3))


@dataclass(frozen=True, slots=True)
class Judged:
    """One scan, one method, one threshold. Volumes in ml; None where a share of nothing is asked for.

    `contrast` is how much brighter than white matter the true lesions are, see `calibration_table.contrast`.
    """

    case: str
    group: str
    source: str
    contrast: float | None
    method: str
    threshold: float
    true_ml: float
    found_ml: float
    expected_ml: float
    dice: float
    lesion_precision: float | None
    lesion_recall: float | None
    lesion_f1: float
    small_recall: float | None  # true lesions of 3 to 50 mm³
    lesions: int
    false_lesions: int
    seconds: float

    def row(self) -> dict[str, object]:
        """For JSON."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def dice(a: Mask, b: Mask) -> float:
    """Twice the overlap over the sum of sizes; 1 when both are empty."""
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def components(mask: Mask, voxel_ml: float) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.bool_]]:
    """Labels, the volume of each in mm³, and which are large enough to count; 0 is the background."""
    labels, count = ndimage.label(mask, OCTANT)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    counts = sizes >= max(1, round(SMALLEST_VOXELS / (1000 * voxel_ml)))
    counts[0] = False
    return labels, sizes * voxel_ml * 1000, counts


def judge(
    truth: Mask, found: Mask, probability: Probability, known: Mask, voxel_ml: float, true_ml: float, **told: object
) -> Judged:
    """A mask against the truth; lesions are 26-connected and any overlap finds them.

    Where nothing is known (a lesion was healed there, not always all of it) nothing is counted, and neither is what
    sticks out of there (`judgeable`).
    """
    truth, probability = truth & known, probability * known
    found = judgeable(found, truth, known)
    true_labels, true_mm3, true_counts = components(truth, voxel_ml)
    labels, _, counts = components(found, voxel_ml)
    touched = np.zeros(len(true_counts), bool)
    touched[true_labels[found]] = True
    right = np.zeros(len(counts), bool)
    right[labels[truth]] = True
    recall = _share(touched & true_counts, true_counts)
    precision = _share(right & counts, counts)
    small = true_counts & (true_mm3 < 50)
    both = (precision or 0) + (recall or 0)
    nothing = not true_counts.any() and not counts.any()
    return Judged(
        true_ml=true_ml, found_ml=float(found.sum()) * voxel_ml,
        expected_ml=float(probability.sum(dtype=np.float64)) * voxel_ml, dice=dice(found, truth),
        lesion_precision=precision, lesion_recall=recall,
        lesion_f1=2 * (precision or 0) * (recall or 0) / both if both else float(nothing),
        small_recall=_share(touched & small, small), lesions=int(true_counts.sum()),
        false_lesions=int((counts & ~right).sum()), **told,
    )  # type: ignore[arg-type]  # fmt: skip


def judgeable(found: Mask, truth: Mask, known: Mask) -> Mask:
    """What is found, without lesions that touch no true one and lie by half or more where nothing is known."""
    labels, count = ndimage.label(found, OCTANT)
    size = np.bincount(labels.ravel(), minlength=count + 1)
    unknown = np.bincount(labels[~known], minlength=count + 1)
    counts = 2 * unknown < size
    counts[labels[truth]] = True
    counts[0] = False
    kept: Mask = counts[labels] & known
    return kept


def _share(some: NDArray[np.bool_], of: NDArray[np.bool_]) -> float | None:
    total = int(of.sum())
    return int(some.sum()) / total if total else None
