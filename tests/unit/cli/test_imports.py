"""`neurolupus import dicom`: what it says, to whom, and its exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("pydicom", reason="needs the extra dicom")

from click.testing import Result
from dicom_series import Order, asymmetric_phantom, write_series

from neurolupus.cli.app import app

HEAD = asymmetric_phantom((14, 15, 13), mm=9.0)


def dicom(*words: object) -> Result:
    return CliRunner().invoke(app, ["import", "dicom", *map(str, words)])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_series(tmp_path / "in" / "1", HEAD)
    write_series(tmp_path / "in" / "2", HEAD, order=Order(number=4), overrides={"ContrastBolusAgent": "Gadovist"})
    (tmp_path / "in" / "notes.txt").write_text("x" * 300)
    return tmp_path / "in"


def test_the_table_goes_to_stdout_and_talk_to_stderr(source: Path, tmp_path: Path) -> None:
    done = dicom(source, tmp_path / "bids")
    assert done.exit_code == 0
    assert "sub-0001_ses-1" in done.stdout
    assert "taken: inversion-prepared gradient echo (3D GR+IR TR 2300, TE 2.98, TI 900 ms)" in done.stdout
    assert "passed over: contrast-enhanced (Gadovist)" in done.stdout
    assert "1 taken, 1 passed over; 27 files, 1 of them no DICOM image." in done.stderr
    assert f"Who is who: {tmp_path / 'bids.key.json'}." in done.stderr
    assert f"Next: neurolupus measure {tmp_path / 'bids'} OUT_DIR" in done.stderr


def test_json_is_the_only_thing_on_stdout(source: Path, tmp_path: Path) -> None:
    done = dicom(source, tmp_path / "bids", "--json")
    told = json.loads(done.stdout)
    assert told["counts"] == {"taken": 1, "already_there": 0, "passed_over": 1, "failed": 0}
    assert told["files"]["not_dicom"] == 1
    first, second = told["series"]
    assert first["file"] == "sub-0001/ses-1/anat/sub-0001_ses-1_T1w.nii.gz"
    assert second["reasons"] == ["contrast-enhanced (Gadovist)"]
    for secret in ("Quaglia", "7731955", "19791103", "2.25", "1.2.826"):
        assert secret not in done.stdout + done.stderr


def test_a_series_that_failed_gives_16_and_the_words(source: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "in" / "3", HEAD, kind="FLAIR", order=Order(number=5), leave_out=[7])
    done = dicom(source, tmp_path / "bids", "--json")
    assert done.exit_code == 16
    (failed,) = [one for one in json.loads(done.stdout)["series"] if one["state"] == "failed"]
    assert failed["geometry"][0]["kind"] == "missing-slices"
    assert "1 slice missing: number 8" in failed["geometry"][0]["what"]


def test_nothing_to_take_gives_16(source: Path, tmp_path: Path) -> None:
    done = dicom(source / "2", tmp_path / "bids")
    assert done.exit_code == 16
    assert not (tmp_path / "bids").exists()


def test_no_dicom_gives_16_and_a_missing_folder_2(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert dicom(tmp_path / "empty", tmp_path / "bids").exit_code == 16
    assert dicom(tmp_path / "nothing", tmp_path / "bids").exit_code == 2


def test_a_dry_run_says_so(source: Path, tmp_path: Path) -> None:
    done = dicom(source, tmp_path / "bids", "--dry-run")
    assert done.exit_code == 0
    assert "would be taken" in done.stdout
    assert "Nothing was written" in done.stderr
    assert not (tmp_path / "bids").exists()


def test_a_field_that_cannot_be_kept_is_told(source: Path, tmp_path: Path) -> None:
    done = dicom(source, tmp_path / "bids", "--keep", "PatientName")
    assert done.exit_code == 2
    assert "--keep PatientName is not known" in done.stderr
    assert "Choose of SeriesDescription" in done.stderr


def test_a_map_with_faults_gives_2_and_its_lines(source: Path, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("series:\n  - number: 3\n    is: T1\n")
    done = dicom(source, tmp_path / "bids", "--map", tmp_path / "map.yaml")
    assert done.exit_code == 2
    assert "line 3: series[1].is 'T1' is unknown. Did you mean 'T1w'?" in done.stderr


def test_a_missing_extra_names_itself(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    done = dicom(source, tmp_path / "bids")
    assert done.exit_code == 2
    assert (
        "import needs pydicom, part of the extra dicom.\n    Install it: pip install 'neurolupus[dicom]'" in done.stderr
    )
