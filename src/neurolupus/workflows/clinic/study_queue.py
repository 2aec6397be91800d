"""Runs of studies, one after the other, beside whatever else the server does."""

from __future__ import annotations

import queue
import threading

from neurolupus.store.engine import Store
from neurolupus.store.studies import end_interrupted
from neurolupus.workflows.clinic.study_store import RunningStudy

STOPPED = "The server was stopped before it had ended.\n    Run it again."


class StudyQueue:
    """A thread that attends to one run's process at a time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._waiting: queue.SimpleQueue[RunningStudy | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._running: RunningStudy | None = None
        self._closing = threading.Event()
        self._lock = threading.Lock()

    def start(self) -> None:
        """End what a server that is gone left unfinished, and begin to wait for work."""
        with self.store.write("server") as writer:
            end_interrupted(writer)
        self._thread = threading.Thread(target=self._attend, name="studies", daemon=True)
        self._thread.start()

    def add(self, study: str, run: str) -> None:
        """Run it as soon as those before it have ended."""
        self._waiting.put(RunningStudy(self.store, study, run))

    def close(self) -> None:
        """End the run on its way and begin no other."""
        self._closing.set()
        with self._lock:
            if self._running is not None:
                self._running.stop(STOPPED)
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(timeout=20)

    def _attend(self) -> None:
        while (run := self._waiting.get()) is not None and not self._closing.is_set():
            with self._lock:
                self._running = run
            try:
                run.follow()
            finally:
                with self._lock:
                    self._running = None
