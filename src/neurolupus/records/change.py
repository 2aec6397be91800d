"""What became of a person's brain between two sessions."""

from dataclasses import dataclass
from typing import Literal, get_args

from neurolupus.records.measurement import Definition, Measurement
from neurolupus.records.scan import ScanId
from neurolupus.records.volume import Affine, Image, Labels, Volume

Fate = Literal["new", "enlarging", "shrinking", "disappeared"]
FATES: tuple[Fate, ...] = get_args(Fate)


@dataclass(frozen=True, slots=True)
class LesionChange:
    """One lesion that changed.

    Parameters
    ----------
    label : int
        Its number in `Change.labels`.
    gained_ml, lost_ml : float
        Voxels that came and went, where both the probability and the FLAIR say so.
    before_ml, after_ml : float
        The lesion's whole volume in each session, on the halfway grid.
    centroid_mm : (float, float, float)
        Of the changed voxels, RAS+ mm of the halfway grid.
    """

    label: int
    fate: Fate
    gained_ml: float
    lost_ml: float
    before_ml: float
    after_ml: float
    centroid_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Two sessions of one person compared; every array lies half way between them.

    Parameters
    ----------
    flair_before, flair_after : (I, J, K) float32 array
        On one scale.
    fates : (I, J, K) int array
        Changed voxels: the place of their lesion's fate in `FATES`, from 1.
    to_before, to_after : (4, 4) float arrays
        RAS+ mm of the grid to those of each session's T1w.
    labels : (I, J, K) int array
        Changed voxels: the number of their lesion.
    measurements : tuple of Measurement
        Under the names of `CHANGE_DICTIONARY`.
    """

    before: ScanId
    after: ScanId
    grid: Volume
    to_before: Affine
    to_after: Affine
    flair_before: Image
    flair_after: Image
    fates: Labels
    labels: Labels
    lesions: tuple[LesionChange, ...]
    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]


_REAL = "by chance one pair of rescans in twenty differs by more"
CHANGE_DICTIONARY: tuple[Definition, ...] = (
    Definition("participant_id", "", "BIDS participant, with its prefix sub-."),
    Definition("session_before", "", "The earlier session, with its prefix ses-."),
    Definition("session_after", "", "The later session, with its prefix ses-."),
    *(
        definition
        for fate, words in (
            ("new", "Lesions that touch no voxel of a lesion of the session before"),
            ("enlarging", "Lesions that gained more than they lost"),
            ("shrinking", "Lesions that lost more than they gained"),
            ("disappeared", "Lesions that touch no voxel of a lesion of the session after"),
        )
        for definition in (
            Definition(f"{fate}_count", "1", f"{words}."),
            Definition(
                f"{fate}_ml", "ml", f"Voxels that {'came' if fate in ('new', 'enlarging') else 'went'} in them."
            ),
        )
    ),
    Definition("stable_count", "1", "Lesions of either session without a change that both map and FLAIR show."),
    Definition("wmh_before_ml", "ml", "wmh_ml of the session before, measured by itself."),
    Definition("wmh_after_ml", "ml", "wmh_ml of the session after, measured by itself."),
    Definition("wmh_change_ml", "ml", "wmh_after_ml - wmh_before_ml."),
    Definition(
        "wmh_smallest_real_change_ml",
        "ml",
        f"Smallest real change of wmh_ml: {_REAL}; n/a unless both maps are the model's at 0.2, of FLAIR that both are "
        "2D or both 3D, without infarct-like lesions, of usable scans whose T1w have like voxels and whose FLAIR show "
        "the whole brain.",
    ),
    *(
        definition
        for name in ("before", "after")
        for definition in (
            Definition(f"infarct_like_{name}_count", "1", f"Infarct-like lesions of the session {name}; in no WMH."),
            Definition(f"infarct_like_{name}_ml", "ml", f"Their volume in the session {name}, dark cores included."),
        )
    ),
    Definition("tbv_before_ml", "ml", "tbv_ml of the session before."),
    Definition("tbv_after_ml", "ml", "tbv_ml of the session after."),
    Definition("tbv_change_percent", "%", "100 * (tbv_after_ml - tbv_before_ml) / tbv_before_ml."),
    Definition(
        "tbv_smallest_real_change_percent",
        "%",
        f"Smallest real change of tbv_ml: {_REAL}; n/a unless both scans are usable and their T1w have like voxels.",
    ),
    Definition("flair_noise", "1", "SD of the FLAIR difference in normal white matter over its brightness."),
    Definition("registration_nmi", "1", "Normalised mutual information of the two T1w in the head, 1 to 2."),
    Definition("usable", "", "false when a session's volumes must not be analysed: see usable of volumes.tsv."),
    Definition("version", "", "Version of neurolupus that measured both sessions."),
)
