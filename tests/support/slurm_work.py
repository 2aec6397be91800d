"""Cheap work for array tasks; they import it by its name."""

import os
import time
from pathlib import Path
from typing import Any

from neurolupus.jobs.task import Progress


def write(payload: dict[str, Any], progress: Progress) -> list[Path]:
    """Count the tries in a file beside the result, sleep on the first `slow_tries` of them, then write the result."""
    progress("write")
    path = Path(payload["path"])
    tries = path.with_suffix(".tries")
    with tries.open("a") as file:
        file.write(
            f"{os.environ.get('SLURM_ARRAY_JOB_ID', '')}_{os.environ.get('SLURM_ARRAY_TASK_ID', '')} {os.getpid()}\n"
        )
    count = len(tries.read_text().splitlines())
    if count <= payload.get("slow_tries", 0):
        time.sleep(payload.get("sleep", 60))
    if count <= payload.get("broken_tries", 0):
        raise OSError(5, "Input/output error", str(path))
    eaten = bytearray(payload.get("eat_mb", 0) << 20)
    eaten[::4096] = b"x" * len(eaten[::4096])  # each page touched
    if eaten:
        time.sleep(20)
    time.sleep(payload.get("seconds", 0.0))
    path.write_text(payload.get("text", "done"))
    return [path]
