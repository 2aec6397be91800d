import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from neurolupus.errors import TableError
from neurolupus.io import results
from neurolupus.io.cohort import write_volumes_table
from neurolupus.io.delimited import read_tsv
from neurolupus.io.derivatives import is_skull_stripped
from neurolupus.io.nifti import read_labels, read_volume
from neurolupus.io.results import (
    measured_paths,
    read_measured_row,
    remove_unfinished,
    volumes_path,
    write_measured_scan,
)
from neurolupus.records.measured import Settings
from neurolupus.records.scan import ScanId

STEM = "sub-01_ses-1"
# Every name, as BIDS 1.9.0 and fMRIPrep's transforms have them; bids-validator 3.0.2 found no error in them.
IMAGES = {
    "desc-preproc_T1w",
    "space-T1w_desc-preproc_FLAIR",
    "desc-filled_T1w",
    "desc-brain_mask",
    "desc-intracranial_mask",
    "label-WMH_mask",
    "label-GM_probseg",
    "label-WM_probseg",
    "label-CSF_probseg",
    "label-WMH_probseg",
    "dseg",
    "desc-lesions_dseg",
}
OTHERS = {
    "dseg.tsv",
    "desc-lesions_dseg.tsv",
    "from-FLAIR_to-T1w_mode-image_xfm.txt",
    "from-FLAIR_to-T1w_mode-image_xfm.json",
    "from-FLAIR_to-T1w_mode-image_desc-pointsRAS_xfm.txt",
    "from-FLAIR_to-T1w_mode-image_desc-pointsRAS_xfm.json",
    "volumes.json",
    "provenance.json",
}
FLAIR_FILES = ("FLAIR", "WMH", "lesions")


def all_bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def anat(tmp_path, a_measured_scan, provenance):
    write_measured_scan(tmp_path, a_measured_scan(), provenance)
    return tmp_path / "sub-01" / "ses-1" / "anat"


def test_every_file_is_there_and_no_other(tmp_path, a_measured_scan, provenance):
    paths = write_measured_scan(tmp_path, a_measured_scan(), provenance)
    expected = {f"{STEM}_{name}.{kind}" for name in IMAGES for kind in ("nii.gz", "json")}
    expected |= {f"{STEM}_{name}" for name in OTHERS}
    assert {path.name for path in paths} == expected
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(paths)


def test_without_a_flair_nothing_of_it_is_written(tmp_path, a_measured_scan, provenance):
    paths = write_measured_scan(tmp_path, a_measured_scan(flair=False), provenance)
    assert paths
    assert not [path.name for path in paths if any(word in path.name for word in FLAIR_FILES)]


def test_images_lie_on_the_t1ws_grid_and_hold_what_was_measured(anat, a_measured_scan):
    measured = a_measured_scan()
    for name in IMAGES:
        image = nib.load(anat / f"{STEM}_{name}.nii.gz")
        assert image.shape == measured.t1w.shape
        assert np.allclose(image.affine, measured.t1w.affine, atol=1e-5)
    tissue = read_volume(anat / f"{STEM}_label-GM_probseg.nii.gz").data
    assert np.abs(tissue - measured.gm).max() <= 0.0005 + 1e-6
    corrected = read_volume(anat / f"{STEM}_desc-preproc_T1w.nii.gz").data
    assert np.abs(corrected - measured.t1w_corrected).max() <= corrected.max() / 32767
    assert np.array_equal(read_labels(anat / f"{STEM}_label-WMH_mask.nii.gz").data, measured.wmh_mask)
    assert np.array_equal(read_labels(anat / f"{STEM}_dseg.nii.gz").data, measured.tissue_labels)
    assert np.array_equal(read_labels(anat / f"{STEM}_desc-lesions_dseg.nii.gz").data, measured.lesion_labels)


@pytest.mark.parametrize(
    ("raw", "bright", "step"), [("whole", 700, 1.0), ("in halves", 700, None), ("whole", 400, None)]
)
def test_an_image_of_enough_whole_steps_is_kept_in_whole_steps(
    tmp_path, a_measured_scan, provenance, raw, bright, step
):
    scan = a_measured_scan()
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 2 * bright, scan.t1w.shape).astype(np.float32) / 2
    t1w = scan.t1w.with_data(np.rint(whole) if raw == "whole" else whole)
    scan = replace(scan, t1w=t1w, t1w_corrected=(whole / np.float32(0.97)).astype(np.float32))
    paths = write_measured_scan(tmp_path, scan, provenance)
    kept = nib.load(next(path for path in paths if path.name.endswith("desc-preproc_T1w.nii.gz")))
    apart = np.abs(kept.get_fdata() - scan.t1w_corrected).max()
    if step:
        assert kept.dataobj.slope == step
        assert 0.4 < apart <= 0.5
    else:
        assert apart < 0.02


def test_a_mask_cut_from_the_kept_probabilities_is_the_one_cut_from_the_measured_ones(
    tmp_path, a_measured_scan, provenance
):
    measured = a_measured_scan()
    steps = np.linspace(0, 1, measured.wmh_probability.size).astype(np.float32)  # 0.1996 would be kept as 0.200
    measured = replace(measured, wmh_probability=steps.reshape(measured.wmh_probability.shape))
    paths = write_measured_scan(tmp_path, measured, provenance)
    kept = read_volume(next(path for path in paths if path.name.endswith("label-WMH_probseg.nii.gz"))).data
    assert np.abs(kept - measured.wmh_probability).max() <= 0.001 + 1e-6
    for threshold in np.arange(1, 100) / 100:
        assert np.array_equal(kept >= np.float32(threshold), measured.wmh_probability >= np.float32(threshold))


def test_every_sidecar_tells_source_version_and_settings(anat):
    for name in IMAGES:
        told = json.loads((anat / f"{STEM}_{name}.json").read_text())
        assert told["Description"]
        assert told["Sources"][0].startswith("bids:raw:sub-01/ses-1/anat/")
        assert told["SpatialReference"] == f"bids:raw:sub-01/ses-1/anat/{STEM}_T1w.nii.gz"
        assert told["NeurolupusVersion"] == "0.1.0"
        assert told["Settings"]["wmh_threshold"] == 0.2
    assert json.loads((anat / f"{STEM}_label-WMH_mask.json").read_text())["Type"] == "Lesion"
    assert json.loads((anat / f"{STEM}_desc-preproc_T1w.json").read_text())["SkullStripped"] is False


def test_skull_stripping_is_told_from_what_surrounds_the_mask(a_measured_scan):
    whole = a_measured_scan()
    stripped = replace(whole, t1w=whole.t1w.with_data(whole.t1w.data * whole.brain_mask))
    assert (is_skull_stripped(whole), is_skull_stripped(stripped)) == (False, True)
    assert is_skull_stripped(replace(whole, settings=Settings(skull_stripped=True)))


def test_transforms_tell_their_direction(anat):
    itk = json.loads((anat / f"{STEM}_from-FLAIR_to-T1w_mode-image_xfm.json").read_text())
    points = json.loads((anat / f"{STEM}_from-FLAIR_to-T1w_mode-image_desc-pointsRAS_xfm.json").read_text())
    assert "point of the T1w to the same anatomical point of the FLAIR" in itk["Direction"]
    assert "point of the FLAIR to the same anatomical point of the T1w" in points["Direction"]


def test_tables_name_tissues_and_lesions(anat):
    assert [row["abbreviation"] for row in read_tsv(anat / f"{STEM}_dseg.tsv")] == ["GM", "WM", "CSF"]
    (lesion,) = read_tsv(anat / f"{STEM}_desc-lesions_dseg.tsv")
    assert (lesion["index"], lesion["region"], lesion["volume_ml"], lesion["z"]) == ("1", "deep", "4.2", "3")


def test_the_volumes_file_tells_everything_but_times(anat):
    told = json.loads((anat / f"{STEM}_volumes.json").read_text())
    assert told["measurements"]["gm_ml"] == {"value": 600.123456, "unit": "ml", "low": 590.0, "high": 610.0}
    assert told["warnings"] == ["T1w: contrast-enhanced"]
    assert told["usable"] is True
    assert told["lesions"][0]["region"] == "deep"
    assert "registration" not in (anat / f"{STEM}_volumes.json").read_text()
    assert json.loads((anat / f"{STEM}_provenance.json").read_text())["seconds"] == {"registration": 1.5}


def test_a_row_of_the_table_comes_back(anat, tmp_path):
    row = read_measured_row(volumes_path(tmp_path, ScanId("01", "1")))
    assert row["participant_id"] == "sub-01"
    assert row["session_id"] == "ses-1"
    assert (row["gm_ml"], row["gm_ml_low"], row["gm_ml_high"]) == (600.123456, 590.0, 610.0)
    assert row["version"] == "0.1.0"
    assert row["usable"] is True
    table, _ = write_volumes_table(tmp_path, [row])
    assert read_tsv(table)[0]["gm_ml"] == "600.1235"


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", '{"participant_id": "a", "session_id": null, "measurements": []}']
)
def test_what_is_no_volumes_file(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(TableError, match=r"x\.json is no volumes file"):
        read_measured_row(tmp_path / "x.json")


def test_the_same_scan_gives_the_same_bytes(tmp_path, a_measured_scan, provenance):
    write_measured_scan(tmp_path / "a", a_measured_scan(), provenance)
    write_measured_scan(tmp_path / "b", a_measured_scan(), provenance)
    assert all_bytes(tmp_path / "a") == all_bytes(tmp_path / "b")


def test_no_path_of_the_machine_is_in_any_text(anat, tmp_path):
    for path in anat.iterdir():
        if path.suffix in (".json", ".tsv", ".txt"):
            assert str(tmp_path) not in path.read_text()
            assert str(Path.home()) not in path.read_text()


def test_measuring_again_replaces_and_removes_what_no_longer_holds(tmp_path, anat, a_measured_scan, provenance):
    (anat / "my_notes.txt").write_text("kept")
    write_measured_scan(tmp_path, a_measured_scan(flair=False, seed=7), provenance)
    names = {path.name for path in anat.iterdir()}
    assert not [name for name in names if any(word in name for word in FLAIR_FILES)]
    assert "my_notes.txt" in names
    assert f"{STEM}_volumes.json" in names
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_killed_first_run_leaves_nothing_that_looks_complete(tmp_path, a_measured_scan, provenance, monkeypatch):
    calls = []

    def die(*arguments: object, **named: object) -> None:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(results, "write_volume", die)
    with pytest.raises(KeyboardInterrupt):
        write_measured_scan(tmp_path, a_measured_scan(), provenance)
    assert measured_paths(tmp_path) == ()
    assert not (tmp_path / "sub-01").exists()
    assert not list(tmp_path.glob(".tmp-*")), "an exception cleans up at once"


@pytest.mark.parametrize("step", range(0, 30, 3))
def test_a_kill_between_any_two_renames_leaves_no_volumes_file(
    tmp_path, anat, a_measured_scan, provenance, monkeypatch, step
):
    # kill -9 runs no handler: simulated by a rename that never comes and a clean-up that never runs
    replaced = []
    original = Path.replace

    def rename(self, target):
        if Path(target).parent == anat:
            if len(replaced) == step:
                raise SystemExit
            replaced.append(target)
        return original(self, target)

    monkeypatch.setattr(Path, "replace", rename)
    monkeypatch.setattr(results.shutil, "rmtree", lambda *a, **k: None)
    with pytest.raises(SystemExit):
        write_measured_scan(tmp_path, a_measured_scan(seed=3), provenance)
    monkeypatch.undo()
    assert measured_paths(tmp_path) == ()
    assert list(tmp_path.glob(".tmp-*"))
    write_measured_scan(tmp_path, a_measured_scan(seed=3), provenance)
    assert len(measured_paths(tmp_path)) == 1
    assert not list(tmp_path.glob(".tmp-*")), "the next run of the scan cleans up"


WRITE_FOREVER = """
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("builders", sys.argv[2])
builders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(builders)
from neurolupus.io.results import write_measured_scan
from neurolupus.records.provenance import Provenance
scan = builders.measured_scan(shape=(48, 48, 48))
print("ready", flush=True)
while True:
    write_measured_scan(pathlib.Path(sys.argv[1]), scan, Provenance("0.1.0", {}, {}, {}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("delay_s", [0.05, 0.3])
def test_a_writer_that_is_killed_leaves_no_half_result(tmp_path, delay_s):
    arguments = [sys.executable, "-c", WRITE_FOREVER, str(tmp_path), str(Path(__file__).with_name("conftest.py"))]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay_s)
        writer.kill()  # SIGKILL
    for path in measured_paths(tmp_path):
        told = json.loads(path.read_text())
        assert len(told["files"]) == 30
        for name in told["files"]:
            assert (path.parent / name).stat().st_size > 0
            if name.endswith(".nii.gz"):
                read_volume(path.parent / name)


def test_only_leftovers_of_the_same_scan_or_of_yesterday_are_removed(tmp_path):
    for name in (
        ".tmp-00aa11bb-sub-01",
        ".tmp-00aa11bb-sub-01_volumes.json",
        ".tmp-00aa11bb-sub-01.html",
        ".tmp-00aa11bb-sub-01_ses-2",
        ".tmp-00aa11bb-sub-011",
        ".tmp-00aa11bb-sub-02",
        "sub-01",
    ):
        (tmp_path / name).mkdir()
    old = tmp_path / ".tmp-99aa11bb-sub-03"
    old.mkdir()
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    remove_unfinished(tmp_path, ScanId("01"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".tmp-00aa11bb-sub-011",
        ".tmp-00aa11bb-sub-01_ses-2",
        ".tmp-00aa11bb-sub-02",
        "sub-01",
    ]
    remove_unfinished(tmp_path / "absent", ScanId("01"))


def test_a_clock_that_runs_ahead_removes_nothing_of_a_running_scan(tmp_path, monkeypatch):
    # the computer's clock is a week ahead of the file server's, which dates the files
    (tmp_path / ".tmp-00aa11bb-sub-02").mkdir()
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    remove_unfinished(tmp_path, ScanId("01"))
    assert [path.name for path in tmp_path.iterdir()] == [".tmp-00aa11bb-sub-02"]


def test_complete_scans_are_listed_with_and_without_sessions(tmp_path, a_measured_scan, provenance):
    for scan_id in (ScanId("02"), ScanId("01", "2"), ScanId("01", "1")):
        write_measured_scan(tmp_path, a_measured_scan(scan_id, flair=False), provenance)
    assert [path.name for path in measured_paths(tmp_path)] == [
        "sub-01_ses-1_volumes.json",
        "sub-01_ses-2_volumes.json",
        "sub-02_volumes.json",
    ]
