"""Real files of three makers through the command, and dcm2niix as a judge from outside of what must not change."""

import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

pytest.importorskip("pydicom", reason="needs the extra dicom")

SERIES = [
    "ge/anatomical/001",
    "siemens/anatomical/001",
    "philips/anatomical/001",
    "generic/compressed_jpeg/001",
    "generic/compressed_j2k/001",
]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neurolupus", *map(str, words)], capture_output=True, text=True, check=False
    )


def converted(folder: Path, out: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """What dcm2niix makes of a folder: values and affines, in the order of their size and sum."""
    dcm2niix = pytest.importorskip("dcm2niix")
    out.mkdir(parents=True)
    subprocess.run([dcm2niix.bin, "-z", "n", "-b", "n", "-f", "%j", "-o", out, folder], capture_output=True, check=True)
    images = [nibabel.load(path) for path in out.glob("*.nii")]
    found = [(np.asarray(image.dataobj), image.affine) for image in images]
    return sorted(found, key=lambda one: (one[0].size, float(one[0].sum(dtype=np.float64))))


@pytest.mark.parametrize("series", SERIES)
def test_dcm2niix_makes_the_same_of_both(shared: Path, tmp_path: Path, series: str) -> None:
    source = shared / "data" / "dicom" / series
    key = tmp_path / "kept" / "key.json"
    done = run("deidentify", source, tmp_path / "out", "--key", key, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["written"] == len(list(source.glob("*.dcm")))
    before, after = converted(source, tmp_path / "before"), converted(tmp_path / "out", tmp_path / "after")
    assert len(before) == len(after) > 0
    for (values, affine), (new_values, new_affine) in zip(before, after, strict=True):
        assert np.array_equal(values, new_values)
        assert np.array_equal(affine, new_affine)
    content = b"".join(path.read_bytes().lower() for path in (tmp_path / "out").rglob("*.dcm"))
    assert b"dicom2nifti" not in content  # PatientName, PatientID, StudyID and SequenceName of these files


def test_a_private_number_without_its_maker_goes_and_with_it_a_scale(shared: Path, tmp_path: Path) -> None:
    # dcm2niix divides Philips' values by RescaleSlope x Scale Slope (PMC3998685) and takes (2005,100E) for the
    # Scale Slope without looking who made it; this file does not say who did, so that it cannot be called safe
    source = shared / "data" / "dicom" / "philips" / "anatomical" / "002"
    run("deidentify", source, tmp_path / "out", "--key", tmp_path / "key.json", "--keep-safe-private")
    before, after = converted(source, tmp_path / "before"), converted(tmp_path / "out", tmp_path / "after")
    for values, affine in before:
        scaled = [one for one, _ in after if np.corrcoef(values.ravel(), one.ravel())[0, 1] > 0.999999]
        assert len(scaled) == 1
        assert np.array_equal(affine, after[0][1])


def test_the_whole_folder_tells_what_was_left_out(shared: Path, tmp_path: Path) -> None:
    done = run("deidentify", shared / "data" / "dicom", tmp_path / "out", "--key", tmp_path / "key.json")
    assert done.returncode == 16
    assert "Secondary Capture Image Storage: only MR, CT and PET images can be checked" in done.stderr
    assert "another file of the same SOPInstanceUID" in done.stderr  # the same slices, stored four times over


def test_a_missing_key_option_is_a_usage_error(tmp_path: Path) -> None:
    assert run("deidentify", tmp_path, tmp_path / "out").returncode == 2
