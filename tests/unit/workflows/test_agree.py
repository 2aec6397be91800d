from pathlib import Path

import nibabel
import numpy as np
import pytest

from neurolupus.errors import GridMismatchError, ImageContentError, TableError, UsageError
from neurolupus.workflows.agree import SegmentationComparison, compare, write_pairs
from neurolupus.workflows.agree_tables import TableComparison


def write_image(path: Path, data: np.ndarray, size_mm: float = 1.0) -> Path:
    nibabel.save(nibabel.Nifti1Image(data, np.diag([size_mm, size_mm, size_mm, 1])), path)
    return path


def boxes(*spans: tuple[int, int], label: int = 1) -> np.ndarray:
    data = np.zeros((20, 20, 20), np.uint8)
    for start, stop in spans:
        data[start:stop, 2:4, 2:4] = label
    return data


def test_two_masks(tmp_path: Path) -> None:
    # A: lesions of 4 x 2 x 2 and 2 x 2 x 2 voxels; B: the first one shifted by 2, and nothing else
    a = write_image(tmp_path / "a.nii.gz", boxes((0, 4), (10, 12)))
    b = write_image(tmp_path / "b.nii.gz", boxes((2, 6)))
    result = compare(a, b)
    assert isinstance(result, SegmentationComparison)
    it = result.agreements["mask"]
    assert it.dice == pytest.approx(2 * 8 / (24 + 16))
    assert (it.volume_a_ml, it.volume_b_ml) == (pytest.approx(0.024), pytest.approx(0.016))
    assert (it.lesion_recall, it.lesion_precision, it.lesion_f1) == (0.5, 1.0, pytest.approx(2 / 3))


def test_a_probability_map_is_a_mask_from_the_threshold_on(tmp_path: Path) -> None:
    a = write_image(tmp_path / "a.nii.gz", boxes((0, 4)))
    b = write_image(tmp_path / "b.nii.gz", boxes((0, 4)).astype(np.float32) * np.float32(0.2))
    for threshold, dice in ((0.2, 1.0), (0.25, 0.0)):
        result = compare(a, b, threshold=threshold)
        assert isinstance(result, SegmentationComparison)
        assert result.agreements["mask"].dice == dice


def test_label_images_are_compared_label_by_label_and_masks_against_any_label(tmp_path: Path) -> None:
    a = write_image(tmp_path / "a.nii.gz", boxes((0, 4)) + boxes((10, 12), label=2))
    b = write_image(tmp_path / "b.nii.gz", boxes((0, 4)) + boxes((10, 12), label=3))
    result = compare(a, b)
    assert isinstance(result, SegmentationComparison)
    assert {name: it.dice for name, it in result.agreements.items()} == {"1": 1.0, "2": 0.0, "3": 0.0}
    mask = write_image(tmp_path / "m.nii.gz", boxes((0, 4), (10, 12)))
    against = compare(a, mask)
    assert isinstance(against, SegmentationComparison)
    assert against.agreements["mask"].dice == 1.0


def test_grids_must_agree(tmp_path: Path) -> None:
    a, b = (write_image(tmp_path / f"{n}.nii.gz", boxes((0, 4)), size) for n, size in (("a", 1.0), ("b", 2.0)))
    with pytest.raises(GridMismatchError, match=r"a\.nii\.gz"):
        compare(a, b)


def test_what_other_programs_round_in_a_header_is_one_grid(tmp_path: Path) -> None:
    a = write_image(tmp_path / "a.nii.gz", boxes((0, 4)))
    moved = np.eye(4)
    moved[0, 3] = 0.002
    b = tmp_path / "b.nii.gz"
    nibabel.save(nibabel.Nifti1Image(boxes((0, 4)).astype(np.float32), nibabel.load(a).affine + moved - np.eye(4)), b)
    result = compare(a, b)
    assert isinstance(result, SegmentationComparison)
    assert result.agreements["mask"].dice == 1.0


def write_table(path: Path, rows: dict[str, tuple[float, float]]) -> Path:
    lines = [f"sub-{name}\tn/a\t{gm}\t{wmh}\t0.1.0" for name, (gm, wmh) in rows.items()]
    path.write_text("\n".join(["participant_id\tsession_id\tgm_ml\twmh_ml\tversion", *lines]) + "\n")
    return path


def test_two_tables_are_matched_by_scan(tmp_path: Path) -> None:
    a = write_table(tmp_path / "a.tsv", {"01": (600, 1), "02": (620, 2), "03": (640, 3)})
    b = write_table(tmp_path / "b.tsv", {"03": (650, 3), "04": (1, 1), "01": (600, 2)})
    result = compare(a, b)
    assert isinstance(result, TableComparison)
    assert (result.only_a, result.only_b) == (("02",), ("04",))
    gm = {c.name: c for c in result.columns}["gm_ml"].agreement
    assert gm is not None
    # differences 0 and 10: mean 5, SD 10/sqrt(2), limits 5 +- 1.96 x 7.071
    assert (gm.n, gm.bias, gm.sd) == (2, pytest.approx(5), pytest.approx(7.0711, abs=1e-4))
    assert gm.limits_high == pytest.approx(18.859, abs=1e-3)


def test_a_cat12_table_by_name_of_its_columns(tmp_path: Path) -> None:
    a = write_table(tmp_path / "a.tsv", {"01": (600, 1), "02": (620, 2)})
    b = tmp_path / "TIV.txt"
    b.write_text("sub-01_T1w.nii 1500 610 500 390 0.5\nsub-02_T1w.nii 1500 630 500 370 0.5\n")
    result = compare(a, b)
    assert isinstance(result, TableComparison)
    assert result.b.kind == "cat12"
    gm = {c.name: c for c in result.columns}["gm_ml"].agreement
    assert gm is not None
    assert gm.bias == pytest.approx(10)


def test_tables_that_share_nothing(tmp_path: Path) -> None:
    a = write_table(tmp_path / "a.tsv", {"01": (600, 1), "02": (600, 1)})
    b = write_table(tmp_path / "b.tsv", {"03": (600, 1), "04": (600, 1)})
    with pytest.raises(TableError, match="share no scan"):
        compare(a, b)


def test_an_image_and_a_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two of one kind"):
        compare(tmp_path / "a.nii.gz", tmp_path / "b.tsv")


def test_every_pair_is_written(tmp_path: Path) -> None:
    a = write_table(tmp_path / "a.tsv", {"01": (600, 1), "02": (620, 2)})
    b = write_table(tmp_path / "b.tsv", {"01": (610, 1), "02": (620, 4)})
    write_pairs(tmp_path / "pairs.tsv", compare(a, b))
    assert (tmp_path / "pairs.tsv").read_text().splitlines() == [
        "scan\tvolume\ta_ml\tb_ml\tmean_ml\tdifference_ml",
        "01\tgm_ml\t600\t610\t605\t10",
        "02\tgm_ml\t620\t620\t620\t0",
        "01\twmh_ml\t1\t1\t1\t0",
        "02\twmh_ml\t2\t4\t3\t2",
    ]


def test_tables_tell_how_many_scans_the_limits_need(tmp_path: Path) -> None:
    a = write_table(tmp_path / "a.tsv", {"01": (600, 1), "02": (620, 2), "03": (640, 3)})
    b = write_table(tmp_path / "b.tsv", {"01": (600, 1), "02": (620, 2), "03": (670, 3)})
    result = compare(a, b, limits_within=0.34)
    assert isinstance(result, TableComparison)
    gm = {c.name: c for c in result.columns}["gm_ml"]
    # differences 0, 0 and 30: SD 10 √3; t with 2 degrees of freedom 4.3027; t SD √(3 / 3)
    assert gm.limit_half_width_ml == pytest.approx(4.30265 * 10 * 3**0.5, rel=1e-5)
    assert result.limits_needed == 103  # tests/reference/kappa.R
    assert result.summary()["limits_needed"] == 103


def test_tables_whose_differences_do_not_vary_give_no_half_width(tmp_path: Path) -> None:
    a = write_table(tmp_path / "a.tsv", {"01": (600, 0.1), "02": (620, 0.2)})
    b = write_table(tmp_path / "b.tsv", {"01": (610, 0.4), "02": (640, 0.5)})
    result = compare(a, b)
    assert isinstance(result, TableComparison)
    halves = {c.name: c.limit_half_width_ml for c in result.columns}
    # 0.4 - 0.1 and 0.5 - 0.2 differ by rounding alone
    assert (halves["wmh_ml"], halves["gm_ml"]) == (None, pytest.approx(12.7062 * 50**0.5 * 1.5**0.5, rel=1e-4))


def write_usable(path: Path, rows: dict[str, tuple[float, str]]) -> Path:
    lines = [f"sub-{name}\t{wmh}\t{usable}" for name, (wmh, usable) in rows.items()]
    path.write_text("\n".join(["participant_id\twmh_ml\tusable", *lines]) + "\n")
    return path


def test_scans_that_are_not_usable_are_left_out_and_told(tmp_path: Path) -> None:
    a = write_usable(tmp_path / "a.tsv", {"01": (1, "true"), "02": (2, "false"), "03": (3, "true"), "04": (5, "n/a")})
    b = write_usable(tmp_path / "b.tsv", {"01": (2, "true"), "02": (9, "true"), "03": (9, "False"), "04": (5, "true")})
    result = compare(a, b)
    assert isinstance(result, TableComparison)
    (wmh,) = result.columns
    assert wmh.scans == ("01", "04")
    assert wmh.agreement is not None
    assert (wmh.agreement.n, wmh.agreement.bias) == (2, 0.5)
    assert (result.unusable, result.only_a, result.only_b) == (("02", "03"), (), ())
    assert result.summary()["unusable"] == ["02", "03"]


def test_tables_without_a_usable_scan_in_both_are_refused(tmp_path: Path) -> None:
    a = write_usable(tmp_path / "a.tsv", {"01": (1, "false"), "02": (2, "true")})
    b = write_usable(tmp_path / "b.tsv", {"01": (1, "true"), "02": (2, "no")})
    with pytest.raises(TableError, match="Of the 2 scans"):
        compare(a, b)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_mask_with_a_voxel_that_is_no_number_is_refused(tmp_path: Path, value: float) -> None:
    a = write_image(tmp_path / "a.nii.gz", boxes((0, 4)))
    holed = boxes((0, 4)).astype(np.float32)
    holed[0, 0, 0] = value
    b = write_image(tmp_path / "b.nii.gz", holed)
    for pair in ((a, b), (b, a)):
        with pytest.raises(ImageContentError, match=r"b\.nii\.gz: has values that are not finite"):
            compare(*pair)


def test_folders_are_sent_to_the_verb_for_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="raters agree"):
        compare(tmp_path, tmp_path)


@pytest.mark.parametrize("whole", [True, False])
def test_shades_of_grey_and_per_cent_are_no_segmentation(tmp_path: Path, whole: bool) -> None:
    grey = np.random.default_rng(1).uniform(0, 99, (20, 20, 20)).astype(np.float32)
    a = write_image(tmp_path / "a.nii.gz", np.rint(grey) if whole else grey)
    b = write_image(tmp_path / "b.nii.gz", boxes((0, 4)))
    for one, other in ((a, b), (b, a)):
        with pytest.raises(ImageContentError, match=r"a\.nii\.gz.*has values from 0.* to 9[89].*probabilities"):
            compare(one, other)


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.5, float("nan")])
def test_a_threshold_is_a_probability(tmp_path: Path, threshold: float) -> None:
    a = write_image(tmp_path / "a.nii.gz", boxes((0, 4)))
    with pytest.raises(UsageError, match="threshold is"):
        compare(a, a, threshold=threshold)
