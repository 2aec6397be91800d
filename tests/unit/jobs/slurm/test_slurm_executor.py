"""The executor against a Slurm that is played: what the tests on a real one cannot bring about."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest

from neurolupus.errors import UsageError
from neurolupus.jobs.attend import Order
from neurolupus.jobs.executors.slurm import SlurmExecutor
from neurolupus.jobs.slurm import commands
from neurolupus.jobs.slurm.commands import ArrayTask, SlurmFullError, SlurmSilentError
from neurolupus.jobs.slurm.settings import SlurmSettings
from neurolupus.jobs.slurm.submission import read_order, read_plan, read_submissions, write_outcome, write_submission
from neurolupus.jobs.state import StateFolder, TaskState
from neurolupus.jobs.task import Outcome, Progress, Task


def work(payload: object, progress: Progress) -> list[Path]:
    return []


class PlayedSlurm:
    """A Slurm whose queue the test writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most, self.silent = 1000, False
        self.tasks: dict[tuple[str, int], str] = {}
        self.submitted: list[list[str]] = []
        for name in ("submit", "queue", "max_array_size"):
            monkeypatch.setattr(commands, name, getattr(self, name))

    def max_array_size(self) -> int:
        return 4

    def submit(self, script: Path, options: Sequence[str]) -> str:
        told = dict(word.removeprefix("--").partition("=")[::2] for word in options)
        count = int(told["array"].partition("%")[0].removeprefix("0-")) + 1
        if sum(state == "PENDING" for state in self.tasks.values()) + count > self.most:
            raise SlurmFullError("QOSMaxSubmitJobPerUserLimit")
        self.submitted.append(list(options))
        for index in range(count):
            self.tasks[told["job-name"], index] = "PENDING"
        return str(len(self.submitted))

    def queue(self, arrays: Sequence[str]) -> list[ArrayTask]:
        if self.silent:
            raise SlurmSilentError("Unable to contact slurm controller")
        wanted = set(arrays)
        return [ArrayTask(name, i, "1", state, "None") for (name, i), state in self.tasks.items() if name in wanted]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> PlayedSlurm:
    return PlayedSlurm(monkeypatch)


def orders(out: Path, count: int, **more: object) -> list[Order]:
    return [Order(Task(f"sub-{n}", None, (), more), work, out, "run-1", executor="slurm") for n in range(count)]


def opened(out: Path, **settings: object) -> SlurmExecutor:
    executor = SlurmExecutor(SlurmSettings(poll_s=0, settle_s=0, **settings))  # type: ignore[arg-type]
    executor.open(out, "run-1")
    return executor


def test_arrays_keep_to_the_clusters_size_and_to_the_width_asked_for(played: PlayedSlurm, tmp_path: Path):
    executor = opened(tmp_path, at_once=3, cpus=2)
    executor.begin(orders(tmp_path, 10))
    executor.events(0)
    arrays = [next(word for word in options if word.startswith("--array")) for options in played.submitted]
    assert arrays == ["--array=0-3%3", "--array=0-3%3", "--array=0-1%3"]
    waits = [[word for word in options if "dependency" in word] for options in played.submitted]
    assert waits == [[], ["--dependency=afterany:1"], ["--dependency=afterany:2"]]
    assert all("--cpus-per-task=2" in options for options in played.submitted)


def test_a_full_queue_takes_smaller_arrays_and_the_rest_later(played: PlayedSlurm, tmp_path: Path):
    played.most = 3
    executor = opened(tmp_path)
    executor.begin(orders(tmp_path, 7))
    for _ in range(4):
        executor.events(0)
    assert sum(state == "PENDING" for state in played.tasks.values()) == 3
    played.tasks = dict.fromkeys(played.tasks, "RUNNING")
    for _ in range(4):
        executor.events(0)
    names = [name for one in read_submissions(tmp_path) for name in one.names]
    assert len(names) == len(set(names)) == 6


def test_a_queue_that_takes_nothing_is_told(played: PlayedSlurm, tmp_path: Path):
    played.most = 0
    executor = opened(tmp_path)
    executor.begin(orders(tmp_path, 4))
    executor.events(0)  # an array of four, then of two
    executor.events(0)
    with pytest.raises(UsageError, match="Slurm takes no scan of this user: QOSMaxSubmitJobPerUserLimit"):
        executor.events(0)
    assert read_submissions(tmp_path) == []


def test_nobody_is_lost_because_slurm_is_silent(played: PlayedSlurm, tmp_path: Path):
    executor = opened(tmp_path)
    executor.begin(orders(tmp_path, 1))
    executor.events(0)
    executor.events(0)  # seen in the queue
    played.silent = True
    assert [list(executor.events(0)) for _ in range(3)] == [[]] * 3
    played.silent, played.tasks = False, {}
    executor.events(0)
    (event,) = executor.events(0)
    assert event.outcome is not None
    assert event.outcome.status == "again"
    assert "left the queue of Slurm without a word" in event.outcome.reason


def test_the_result_of_a_task_submitted_with_other_settings_is_not_taken(played: PlayedSlurm, tmp_path: Path):
    earlier = write_submission(tmp_path, orders(tmp_path, 1, threshold=0.2), run="run-0")
    played.tasks[earlier.array, 0] = "RUNNING"
    executor = opened(tmp_path)
    executor.begin(orders(tmp_path, 1, threshold=0.5))
    executor.events(0)
    assert played.submitted == []  # it is followed
    StateFolder(tmp_path).write(TaskState("sub-0", "done", key="of the earlier settings"))
    write_outcome(earlier.folder / "plan.json", 0, Outcome("sub-0", "done"))
    (event,) = executor.events(0)
    assert event.outcome is not None
    assert (event.outcome.status, event.outcome.reason) == (
        "again",
        "its settings or files changed since it was submitted",
    )


def test_a_changed_plan_or_order_is_not_read(tmp_path: Path):
    submission = write_submission(tmp_path, orders(tmp_path, 2), run="run-1")
    plan = submission.folder / "plan.json"
    with pytest.raises(UsageError, match="is not what was submitted"):
        read_plan(plan, "0" * 64)
    told = read_plan(plan, hashlib.sha256(plan.read_bytes()).hexdigest())
    assert read_order(submission.folder / "orders", told["tasks"][1]).task.name == "sub-1"
    (submission.folder / "orders").write_bytes(pickle.dumps(orders(tmp_path, 2)))
    with pytest.raises(UsageError, match="is not what was submitted"):
        read_order(submission.folder / "orders", told["tasks"][1])


def test_without_waiting_what_slurm_does_not_take_is_told(played: PlayedSlurm, tmp_path: Path):
    played.most = 3
    executor = opened(tmp_path, wait=False)
    executor.begin(orders(tmp_path, 5))
    outcomes = [event.outcome for event in executor.events(0) if event.outcome]
    assert [outcome.status for outcome in outcomes] == ["submitted"] * 3 + ["skipped"] * 2
    assert "run the same command again later" in outcomes[-1].reason


def test_an_array_that_slurm_took_without_saying_so_is_found_in_the_queue(
    played: PlayedSlurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def silent(script: Path, options: Sequence[str]) -> str:
        played.submit(script, options)
        raise SlurmSilentError("sbatch did not answer within 120 s")

    executor = opened(tmp_path)
    executor.begin(orders(tmp_path, 2))
    monkeypatch.setattr(commands, "submit", silent)
    executor.events(0)
    monkeypatch.setattr(commands, "submit", played.submit)
    executor.events(0)
    assert len(played.submitted) == 1
    (submission,) = read_submissions(tmp_path)
    write_outcome(submission.folder / "plan.json", 1, Outcome("sub-1", "failed", "no brain"))
    (event,) = executor.events(0)
    assert event.outcome == Outcome("sub-1", "failed", "no brain")
