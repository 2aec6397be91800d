"""Changes found between the two sessions of sub-01 of ms-longitudinal, beside the expert's change mask.

    neurolupus measure DATA/ms-longitudinal OUT --participant-label 01
    neurolupus change OUT
    python benchmarks/change/real.py DATA/ms-longitudinal OUT

The expert's mask marks every change of a lesion without saying of which kind; it lies in a common space, to which the
reference transforms lead. The data set's other two participants have one session each here.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

from neurolupus.imaging.moved_map import moved_map
from neurolupus.io.nifti import read_volume

TOUCHING = np.ones((3, 3, 3), bool)


def main(data: Path, out: Path, participant: str = "01") -> None:
    """Print Dice and lesion-wise detection, for all changed voxels and for those that came."""
    reference = data / "derivatives/lit_reference" / f"sub-{participant}"
    truth = read_volume(next(reference.glob("anat/*desc-lesionchange_mask.nii.gz")))
    fates = read_volume(next((out / f"sub-{participant}/change").glob("*desc-change_dseg.nii.gz")))
    flair = read_volume(next((out / f"sub-{participant}/change").glob("*desc-before_FLAIR.nii.gz")))
    grid_to_common = _to_common(out, reference, participant)
    expert = moved_map(truth.with_data((truth.data > 0).astype(np.float32)), fates, grid_to_common) > 0
    expert &= ndimage.binary_closing(flair.data > 0, iterations=3)
    print(f"expert: {np.count_nonzero(expert) / 1000:.2f} ml in {ndimage.label(expert, TOUCHING)[1]} pieces")
    for name, found in (("all changes", fates.data > 0), ("came", np.isin(fates.data, (1, 2)))):
        print(f"{name}: {np.count_nonzero(found) / 1000:.2f} ml, {_agreement(found, expert)}")


def _to_common(out: Path, reference: Path, participant: str) -> np.ndarray:
    """Points of the halfway grid -> the T1w before -> its FLAIR -> the common space.

    The files are resampling transforms, as ITK's are: `from-A_to-B` maps points of B to points of A.
    """
    xfm = reference / "ses-1/xfm"
    flair_to_t1w = np.loadtxt(next(xfm.glob("*from-T1w_to-FLAIR*pointsRAS*")))
    common_to_flair = np.loadtxt(next(xfm.glob("*from-FLAIR_to-common*pointsRAS*")))
    to_before = np.loadtxt(next((out / f"sub-{participant}/change").glob("*to-ses1_mode-points_xfm.txt")))
    return np.linalg.inv(common_to_flair) @ np.linalg.inv(flair_to_t1w) @ to_before


def _agreement(found: np.ndarray, expert: np.ndarray) -> str:
    dice = 2 * np.count_nonzero(found & expert) / max(np.count_nonzero(found) + np.count_nonzero(expert), 1)
    ours, n_ours = ndimage.label(found, TOUCHING)
    theirs, n_theirs = ndimage.label(expert, TOUCHING)
    hit = len(np.unique(theirs[found & (theirs > 0)]))
    right = len(np.unique(ours[expert & (ours > 0)]))
    return f"Dice {dice:.3f}; of {n_theirs} expert pieces {hit} found, of {n_ours} of ours {right} true"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
