"""Which series of a folder is a volume, and where its frames lie."""

from pathlib import Path

import numpy as np
import pytest
from dicom_series import PLANES, Order, asymmetric_phantom, write_series

from neurolupus.dicom.objects.source import find_volumes
from neurolupus.errors import DicomError

SHAPE = (10, 12, 8)


@pytest.mark.parametrize("enhanced", [False, True])
@pytest.mark.parametrize("plane", PLANES)
def test_frames_lie_where_the_volume_was(plane: str, enhanced: bool, tmp_path: Path):
    array, affine = asymmetric_phantom(SHAPE, mm=3.0)
    written = write_series(tmp_path, (array, affine), plane=plane, enhanced=enhanced)
    (found,) = find_volumes(tmp_path)
    assert found.uid == written.series_uid
    between = np.linalg.inv(affine) @ found.affine
    for column, row, number in ((0, 0, 0), (1, 3, 2), (found.shape[0] - 1, found.shape[1] - 1, found.shape[2] - 1)):
        i, j, k = np.rint(between @ [column, row, number, 1])[:3].astype(int)
        assert found.frame(number)[row, column] == array[i, j, k]


def test_files_come_in_the_order_of_their_place_not_of_their_names(tmp_path: Path):
    written = write_series(tmp_path, asymmetric_phantom(SHAPE))
    for number, path in enumerate(written.paths):
        path.rename(tmp_path / f"{(number * 5) % len(written.paths)}.dcm")
    (found,) = find_volumes(tmp_path)
    places = [float(one.ImagePositionPatient[2]) for one in found.headers()]
    assert places == sorted(places)


def test_frames_of_one_file_may_be_shuffled(tmp_path: Path):
    from pydicom import dcmread

    (path,) = write_series(tmp_path, asymmetric_phantom(SHAPE), enhanced=True).paths
    read = dcmread(path)
    pixels, order = read.pixel_array, [3, 0, 7, 5, 1, 6, 2, 4]
    groups = list(read.PerFrameFunctionalGroupsSequence)
    read.PerFrameFunctionalGroupsSequence = [groups[number] for number in order]
    read.PixelData = pixels[order].tobytes()
    read.save_as(path)
    (found,) = find_volumes(tmp_path)
    for number in range(8):
        assert np.array_equal(found.frame(number), pixels[number])
    numbered = np.arange(8)[:, None, None] * np.ones((8, 2, 2))
    assert found.in_file_order(numbered)[:, 0, 0].tolist() == order


def test_what_is_no_volume_is_passed_over(tmp_path: Path):
    good = write_series(tmp_path / "good", asymmetric_phantom(SHAPE))
    write_series(tmp_path / "gap", asymmetric_phantom(SHAPE), order=Order(number=4), leave_out=[3])
    write_series(tmp_path / "single", asymmetric_phantom(SHAPE), order=Order(number=5), leave_out=range(1, 8))
    (tmp_path / "letter.txt").write_text("Dear colleague")
    (tmp_path / "copy.dcm").write_bytes(good.paths[2].read_bytes())
    assert [one.uid for one in find_volumes(tmp_path)] == [good.series_uid]


def test_a_folder_without_a_volume_is_refused(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("Dear colleague")
    with pytest.raises(DicomError, match=r"0 series, 1 files"):
        find_volumes(tmp_path)


def test_the_shared_series_of_real_scanners_are_volumes(shared: Path):
    for vendor in ("siemens", "ge", "philips"):
        assert find_volumes(shared / "data" / "dicom" / vendor)
