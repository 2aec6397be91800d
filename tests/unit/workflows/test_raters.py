"""Raters from export to comparison, on tiny heads that are measured in milliseconds."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from neurolupus.errors import ImageError, TableError, UsageError
from neurolupus.io.delimited import read_tsv
from neurolupus.io.nifti import read_labels, read_volume
from neurolupus.io.rater_folder import read_key
from neurolupus.io.seg_nrrd import read_seg_nrrd, write_seg_nrrd
from neurolupus.records.volume import Volume
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.measure import MeasureOptions, measure_dataset
from neurolupus.workflows.raters_agree import compare_raters, voxel_kappa, write_comparison
from neurolupus.workflows.raters_export import export_for_raters
from neurolupus.workflows.raters_page import size_sentences, write_raters_page
from neurolupus.workflows.raters_ratings import rating_agreements, read_ratings
from neurolupus.workflows.raters_read import ReadOptions, read_back

pytestmark = pytest.mark.slow

ONE_ML = 6.0**3 / 1000  # a voxel of the tiny head
FAST = MeasureOptions(capacity=Capacity(2, 1))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the data set and its automatic result lie once the first test has made them."""
    return tmp_path_factory.mktemp("raters") / "kept"


@pytest.fixture
def out(tmp_path: Path, kept: Path, make_dataset, fake_measure) -> Path:
    """A measured data set beside its raw one, a copy for each test."""
    if not kept.exists():
        make_dataset(["01", "02", "03"], no_flair=["03"], name="made")
        kept.mkdir()
        (tmp_path / "made").rename(kept / "bids")
        measure_dataset(kept / "bids", kept / "out", FAST)
    for name in ("bids", "out"):
        shutil.copytree(kept / name, tmp_path / name)
    return tmp_path / "out"


def redraw(folder: Path, change) -> None:
    """What a rater does: load the label map, change it, save it."""
    image = nibabel.load(folder / "labels.nii.gz")
    data = np.asarray(image.dataobj).copy()
    change(data)
    nibabel.save(nibabel.Nifti1Image(data, image.affine), folder / "labels.nii.gz")


def add_a_block(data: np.ndarray, label: int = 1) -> None:
    data[10:12, 10:12, 10:12] = label


def test_scans_with_a_flair_are_exported_with_the_model_s_mask(tmp_path: Path, out: Path) -> None:
    done = export_for_raters(out, tmp_path / "A")
    assert done.cases == ("sub-01", "sub-02")  # sub-03 has no FLAIR
    mask = read_volume(out / "sub-01" / "anat" / "sub-01_label-WMH_mask.nii.gz").data
    labels = read_labels(tmp_path / "A" / "sub-01" / "labels.nii.gz").data
    assert mask.any()
    np.testing.assert_array_equal(labels, mask)
    flair = out / "sub-01" / "anat" / "sub-01_space-T1w_desc-preproc_FLAIR.nii.gz"
    assert (tmp_path / "A" / "sub-01" / "FLAIR.nii.gz").read_bytes() == flair.read_bytes()


def test_a_blinded_empty_set_names_nobody(tmp_path: Path, out: Path) -> None:
    key = tmp_path / "key.tsv"
    done = export_for_raters(out, tmp_path / "A", start="empty", key=key, rng=np.random.default_rng(1))
    assert done.cases == ("case-001", "case-002")
    assert {scan.stem for scan in read_key(key).values()} == {"sub-01", "sub-02"}
    assert not read_labels(tmp_path / "A" / "case-001" / "labels.nii.gz").data.any()
    files = [path for path in (tmp_path / "A").rglob("*") if path.is_file()]
    assert [path for path in files if "sub-0" in path.name or b"sub-0" in path.read_bytes()] == []


def test_export_replaces_nothing(tmp_path: Path, out: Path) -> None:
    (tmp_path / "A").mkdir()
    with pytest.raises(UsageError, match="never replaced"):
        export_for_raters(out, tmp_path / "A")
    with pytest.raises(UsageError, match="must not see"):
        export_for_raters(out, out / "A")
    with pytest.raises(UsageError, match="it unblinds"):
        export_for_raters(out, tmp_path / "B", key=tmp_path / "B" / "key.tsv")
    with pytest.raises(UsageError, match="sub-09"):
        export_for_raters(out, tmp_path / "B", participants=["09"])
    assert not (tmp_path / "B").exists()


def test_a_rater_s_maps_are_measured_beside_the_automatic_result(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A")
    redraw(tmp_path / "A" / "sub-01", add_a_block)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    done = read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=ReadOptions(measure=FAST))
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    first, second = done.edits
    # the block of 2 x 2 x 2 voxels lies apart from the lesion of 2 x 3 x 2
    assert (first.added_ml, first.removed_ml) == (pytest.approx(8 * ONE_ML), 0)
    assert (first.wmh_model_ml, first.wmh_ml) == (pytest.approx(12 * ONE_ML), pytest.approx(20 * ONE_ML))
    assert first.dice_to_model == pytest.approx(2 * 12 / 32)
    assert (first.edited, second.edited) == (True, False)
    told = json.loads((tmp_path / "out_A" / "sub-01" / "anat" / "sub-01_volumes.json").read_text())
    assert any("edited by AB from the model's mask" in warning for warning in told["warnings"])
    known = json.loads((tmp_path / "out_A" / "sub-01" / "anat" / "sub-01_provenance.json").read_text())
    assert "sub-01_label-WMH_mask.nii.gz" in {name.split("/")[-1] for name in known["input_sha256"]}


def test_a_segmentation_of_3d_slicer_is_exported_read_and_compared(tmp_path: Path, out: Path) -> None:
    done = export_for_raters(out, tmp_path / "A", map_format="slicer")
    assert done.cases == ("sub-01", "sub-02")
    names = {path.name for path in (tmp_path / "A" / "sub-01").iterdir()}
    assert names == {"T1w.nii.gz", "FLAIR.nii.gz", "brain.nii.gz", "labels.seg.nrrd"}
    file = tmp_path / "A" / "sub-01" / "labels.seg.nrrd"
    like = read_volume(file.with_name("FLAIR.nii.gz"))
    labels = read_seg_nrrd(file, like)
    assert isinstance(labels, Volume)
    add_a_block(labels.data)
    write_seg_nrrd(file, labels)
    (pair,) = compare_raters([tmp_path / "A", out]).pairs
    assert [round(scan.agreement.dice, 6) for scan in pair.scans] == [round(2 * 12 / 32, 6), 1.0]
    read = read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=ReadOptions(measure=FAST))
    assert [one.added_ml for one in read.edits] == pytest.approx([8 * ONE_ML, 0])
    kept = read_labels(tmp_path / "out_A" / "sourcedata" / "rater" / "sub-01" / "labels.nii.gz")
    np.testing.assert_array_equal(kept.data, labels.data)


def test_maps_that_nobody_touched_are_told(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A", start="empty")
    export_for_raters(out, tmp_path / "B", map_format="slicer")
    redraw(tmp_path / "A" / "sub-01", add_a_block)
    found = compare_raters([tmp_path / "A", tmp_path / "B"])
    assert found.untouched == (("B", "sub-01"), ("A", "sub-02"), ("B", "sub-02"))
    write_raters_page(tmp_path / "agreement.html", found)
    assert (
        "As exported; was nothing to draw, or is it not begun: B, sub-01;" in (tmp_path / "agreement.html").read_text()
    )
    done = read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=ReadOptions(measure=FAST))
    assert [edit.edited for edit in done.edits] == [True, False]
    assert compare_raters([tmp_path / "out_A", out]).untouched == (("AB", "sub-02"),)


def test_a_second_delivery_keeps_what_the_first_brought(tmp_path: Path, out: Path) -> None:
    target = tmp_path / "out_A"
    for name, scan in (("first", "01"), ("second", "02"), ("again", "01")):
        export_for_raters(out, tmp_path / name, participants=[scan])
        redraw(tmp_path / name / f"sub-{scan}", lambda data, n=name: add_a_block(data, 2 if n == "again" else 1))
        read_back(out, tmp_path / name, target, rater="AB", options=ReadOptions(measure=FAST))
    rows = read_tsv(target / "sourcedata" / "rater" / "edits.tsv")
    assert {row["participant_id"]: float(row["infarct_ml"]) for row in rows} == pytest.approx(
        {"sub-01": 8 * ONE_ML, "sub-02": 0.0}
    )
    found = compare_raters([target, out])
    assert [one.scan for one in found.pairs[0].scans] == ["sub-01", "sub-02"]
    export_for_raters(out, tmp_path / "empty", participants=["02"], start="empty")
    with pytest.raises(UsageError, match="began with the model's masks"):
        read_back(out, tmp_path / "empty", target, rater="AB", options=ReadOptions(measure=FAST))


def test_the_model_does_not_take_the_place_of_a_rater(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A")
    read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=ReadOptions(measure=FAST))
    before = (tmp_path / "out_A" / "volumes.tsv").read_bytes()
    with pytest.raises(UsageError, match="holds what a rater drew"):
        measure_dataset(tmp_path / "bids", tmp_path / "out_A", FAST)
    assert (tmp_path / "out_A" / "volumes.tsv").read_bytes() == before


def test_an_exclusion_of_nobody_is_refused_before_anything_is_measured(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A")
    table = tmp_path / "exclusions.tsv"
    table.write_text("participant_id\tsession_id\treason\nsub-1\tn/a\ttumour\n")
    options = ReadOptions(measure=replace(FAST, exclusions=table))
    with pytest.raises(TableError, match="excludes sub-1"):
        read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=options)
    assert not (tmp_path / "out_A").exists()


def test_an_infarct_makes_the_scan_unusable_and_doubt_is_no_wmh(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A")
    redraw(tmp_path / "A" / "sub-01", lambda data: add_a_block(data, 2))
    redraw(tmp_path / "A" / "sub-02", lambda data: add_a_block(data, 3))
    done = read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=ReadOptions(measure=FAST))
    assert (done.edits[0].infarct_ml, done.edits[1].unsure_ml) == pytest.approx((8 * ONE_ML, 8 * ONE_ML))
    assert [edit.wmh_ml for edit in done.edits] == pytest.approx([12 * ONE_ML] * 2)
    rows = {row["participant_id"]: row for row in (dict(one.measurements) for one in done.measured.group.rows)}
    assert rows["sub-01"]["usable"] is False
    assert rows["sub-01"]["unusable_reason"] == "infarct-like lesion drawn by AB"
    assert rows["sub-02"]["usable"] is True
    assert rows["sub-01"]["wmh_method"] == "rater AB"
    anat = tmp_path / "out_A" / "sub-01" / "anat"
    np.testing.assert_array_equal(
        read_volume(anat / "sub-01_label-infarct_mask.nii.gz").data > 0,
        read_labels(tmp_path / "A" / "sub-01" / "labels.nii.gz").data == 2,
    )
    known = json.loads((anat / "sub-01_provenance.json").read_text())["input_sha256"]
    assert "sub-01_label-infarct_mask.nii.gz" in {name.split("/")[-1] for name in known}
    assert not (tmp_path / "out_A" / "sub-02" / "anat" / "sub-02_label-infarct_mask.nii.gz").exists()


def test_the_model_s_infarcts_go_to_the_rater_and_come_back(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A")
    redraw(tmp_path / "A" / "sub-01", lambda data: add_a_block(data, 2))
    read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=ReadOptions(measure=FAST))
    export_for_raters(tmp_path / "out_A", tmp_path / "B")
    drawn, again = (read_labels(tmp_path / name / "sub-01" / "labels.nii.gz").data for name in "AB")
    np.testing.assert_array_equal(again, drawn)
    raw = ReadOptions(raw=tmp_path / "bids", measure=FAST)
    done = read_back(tmp_path / "out_A", tmp_path / "B", tmp_path / "out_B", rater="CD", options=raw)
    assert [one.edited for one in done.edits] == [False, False]
    assert done.edits[0].infarct_ml == pytest.approx(8 * ONE_ML)


def test_an_infarct_taken_back_leaves_no_mask_behind(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A")
    options = ReadOptions(measure=FAST)
    for label in (2, 0):
        redraw(tmp_path / "A" / "sub-01", lambda data, label=label: add_a_block(data, label))
        done = read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=options)
        assert done.edits[0].edited is (label == 2)
        there = list((tmp_path / "out_A").rglob("sub-01*label-infarct_mask.nii.gz"))
        # as drawn, and as measured; without one the mask as drawn is empty: the rater saw none
        assert [read_volume(path).data.any() for path in there] == ([True, True] if label == 2 else [False])


def test_every_fault_is_told_at_once_and_nothing_is_measured(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A")
    redraw(tmp_path / "A" / "sub-01", lambda data: add_a_block(data, 9))
    (tmp_path / "A" / "sub-02" / "labels.nii.gz").unlink()
    with pytest.raises(ImageError) as caught:
        read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=ReadOptions(measure=FAST))
    assert "has label 9" in str(caught.value)
    assert "neither labels.nii.gz" in str(caught.value)
    assert not (tmp_path / "out_A").exists()


def test_changed_images_and_wrong_folders_are_refused(tmp_path: Path, out: Path) -> None:
    export_for_raters(out, tmp_path / "A")
    options = ReadOptions(measure=FAST)
    with pytest.raises(UsageError, match="only read"):
        read_back(out, tmp_path / "A", out, rater="AB", options=options)
    with pytest.raises(UsageError, match="no name of a rater"):
        read_back(out, tmp_path / "A", tmp_path / "out_A", rater=" ", options=options)
    read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=options)
    with pytest.raises(UsageError, match="maps of AB, not of CD"):
        read_back(out, tmp_path / "A", tmp_path / "out_A", rater="CD", options=options)
    t1w = tmp_path / "bids" / "sub-01" / "anat" / "sub-01_T1w.nii.gz"
    t1w.write_bytes((tmp_path / "bids" / "sub-02" / "anat" / "sub-02_T1w.nii.gz").read_bytes())
    with pytest.raises(ImageError, match="not the file that was measured"):
        read_back(out, tmp_path / "A", tmp_path / "out_B", rater="CD", options=options)


def test_a_blinded_set_needs_its_key_and_is_read_under_real_names(tmp_path: Path, out: Path) -> None:
    key = tmp_path / "key.tsv"
    export_for_raters(out, tmp_path / "A", key=key, rng=np.random.default_rng(1))
    with pytest.raises(UsageError, match="--key"):
        read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB")
    done = read_back(out, tmp_path / "A", tmp_path / "out_A", rater="AB", options=ReadOptions(key=key, measure=FAST))
    assert {edit.scan_id.stem for edit in done.edits} == {"sub-01", "sub-02"}
    assert all(not edit.edited for edit in done.edits)
    found = compare_raters([tmp_path / "out_A", out])
    assert [rater.name for rater in found.raters] == ["AB", "out"]
    assert [scan.agreement.dice for scan in found.pairs[0].scans] == [1.0, 1.0]


def test_the_key_of_another_export_is_noticed(tmp_path: Path, out: Path) -> None:
    mask = next((out / "sub-02").rglob("*_label-WMH_mask.nii.gz"))
    image = nibabel.load(mask)
    data = np.asarray(image.dataobj).copy()
    add_a_block(data)
    nibabel.save(nibabel.Nifti1Image(data, image.affine), mask)  # else both scans' masks are alike
    keys = {}
    for seed in range(20):
        key = tmp_path / f"key{seed}.tsv"
        export_for_raters(out, tmp_path / f"set{seed}", key=key, rng=np.random.default_rng(seed))
        keys.setdefault(key.read_text(), (tmp_path / f"set{seed}", key))
        if len(keys) == 2:
            break
    (one, own_key), (other, other_key) = keys.values()  # in both orders
    with pytest.raises(UsageError, match=r"would be read as sub-0\d, and was exported with the mask of sub-0\d"):
        read_back(out, one, tmp_path / "out_A", rater="AB", options=ReadOptions(key=other_key, measure=FAST))
    assert not (tmp_path / "out_A").exists()
    with pytest.raises(UsageError, match="come from two exports"):
        compare_raters([one, other])
    done = read_back(out, one, tmp_path / "out_A", rater="AB", options=ReadOptions(key=own_key, measure=FAST))
    assert len(done.edits) == 2


def test_scans_that_begin_alike_hide_no_mix_up_of_the_others(tmp_path: Path, out: Path) -> None:
    mask = next((out / "sub-02").rglob("*_label-WMH_mask.nii.gz"))
    image = nibabel.load(mask)
    data = np.asarray(image.dataobj).copy()
    add_a_block(data)
    nibabel.save(nibabel.Nifti1Image(data, image.affine), mask)
    for name in ("A", "B"):
        export_for_raters(out, tmp_path / name)
    compare_raters([tmp_path / "A", tmp_path / "B"])
    told = json.loads((tmp_path / "A" / "raters.json").read_text())
    first, second = told["cases"]
    swapped = [first | {"mask_sha256": second["mask_sha256"]}, second | {"mask_sha256": first["mask_sha256"]}]
    (tmp_path / "B" / "raters.json").write_text(json.dumps(told | {"cases": swapped}))
    two_empty = [{"name": name, "mask_sha256": "0" * 64} for name in ("sub-08", "sub-09")]
    (tmp_path / "A" / "raters.json").write_text(json.dumps(told | {"cases": [first, second, *two_empty]}))
    with pytest.raises(UsageError, match="come from two exports"):
        compare_raters([tmp_path / "A", tmp_path / "B"])


def test_two_raters_by_hand(tmp_path: Path, out: Path) -> None:
    for name in ("A", "B"):
        export_for_raters(out, tmp_path / name)
    redraw(tmp_path / "A" / "sub-01", add_a_block)
    redraw(tmp_path / "B" / "sub-02", add_a_block)
    (pair,) = compare_raters([tmp_path / "A", tmp_path / "B"]).pairs
    # 20 voxels against 12 of them, then 12 against 20: Dice 24/32 twice
    assert [scan.agreement.dice for scan in pair.scans] == pytest.approx([0.75, 0.75])
    assert [scan.agreement.lesion_f1 for scan in pair.scans] == pytest.approx([2 / 3, 2 / 3])
    assert pair.volumes is not None
    # differences -8 and +8 voxels
    assert (pair.volumes.bias, pair.volumes.sd) == pytest.approx((0, 8 * ONE_ML * 2**0.5))
    assert pair.size is not None
    # Dice does not vary: no interval and no hint can be made of it; the differences do, -8 and +8 voxels
    assert (pair.size.dice_mean, pair.size.dice_half_width, pair.size.dice_needed) == (pytest.approx(0.75), None, None)
    assert pair.size.limits_needed == 49
    brain = int(read_volume(tmp_path / "A" / "sub-01" / "brain.nii.gz").data.sum())
    seen = 1 - 8 / brain
    chance = 20 / brain * 12 / brain + (1 - 20 / brain) * (1 - 12 / brain)
    assert pair.scans[0].kappa == pytest.approx((seen - chance) / (1 - chance))


def test_without_a_spread_there_is_no_hint_and_the_caution_comes_first(tmp_path: Path, out: Path) -> None:
    for name in ("A", "B"):
        export_for_raters(out, tmp_path / name)
    (pair,) = compare_raters([tmp_path / "A", tmp_path / "B"]).pairs
    assert pair.size is not None
    assert (pair.size.limits_half_width_ml, pair.size.limits_needed) == (None, None)
    caution, dice, limits = size_sentences(pair)
    assert caution.startswith("2 scans tell little")
    assert dice.startswith("All 2 scans have the same Dice, 1.000: without a spread")
    assert limits.startswith("All differences of volume are alike")
    assert not any("take" in sentence for sentence in (dice, limits))


def test_voxels_a_rater_could_not_decide_are_left_out(tmp_path: Path, out: Path) -> None:
    for name in ("A", "B"):
        export_for_raters(out, tmp_path / name)
    redraw(tmp_path / "A" / "sub-01", add_a_block)
    redraw(tmp_path / "B" / "sub-01", lambda data: add_a_block(data, 3))
    (pair,) = compare_raters([tmp_path / "A", tmp_path / "B"]).pairs
    assert pair.scans[0].agreement.dice == 1.0
    assert pair.scans[0].unsure_ml == pytest.approx(8 * ONE_ML)


def test_voxel_kappa_by_hand() -> None:
    a, b, brain = (np.zeros((5, 2, 1), bool) for _ in range(3))
    a[:2] = b[1:3] = brain[:5] = True  # 10 voxels: both 2, only a 2, only b 2, neither 4
    # seen 0.6, by chance 0.4 x 0.4 + 0.6 x 0.6 = 0.52
    assert voxel_kappa(a, b, brain).value == pytest.approx(0.08 / 0.48)


def test_a_folder_of_masks_is_compared_with_the_model(tmp_path: Path, out: Path) -> None:
    masks = tmp_path / "expert"
    masks.mkdir()
    for name in ("sub-01", "sub-02"):
        mask = read_volume(out / name / "anat" / f"{name}_label-WMH_mask.nii.gz")
        nibabel.save(nibabel.Nifti1Image(mask.data, mask.affine), masks / f"{name}_expert.nii.gz")
    nibabel.save(nibabel.Nifti1Image(mask.data, mask.affine), masks / "sub-09_expert.nii.gz")
    found = compare_raters([masks, out])
    assert [scan.agreement.dice for scan in found.pairs[0].scans] == [1.0, 1.0]
    assert found.left_out == ("sub-09",)
    nibabel.save(nibabel.Nifti1Image(mask.data, mask.affine), masks / "sub-09_again.nii.gz")
    with pytest.raises(UsageError, match="both of sub-09"):
        compare_raters([masks, out])


def test_a_mask_with_several_labels_is_no_mask(tmp_path: Path, out: Path) -> None:
    masks = tmp_path / "expert"
    masks.mkdir()
    for name in ("sub-01", "sub-02"):
        mask = read_volume(out / name / "anat" / f"{name}_label-WMH_mask.nii.gz")
        data = mask.data.copy()
        add_a_block(data, 2)  # an infarct, in the labels of `raters export`
        nibabel.save(nibabel.Nifti1Image(data, mask.affine), masks / f"{name}_expert.nii.gz")
    with pytest.raises(ImageError, match="holds the labels 1, 2; a mask has one"):
        compare_raters([masks, out])


def test_what_cannot_be_compared_is_told(tmp_path: Path, out: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="two raters at least"):
        compare_raters([out])
    with pytest.raises(UsageError, match="neither raters"):
        compare_raters([out, tmp_path / "empty"])
    with pytest.raises(UsageError, match="given twice"):
        compare_raters([out, out])
    export_for_raters(out, tmp_path / "A", key=tmp_path / "key.tsv")
    with pytest.raises(UsageError, match="--key"):
        compare_raters([tmp_path / "A", out])


def test_page_table_and_json(tmp_path: Path, out: Path) -> None:
    for name in ("A", "B", "C"):
        export_for_raters(out, tmp_path / name)
    redraw(tmp_path / "A" / "sub-01", add_a_block)
    found = compare_raters([tmp_path / name for name in "ABC"])
    told, table = write_comparison(tmp_path / "page", found)
    assert json.loads(told.read_text())["raters"] == ["A", "B", "C"]
    assert len(table.read_text().splitlines()) == 1 + 3 * 2
    write_raters_page(tmp_path / "page" / "agreement.html", found)
    text = (tmp_path / "page" / "agreement.html").read_text()
    assert text.count("<img") == 2
    assert "0.750" in text
    assert "take 49 scans or more" in text


def write_ratings(path: Path, rows: str) -> Path:
    lines = ["participant_id session_id rater map rating", *rows.split("; ")]
    path.write_text("\n".join("\t".join(line.split()) for line in lines) + "\n")
    return path


def test_grades_by_hand(tmp_path: Path) -> None:
    first = write_ratings(
        tmp_path / "a.tsv", "sub-1 n/a A WMH 0; sub-2 n/a A WMH 3; 3 n/a A WMH 1; sub-4 n/a A WMH n/a"
    )
    second = write_ratings(tmp_path / "b.tsv", "1 n/a B WMH 1; sub-2 n/a B WMH 3; sub-3 n/a B WMH 1; sub-4 n/a B WMH 2")
    plain, linear, _quadratic = rating_agreements(read_ratings([first, second]))[0].kappas
    # seen 2/3; chance: 1 (1/3 x 2/3) + 3 (1/3 x 1/3) = 1/3
    assert (plain.value, plain.n, plain.n_dropped) == (pytest.approx(0.5), 3, 1)
    # steps of a scale 0 to 3: 0-1 counts 2/3: seen 8/9; chance (2/3 x 2 + 0 + 1/3 x 2 + 1 + 1 x 2 + 1/3) / 9 = 16/27
    assert linear.value == pytest.approx((8 / 9 - 16 / 27) / (1 - 16 / 27))


def test_three_raters_and_words(tmp_path: Path) -> None:
    rows = "; ".join(
        f"sub-{scan} n/a {rater} GM {grade}"
        for scan, grades in (("1", "ggp"), ("2", "ppp"))
        for rater, grade in zip("ABC", grades, strict=True)
    )
    found = rating_agreements(read_ratings([write_ratings(tmp_path / "r.tsv", rows)]))
    assert [one.raters for one in found] == [("A", "B"), ("A", "C"), ("B", "C"), ("A", "B", "C")]
    assert found[-1].kappas[0].value == pytest.approx(0.25)  # as test_fleiss_by_hand
    assert all(len(one.kappas) == 1 for one in found)


def test_grades_that_a_spreadsheet_wrote_are_the_same_grades(tmp_path: Path) -> None:
    first = write_ratings(tmp_path / "a.tsv", "1 n/a A WMH 0; 2 n/a A WMH 3; 3 n/a A WMH 1")
    second = write_ratings(tmp_path / "b.tsv", "1 n/a B WMH 0.0; 2 n/a B WMH 3.0; 3 n/a B WMH 1.00")
    kappas = rating_agreements(read_ratings([first, second]))[0].kappas
    assert [one.value for one in kappas] == [1.0, 1.0, 1.0]
    third = write_ratings(tmp_path / "c.tsv", "1 n/a C WMH Accept; 2 n/a C wmh accept")
    with pytest.raises(TableError, match="column rating has Accept and accept") as caught:
        read_ratings([third])
    assert "column map has WMH and wmh" in str(caught.value)


def test_faulty_grades_are_told_together(tmp_path: Path) -> None:
    rows = "sub-1 n/a A WMH 1; sub-1 n/a A WMH 2; sub-2 n/a n/a WMH 2"
    with pytest.raises(TableError, match="2 faults") as caught:
        read_ratings([write_ratings(tmp_path / "r.tsv", rows)])
    assert "row 2: A rated the WMH of sub-1 before" in str(caught.value)
    with pytest.raises(TableError, match="no rating"):
        read_ratings([write_ratings(tmp_path / "r.tsv", "sub-1 n/a A WMH n/a")])
    with pytest.raises(TableError, match="rated by A alone"):
        rating_agreements(read_ratings([write_ratings(tmp_path / "r.tsv", "sub-1 n/a A WMH 1")]))
