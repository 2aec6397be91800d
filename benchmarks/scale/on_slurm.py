"""What a scan costs on Slurm beside its measuring: python benchmarks/scale/on_slurm.py OUT.json.

On a Slurm of one machine that the tests' fixture starts. Submitting is timed with tasks that are held; what an array
task costs, without Slurm, by starting its own process again and again; the whole, by scans that do nothing.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "src")]

import slurm  # noqa: E402
import slurm_work  # noqa: E402

from neurolupus.jobs.attend import Order  # noqa: E402
from neurolupus.jobs.executors.slurm import SlurmExecutor  # noqa: E402
from neurolupus.jobs.limits import Limits  # noqa: E402
from neurolupus.jobs.run import JobOptions, run_many  # noqa: E402
from neurolupus.jobs.slurm.live import active_tasks, cancel_all  # noqa: E402
from neurolupus.jobs.slurm.settings import SlurmSettings  # noqa: E402
from neurolupus.jobs.slurm.submission import plan_sha256, write_submission  # noqa: E402
from neurolupus.jobs.task import Task  # noqa: E402

SUBMITTED = (100, 1000, 5000)
STARTED = 20
DONE = 60


def tasks(out: Path, count: int) -> list[Task]:
    return [Task(f"sub-{n:05}", {"path": str(out / f"sub-{n:05}.txt")}) for n in range(count)]


def submitting(count: int) -> dict[str, float]:
    """Seconds and CPU seconds of submitting, and how long the queue takes to tell what it holds."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        options = JobOptions(
            executor=SlurmExecutor(SlurmSettings(wait=False, options=("--hold",))), limits=Limits(300, 600)
        )
        began, cpu = time.perf_counter(), time.process_time()
        run_many(tasks(out, count), slurm_work.write, out, options=options)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        began = time.perf_counter()
        assert len(active_tasks(out)) == count
        asked = time.perf_counter() - began
        cancel_all(out)
    return {"scans": count, "seconds": seconds, "cpu_seconds": cpu_seconds, "queue_asked_s": asked}


def starting() -> dict[str, float]:
    """What the process of an array task costs, with the worker that it starts, for work that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        orders = [Order(task, slurm_work.write, out, "run") for task in tasks(out, STARTED)]
        submission = write_submission(out, orders, run="run", path=sys.path)
        words = [sys.executable, "-P", "-m", "neurolupus.jobs.slurm.array_task"]
        words += [str(submission.folder / "plan.json"), plan_sha256(submission)]
        wall, cpu = [], []
        for index in range(STARTED):
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "SLURM_ARRAY_TASK_ID": str(index)}
            subprocess.run(words, check=True, env=environment)
            wall.append(time.perf_counter() - began)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"tasks": STARTED, "median_wall_s": statistics.median(wall), "median_cpu_s": statistics.median(cpu)}


def doing() -> dict[str, float]:
    """Seconds of scans that do nothing, two at once, with all that Slurm adds."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        options = JobOptions(executor=SlurmExecutor(SlurmSettings()), limits=Limits(300, 600))
        began, cpu = time.perf_counter(), time.process_time()
        outcomes = run_many(tasks(out, DONE), slurm_work.write, out, options=options)
        assert all(outcome.status == "done" for outcome in outcomes)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return {"scans": DONE, "seconds": seconds, "coordinator_cpu_seconds": cpu_seconds}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", type=Path)
    path = arguments.parse_args().out
    with slurm.serving() as conf:
        os.environ["SLURM_CONF"] = str(conf)
        told = {
            "machine": {"cpus": os.cpu_count(), "system": platform.platform(), "load_before": os.getloadavg()[0]},
            "submitting": [submitting(count) for count in SUBMITTED],
            "starting": starting(),
            "doing": doing(),
        }
    path.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
