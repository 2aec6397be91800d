"""Against a real archive, Debian's Orthanc: push, find, fetch by each way, import, measure, give back, read again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import nibabel
import numpy as np
import pytest
from dicom_reading import faults_of, numbers_of_report, places, segmentation_as_nifti
from dicom_series import Order, Written, asymmetric_phantom, write_series
from orthanc import Archive, archive, orthanc

pytest.importorskip("pynetdicom", reason="needs the extra dicom")
pytest.importorskip("highdicom", reason="needs the extra dicom")

__all__ = ["archive", "orthanc"]

pytestmark = pytest.mark.slow

RunCli = Callable[..., subprocess.CompletedProcess[str]]
WAYS = ("web", "get", "move")
TINY_MM = 6.0


@pytest.fixture
def cli(neurolupus: RunCli, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> RunCli:
    """The command line, told by the environment who asks."""
    for name, value in archive.environment.items():
        monkeypatch.setenv(name, value)
    return neurolupus


def url_of(archive: Archive, way: str) -> list[object]:
    words: list[object] = ["--url", archive.web if way == "web" else archive.dicom]
    return [*words, "--method", "move", "--port", archive.move_port] if way == "move" else words


@pytest.fixture
def head(tmp_path: Path) -> tuple[Written, Written]:
    """A T1w and a FLAIR of one study, sagittal and axial, as `conftest.tiny_head` draws them."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    try:
        from conftest import tiny_head
    finally:
        sys.path.pop(0)
    t1w, flair = tiny_head(0, flair=False), tiny_head(1, flair=True)
    affine = np.diag([TINY_MM, TINY_MM, TINY_MM, 1.0])
    affine[:3, 3] = -TINY_MM * (np.array(t1w.shape) - 1) / 2
    return (
        write_series(tmp_path / "sent" / "t1w", (t1w, affine), plane="sagittal"),
        write_series(tmp_path / "sent" / "flair", (flair, affine), kind="FLAIR", order=Order(number=5)),
    )


def datasets(folder: Path) -> dict[str, bytes]:
    """The content of each file behind its meta information, by UID: what an archive must not change."""
    from pydicom import dcmread

    found = {}
    for path in folder.rglob("*.dcm"):
        read = dcmread(path, stop_before_pixels=True)
        length = 132 + 12 + read.file_meta.FileMetaInformationGroupLength
        found[str(read.SOPInstanceUID)] = path.read_bytes()[length:]
    return found


@pytest.mark.parametrize("way", WAYS)
def test_what_was_sent_comes_back_unchanged(cli: RunCli, archive: Archive, way: str, tmp_path: Path):
    sent = write_series(tmp_path / "sent", asymmetric_phantom((16, 20, 12)))
    stored = cli("pacs", "store", sent.folder, "--url", archive.web if way == "web" else archive.dicom)
    assert stored.returncode == 0, stored.stderr
    found = cli("pacs", "find", "--patient-id", "MRN-*", "--date", "2024-03-01..", "--json", *url_of(archive, way)[:2])
    (study,) = json.loads(found.stdout)
    assert (study["study_uid"], study["patient_id"], study["n_instances"]) == (sent.study_uid, "MRN-7731955", 12)
    assert [(one["series_uid"], one["modality"]) for one in study["series"]] == [(sent.series_uid, "MR")]
    fetched = cli("pacs", "fetch", tmp_path / "out", "--study", sent.study_uid, "--json", *url_of(archive, way))
    assert fetched.returncode == 0, fetched.stderr
    assert json.loads(fetched.stdout)["fetched"] == 12
    assert datasets(tmp_path / "out") == datasets(sent.folder)
    again = cli("pacs", "fetch", tmp_path / "out", "--study", sent.study_uid, "--json", *url_of(archive, way))
    told = json.loads(again.stdout)
    assert (told["fetched"], told["there_before"]) == (0, 12)


def test_another_client_sees_what_was_stored(cli: RunCli, archive: Archive, tmp_path: Path):
    from dicomweb_client.api import DICOMwebClient
    from dicomweb_client.session_utils import create_session_from_user_pass
    from pydicom import dcmread

    sent = write_series(tmp_path / "sent", asymmetric_phantom((16, 20, 4)))
    assert cli("pacs", "store", sent.folder, "--url", archive.web).returncode == 0
    session = create_session_from_user_pass(archive.user, archive.password)
    client = DICOMwebClient(archive.web, session=session)
    (series,) = client.search_for_series()
    assert series["0020000E"]["Value"] == [sent.series_uid]
    got = {one.SOPInstanceUID: one for one in client.retrieve_series(sent.study_uid, sent.series_uid)}
    for path in sent.paths:
        read = dcmread(path)
        assert got[read.SOPInstanceUID].pixel_array.tolist() == read.pixel_array.tolist()
    session.close()


def test_the_table_of_what_is_there_names_no_patient(cli: RunCli, archive: Archive, tmp_path: Path):
    archive.put(*write_series(tmp_path / "sent", asymmetric_phantom((16, 20, 3))).paths)
    shown = cli("pacs", "find", "--url", archive.web)
    assert "t1_mprage_sag_p2_iso" in shown.stdout
    assert "1 studies, 1 series" in shown.stderr
    assert "Ottavia" not in shown.stdout + shown.stderr


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_the_archive_lost_stops_nothing_but_the_import(
    cli: RunCli, archive: Archive, way: str, tmp_path: Path
):
    from pydicom import dcmread

    sent = write_series(tmp_path / "sent" / "a", asymmetric_phantom((16, 20, 6)))
    other = write_series(tmp_path / "sent" / "b", asymmetric_phantom((16, 20, 3)), kind="FLAIR", order=Order(number=5))
    archive.put(*sent.paths, *other.paths)
    lost = str(dcmread(sent.paths[2], stop_before_pixels=True).SOPInstanceUID)
    archive.lose(lost)
    words = ["--study", sent.study_uid, "--import", tmp_path / "bids", "--tries", "1", *url_of(archive, way)]
    fetched = cli("pacs", "fetch", tmp_path / "out", *words)
    assert fetched.returncode == 17
    assert "Nothing was imported" in fetched.stderr
    assert not (tmp_path / "bids").exists()
    told = json.loads((tmp_path / "out" / "fetch.json").read_text())
    if way == "web":  # Orthanc opens each file to list a series over DICOMweb
        assert f"series {sent.series_uid} cannot be listed" in fetched.stderr
        assert len(datasets(tmp_path / "out")) == 3
    else:
        assert "1 of 9 files are missing" in fetched.stderr
        assert f"{lost} of series {sent.series_uid}" in fetched.stderr
        assert [one["sop_uid"] for one in told["missing"]] == [lost]
        assert len(datasets(tmp_path / "out")) == 8
    archive.call("DELETE", f"/studies/{archive.call('GET', '/studies')[0]}")  # type: ignore[index]
    archive.put(*sent.paths, *other.paths)  # from the backup
    assert cli("pacs", "fetch", tmp_path / "out", "--study", sent.study_uid, *url_of(archive, way)).returncode == 0
    assert datasets(tmp_path / "out") == datasets(tmp_path / "sent")


def test_a_fetch_that_is_killed_goes_on_where_it_stopped(cli: RunCli, archive: Archive, tmp_path: Path):
    count = 200  # eight seconds, of which it may be killed in all but the first
    sent = write_series(tmp_path / "sent", asymmetric_phantom((16, 20, count)))
    archive.put(*sent.paths)
    out = tmp_path / "out"
    words = ["pacs", "fetch", out, "--study", sent.study_uid, *url_of(archive, "get")]  # slow: 40 ms a file
    running = subprocess.Popen([sys.executable, "-m", "neurolupus", *map(str, words)], env=os.environ.copy())
    end = time.monotonic() + 60
    while len(list(out.rglob("*.dcm"))) < 5 and running.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    kept = len(list(out.rglob("*.dcm")))
    assert 5 <= kept < count
    (out / ".part-left").write_bytes(b"half a file")
    told = json.loads(cli(*words, "--json").stdout)
    assert (told["there_before"], told["fetched"], told["missing"]) == (kept, count - kept, [])
    assert datasets(out) == datasets(sent.folder)
    assert not list(out.glob(".part-*"))


def test_who_is_not_known_gets_nothing(neurolupus: RunCli, archive: Archive, tmp_path: Path):
    (tmp_path / "word").write_text("wrong-password\n")
    words = ["pacs", "find", "--url", archive.web, "--user", archive.user, "--password-file", tmp_path / "word"]
    refused = neurolupus(*words)
    assert refused.returncode == 17
    assert "refuses user 'clinic' (401" in refused.stderr
    assert "wrong-password" not in refused.stderr
    (tmp_path / "word").write_text(f"{archive.password}\n")
    assert neurolupus(*words).returncode == 0
    stranger = neurolupus("pacs", "find", "--url", archive.dicom.replace("NEUROLUPUS", "STRANGER"))
    assert stranger.returncode == 17
    assert "rejects 'STRANGER'" in stranger.stderr


def test_nothing_is_stored_of_what_is_no_dicom(cli: RunCli, archive: Archive, tmp_path: Path):
    sent = write_series(tmp_path / "sent", asymmetric_phantom((16, 20, 3)))
    (tmp_path / "letter.txt").write_text("Dear colleague")
    refused = cli("pacs", "store", sent.folder, tmp_path / "letter.txt", "--url", archive.web)
    assert refused.returncode == 17
    assert "letter.txt is no DICOM file" in refused.stderr
    assert archive.call("GET", "/instances") == []


@pytest.mark.parametrize("way", ["web", "get"])
def test_from_the_archive_and_back(
    cli: RunCli, archive: Archive, head: tuple[Written, Written], way: str, fake_measure: ModuleType, tmp_path: Path
):
    from neurolupus.workflows.measure import MeasureOptions, measure_dataset

    t1w, _ = head
    archive.put(*(path for one in head for path in one.paths))
    src, bids, out, made = (tmp_path / name for name in ("src", "bids", "out", "made"))
    fetched = cli("pacs", "fetch", src, "--patient-id", "MRN-7731955", "--import", bids, *url_of(archive, way))
    assert fetched.returncode == 0, fetched.stderr
    (scan,) = bids.glob("sub-*/ses-*/anat/*_T1w.nii.gz")
    stem = scan.name.removesuffix("_T1w.nii.gz")
    result = measure_dataset(bids, out, MeasureOptions())
    assert [one.status for one in result.outcomes] == ["done"]
    store = ["--store", archive.web if way == "web" else archive.dicom]
    exported = cli("export", "seg", out, "--dicom", src, "-o", made, "--probability", "--json", *store)
    assert exported.returncode == 0, exported.stderr
    told = json.loads(exported.stdout)
    assert told["scans"][0]["source_series"] == t1w.series_uid
    assert len(told["stored"]["stored"]) == 3
    back = cli("pacs", "fetch", tmp_path / "back", "--study", t1w.study_uid, *url_of(archive, way))
    assert back.returncode == 0, back.stderr
    sent, got = datasets(made), datasets(tmp_path / "back")
    assert len(sent) == 3
    assert all(got[uid] == content for uid, content in sent.items())
    anat = out.joinpath(*stem.split("_"), "anat")
    mask = nibabel.load(anat / f"{stem}_label-WMH_mask.nii.gz")  # type: ignore[attr-defined]
    assert len(places(mask)) == 12  # conftest.tiny_head: 2 x 3 x 2 voxels
    assert places(segmentation_as_nifti(made / f"{stem}_wmh-seg.dcm"), mask) == places(mask)
    values = json.loads((anat / f"{stem}_volumes.json").read_text())["measurements"]
    numbers = numbers_of_report(made / f"{stem}_volumes-sr.dcm")
    for name in ("tiv_ml", "tbv_ml", "gm_ml", "wm_ml", "csf_ml", "wmh_ml"):
        assert numbers[f"{name} 118565006"] == (pytest.approx(values[name]["value"], abs=1e-6), "mL")
    again = cli("export", "seg", out, "--dicom", src, "-o", tmp_path / "again", "--probability")
    assert again.returncode == 0, again.stderr
    assert datasets(tmp_path / "again") == sent


def test_a_real_scan_from_the_archive_and_back(cli: RunCli, archive: Archive, shared: Path, tmp_path: Path):
    """A head of ../shared, measured in earnest: the mask lies where it was found, the numbers are those measured."""
    anat = shared / "data" / "mri" / "ms-longitudinal" / "sub-01" / "ses-1" / "anat"
    t1w = write_series(tmp_path / "a", anat / "sub-01_ses-1_T1w.nii.gz", plane="sagittal")
    flair = write_series(tmp_path / "b", anat / "sub-01_ses-1_FLAIR.nii.gz", kind="FLAIR", order=Order(number=5))
    archive.put(*t1w.paths, *flair.paths)
    src, bids, out, made = (tmp_path / name for name in ("src", "bids", "out", "made"))
    words = ["--study", t1w.study_uid, "--import", bids, *url_of(archive, "web")]
    assert cli("pacs", "fetch", src, *words).returncode == 0
    assert cli("measure", bids, out, "--nprocs", "1").returncode == 0
    exported = cli("export", "seg", out, "--dicom", src, "-o", made, "--probability", "--store", archive.web, "--json")
    assert exported.returncode == 0, exported.stderr
    assert json.loads(exported.stdout)["scans"][0]["likeness"] > 0.95
    (path,) = out.glob("sub-*/ses-*/anat/*_label-WMH_mask.nii.gz")
    stem = path.name.removesuffix("_label-WMH_mask.nii.gz")
    mask = nibabel.load(path)  # type: ignore[attr-defined]
    assert places(segmentation_as_nifti(made / f"{stem}_wmh-seg.dcm"), mask) == places(mask)
    told = json.loads((path.parent / f"{stem}_volumes.json").read_text())["measurements"]
    numbers = numbers_of_report(made / f"{stem}_volumes-sr.dcm")
    wmh = told["wmh_ml"]
    assert numbers["wmh_ml 118565006"] == (pytest.approx(wmh["value"], abs=1e-6), "mL")
    assert numbers["wmh_ml wmh_ml_low"] == (pytest.approx(wmh["low"], abs=1e-6), "mL")
    assert numbers["wmh_ml wmh_ml_high"] == (pytest.approx(wmh["high"], abs=1e-6), "mL")
    assert numbers["wmh_ml 246206008"][0] == told["wmh_count"]["value"]
    for one in made.glob("*.dcm"):
        assert not faults_of(one)
