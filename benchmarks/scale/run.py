"""What thousands of scans cost beside their measuring: python benchmarks/scale/run.py OUT.json [--subjects 1000 10000].

Each size is run in a process of its own, so that one does not warm up, or fill the memory of, the next.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import nothing
import psutil
import simulated

from neurolupus.io.bids import choose_pair, index_dataset
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.status import read_status
from neurolupus.jobs.task import LazyTask, Task
from neurolupus.records.scan import ScanId
from neurolupus.workflows.capacity import thread_environment
from neurolupus.workflows.group import write_group

NPROCS = 2
BARE_PROCESSES = 100


class Memory(threading.Thread):
    """The most resident memory of this process, in MB, looked at ten times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        process = psutil.Process()
        while not self.ended.wait(0.1):
            self.peak = max(self.peak, process.memory_info().rss / 1e6)

    def __enter__(self) -> "Memory":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


class Clock:
    """Wall and processor time of a block, into a table under a name."""

    def __init__(self, told: dict[str, object], name: str) -> None:
        self.told, self.name = told, name

    def __enter__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.told[f"{self.name}_s"] = time.perf_counter() - self.wall
        self.told[f"{self.name}_cpu_s"] = time.process_time() - self.cpu


def task_of(scan_id: ScanId, inputs: tuple[Path, ...], out: Path, template: Path) -> Task:
    return Task(scan_id.stem, (out, scan_id.stem, template), inputs, {"version": "0.1.0"})


def one_size(subjects: int, folder: Path) -> dict[str, object]:
    bids, out = simulated.make_dataset(folder / "bids", subjects), folder / "out"
    template = simulated.write_template(folder / "template.json")
    out.mkdir()
    work: dict[str, object] = {}
    with Clock(work, "index"):
        files = index_dataset(bids)
    tasks = []
    for one in files:
        pair = choose_pair(one, need_flair=True)
        inputs = tuple(path for path in pair if path is not None)
        tasks.append(LazyTask(one.scan_id.stem, partial(task_of, one.scan_id, inputs, out, template)))
    options = JobOptions(NPROCS, environment=thread_environment(1))
    work["before_mb"] = psutil.Process().memory_info().rss / 1e6
    with Memory() as memory, Clock(work, "run"):
        outcomes = run_many(tasks, nothing.measure_nothing, out, options=options)
    work |= {"coordinator_mb": memory.peak, "done": sum(outcome.status == "done" for outcome in outcomes)}
    with Clock(work, "resume"):
        again = run_many(tasks, nothing.measure_nothing, out, options=options)
    work["skipped"] = sum(one.status == "skipped" for one in again)
    with Clock(work, "status"):
        work["status_done"] = read_status(out).counts["done"]
    with Memory() as memory, Clock(work, "group"):
        group = write_group(out, {})
    work |= {"group_mb": memory.peak, "page_mb": group.page.stat().st_size / 1e6 if group.page else None}
    with (out / "volumes.tsv").open(newline="") as file:
        names = [row["participant_id"] for row in csv.DictReader(file, delimiter="\t")]
    work["table_complete_and_in_order"] = names == [f"sub-{number:05d}" for number in range(subjects)]
    for kind in ("", "cpu_"):
        work[f"per_scan_{kind}ms"] = float(str(work[f"run_{kind}s"])) / subjects * 1000
    return work


def bare_process_ms() -> float:
    """What a Python process that imports what the do-nothing measurement imports costs, two at once."""
    command = [sys.executable, "-P", "-c", "import json, pickle, pathlib, random, threading, traceback"]
    began = time.perf_counter()
    for _ in range(BARE_PROCESSES // NPROCS):
        several = [subprocess.Popen(command) for _ in range(NPROCS)]
        for one in several:
            one.wait()
    return (time.perf_counter() - began) / BARE_PROCESSES * 1000


def main() -> None:
    it = argparse.ArgumentParser(description=__doc__)
    it.add_argument("out", type=Path)
    it.add_argument("--subjects", type=int, nargs="+", default=[1000, 10000])
    it.add_argument("--one", action="store_true", help="one size, in this process")
    asked = it.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.one:
            asked.out.write_text(json.dumps(one_size(asked.subjects[0], Path(folder))))
            return
        told: dict[str, object] = {"cores": os.cpu_count(), "python": platform.python_version(), "nprocs": NPROCS}
        for subjects in asked.subjects:
            part = Path(folder) / f"{subjects}.json"
            load = os.getloadavg()[0]
            bare = bare_process_ms()
            subprocess.run([sys.executable, __file__, part, "--one", "--subjects", str(subjects)], check=True)
            told[str(subjects)] = {"load": load, "bare_process_ms": bare, **json.loads(part.read_text())}
            print(json.dumps(told[str(subjects)], indent=1))
    asked.out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
