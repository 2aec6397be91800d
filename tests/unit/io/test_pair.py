"""Every bad input of one scan, from the file to the sentence the user reads."""

import gzip
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from neurolupus.errors import ImageContentError, ImageError, ImageFileError
from neurolupus.io.pair import read_pair
from neurolupus.records.scan import ScanId

SCAN = ScanId("01", "1")


def complaint(t1w: Path, flair: Path | None, kind: type[ImageError] = ImageContentError) -> str:
    with pytest.raises(kind) as caught:
        read_pair(SCAN, t1w, flair)
    assert type(caught.value) is kind
    return str(caught.value)


def test_a_good_pair_has_no_warning(pair_files):
    pair = read_pair(SCAN, *pair_files)
    assert pair.warnings == ()
    assert pair.t1w.shape == (24, 28, 20)
    assert pair.flair is not None
    assert pair.sources == (
        "sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz",
        "sub-01/ses-1/anat/sub-01_ses-1_FLAIR.nii.gz",
    )
    assert pair.t1w_acquisition.native_voxel_size_mm == pytest.approx((6, 6, 6))


def test_the_t1w_alone(pair_files):
    pair = read_pair(SCAN, pair_files[0], None, declared_exclusions=("tumour",))
    assert pair.flair is None
    assert pair.flair_acquisition.acquisition_type is None
    assert pair.declared_exclusions == ("tumour",)


def test_four_dimensions(pair_files, write_image, head_image):
    write_image(pair_files[1], np.stack([head_image()] * 2, axis=-1))
    message = complaint(*pair_files)
    assert "sub-01_ses-1_FLAIR.nii.gz: has 2 volumes (24 x 28 x 20 x 2); one is needed." in message
    assert "fslroi" in message


def test_one_volume_in_four_dimensions_passes(pair_files, write_image, head_image):
    write_image(pair_files[1], head_image(seed=5)[..., None])
    assert read_pair(SCAN, *pair_files).flair is not None


def test_colour(pair_files):
    colour = np.zeros((24, 28, 20), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(colour, np.diag([6.0, 6, 6, 1])), pair_files[0])
    assert "T1w.nii.gz: its voxels are RGB colour; one number per voxel is needed." in complaint(*pair_files)


def test_nan_inside_the_head(pair_files, write_image, head_image):
    data = head_image()
    data[10:13, 10, 10] = np.nan
    write_image(pair_files[0], data)
    assert "has 3 NaN or infinite voxels inside the image; finite values needed." in complaint(*pair_files)


def test_nan_as_background_is_replaced_and_counted(pair_files, write_image, head_image):
    data = head_image()
    outside = data < 100
    data[outside] = np.nan
    write_image(pair_files[0], data)
    pair = read_pair(SCAN, *pair_files)
    (warning,) = pair.warnings
    assert warning.startswith(f"T1w (sub-01_ses-1_T1w.nii.gz): {np.count_nonzero(outside):,} NaN or infinite voxels")
    assert np.isfinite(pair.t1w.data).all()
    assert (pair.t1w.data[outside] == 0).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nothing_finite(pair_files, write_image, value):
    write_image(pair_files[0], np.full((24, 28, 20), value, np.float32))
    assert "holds no finite value." in complaint(*pair_files)


@pytest.mark.parametrize(("value", "words"), [(0, "is all zeros"), (7, "has the same value everywhere (7)")])
def test_constant(pair_files, write_image, value, words):
    write_image(pair_files[0], np.full((24, 28, 20), value, np.int16))
    assert f"{words}; an image of a head needed" in complaint(*pair_files)


def test_a_mask_is_no_scan(pair_files, write_image, head_image):
    write_image(pair_files[0], (head_image() > 300).astype(np.uint8))
    assert "has only the values 0 and 1, like a mask; a scan needed." in complaint(*pair_files)


def test_almost_empty(pair_files, write_image):
    data = np.zeros((24, 28, 20), np.float32)
    data[10, 10, 5:15] = np.arange(10) + 1
    write_image(pair_files[0], data)
    assert "has 2.2 ml of voxels that differ from the background" in complaint(*pair_files)  # 10 x 0.216 ml


def test_five_slices(pair_files, write_image, head_image):
    write_image(pair_files[1], head_image((24, 28, 5)))
    message = complaint(*pair_files)
    assert "has 2 faults" in message, "too few slices, and too short"
    assert "has 5 slices along axis 3 (24 x 28 x 5 voxels); at least 10 needed" in message
    assert "covers 30.0 mm along axis 3; at least 80 mm needed" in message


@pytest.mark.slow
def test_a_slab(pair_files, write_image, head_image):
    write_image(pair_files[1], head_image((180, 200, 60)), size_mm=(1, 1, 1))
    assert "covers 60.0 mm along axis 3; at least 80 mm needed." in complaint(*pair_files)


def test_coarse_voxels(pair_files, write_image, head_image):
    write_image(pair_files[1], head_image((24, 28, 12)), size_mm=(6, 6, 8))
    assert "has voxels of 6.00 x 6.00 x 8.00 mm; at most 6.5 mm along any edge needed." in complaint(*pair_files)


def test_a_grid_in_the_wrong_unit(pair_files, write_image):
    write_image(pair_files[1], size_mm=(0.006, 0.006, 0.006))  # metres
    assert "covers 0.1 mm" in complaint(*pair_files)
    write_image(pair_files[1], size_mm=(6000, 6000, 6000))  # micrometres
    assert "must be in mm" in complaint(*pair_files)


def hounsfield(shape=(24, 28, 20)) -> np.ndarray:
    from_head = np.random.default_rng(0).normal(35, 8, shape)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    radius = (grid**2).sum(0)
    return np.where(radius < 0.5, from_head, np.where(radius < 0.6, 1100, -1000)).astype(np.int16)


def test_ct_by_its_values(pair_files, write_image):
    write_image(pair_files[0], hounsfield())
    message = complaint(*pair_files)
    assert "has values from -1000 to 1100 that look like CT (Hounsfield units); MR needed." in message
    assert "Give the T1w and FLAIR MR images" in message


def test_ct_with_padding_and_stored_unsigned(pair_files, write_image):
    data = hounsfield()
    data[:4] = -3024
    stored = (data.astype(np.int32) + 3024).astype(np.uint16)
    write_image(pair_files[0], stored, slope=1.0, intercept=-3024.0)
    assert "look like CT" in complaint(*pair_files)


def test_ct_by_its_sidecar(pair_files, write_image):
    write_image(pair_files[0], sidecar={"Modality": "CT"})
    assert "is CT by its sidecar or name; MR needed" in complaint(*pair_files)


def test_modality_and_geometry_are_told_together(pair_files, write_image):
    write_image(pair_files[0], hounsfield((24, 28, 5)))
    message = complaint(*pair_files)
    assert "has 3 faults" in message
    for words in ("has 5 slices", "covers 30.0 mm", "look like CT"):
        assert words in message
    write_image(pair_files[0], hounsfield((24, 28, 5)), sidecar={"Modality": "CT"})
    message = complaint(*pair_files)
    assert message.count("CT by its sidecar") == 1
    assert "look like CT" not in message, "one fault is told once"


def test_faults_of_both_files_are_told_together(pair_files, write_image, head_image):
    pair_files[0].write_bytes(b"")
    write_image(pair_files[1], np.stack([head_image()] * 2, axis=-1))
    message = complaint(*pair_files, kind=ImageFileError)
    assert message.startswith("2 files have 2 faults.")
    assert "T1w.nii.gz: is empty (0 bytes)" in message
    assert "FLAIR.nii.gz: has 2 volumes" in message


def test_a_truncated_file_with_a_slab_tells_both(pair_files, write_image, head_image):
    whole = write_image(pair_files[1], head_image((24, 28, 5))).read_bytes()
    pair_files[1].write_bytes(whole[: len(whole) // 2])
    message = complaint(*pair_files, kind=ImageFileError)
    assert "has 5 slices" in message
    assert "gzip stream ends early" in message


def test_an_absent_file(pair_files):
    pair_files[1].unlink()
    assert "FLAIR.nii.gz: does not exist" in complaint(*pair_files, kind=ImageFileError)


def test_the_same_image_twice(pair_files, write_image, head_image):
    write_image(pair_files[1], head_image(seed=1))
    assert "is the same image as the T1w; a FLAIR needed" in complaint(*pair_files)


def test_swapped_by_name(tmp_path, write_image, head_image):
    a = write_image(tmp_path / "patient_FLAIR.nii.gz", head_image(seed=1))
    b = write_image(tmp_path / "patient_T1.nii.gz", head_image(seed=2))
    (warning,) = read_pair(SCAN, a, b).warnings
    assert "T1w and FLAIR look swapped" in warning
    assert "patient_FLAIR.nii.gz and patient_T1.nii.gz" in warning


def test_swapped_by_times(pair_files, write_image, head_image):
    write_image(pair_files[0], head_image(seed=1), sidecar={"EchoTime": 0.12, "RepetitionTime": 9.0})
    write_image(pair_files[1], head_image(seed=2), sidecar={"EchoTime": 0.003, "RepetitionTime": 1.9})
    (warning,) = read_pair(SCAN, *pair_files).warnings
    assert "look swapped" in warning


def test_two_flairs(pair_files, write_image, head_image):
    write_image(pair_files[0], head_image(seed=1), sidecar={"SeriesDescription": "t2_space_dark-fluid_sag"})
    (warning,) = read_pair(SCAN, *pair_files).warnings
    assert warning == "T1w (sub-01_ses-1_T1w.nii.gz): looks like a FLAIR, by sidecar or name"


def test_two_participants(tmp_path, write_image, head_image):
    a = write_image(tmp_path / "sub-01_T1w.nii.gz", head_image(seed=1))
    b = write_image(tmp_path / "sub-02_FLAIR.nii.gz", head_image(seed=2))
    (warning,) = read_pair(SCAN, a, b).warnings
    assert "two participants: 01, 02" in warning


@pytest.mark.parametrize("sidecar", [{"ContrastBolusAgent": "Gadovist"}, {"ContrastBolusIngredient": "GADOLINIUM"}])
def test_contrast_agent_in_the_sidecar(pair_files, write_image, head_image, sidecar):
    write_image(pair_files[0], head_image(seed=1), sidecar=sidecar)
    pair = read_pair(SCAN, *pair_files)
    assert pair.t1w_acquisition.contrast_enhanced
    (warning,) = pair.warnings
    assert "contrast-enhanced (ContrastBolus" in warning


def test_contrast_agent_in_the_name(pair_files, write_image, head_image):
    t1w = write_image(pair_files[0].with_name("sub-01_ses-1_ce-gadolinium_T1w.nii.gz"), head_image(seed=1))
    (warning,) = read_pair(SCAN, t1w, pair_files[1]).warnings
    assert "contrast-enhanced (ce-gadolinium)" in warning


def test_no_sform_and_no_qform(pair_files, write_image, head_image):
    write_image(pair_files[0], head_image(seed=1), sform=0, qform=0)
    (warning,) = read_pair(SCAN, *pair_files).warnings
    assert "left and right may be swapped" in warning


def test_forms_that_disagree(pair_files, head_image):
    image = nib.Nifti1Image(head_image(seed=1), np.diag([6.0, 6, 6, 1]))
    image.set_sform(np.diag([6.0, 6, 6, 1]), code=1)
    moved = np.diag([6.0, 6, 6, 1])
    moved[0, 3] = 25
    image.set_qform(moved, code=1)
    nib.save(image, pair_files[0])
    (warning,) = read_pair(SCAN, *pair_files).warnings
    assert "sform and qform differ by up to 25.0 mm; the sform was used" in warning


def test_forms_that_tell_left_and_right_differently(pair_files, head_image):
    image = nib.Nifti1Image(head_image(seed=1), np.diag([6.0, 6, 6, 1]))
    image.set_sform(np.diag([6.0, 6, 6, 1]), code=1)
    image.set_qform(np.diag([-6.0, 6, 6, 1]), code=1)
    nib.save(image, pair_files[0])
    (warning,) = read_pair(SCAN, *pair_files).warnings
    assert "and in which side is left; the sform was used" in warning


def test_voxel_sizes_that_the_sform_contradicts(pair_files, head_image):
    image = nib.Nifti1Image(head_image(seed=1), np.diag([6.0, 6, 6, 1]))
    image.set_sform(np.diag([6.0, 6, 6, 1]), code=1)
    image.header["qform_code"] = 0
    image.header["pixdim"][1:4] = (6, 6, 7)
    nib.save(image, pair_files[0])
    (warning,) = read_pair(SCAN, *pair_files).warnings
    assert "voxels are 6 x 6 x 7 mm by its pixdim and 6 x 6 x 6 mm by its sform, which was used" in warning


def test_negative_values(pair_files, write_image, head_image):
    data = head_image(seed=1)
    write_image(pair_files[0], (data - data.mean()) / data.std())
    (warning,) = read_pair(SCAN, *pair_files).warnings
    assert "of the voxels are negative" in warning


def test_a_broken_sidecar_is_counted(pair_files):
    pair_files[0].with_name("sub-01_ses-1_T1w.json").write_text("{not json")
    (warning,) = read_pair(SCAN, *pair_files).warnings
    assert "sidecar sub-01_ses-1_T1w.json is no JSON object" in warning


def test_a_bomb_is_refused_at_once(pair_files):
    raw = bytearray(gzip.decompress(pair_files[0].read_bytes())[:352])
    raw[40:56] = np.array([3, 8000, 8000, 4000, 1, 1, 1, 1], "<i2").tobytes()
    pair_files[0].write_bytes(gzip.compress(bytes(raw)))
    assert "claims 1.0 TB of content" in complaint(*pair_files, kind=ImageFileError)


def test_no_path_of_the_machine_and_no_identity_in_the_record(pair_files, write_image, head_image, tmp_path):
    told = {
        "PatientName": "Doe^Jane",
        "AcquisitionDateTime": "2020-01-01T10:00:00",
        "InstitutionAddress": "Road 1",
        "Manufacturer": "Siemens",
        "EchoTime": 0.003,
        "SeriesDescription": "Jane Doe t1",
    }
    write_image(pair_files[0], head_image(seed=1), sidecar=told)
    pair = read_pair(SCAN, *pair_files)
    assert pair.t1w_acquisition.sidecar == {"Manufacturer": "Siemens", "EchoTime": 0.003}
    kept = json.dumps([pair.sources, pair.warnings, pair.t1w_acquisition.sidecar])
    assert str(tmp_path) not in kept
    assert "Doe" not in kept
