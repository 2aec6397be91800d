from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from neurolupus.io.transforms import itk_text, points_text, read_points_text


def rigid() -> np.ndarray:
    a = np.radians(12)
    matrix = np.eye(4)
    matrix[:3, :3] = [[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]
    matrix[:3, 3] = (4.0, -7.0, 11.0)
    return matrix


def test_itk_maps_t1w_points_to_flair_points(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text(itk_text(rigid()))
    transform = sitk.ReadTransform(str(path))
    flair_ras = np.array([10.0, -20.0, 30.0])
    t1w_ras = (rigid() @ [*flair_ras, 1])[:3]
    back = transform.TransformPoint([-t1w_ras[0], -t1w_ras[1], t1w_ras[2]])  # RAS to LPS
    assert back == pytest.approx([-flair_ras[0], -flair_ras[1], flair_ras[2]])


def test_resampling_with_simpleitk_brings_a_landmark_to_its_place(tmp_path):
    # a bright voxel at a known FLAIR point must appear where the matrix sends that point
    def image(size: tuple[int, int, int]) -> sitk.Image:
        made = sitk.Image(size, sitk.sitkFloat32)
        made.SetOrigin((-30.0, -30.0, -30.0))
        return made

    flair, t1w = image((60, 60, 60)), image((70, 65, 60))
    flair_lps = np.array([5.0, -8.0, 3.0])
    flair[flair.TransformPhysicalPointToIndex(flair_lps.tolist())] = 1000.0
    flair_ras = flair_lps * [-1, -1, 1]
    expected_ras = (rigid() @ [*flair_ras, 1])[:3]

    path = tmp_path / "x.txt"
    path.write_text(itk_text(rigid()))
    moved = sitk.Resample(flair, t1w, sitk.ReadTransform(str(path)), sitk.sitkLinear)
    data = sitk.GetArrayFromImage(moved)
    weights = data / data.sum()
    centre = [float((weights * axis).sum()) for axis in np.indices(data.shape)][::-1]
    found_ras = np.array(moved.TransformContinuousIndexToPhysicalPoint(centre)) * [-1, -1, 1]
    assert found_ras == pytest.approx(expected_ras, abs=0.35)  # linear interpolation of one voxel of 1 mm


def test_the_points_matrix_is_exact():
    assert np.array_equal(read_points_text(points_text(rigid())), rigid())


def test_no_negative_zero_in_the_text():
    assert "-0.0" not in itk_text(np.eye(4))


def test_the_real_reference_pair_of_files_agrees_with_our_convention(tmp_path):
    # ../shared/README.md: both files map FLAIR points to T1w points, in LPS and in RAS. Ours inverts what it is given,
    # so given the inverse it must write what they wrote.
    folder = Path(__file__).resolve().parents[4] / "shared/data/mri/ms-longitudinal/derivatives/lit_reference"
    folder = folder / "sub-01/ses-1/xfm"
    if not folder.is_dir():
        pytest.skip("../shared/data is not here")
    stem = "sub-01_ses-1_from-T1w_to-FLAIR_mode-image_xfm"
    matrix = read_points_text((folder / f"{stem}_desc-pointsRAS_4x4.txt").read_text())
    theirs = sitk.ReadTransform(str(folder / f"{stem}_itk.txt"))
    path = tmp_path / "x.txt"
    path.write_text(itk_text(np.linalg.inv(matrix)))
    ours = sitk.ReadTransform(str(path))
    for point in ([0.0, 0, 0], [50.0, -40, 20], [-10.0, 80, 60]):
        assert ours.TransformPoint(point) == pytest.approx(theirs.TransformPoint(point), abs=1e-3)
