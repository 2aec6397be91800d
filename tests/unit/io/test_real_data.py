"""What real scans look like to io; they lie in ../shared beside the repository, and the tests are skipped without."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.affines import apply_affine

from neurolupus.io.bids import choose_pair, index_dataset, read_pair, read_participants
from neurolupus.io.nifti import read_labels, read_volume
from neurolupus.records.scan import ScanId

MRI = Path(__file__).resolve().parents[4] / "shared" / "data" / "mri"
pytestmark = pytest.mark.skipif(not MRI.is_dir(), reason="../shared/data/mri is not here")


def test_the_longitudinal_data_set_is_indexed():
    found = index_dataset(MRI / "ms-longitudinal")
    assert [files.scan_id.stem for files in found] == ["sub-01_ses-1", "sub-01_ses-2", "sub-04_ses-1", "sub-20_ses-2"]
    assert all(len(files.t1w) == len(files.flair) == 1 for files in found)


def test_a_raw_pair_is_read_without_a_warning_and_is_2d():
    (files,) = index_dataset(MRI / "ms-longitudinal", participants=["04"])
    t1w, flair = choose_pair(files, need_flair=True)
    pair = read_pair(files.scan_id, t1w, flair)
    assert pair.warnings == ()
    assert pair.flair is not None
    assert pair.flair.shape == (320, 320, 48)
    assert pair.flair_acquisition.acquisition_type == pair.t1w_acquisition.acquisition_type == "2D"
    assert pair.sources[1] == "sub-04/ses-1/anat/sub-04_ses-1_FLAIR.nii.gz"


def test_points_keep_their_intensity_after_reordering():
    path = MRI / "ms-longitudinal/sub-04/ses-1/anat/sub-04_ses-1_T1w.nii.gz"  # stored LPS, oblique
    stored, volume = nib.load(path), read_volume(path)
    data = np.asarray(stored.dataobj)
    for index in np.random.default_rng(0).integers(0, stored.shape, (50, 3)):
        there = apply_affine(np.linalg.inv(volume.affine) @ stored.affine, index)
        assert volume.data[tuple(np.rint(there).astype(int))] == data[tuple(index)]


@pytest.mark.slow
def test_skull_stripped_images_with_qform_only_and_small_negatives_pass_without_a_warning():
    anat = MRI / "ms-lesions" / "sub-xs26" / "anat"
    stem = "sub-xs26_space-MNI152rigid"
    pair = read_pair(ScanId("xs26"), anat / f"{stem}_desc-brain_T1w.nii.gz", anat / f"{stem}_desc-brain_FLAIR.nii.gz")
    assert pair.warnings == ()
    assert pair.t1w.data.min() < 0
    assert pair.t1w_acquisition.acquisition_type == "3D"
    lesions = read_labels(anat / f"{stem}_label-lesion_mask.nii.gz")
    assert lesions.data.sum() * lesions.voxel_volume_ml == pytest.approx(8.2, abs=0.1)  # as the data's README has it


def test_participants():
    found = read_participants(MRI / "ms-longitudinal")
    assert (found["04"].age_years, found["04"].sex, found["04"].group) == (33.0, "F", None)
