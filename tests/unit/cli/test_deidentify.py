"""`neurolupus deidentify` and `neurolupus deface`: what they say, their exit codes, and what is missing."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("pydicom", reason="needs the extra dicom")

from click.testing import Result
from made_up_mr import ROOT, make_image, save

from neurolupus.cli.app import app


@pytest.fixture
def source(tmp_path: Path) -> Path:
    save(make_image(), tmp_path / "in" / "1.dcm")
    return tmp_path / "in"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_what_was_written_is_told(source: Path, tmp_path: Path) -> None:
    done = run("deidentify", source, tmp_path / "out", "--key", tmp_path / "key.json", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["written"], told["refused"], told["subjects"]) == (1, [], 1)
    assert "1 files written" in done.stderr
    assert "Faces can be rendered" in done.stderr


def test_a_file_that_is_left_out_is_told_with_its_reason_and_the_exit_code(source: Path, tmp_path: Path) -> None:
    save(make_image(BurnedInAnnotation="YES", SOPInstanceUID=f"{ROOT}.8"), source / "burned.dcm")
    done = run("deidentify", source, tmp_path / "out", "--key", tmp_path / "key.json")
    assert done.exit_code == 16
    assert "1 left out: BurnedInAnnotation is YES: text is drawn into the picture\n    first: burned.dcm" in done.stderr
    assert "Kanarienvogel" not in done.stderr


def test_each_option_reaches_what_is_written(source: Path, tmp_path: Path) -> None:
    options = ["--drop-dates", "--drop-age-sex", "--keep-size-weight", "--drop-descriptions", "--keep-scanner"]
    run("deidentify", source, tmp_path / "out", "--key", tmp_path / "key.json", *options, "--keep-safe-private")
    told = json.loads((tmp_path / "out" / "deidentification.json").read_text())
    assert told["Options"] == {
        "dates": False,
        "times": False,
        "age_and_sex": False,
        "size_and_weight": True,
        "descriptions": False,
        "scanner": True,
        "safe_private": True,
        "pixels_seen": False,
    }
    assert [code["Code"] for code in told["Codes"]] == ["113100", "113108", "113111"]


def test_options_that_contradict_each_other_are_refused(source: Path, tmp_path: Path) -> None:
    done = run("deidentify", source, tmp_path / "o", "--key", tmp_path / "k", "--keep-times", "--drop-dates")
    assert done.exit_code == 2
    assert "--keep-times and --drop-dates were both given" in done.stderr


def test_a_missing_extra_is_told(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    done = run("deidentify", source, tmp_path / "out", "--key", tmp_path / "key.json")
    assert done.exit_code == 2
    assert "deidentify needs pydicom, part of the extra dicom." in done.stderr
    assert "Install it: pip install 'neurolupus[dicom]'" in done.stderr


def test_deface_needs_a_measured_data_set(make_dataset, tmp_path: Path) -> None:
    bids = make_dataset(["01"])
    (tmp_path / "measured").mkdir()
    done = run("deface", bids, tmp_path / "measured", "-o", tmp_path / "out", "--json")
    assert done.exit_code == 12
    (told,) = json.loads(done.stdout)
    assert (told["name"], told["status"]) == ("sub-01", "failed")
    assert "is not measured in" in told["reason"]
    assert "1 failed and are not there" in done.stderr
