"""Work that succeeds, fails and dies in every way, for test_run.py; imported by the workers."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from neurolupus.errors import ImageContentError

Told = tuple[str, Path]


def work(told: Told, progress: Callable[[str], None]) -> list[Path]:
    kind, path = told
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("half")
    progress("working")
    _end(kind, path)
    with path.with_suffix(".count").open("a") as file:
        file.write("x")
    unfinished.replace(path)
    return [path]


def _end(kind: str, path: Path) -> None:
    if kind == "raises":
        raise ValueError("a fault")
    if kind == "bad image":
        raise ImageContentError("T1w has 5 slices.\n    Give the whole head.")
    if kind == "out of memory":
        raise MemoryError
    if kind == "exits":
        os._exit(7)
    if kind == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "segfaults":
        ctypes.string_at(0)
    if kind == "prints":
        print("a word in the log")
    if kind == "tells threads":
        print(f"OMP_NUM_THREADS={os.environ['OMP_NUM_THREADS']}")
    if kind == "slow":
        time.sleep(60)
    if kind == "needs a file" and not (path.parent / "wanted").exists():
        raise ValueError("wanted is missing")


def clean_up(told: Told) -> None:
    told[1].with_suffix(".unfinished").unlink(missing_ok=True)
