"""Files of scans are noted with their hashes when they are taken in and when they are measured, and gone with them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")
pytest.importorskip("cryptography", reason="needs the extra web")

from neurolupus.records.scan import ScanId
from neurolupus.store.engine import Store, open_store
from neurolupus.store.erasure import erase
from neurolupus.store.integrity import check_store
from neurolupus.store.patients import add_patient
from neurolupus.store.scans import Scan, remove_scan, scan_of
from neurolupus.workflows.clinic.scan_intake import take_pair
from neurolupus.workflows.clinic.scan_queue import ScanQueue, Work

LONGEST_S = 20.0


@pytest.fixture
def store(tmp_path: Path):
    made = open_store(tmp_path / "store", make=True)
    yield made
    made.close()


@pytest.fixture
def scan(store: Store, make_dataset: Callable[..., Path]) -> str:
    """A scan of the patient P1 that waits to be measured."""
    anat = make_dataset(["01"]) / "sub-01" / "anat"
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "P1"})
    pair = (anat / "sub-01_T1w.nii.gz", anat / "sub-01_FLAIR.nii.gz")
    return take_pair(store, "anna", *pair, ScanId("01"), patient=patient)


def measured(store: Store, scan: str) -> None:
    """Measure it, in so far as a file is written."""

    def write(store: Store, kept: Scan, tell: Callable[[str], None]) -> None:
        folder = store.files / kept.folder / "measured"
        folder.mkdir()
        (folder / "volumes.json").write_text("{}")

    queue = ScanQueue(store, work=Work(scan=write))
    queue.start()
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        with store.read() as connection:
            if scan_of(connection, scan).status == "measured":
                break
        time.sleep(0.02)
    queue.stop(LONGEST_S)


def test_what_is_taken_in_and_measured_is_checked_later(store: Store, scan: str):
    taken = check_store(store)
    assert (taken.faults, taken.files, taken.unnoted) == ((), 3, 0), "two images and a sidecar"
    measured(store, scan)
    done = check_store(store)
    assert (done.faults, done.files, done.unnoted) == ((), 4, 0)
    (path,) = (store.files / "scans" / scan / "raw").rglob("*_T1w.nii.gz")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert len(check_store(store).faults) == 1


def test_with_the_scan_its_files_are_no_longer_looked_for(store: Store, scan: str):
    measured(store, scan)
    with store.write("anna") as writer:
        remove_scan(writer, scan, scan_of(writer.connection, scan).version)
    assert (check_store(store).faults, check_store(store).files) == ((), 0)


def test_with_the_patient_the_files_go(store: Store, scan: str):
    measured(store, scan)
    erase(store, "P1", "anna")
    found = check_store(store)
    assert (found.faults, found.files, found.unnoted) == ((), 0, 0)
