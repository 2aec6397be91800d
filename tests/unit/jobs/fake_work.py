"""Work that succeeds, fails and dies in every way, for test_run.py; imported by the workers."""

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from neurolupus.errors import ImageContentError

Told = tuple[str, Path]
GROWN_MB = 300


def work(told: Told, progress: Callable[[str], None]) -> list[Path]:
    kind, path = told
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("half")
    progress("working")
    with path.with_suffix(".begun").open("a") as file:
        file.write("x")
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
    if kind == "stale handle":
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), "sub-01_T1w.nii.gz")
    if kind == "disk full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    if kind == "dies once" and times_begun(path) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "waits for go":
        _wait_for(path.parent / "go")
    if kind == "grows":
        _grow()
    if kind == "grows in a child":
        subprocess.run([sys.executable, "-c", GROW], check=False)
    if kind == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    if kind == "needs a file" and not (path.parent / "wanted").exists():
        raise ValueError("wanted is missing")


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 120
    while not path.exists():
        if time.monotonic() > until:
            raise ValueError(f"{path.name} never came")
        time.sleep(0.02)


GROW = f"import time; held = bytearray(b'x') * ({GROWN_MB} * 1024**2); time.sleep(60)"


def _grow() -> None:
    held = bytearray(b"x") * (GROWN_MB * 1024**2)  # written to, so that it is resident
    time.sleep(60)
    del held


def times_begun(path: Path) -> int:
    return len(path.with_suffix(".begun").read_text())


def clean_up(told: Told) -> None:
    told[1].with_suffix(".unfinished").unlink(missing_ok=True)
