"""What one scan takes of a machine: python benchmarks/scale/one_scan.py BIDS OUT.json [--participants 01 20].

Each visit is measured alone, by the command's own worker with two threads; processor time is that of the worker and all
that it started, as the system counts it, so that a busy machine lengthens the wall time and hardly the processor time.
"""

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

from neurolupus.io.bids import choose_pair, index_dataset
from neurolupus.jobs.attempt import Attempt
from neurolupus.records.measured import Settings
from neurolupus.workflows.capacity import thread_environment
from neurolupus.workflows.scan import ScanJob, measure_job

THREADS = 2


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def size_mb(folder: Path) -> tuple[float, int]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6, len(files)


def main() -> None:
    it = argparse.ArgumentParser(description=__doc__)
    it.add_argument("bids", type=Path)
    it.add_argument("out", type=Path)
    it.add_argument("--participants", nargs="*", default=[])
    asked = it.parse_args()
    rows = []
    for one in index_dataset(asked.bids, participants=asked.participants):
        t1w, flair = choose_pair(one, need_flair=True)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            job = ScanJob(one.scan_id, t1w, flair, out, Settings(), threads=THREADS)
            load, began, used = os.getloadavg()[0], time.perf_counter(), children_s()
            ending = Attempt(measure_job, job, Path(folder) / "log", thread_environment(THREADS)).follow(print)
            if ending.error:
                raise SystemExit(f"{one.scan_id.stem}: {ending.error}")
            wall_s, cpu_s = time.perf_counter() - began, children_s() - used
            written_mb, files = size_mb(out)
            shutil.rmtree(out)
        row = {"scan": one.scan_id.stem, "load": load, "wall_s": wall_s, "cpu_s": cpu_s, "memory_mb": ending.memory_mb}
        read_mb = sum(path.stat().st_size for path in job.inputs) / 1e6
        rows.append({**row, "read_mb": read_mb, "written_mb": written_mb, "files": files})
        print(json.dumps(rows[-1]))
    asked.out.write_text(json.dumps({"cores": os.cpu_count(), "threads": THREADS, "scans": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
