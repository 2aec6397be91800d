"""The main job on real heads: CC BY scans that lie beside the repository; skipped where they do not."""

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from itk_points import ras_matrix

from neurolupus.errors import ImageContentError
from neurolupus.imaging.agreement import dice
from neurolupus.imaging.grid import resample
from neurolupus.imaging.measure import measure_scan
from neurolupus.io.bids import read_pair
from neurolupus.records.measured import Settings
from neurolupus.records.scan import ScanId
from neurolupus.records.volume import Volume

pytestmark = pytest.mark.slow


def canonical(path: Path) -> Volume:
    image = nibabel.as_closest_canonical(nibabel.load(path))
    return Volume(np.asarray(image.dataobj, np.float32), image.affine)


@pytest.fixture(scope="module")
def whole_head(shared):
    """sub-20: raw 2D T1w and FLAIR of 3 mm, with a reference transform and brain mask."""
    root = shared / "data" / "mri" / "ms-longitudinal"
    anat = root / "sub-20" / "ses-2" / "anat"
    pair = read_pair(ScanId("20", "2"), anat / "sub-20_ses-2_T1w.nii.gz", anat / "sub-20_ses-2_FLAIR.nii.gz")
    reference = root / "derivatives" / "lit_reference" / "sub-20"
    return measure_scan(pair, Settings()), reference


def reference_matrix(reference: Path, name: str) -> np.ndarray:
    file = reference / "ses-2" / "xfm" / f"sub-20_ses-2_from-{name}_mode-image_xfm_itk.txt"
    return ras_matrix(sitk.ReadTransform(str(file)))


def test_registration_lies_within_half_a_millimetre_of_the_reference(whole_head):
    measured, reference = whole_head
    flair_to_t1w, common_to_flair = (reference_matrix(reference, n) for n in ("T1w_to-FLAIR", "FLAIR_to-common"))
    brain = canonical(reference / "anat" / "sub-20_space-common_desc-brain_mask.nii.gz")
    voxels = np.argwhere(brain.data > 0)[::200]
    points = common_to_flair @ brain.affine @ np.c_[voxels, np.ones(len(voxels))].T
    error = np.linalg.norm(((measured.transform.flair_to_t1w_ras - flair_to_t1w) @ points)[:3], axis=0)
    assert error.mean() < 0.5  # the reference is itself an automatic affine, known to 0.3 to 0.5 mm


def test_brain_mask_agrees_with_the_reference(whole_head):
    measured, reference = whole_head
    flair_to_t1w, common_to_flair = (reference_matrix(reference, n) for n in ("T1w_to-FLAIR", "FLAIR_to-common"))
    brain = canonical(reference / "anat" / "sub-20_space-common_desc-brain_mask.nii.gz")
    common = brain.with_data((brain.data > 0).astype(np.float32))
    onto = np.linalg.inv(flair_to_t1w @ common_to_flair)
    assert dice(resample(common, measured.t1w, onto_to_moving=onto) > 0.5, measured.brain_mask) > 0.95


def test_scan_facts_and_volumes_are_those_of_a_head(whole_head):
    measured, _ = whole_head
    assert measured.measurements["flair_dim"].value == "2D"
    assert 1200 < measured.measurements.number("tiv_ml") < 1700
    assert measured.usable


def test_the_same_head_swapped_is_refused_and_says_so(whole_head):
    measured, _ = whole_head
    pair = measured.pair
    swapped = replace(pair, t1w=pair.flair, flair=pair.t1w)
    with pytest.raises(ImageContentError, match="look swapped"):
        measure_scan(swapped, Settings())


def test_a_vertex_that_the_t1w_cuts_off_is_told(whole_head):
    # the last slice of this T1w lies within the brain: 22 cm2 of it, as the network alone outlines it
    measured, _ = whole_head
    told = {one.name: one.value for one in measured.measurements.items}
    assert told["qc_cut_cm2"] > 15
    assert any("one side of the T1w cuts" in warning for warning in measured.warnings)
    assert told["qc_atlas_overlap"] > 0.8


def test_brain_only_scan_with_consensus_lesions(shared):
    folder = shared / "data" / "mri" / "ms-lesions" / "sub-xs19" / "anat"
    stem = folder / "sub-xs19_space-MNI152rigid"
    pair = read_pair(ScanId("xs19"), Path(f"{stem}_desc-brain_T1w.nii.gz"), Path(f"{stem}_desc-brain_FLAIR.nii.gz"))
    measured = measure_scan(pair, Settings())
    truth = canonical(Path(f"{stem}_label-lesion_mask.nii.gz")).data > 0
    # the model has seen this patient: this is a check of the path, not of accuracy (that is benchmarks/accuracy)
    assert dice(truth, measured.wmh_mask) > 0.5
    assert measured.measurements.number("wmh_ml") == pytest.approx(49.8, rel=0.4)
    assert not (measured.intracranial_mask & (pair.t1w.data == 0)).any()
