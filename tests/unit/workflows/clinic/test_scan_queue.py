"""The queue with work that is made up: what fails, what is removed meanwhile, what comes first."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from neurolupus.errors import ImageError
from neurolupus.store.edits import Edit, add_edit, edits_of
from neurolupus.store.engine import Store, open_store
from neurolupus.store.patients import add_patient, erase_patient
from neurolupus.store.scans import Scan, add_scan, list_scans, scan_of
from neurolupus.workflows.clinic.scan_measure import Tell
from neurolupus.workflows.clinic.scan_queue import ScanQueue, Work


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path / "store", make=True)
    yield made
    made.close()


def settle(store: Store, queue: ScanQueue) -> list[Scan]:
    """Every scan once the queue has nothing left."""
    queue.start()
    try:
        for _ in range(400):
            with store.read() as connection:
                found = list_scans(connection)
            if all(one.status in ("measured", "failed") for one in found):
                return found
            time.sleep(0.02)
        raise AssertionError([one.status for one in found])
    finally:
        queue.stop()


def test_a_failure_is_told_without_the_server_s_folders_and_the_next_scan_is_measured(store: Store) -> None:
    def work(kept: Store, scan: Scan, tell: Tell) -> None:
        if scan.participant == "01":
            raise ImageError(f"{kept.files.absolute()}/scans/x/raw/T1w.nii.gz: is empty.\n    Copy it again.")
        if scan.participant == "02":
            raise ZeroDivisionError("secret of sub-02")

    with store.write("anna") as writer:
        for label in ("01", "02", "03"):
            add_scan(writer, label, None)
    found = settle(store, ScanQueue(store, work=Work(scan=work)))
    assert [one.status for one in found] == ["failed", "failed", "measured"]
    assert found[0].message == "scans/x/raw/T1w.nii.gz: is empty.\n    Copy it again."
    assert "ZeroDivisionError" in found[1].message
    assert "secret" not in found[1].message


def test_one_scan_at_a_time_in_the_order_they_came(store: Store) -> None:
    running: list[str] = []
    most: list[int] = []
    order: list[str] = []

    def work(_: Store, scan: Scan, tell: Tell) -> None:
        running.append(scan.id)
        most.append(len(running))
        order.append(scan.participant)
        time.sleep(0.02)
        running.remove(scan.id)

    with store.write("anna") as writer:
        for label in ("c", "a", "b"):
            add_scan(writer, label, None)
    settle(store, ScanQueue(store, work=Work(scan=work)))
    assert order == ["c", "a", "b"]
    assert max(most) == 1


def test_progress_tells_the_step_and_its_share(store: Store) -> None:
    at_step, go_on = threading.Event(), threading.Event()

    def work(_: Store, scan: Scan, tell: Tell) -> None:
        tell("wmh")
        at_step.set()
        go_on.wait(10)

    with store.write("anna") as writer:
        scan = add_scan(writer, "01", None)
    queue = ScanQueue(store, work=Work(scan=work))
    assert queue.progress(scan).text == "Waits for its turn"
    queue.start()
    assert at_step.wait(10)
    now = queue.progress(scan)
    go_on.set()
    assert (now.status, now.text) == ("running", "WMH …")
    assert now.share == pytest.approx(6.5 / 13)
    queue.stop(10)
    assert queue.progress(scan).status == "measured"


def test_what_was_measured_of_a_patient_erased_meanwhile_does_not_stay_behind(store: Store) -> None:
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "P-1"})
        scan = add_scan(writer, "01", None, patient=patient, status="measured")
        add_edit(writer, scan, "e", f"scans/{scan}/edits/e", {})

    ended = threading.Event()

    def work(kept: Store, owner: Scan, edit: Edit, tell: Tell) -> None:
        with kept.write("anna") as writer:
            erase_patient(writer, patient)
        folder = kept.files / edit.folder
        folder.mkdir(parents=True)
        (folder / "volumes.json").write_text("of somebody erased")
        ended.set()

    queue = ScanQueue(store, work=Work(edit=work))
    queue.start()
    assert ended.wait(10)
    queue.stop(10)
    assert list((store.files / "scans").glob("*")) == []


def test_an_edit_that_fails_leaves_the_scan_measured(store: Store) -> None:
    def work(kept: Store, owner: Scan, edit: Edit, tell: Tell) -> None:
        raise ImageError("no brain was found")

    with store.write("anna") as writer:
        scan = add_scan(writer, "01", None, status="measured")
        add_edit(writer, scan, "e", f"scans/{scan}/edits/e", {})
    (store.files / "scans" / scan).mkdir(parents=True)
    queue = ScanQueue(store, work=Work(edit=work))
    queue.start()
    for _ in range(200):
        with store.read() as connection:
            (edit,) = edits_of(connection, scan)
        if edit.status == "failed":
            break
        time.sleep(0.02)
    queue.stop(10)
    with store.read() as connection:
        assert scan_of(connection, scan).status == "measured"
    assert (edit.status, edit.message) == ("failed", "no brain was found")
