"""Scans through the web: taken in, measured, shown, refused; tiny heads measured in milliseconds by real workers."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient
from scan_clinic import scan_clinic, settled, take_measured, upload

from neurolupus.store.engine import Store
from neurolupus.store.measurements import measurements_of
from neurolupus.store.patients import add_patient, erase_patient
from neurolupus.store.scans import Scan, add_scan, link_scan, list_scans, scan_of, set_status
from neurolupus.store.sealing import SEAL_VOLUMES
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.trail import verify
from neurolupus.workflows.clinic import scan_intake

pytestmark = pytest.mark.slow

Clinic = tuple[TestClient, Store]


@pytest.fixture
def clinic(tmp_path: Path, fake_measure) -> Iterator[Clinic]:
    with scan_clinic(tmp_path, scan_roots=(tmp_path / "roots",)) as made:
        yield made


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scans") / "kept"


@pytest.fixture
def measured(clinic: Clinic, kept: Path, make_dataset) -> list[Scan]:
    """sub-01 and sub-02, measured before."""
    return take_measured(clinic[1], kept, make_dataset)


@pytest.fixture
def bids(make_dataset) -> Path:
    return make_dataset(["01", "02"])


def bomb() -> bytes:
    """55 bytes or so that claim 512 GB: 8000 x 8000 x 1000 voxels of 8 bytes."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 8000, 8000, 1000, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 64, 64)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    return gzip.compress(bytes(header), mtime=0)


def files_below(store: Store) -> list[Path]:
    return [path for path in store.files.rglob("*") if path.is_file()]


def test_an_upload_is_measured_and_its_numbers_are_rows_and_a_page(clinic: Clinic, bids: Path) -> None:
    client, store = clinic
    with store.write("anna") as writer:
        add_patient(writer, {"id": "P-1"})
    place = upload(client, bids, "01", session="2", patient="P-1", acquired="2024-05-01")
    (scan,) = settled(store)
    assert (scan.status, scan.label, scan.pseudonym, scan.acquired) == ("measured", "sub-01 ses-2", "P-1", "2024-05-01")
    with store.read() as connection:
        assert measurements_of(connection, scan.id)["wmh_ml"].value == pytest.approx(2 * 3 * 2 * 0.216)  # the block
        assert verify(connection).faults == ()
    page = client.get(place).text
    assert "sub-01 ses-2" in page
    assert "White matter hyperintensities" in page
    assert "style=" not in page
    assert "<script>" not in page
    assert client.get(f"{place}/report").headers["content-security-policy"].startswith("sandbox allow-scripts;")


def test_a_t1w_alone_is_measured_without_hyperintensities(clinic: Clinic, bids: Path) -> None:
    client, store = clinic
    place = upload(client, bids, "01", flair=False)
    (scan,) = settled(store)
    assert scan.status == "measured"
    assert client.get(f"{place}/image/t1w.nii.gz").status_code == 200
    assert client.get(f"{place}/image/wmh.nii.gz").status_code == 422
    assert client.get(f"/quality/{scan.blinded}/WMH.webp").status_code == 404
    assert client.get(f"/quality/{scan.blinded}/GM.webp").status_code == 200


def test_a_scan_that_cannot_be_measured_says_why_and_can_be_tried_again(clinic: Clinic, bids: Path) -> None:
    client, store = clinic
    place = upload(client, bids, "01", participant="fault")
    (scan,) = settled(store)
    assert scan.status == "failed"
    assert "no brain was found in the T1w" in client.get(place).text
    assert client.post(f"{place}/again").status_code == 200
    assert settled(store)[0].status == "failed"


def test_a_worker_that_dies_fails_its_scan_alone(clinic: Clinic, bids: Path) -> None:
    client, store = clinic
    upload(client, bids, "01", participant="killed")
    upload(client, bids, "02")
    found = {one.participant: one for one in settled(store)}
    assert {label: one.status for label, one in found.items()} == {"killed": "failed", "02": "measured"}
    assert "killed by SIGKILL" in found["killed"].message


def test_what_was_running_when_the_server_stopped_is_measured_at_the_next_start(
    tmp_path: Path, fake_measure, bids: Path
) -> None:
    with scan_clinic(tmp_path, scans_at_once=0) as (client, store):
        upload(client, bids, "01")
        upload(client, bids, "02")
        with store.write("neurolupus") as writer:
            first = list_scans(writer.connection)[0]
            set_status(writer, first.id, "running")
        orphan = store.files / "scans" / "of-somebody-erased"
        orphan.mkdir()
    with scan_clinic(tmp_path) as (_, store):
        assert [one.status for one in settled(store)] == ["measured", "measured"]
        assert not orphan.exists()


def test_progress_is_told_as_it_comes(clinic: Clinic, bids: Path) -> None:
    client, _ = clinic
    place = upload(client, bids, "01")
    told = []
    with client.stream("GET", f"{place}/progress") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert told[-1] == {"status": "measured", "text": "Measured", "share": 1.0}
    assert all(one["share"] is None or 0 < one["share"] <= 1 for one in told)


def test_a_file_that_claims_more_than_it_holds_is_refused_and_leaves_nothing(clinic: Clinic) -> None:
    client, store = clinic
    assert len(bomb()) < 60
    answer = client.post("/scans", files={"t1w": bomb()}, data={"participant": "01"})
    assert answer.status_code == 422
    assert "claims 512.0 GB of content and holds" in answer.text
    assert files_below(store) == []
    assert client.get("/scans").status_code == 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04" + b"\0" * 600, "is no NIfTI file"),
        (gzip.compress(b"\0" * 5_000_000), "is no NIfTI file"),
        (b"\x1f\x8b" + b"\xff" * 100, "gzip stream is damaged"),
    ],
)
def test_what_is_no_scan_is_refused(clinic: Clinic, content: bytes, words: str) -> None:
    client, store = clinic
    answer = client.post("/scans", files={"t1w": ("x.nii.gz", content)}, data={"participant": "01"})
    assert answer.status_code == 422
    assert words in answer.text
    assert files_below(store) == []


def test_more_voxels_than_a_head_has_are_refused(clinic: Clinic, monkeypatch, bids: Path) -> None:
    client, _ = clinic
    monkeypatch.setattr(scan_intake, "MOST_VOXELS", 1000)
    answer = client.post(
        "/scans", files={"t1w": (bids / "sub-01/anat/sub-01_T1w.nii.gz").read_bytes()}, data={"participant": "01"}
    )
    assert "30 x 34 x 30 voxels; at most" in answer.text


def test_an_upload_beyond_the_limit_is_refused_by_its_stated_length(tmp_path: Path) -> None:
    with scan_clinic(tmp_path, largest_upload_mb=1) as (client, store):
        answer = client.post("/scans", files={"t1w": b"\0" * (1 << 20)}, data={"participant": "01"})
        assert answer.status_code == 413
        headers = {"Content-Length": str(2 << 30), "Content-Type": "multipart/form-data; boundary=x"}
        stated = client.post("/scans", content=b"--x", headers=headers)
        assert stated.status_code == 413
        assert files_below(store) == []


@pytest.mark.parametrize("label", ["../../x", "a/b", "a b", "ü", "x" * 33, "", ".", "<script>"])
def test_labels_that_are_no_labels_are_refused(clinic: Clinic, bids: Path, label: str) -> None:
    client, store = clinic
    files = {"t1w": (bids / "sub-01/anat/sub-01_T1w.nii.gz").read_bytes()}
    for fields in ({"participant": label}, {"participant": "01", "session": label}):
        if fields.get("session") == "":
            continue
        answer = client.post("/scans", files=files, data=fields)
        assert answer.status_code == 422, fields
        assert "<script>" not in answer.text
    assert files_below(store) == []


@pytest.mark.parametrize("name", ["brain", "..", "%2e%2e%2fanat", "t1w%00", "..%2f..%2fstore"])
def test_only_named_images_are_given(clinic: Clinic, measured: list[Scan], name: str) -> None:
    client, _ = clinic
    place = f"/scans/{measured[0].id}"
    assert client.get(f"{place}/image/{name}.nii.gz").status_code in (404, 422)
    good = client.get(f"{place}/image/flair.nii.gz")
    assert good.status_code == 200
    assert good.headers["cache-control"] == "no-store"
    assert good.headers["etag"]


def test_a_link_out_of_a_scan_s_folder_is_not_followed(clinic: Clinic, measured: list[Scan], tmp_path: Path) -> None:
    (client, store), scan = clinic, measured[0]
    place = f"/scans/{scan.id}"
    secret = tmp_path / "secret"
    secret.write_text("secret")
    image = next((store.files / scan.folder / "measured").rglob("*space-T1w_desc-preproc_FLAIR.nii.gz"))
    image.unlink()
    image.symlink_to(secret)
    answer = client.get(f"{place}/image/flair.nii.gz")
    assert answer.status_code == 422
    assert "secret" not in answer.text


def test_a_folder_is_taken_in_whole_and_only_once(clinic: Clinic, bids: Path, tmp_path: Path) -> None:
    client, store = clinic
    shutil.copytree(bids, tmp_path / "roots" / "bids")
    with store.write("anna") as writer:
        add_patient(writer, {"id": "02"})
    first = client.post("/scans/folder", data={"folder": str(tmp_path / "roots" / "bids")})
    assert "2 scans taken in" in first.text
    assert [(one.label, one.status, one.pseudonym) for one in settled(store)] == [
        ("sub-01", "measured", None),
        ("sub-02", "measured", "02"),
    ]
    again = client.post("/scans/folder", data={"folder": str(tmp_path / "roots" / "bids")})
    assert "Kept already, and left as they are: sub-01, sub-02" in again.text


def test_what_was_measured_before_is_taken_in_with_the_images_it_came_from(
    clinic: Clinic, measured: list[Scan]
) -> None:
    store = clinic[1]
    with store.read() as connection:
        assert measurements_of(connection, measured[0].id)["wmh_ml"].value == pytest.approx(12 * 0.216)
    assert [one.status for one in measured] == ["measured", "measured"]
    assert sorted(path.name for path in (store.files / measured[0].folder / "raw").rglob("*.nii.gz")) == [
        "sub-01_FLAIR.nii.gz",
        "sub-01_T1w.nii.gz",
    ]


def test_folders_elsewhere_and_links_out_are_refused(clinic: Clinic, bids: Path, tmp_path: Path) -> None:
    client, store = clinic
    roots = tmp_path / "roots"
    roots.mkdir()
    (roots / "link").symlink_to(bids)
    (roots / "bids" / "sub-01").mkdir(parents=True)
    (roots / "bids" / "sub-01" / "anat").symlink_to(bids / "sub-01" / "anat")
    for folder in ("/etc", str(bids), f"{roots}/../bids", str(roots / "link"), "\0", "relative"):
        answer = client.post("/scans/folder", data={"folder": folder})
        assert answer.status_code == 422, folder
    assert "0 scans taken in" in client.post("/scans/folder", data={"folder": str(roots / "bids")}).text
    assert files_below(store) == []


def test_an_edited_mask_is_measured_beside_the_automatic_result(
    clinic: Clinic, measured: list[Scan], tmp_path: Path
) -> None:
    (client, store), scan = clinic, measured[0]
    place = f"/scans/{scan.id}"
    begun = tmp_path / "mask.nii.gz"
    assert f'href="{place}/labels.nii.gz"' in client.get(place).text
    begun.write_bytes(client.get(f"{place}/labels.nii.gz").content)
    image = nibabel.load(begun)
    data = np.asarray(image.dataobj).copy()
    data[17] = 0  # half of the block of 2 x 3 x 2 voxels
    data[10, 10, 10] = 2  # infarct-like
    nibabel.save(nibabel.Nifti1Image(data, image.affine), begun)
    answer = client.post(f"{place}/edits", files={"mask": begun.read_bytes()}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    with client.stream("GET", f"{place}/progress") as stream:
        list(stream.iter_lines())
    page = client.get(place).text
    assert "Edited by local" in page
    assert "Dice 0.667" in page  # 2 · 6 / (12 + 6)
    with store.read() as connection:
        assert measurements_of(connection, scan.id)["wmh_ml"].value == pytest.approx(12 * 0.216)
    assert client.get(f"{place}/image/wmh-mask.nii.gz").status_code == 200
    mask = page.split('<option value="')[2].split('"')[0]
    assert client.get(f"{place}/edits/{mask}/mask.nii.gz").status_code == 200
    other = f"/scans/{measured[1].id}"
    assert client.get(f"{other}/edits/{mask}/mask.nii.gz").status_code == 422
    drawn, as_measured = sorted(store.files.rglob("*label-infarct_mask.nii.gz"), key=lambda path: len(path.parts))
    assert drawn.parent.name == mask
    for path in (drawn, as_measured):
        assert np.argwhere(np.asarray(nibabel.load(path).dataobj)).tolist() == [[10, 10, 10]]
    with store.read() as connection:
        assert measurements_of(connection, scan.id, method=f"edit:{mask}")["wmh_method"].text == "rater local"


@pytest.mark.parametrize("fault", ["grid", "fractions", "label", "bomb", "none"])
def test_a_mask_that_is_none_is_refused(clinic: Clinic, measured: list[Scan], tmp_path: Path, fault: str) -> None:
    client, store = clinic
    place = f"/scans/{measured[0].id}"
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(client.get(f"{place}/image/wmh-mask.nii.gz").content)
    image = nibabel.load(path)
    data = np.asarray(image.dataobj).astype(np.float32)
    changed = {"grid": data[:-1], "fractions": data * 0.5, "label": data * 7}.get(fault, data)
    nibabel.save(nibabel.Nifti1Image(changed, image.affine), path)
    content = bomb() if fault == "bomb" else path.read_bytes()
    words = {
        "grid": "has shape (29, 34, 30)", "fractions": "no whole numbers", "label": "has label 7",
        "bomb": "claims 512.0 GB", "none": "No mask was sent",
    }  # fmt: skip
    files = {"mask": content} if fault != "none" else {"other": b"x"}
    answer = client.post(f"{place}/edits", files=files)
    assert answer.status_code == 422
    assert words[fault] in answer.text
    assert not list(store.files.rglob("edits/*"))


def test_sealed_volumes_are_on_no_page_and_behind_no_address(clinic: Clinic, measured: list[Scan]) -> None:
    (client, store), scan = clinic, measured[0]
    with store.write("anna") as writer:
        link_scan(writer, scan.id, 1, add_patient(writer, {"id": "P-1"}))
        set_setting(writer, SEAL_VOLUMES, True, 0)
    place, other = (f"/scans/{one.id}" for one in measured)
    page = client.get(place).text.replace(client.headers["X-CSRF-Token"], "")  # which may hold any letters
    assert "Volumes are sealed" in page
    for hidden in ("Volumes in ml", 'class="plain jump"', "wmh", "Full report"):
        assert hidden not in page
    for address in ("labels.nii.gz", "image/wmh.nii.gz", "image/wmh-mask.nii.gz", "report", "edits/x/mask.nii.gz"):
        assert client.get(f"{place}/{address}").status_code == 403, address
    assert client.post(f"{place}/edits", files={"mask": b"x"}).status_code == 403
    assert client.get(f"{place}/image/flair.nii.gz").status_code == 200  # the scan itself can be read
    assert "Volumes in ml" in client.get(other).text  # nobody's scan is never sealed
    mosaic = client.get("/quality?map=WMH").text
    assert f"/quality/{scan.blinded}/WMH.webp" not in mosaic
    assert "Volumes of 1 scan are sealed" in mosaic


def test_a_removed_scan_leaves_no_files(clinic: Clinic, measured: list[Scan]) -> None:
    (client, store), scan = clinic, measured[0]
    place = f"/scans/{scan.id}"
    assert client.post(f"{place}/remove", data={"version": 7}).status_code == 409
    assert client.post(f"{place}/remove", data={"version": scan.version}).status_code == 200
    assert not (store.files / scan.folder).exists()
    assert (store.files / measured[1].folder).exists()
    assert client.get(place).status_code == 404


def test_a_scan_gets_its_patient_once(clinic: Clinic) -> None:
    client, store = clinic
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "<b>P</b>"})
        scan = add_scan(writer, "01", None, status="measured")
    place = f"/scans/{scan}"
    data = {"version": 1, "pseudonym": "<b>P</b>"}
    assert client.post(f"{place}/patient", data=data).status_code == 200
    assert client.post(f"{place}/patient", data=data).status_code == 409
    assert client.post(f"{place}/patient", data={"version": 2, "pseudonym": "nobody"}).status_code == 422
    with store.read() as connection:
        assert scan_of(connection, scan).patient_id == patient
    assert "<b>P</b>" not in client.get("/scans").text
    with store.write("anna") as writer:
        erase_patient(writer, patient)
    assert client.get(place).status_code == 404
