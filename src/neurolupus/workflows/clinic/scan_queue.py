"""The queue of scans to measure: one after another in processes of their own, taken up again after a restart."""

from __future__ import annotations

import logging
import shutil
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from neurolupus.errors import NeurolupusError
from neurolupus.report.wording import step_title
from neurolupus.store.edits import Edit, edits_of, edits_with_status, set_edit_status
from neurolupus.store.engine import Store
from neurolupus.store.files import hash_folder, note_files
from neurolupus.store.scans import FOLDER, Scan, known_folders, list_scans, next_queued, scan_of, set_status
from neurolupus.workflows.clinic.scan_files import MEASURED
from neurolupus.workflows.clinic.scan_measure import WHO, Tell, measure_edited, measure_kept

LOG = logging.getLogger("neurolupus.queue")
LOG.addHandler(logging.NullHandler())
LOOK_AGAIN_S = 5.0
STEPS = (
    "read", "brain", "bias", "masks", "registration", "flair bias", "wmh", "lesions", "filling", "tissue", "quality",
    "write", "report",
)  # fmt: skip
WORDS = {
    "held": "Held until it is rated", "queued": "Waits for its turn", "measured": "Measured", "failed": "Failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is.

    Attributes
    ----------
    status : str
        As the store has it; of its last edited mask while that is measured.
    text : str
        In words.
    share : float or None
        Of the steps; None where that is not known.
    """

    status: str
    text: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Work:
    """How scans and edited masks are measured."""

    scan: Callable[[Store, Scan, Tell], None] = measure_kept
    edit: Callable[[Store, Scan, Edit, Tell], None] = measure_edited


class ScanQueue:
    """Threads that each attend to one scan at a time; the rows say what waits, so that nothing is lost with them."""

    def __init__(self, store: Store, *, at_once: int = 1, work: Work | None = None) -> None:
        self.store, self.at_once, self.work = store, at_once, work or Work()
        self.stopping, self.bell = threading.Event(), threading.Event()
        self.steps: dict[str, str] = {}
        self.threads: list[threading.Thread] = []

    def start(self) -> None:
        """Take up again what a stopped server left, remove files without a row, and begin."""
        with self.store.write(WHO) as writer:
            for scan in list_scans(writer.connection, statuses=("running",)):
                set_status(writer, scan.id, "queued")
            for edit in edits_with_status(writer.connection, "running"):
                set_edit_status(writer, edit.id, "queued")
        remove_orphans(self.store)
        self.threads = [threading.Thread(target=self._attend, daemon=True) for _ in range(self.at_once)]
        for thread in self.threads:
            thread.start()

    def stop(self, wait_s: float = 1.0) -> None:
        """Begin nothing new; what runs ends with this process and is taken up at the next start."""
        self.stopping.set()
        self.bell.set()
        for thread in self.threads:
            thread.join(wait_s)

    def wake(self) -> None:
        """Look for work now."""
        self.bell.set()

    def progress(self, scan_id: str) -> Progress:
        """How far a scan is, its edited masks included."""
        with self.store.read() as connection:
            scan, edits = scan_of(connection, scan_id), edits_of(connection, scan_id)
        waiting = [one for one in edits if one.status in ("queued", "running")]
        status = scan.status if scan.status in ("queued", "running") or not waiting else waiting[0].status
        if status == "running":
            step = self.steps.get(scan_id, "")
            share = (STEPS.index(step) + 0.5) / len(STEPS) if step in STEPS else None
            return Progress(status, f"{step_title(step)} …" if step else "Begins …", share)
        return Progress(status, WORDS[status], 1.0 if status == "measured" else None)

    def _attend(self) -> None:
        while not self.stopping.is_set():
            try:
                if not self._one():
                    self.bell.wait(LOOK_AGAIN_S)
                    self.bell.clear()
            except NeurolupusError as error:  # the store is locked or gone: it may come back
                LOG.warning("the queue waits: %s", type(error).__name__)
                self.stopping.wait(LOOK_AGAIN_S)

    def _one(self) -> bool:
        """Measure what waits longest; False where nothing waits."""
        with self.store.write(WHO) as writer:
            scan = next_queued(writer.connection)
            edit = next(iter(edits_with_status(writer.connection, "queued")), None) if scan is None else None
            if scan is not None:
                set_status(writer, scan.id, "running", begins=("queued",))
            elif edit is not None:
                set_edit_status(writer, edit.id, "running", begins=("queued",))
                owner = scan_of(writer.connection, edit.scan_id)
        if scan is not None:
            found = scan
            reason = self._attempt(found.id, lambda tell: self.work.scan(self.store, found, tell))
            hashed = hash_folder(self.store.files, f"{found.folder}/{MEASURED}")
            with self.store.write(WHO) as writer:
                ended = "failed" if reason else "measured"
                if set_status(writer, found.id, ended, reason, begins=("running",)) and not reason:
                    note_files(writer, hashed, patient=scan_of(writer.connection, found.id).patient_id)
        elif edit is not None:
            drawn = edit
            reason = self._attempt(owner.id, lambda tell: self.work.edit(self.store, owner, drawn, tell))
            hashed = hash_folder(self.store.files, drawn.folder)
            with self.store.write(WHO) as writer:
                kept = set_edit_status(writer, drawn.id, "failed" if reason else "measured", reason)
                if kept:
                    note_files(writer, hashed, patient=scan_of(writer.connection, owner.id).patient_id)
            if not kept:  # removed, or its patient erased, meanwhile: what was measured must not stay behind
                remove_orphans(self.store)
        return scan is not None or edit is not None

    def _attempt(self, scan_id: str, work: Callable[[Tell], None]) -> str:
        """Do it; why it failed, or nothing."""
        try:
            work(lambda step: self.steps.__setitem__(scan_id, step))
        except NeurolupusError as error:
            return str(error).replace(
                f"{self.store.files.absolute()}/", ""
            )  # the server's folders are nobody's business
        except Exception as error:  # a fault of ours or of the disk must not end the queue
            where = traceback.extract_tb(error.__traceback__)[-1]
            LOG.error("measuring failed: %s in %s line %s", type(error).__name__, where.name, where.lineno)
            return f"It failed for a reason that was not foreseen ({type(error).__name__}).\n    See the server's log."
        finally:
            self.steps.pop(scan_id, None)
        return ""


def remove_orphans(store: Store) -> None:
    """Remove the folders of scans whose rows are gone: removed, or their patient erased."""
    with store.read() as connection:
        known = known_folders(connection)
    for folder in (store.files / FOLDER).glob("*"):
        if f"{FOLDER}/{folder.name}" not in known:
            shutil.rmtree(folder, ignore_errors=True)
