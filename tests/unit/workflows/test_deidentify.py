import json
from pathlib import Path

import pytest

pytest.importorskip("pydicom", reason="needs the extra dicom")

import pydicom
from made_up_mr import ROOT, make_image, save
from pydicom import Dataset

from neurolupus.dicom.private.options import Options
from neurolupus.errors import UsageError
from neurolupus.workflows.deidentify import REPORT, Deidentified, deidentify_folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "Kanarienvogel_Anna"

    def image(**attributes: object) -> Dataset:
        """All of one day: of two days, the later one moved could become the earlier one, which is looked for below."""
        return make_image(SeriesDate="20240229", **attributes)

    for number in (1, 2):
        save(image(SOPInstanceUID=f"{ROOT}.1.1.{number}"), folder / "study" / f"{number}.dcm")
    save(image(PatientID="Q2", StudyInstanceUID=f"{ROOT}.2", SOPInstanceUID=f"{ROOT}.9"), folder / "other.dcm")
    save(image(BurnedInAnnotation="YES", SOPInstanceUID=f"{ROOT}.8"), folder / "burned.dcm")
    (folder / "a_letter.txt").write_text("Dear Anna")
    (folder / "cut.dcm").write_bytes((folder / "other.dcm").read_bytes()[:600])
    return folder


def run(source: Path, out: Path, options: Options | None = None, *, overwrite: bool = False) -> Deidentified:
    return deidentify_folder(source, out, out.parent / "kept" / "key.json", options or Options(), overwrite=overwrite)


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_bad_files_never_stop_the_others(source: Path, tmp_path: Path) -> None:
    done = run(source, tmp_path / "out")
    assert (done.written, done.unchanged, done.passed_over) == (3, 0, 1)
    assert (done.subjects, done.sessions, done.series) == (2, 2, 2)
    reasons = {one.file: one.reason for one in done.refused}
    assert set(reasons) == {"burned.dcm", "cut.dcm"}
    assert reasons["burned.dcm"].startswith("BurnedInAnnotation is YES")


def test_nothing_of_the_patient_is_in_any_name_or_byte(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out")
    made = files(tmp_path / "out")
    assert len(made) == 4
    for name, content in made.items():
        for telltale in (b"kanarienvogel", b"anna", b"pid-778899", b"20240229", ROOT.encode()):
            assert telltale not in name.lower().encode() + content.lower()


def test_a_second_run_changes_nothing(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out")
    before = files(tmp_path / "out")
    again = run(source, tmp_path / "out")
    assert (again.written, again.unchanged) == (0, 3)
    assert files(tmp_path / "out") == before


def test_a_file_that_came_later_joins_its_patient(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out")
    save(make_image(SOPInstanceUID=f"{ROOT}.1.1.3"), source / "late.dcm")
    done = run(source, tmp_path / "out")
    assert (done.written, done.unchanged) == (1, 3)
    assert len(list((tmp_path / "out" / "sub-0002" / "ses-1").rglob("*.dcm"))) == 3


def test_one_uid_with_two_contents_is_told_and_the_first_kept(source: Path, tmp_path: Path) -> None:
    save(make_image(SOPInstanceUID=f"{ROOT}.1.1.1", EchoTime=4.0), source / "study" / "zz.dcm")
    done = run(source, tmp_path / "out")
    (told,) = [one for one in done.refused if one.file == "study/zz.dcm"]
    assert "same SOPInstanceUID and other content" in told.reason
    assert not any("EchoTime" in pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm"))


def test_other_options_are_not_mixed(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out")
    with pytest.raises(UsageError, match="made with other options"):
        run(source, tmp_path / "out", Options(dates=False))
    done = run(source, tmp_path / "out", Options(dates=False), overwrite=True)
    assert done.written == 3
    assert json.loads((tmp_path / "out" / REPORT).read_text())["Options"]["dates"] is False


def test_originals_and_what_is_shared_stay_apart(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lie in one another"):
        run(source, source / "out")
    with pytest.raises(UsageError, match="lie in one another"):
        run(source, tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("")
    with pytest.raises(UsageError, match="is not empty"):
        run(source, tmp_path / "full")
    with pytest.raises(UsageError, match="is there to be shared"):
        deidentify_folder(source, tmp_path / "out", tmp_path / "out" / "key.json", Options())
    assert not (tmp_path / "out").exists()


def test_a_full_disk_stops_the_run(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def full(_: int) -> None:
        raise OSError(28, "No space left on device", "key.json")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        run(source, tmp_path / "out")
