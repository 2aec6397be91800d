"""Whole scans as DICOM series: imported, valid for the BIDS validator, measured like the images they came from."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from dicom_series import LEAKS, Order, Patient, asymmetric_phantom, tells, write_series

from neurolupus.io.delimited import read_tsv

pytestmark = pytest.mark.slow

RunCli = Callable[..., subprocess.CompletedProcess[str]]
SCANS = {"1": "20240312", "2": "20250915"}


@pytest.fixture(scope="module")
def anat(shared: Path) -> dict[str, Path]:
    root = shared / "data" / "mri" / "ms-longitudinal" / "sub-01"
    return {session: root / f"ses-{session}" / "anat" / f"sub-01_ses-{session}" for session in SCANS}


@pytest.fixture(scope="module")
def source(anat: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies of sub-01: T1w (2D), FLAIR, T2w, and the T1w again as after contrast."""
    folder = tmp_path_factory.mktemp("scanner")
    for session, date in SCANS.items():
        here, stem = folder / f"study{session}", anat[session]

        def order(number: int, study: str = session, day: str = date) -> Order:
            return Order(study=study, number=number, date=day)

        t1w, flair, t2w = (Path(f"{stem}_{kind}.nii.gz") for kind in ("T1w", "FLAIR", "T2w"))
        flat = {"MRAcquisitionType": "2D"}
        write_series(here / "a", t1w, vendor="PHILIPS", order=order(301), overrides=flat, extension="")
        write_series(here / "b", flair, kind="FLAIR", vendor="PHILIPS", order=order(401))
        given = {**flat, "ContrastBolusAgent": "Gadovist"}
        write_series(here / "c", t1w, vendor="PHILIPS", order=order(501), overrides=given)
        plain = {"InversionTime": None, "ScanningSequence": "SE", "SeriesDescription": "T2W_TSE"}
        write_series(here / "d", t2w, kind="FLAIR", vendor="PHILIPS", order=order(601), overrides=plain)
    return folder


@pytest.fixture(scope="module")
def imported(source: Path) -> Path:
    from neurolupus.workflows.import_dicom import import_dicom

    bids = source.parent / f"{source.name}-bids"
    report = import_dicom(source, bids)
    assert {one.state for one in report.series} == {"taken", "passed over"}
    assert report.count("taken") == 4
    return bids


def canonical(path: Path) -> Any:
    return nibabel.as_closest_canonical(nibabel.load(path))  # type: ignore[attr-defined,no-untyped-call]


@pytest.mark.parametrize("session", SCANS)
@pytest.mark.parametrize("kind", ["T1w", "FLAIR"])
def test_voxels_and_places_are_those_of_the_scan(
    imported: Path, anat: dict[str, Path], session: str, kind: str
) -> None:
    made = canonical(imported / "sub-0001" / f"ses-{session}" / "anat" / f"sub-0001_ses-{session}_{kind}.nii.gz")
    scan = canonical(Path(f"{anat[session]}_{kind}.nii.gz"))
    assert made.shape == scan.shape
    a, b = (np.asanyarray(one.dataobj).astype(float) for one in (made, scan))
    # the writer rounds to whole numbers, of 0 to 4095 where the scan has other values
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.99999
    # decimal strings have 10 digits, NIfTI headers 7
    corners = np.array([[i, j, k, 1] for i in (0, a.shape[0]) for j in (0, a.shape[1]) for k in (0, a.shape[2])]).T
    assert np.abs((made.affine - scan.affine) @ corners).max() < 0.01


def test_thin_slices_sagittal_and_multi_frame_come_out_as_they_went_in(shared: Path, tmp_path: Path) -> None:
    from neurolupus.workflows.import_dicom import import_dicom

    stem = shared / "data" / "mri" / "ms-lesions" / "sub-xs19" / "anat"
    written = {}
    for kind, plane, enhanced in (("T1w", "sagittal", False), ("FLAIR", "coronal", True)):
        (scan,) = stem.glob(f"*_{kind}.nii.gz")
        number = 3 + enhanced
        order = Order(number=number)
        written[kind] = write_series(
            tmp_path / "in" / kind, scan, kind=kind, plane=plane, enhanced=enhanced, order=order
        )
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert [(one.state, one.dim) for one in report.series] == [("taken", "3D")] * 2
    for kind, went in written.items():
        made = canonical(tmp_path / "bids" / "sub-0001" / "ses-1" / "anat" / f"sub-0001_ses-1_{kind}.nii.gz")
        scan = nibabel.as_closest_canonical(nibabel.Nifti1Image(went.array, went.affine))  # type: ignore[no-untyped-call,attr-defined]
        assert np.array_equal(np.asanyarray(made.dataobj), np.asanyarray(scan.dataobj))
        assert np.allclose(made.affine, scan.affine, atol=1e-3)


def test_the_bids_validator_finds_no_error(imported: Path) -> None:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    validator = shutil.which("bids-validator-deno", path=places)
    if validator is None:
        pytest.skip("needs bids-validator-deno (pip install bids-validator-deno)")
    done = subprocess.run(
        [validator, str(imported), "--json"], capture_output=True, text=True, check=False, timeout=300
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    errors = [issue for issue in issues if issue["severity"] == "error"]
    assert errors == []
    # the fields that it would have, and that name people or places, are all that is left out
    ours = {issue["subCode"] for issue in issues if issue["code"] == "SIDECAR_KEY_REQUIRED"}
    assert ours == set()


def test_nobody_is_named_in_the_data_set(imported: Path) -> None:
    import gzip

    for path in imported.rglob("*"):
        if path.is_file():
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            assert not [leak for leak in LEAKS if tells(raw, leak) or leak in path.name], path


def test_measure_takes_the_data_set_as_it_is(imported: Path, neurolupus: RunCli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = neurolupus("measure", imported, out, "--session-label", "1", "--no-flair", "--nprocs", "1")
    assert done.returncode == 0, done.stderr
    (row,) = read_tsv(out / "volumes.tsv")
    assert (row["participant_id"], row["session_id"]) == ("sub-0001", "ses-1")
    assert 1000 < float(row["tiv_ml"]) < 2000


def test_an_import_that_is_killed_outright_ends_with_the_same_bytes(tmp_path: Path, python_path: None) -> None:
    head = asymmetric_phantom((18, 20, 16), mm=10.0)
    for number in range(12):
        order = Order(study=str(number), patient=Patient(patient_id=f"P{number:02d}"))
        write_series(tmp_path / "in" / str(number), head, order=order)

    def command(bids: Path) -> list[str]:
        return [sys.executable, "-m", "neurolupus", "import", "dicom", str(tmp_path / "in"), str(bids), "--json"]

    def images(bids: Path) -> dict[str, bytes]:
        """Those that are whole: one that is being written has a name that begins with a dot."""
        return {path.name: path.read_bytes() for path in bids.rglob("sub-*.nii.gz")}

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(whole), check=True, capture_output=True, timeout=300)
    # who is who, and in which order, is the key's secret: with the same key the same labels are given
    shutil.copy(tmp_path / "whole.key.json", tmp_path / "killed.key.json")
    for wanted in (2, 7):
        scratch = {**os.environ, "TMPDIR": str(tmp_path)}  # nobody is left to clear it
        run = subprocess.Popen(command(killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=scratch)
        until = time.monotonic() + 200
        while len(images(killed)) < wanted and run.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        run.kill()
        run.wait()
    before = images(killed)
    done = subprocess.run(command(killed), check=True, capture_output=True, text=True, timeout=300)
    counts = json.loads(done.stdout)["counts"]
    assert (counts["already_there"], counts["taken"]) == (len(before), 12 - len(before))
    assert images(killed) == images(whole)
    assert not list(killed.rglob(".tmp*"))
    for name in ("participants.tsv", "sub-0003/sub-0003_sessions.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
    assert len(read_tsv(killed / "code" / "import.tsv")) == 12
