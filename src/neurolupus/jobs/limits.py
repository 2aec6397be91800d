"""What one scan may take of the machine, and the watch over it."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from neurolupus.jobs.worker import GRACE_S

_TICK_S = 0.25
_TICKS_PER_TREE = 8  # the search for children walks over every process of the machine: every two seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """The most one scan may take; None: as much as it wants.

    Parameters
    ----------
    memory_mb : float, optional
        Resident memory of its process and all that it starts, in MiB. Pages that they share count for each.
    seconds : float, optional
        Wall time of one try.
    """

    memory_mb: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("memory_mb", self.memory_mb), ("seconds", self.seconds)):
            if value is not None and value <= 0:
                raise ValueError(f"{name} is {value}; more than 0 is needed.")


class Watch(threading.Thread):
    """A thread that kills a process and its children when they take more than they may, and says why in `reason`."""

    def __init__(self, pid: int, limits: Limits, stopped: Callable[[], bool], stop: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._limits, self._stopped, self._stop = limits, stopped, stop
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self.reason = ""
        self.peak_mb = 0.0

    def end(self) -> None:
        """Watch no longer; its process has ended."""
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Look every quarter of a second."""
        began, ticks, children_mb = time.monotonic(), 0, 0.0
        while not self._ended.wait(_TICK_S):
            try:
                if ticks % _TICKS_PER_TREE == 0:
                    children_mb = sum(_resident_mb(child) for child in self._process.children(recursive=True))
                ticks += 1
                self.peak_mb = max(self.peak_mb, _resident_mb(self._process) + children_mb)
            except psutil.Error:  # it has ended
                continue
            self.reason = self._excess(time.monotonic() - began)
            if self.reason:
                kill_tree(self._process)
                return
            if self._stopped():
                self._stop()
                if not self._ended.wait(GRACE_S + 1):  # it is deaf: deep in a library that never looks
                    kill_tree(self._process)
                return

    def _excess(self, seconds: float) -> str:
        limits = self._limits
        if limits.memory_mb is not None and self.peak_mb > limits.memory_mb:
            return (
                f"It took {self.peak_mb / 1024:.2f} GB of memory and was stopped; "
                f"a scan may take {limits.memory_mb / 1024:.2f} GB (--mem-gb)."
            )
        if limits.seconds is not None and seconds > limits.seconds:
            return (
                f"It was not done after {seconds / 60:.1f} minutes and was stopped; "
                f"a scan may take {limits.seconds / 60:.1f} (--minutes)."
            )
        return ""


def kill_tree(process: psutil.Process) -> None:
    """Kill a process and all that it started."""
    with suppress(psutil.Error):
        family = [process, *process.children(recursive=True)]
        for one in family:
            with suppress(psutil.Error):
                one.kill()


def _resident_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 1024**2
    except psutil.NoSuchProcess:
        return 0.0
