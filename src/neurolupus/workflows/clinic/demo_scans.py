"""The demo's scans: simulated heads, made beside the running server and then measured as any upload is."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from neurolupus.errors import NeurolupusError
from neurolupus.imaging.clinic import SMALL_CLINIC
from neurolupus.io.dataset import derivative_path
from neurolupus.jobs.attempt import Attempt
from neurolupus.records.scan import ScanId
from neurolupus.store.engine import open_store
from neurolupus.store.patients import find_patient
from neurolupus.workflows.clinic.scan_intake import take_pair
from neurolupus.workflows.demo_clinic import SimulateJob, simulate_job

SEED = 20260101
WHO = "demo"
DAYS = {"03": "2025-06-12", "05": "2025-02-02"}  # when the records of these two say that they were scanned
FOLDER = ".demo"


def begin_scans(folder: Path) -> threading.Thread:
    """Begin to simulate two heads and put them into the queue of a demo's store; some minutes, beside everything else.

    Parameters
    ----------
    folder : Path
        The store's.
    """
    thread = threading.Thread(target=_make, args=(folder,), name="demo-scans", daemon=True)
    thread.start()
    return thread


def _make(folder: Path) -> None:
    work = folder / FOLDER
    try:
        for label, day in DAYS.items():
            place = [one.participant_id for one in SMALL_CLINIC].index(label)
            job = SimulateJob(place, SEED, work / "bids", work / "truth")
            if Attempt(simulate_job, job, work / "log.txt", {}).follow(lambda step: None).error is None:
                _take(folder, ScanId(label, None), work / "bids", day)
    except (NeurolupusError, OSError):
        return  # the demo ended meanwhile, and its store is gone
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _take(folder: Path, scan_id: ScanId, bids: Path, day: str) -> None:
    files = [derivative_path(bids, scan_id, suffix=kind, extension=".nii.gz") for kind in ("T1w", "FLAIR")]
    store = open_store(folder)
    try:
        with store.read() as connection:
            patient = find_patient(connection, f"sub-{scan_id.participant_id}")
        take_pair(
            store, WHO, files[0], files[1], scan_id, patient=None if patient is None else patient.id, acquired=day
        )
    finally:
        store.close()
