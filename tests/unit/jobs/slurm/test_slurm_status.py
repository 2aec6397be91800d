"""The status of an output folder, with what Slurm says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurolupus.jobs.attend import Order
from neurolupus.jobs.plan import planned
from neurolupus.jobs.slurm import commands
from neurolupus.jobs.slurm.commands import ArrayTask, SlurmSilentError
from neurolupus.jobs.slurm.status import with_queue
from neurolupus.jobs.slurm.submission import Submission, write_outcome, write_submission
from neurolupus.jobs.state import StateFolder, TaskState
from neurolupus.jobs.status import read_status
from neurolupus.jobs.task import Outcome, Progress, Task

NAMES = ["sub-1", "sub-2", "sub-3"]


def work(payload: object, progress: Progress) -> list[Path]:
    return []


@pytest.fixture
def left_alone(tmp_path: Path) -> Submission:
    """Three scans that were submitted by a run that nobody follows any more."""
    with planned(tmp_path, NAMES, executor="slurm", places=10_000) as plan:
        pass
    orders = [Order(Task(name, None), work, tmp_path, plan.run, "slurm") for name in NAMES]
    return write_submission(tmp_path, orders, run=plan.run)


def queue_says(monkeypatch: pytest.MonkeyPatch, one: Submission, *states: str) -> None:
    tasks = [ArrayTask(one.array, index, "12", state, "Priority") for index, state in enumerate(states)]
    monkeypatch.setattr(commands, "queue", lambda arrays: tasks)


def test_what_the_queue_holds_waits_or_runs_though_nobody_follows_it(
    left_alone: Submission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    queue_says(monkeypatch, left_alone, "RUNNING", "PENDING", "CANCELLED")
    told = with_queue(tmp_path, read_status(tmp_path))
    assert [(task.status, task.reason) for task in told.tasks] == [
        ("running", "Slurm job 12_0"),
        ("waiting", "Slurm job 12_1: Priority"),
        ("waiting", "not begun; run the same command again"),
    ]
    assert [plan.run for plan in told.live] == [left_alone.run]


def test_a_scan_that_has_ended_is_not_told_as_running_because_slurm_is_slow(
    left_alone: Submission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    queue_says(monkeypatch, left_alone, "COMPLETING", "RUNNING", "PENDING")
    StateFolder(tmp_path).write(TaskState("sub-1", "done", key="k", run=left_alone.run))
    write_outcome(left_alone.folder / "plan.json", 0, Outcome("sub-1", "done"))
    StateFolder(tmp_path).write(TaskState("sub-2", "done", key="k", run=left_alone.run))  # and has not told it yet
    told = with_queue(tmp_path, read_status(tmp_path))
    assert [task.status for task in told.tasks] == ["done", "done", "waiting"]


def test_what_is_left_is_told_from_what_is_done_and_how_many_run(
    left_alone: Submission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for number in range(9):
        StateFolder(tmp_path).write(TaskState(f"sub-0{number}", "done", key="k", seconds=10.0))
    queue_says(monkeypatch, left_alone, "RUNNING", "PENDING", "PENDING")
    rest = with_queue(tmp_path, read_status(tmp_path)).rest
    assert rest is not None
    # one runs at a time, half done: 5 s, and two more of 10 s each
    assert (rest.seconds, rest.parallel, rest.tasks) == (25.0, 1, 3)
    queue_says(monkeypatch, left_alone, "PENDING", "PENDING", "PENDING")
    assert with_queue(tmp_path, read_status(tmp_path)).rest is None


def test_where_slurm_cannot_be_asked_the_disk_is_told_and_no_time(
    left_alone: Submission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def silent(arrays: object) -> list[ArrayTask]:
        raise SlurmSilentError("Unable to contact slurm controller")

    monkeypatch.setattr(commands, "queue", silent)
    known = read_status(tmp_path)
    told = with_queue(tmp_path, known)
    assert told.tasks == known.tasks
    assert told.rest is None
