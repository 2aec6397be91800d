import os
import stat
from pathlib import Path

import nibabel
import numpy as np
import pytest

from neurolupus.errors import ImageError, TableError, UsageError
from neurolupus.io.faults import Fault
from neurolupus.io.rater_folder import (
    itksnap_labels,
    read_drawn,
    read_key,
    read_rater_set,
    slicer_colours,
    write_key,
    write_rater_set,
)
from neurolupus.io.seg_nrrd import write_seg_nrrd
from neurolupus.records.rating import RaterCase, RaterSet
from neurolupus.records.scan import ScanId
from neurolupus.records.volume import Volume

GRID = np.diag([2.0, 2.0, 2.0, 1.0])


def draw(folder: Path, data: np.ndarray, affine: np.ndarray = GRID, name: str = "labels.nii.gz") -> Path:
    folder.mkdir(exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(data, affine), folder / name)
    return folder


def labels(*values: int) -> np.ndarray:
    data = np.zeros((6, 5, 4), np.uint8)
    data.flat[: len(values)] = values
    return data


LIKE = Volume(np.zeros((6, 5, 4), np.float32), GRID)


def test_itk_snap_reads_eight_fields_a_line() -> None:
    rows = [line.split(None, 7) for line in itksnap_labels().splitlines() if not line.startswith("#")]
    assert [row[0] for row in rows] == ["0", "1", "2", "3"]
    assert rows[1] == ["1", "230", "159", "0", "1", "1", "1", '"WMH"']
    assert itksnap_labels().splitlines()[1] == "# ITK-SnAP Label Description File"


def test_3d_slicer_reads_six_fields_a_line() -> None:
    head, count, *rows = slicer_colours().splitlines()
    assert (head.startswith("# Color table file"), count) == (True, f"# {len(rows)} values")
    assert [row.split() for row in rows][1] == ["1", "WMH", "230", "159", "0", "255"]
    assert {len(row.split()) for row in rows} == {6}


def test_the_list_of_scans_comes_back(tmp_path: Path) -> None:
    given = RaterSet("1.0", "empty", True, (RaterCase("case-001", "ab"), RaterCase("case-002", "cd")), "AB")
    write_rater_set(tmp_path, given)
    assert read_rater_set(tmp_path) == given
    assert "is empty: draw every" in (tmp_path / "README.txt").read_text()


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", ""])
def test_a_list_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    write_rater_set(tmp_path, RaterSet("1.0", "model", False, (RaterCase(name, "ab"),)))
    with pytest.raises(TableError, match="no list of a rater's scans"):
        read_rater_set(tmp_path)


def test_no_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="raters export"):
        read_rater_set(tmp_path)


def test_a_map_stored_in_another_order_is_the_same_map(tmp_path: Path) -> None:
    drawn = labels(1, 2, 3)
    flipped = GRID.copy()
    flipped[0] = [-2, 0, 0, 10]
    found = read_drawn(draw(tmp_path / "a", drawn[::-1], flipped), LIKE)
    assert isinstance(found, Volume)
    np.testing.assert_array_equal(found.data, drawn)


@pytest.mark.parametrize(
    ("data", "affine", "words"),
    [
        (labels(1, 4, 7), GRID, "has label 4, 7; 0, 1 WMH, 2 infarct-like, 3 unsure are known"),
        (labels(1).astype(np.float32) * np.float32(0.5), GRID, "no whole numbers"),
        (np.full((6, 5, 4), np.nan, np.float32), GRID, "no whole numbers"),
        (labels(1), np.diag([2.0, 2.0, 2.1, 1.0]), "as the FLAIR beside it"),
        (np.zeros((6, 5, 5), np.uint8), GRID, "has shape (6, 5, 5)"),
    ],
)
def test_what_is_wrong_with_a_map_is_told(tmp_path: Path, data: np.ndarray, affine: np.ndarray, words: str) -> None:
    found = read_drawn(draw(tmp_path / "a", data, affine), LIKE)
    assert isinstance(found, Fault)
    assert words in found.what


def test_a_missing_or_doubled_or_damaged_map_is_told(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    none = read_drawn(tmp_path / "none", LIKE)
    assert isinstance(none, Fault)
    assert "neither" in none.what
    two = draw(draw(tmp_path / "two", labels(1)), labels(1), name="labels.nii")
    both = read_drawn(two, LIKE)
    assert isinstance(both, Fault)
    assert "holds labels.nii.gz and labels.nii; one map is needed" in both.what
    (tmp_path / "none" / "labels.nii.gz").write_bytes(b"not an image")
    with pytest.raises(ImageError):
        read_drawn(tmp_path / "none", LIKE)


def test_a_segmentation_of_3d_slicer_is_read_onto_the_flair_beside_it(tmp_path: Path) -> None:
    drawn = Volume(labels(1, 2, 3).astype(np.int32), GRID)
    write_seg_nrrd(tmp_path / "labels.seg.nrrd", drawn)
    draw(tmp_path, np.zeros((6, 5, 4), np.float32), name="FLAIR.nii.gz")
    for like in (LIKE, None):
        found = read_drawn(tmp_path, like)
        assert isinstance(found, Volume)
        np.testing.assert_array_equal(found.data, drawn.data)


def test_the_readme_names_the_file_to_edit(tmp_path: Path) -> None:
    write_rater_set(tmp_path, RaterSet("1.0", "model", False, ()), file="labels.seg.nrrd")
    text = (tmp_path / "README.txt").read_text()
    assert "and labels.seg.nrrd, the map to edit" in text
    assert "labels.nii.gz" not in text


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_key_is_its_owner_s_alone_and_never_replaced(tmp_path: Path) -> None:
    key = tmp_path / "key.tsv"
    codes = {"case-002": ScanId("01", "2"), "case-001": ScanId("07")}
    write_key(key, codes)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert read_key(key) == codes
    with pytest.raises(UsageError, match="never replaced"):
        write_key(key, codes)
