"""Scans on a real Slurm: arrays, what is killed, what runs out of time, what fails, and coordinators that die."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
import slurm
import slurm_work

from neurolupus.jobs.executors.slurm import SlurmExecutor
from neurolupus.jobs.limits import Limits
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.slurm.commands import queue
from neurolupus.jobs.slurm.live import active_tasks, cancel_all
from neurolupus.jobs.slurm.settings import SlurmSettings
from neurolupus.jobs.slurm.submission import read_submissions
from neurolupus.jobs.state import StateFolder
from neurolupus.jobs.task import Event, Outcome, Task

pytestmark = pytest.mark.slow
QUICK = SlurmSettings(poll_s=0.5, settle_s=1.0)
SMALL = Limits(memory_mb=300, seconds=120)
RunCli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """A running cluster: its slurm.conf."""
    if why := slurm.why_not():
        pytest.skip(why)
    with slurm.serving() as conf:
        yield conf


@pytest.fixture
def out(cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An output folder, with the cluster's programs pointed at it; its jobs are gone afterwards."""
    monkeypatch.setenv("SLURM_CONF", str(cluster))
    folder = tmp_path / "out"
    folder.mkdir()
    yield folder
    cancel_all(folder)


def tasks(out: Path, count: int, **payload: Any) -> list[Task]:
    return [Task(f"sub-{n:02}", {"path": str(out / f"sub-{n:02}.txt"), **payload}) for n in range(1, count + 1)]


def run(
    out: Path,
    work: list[Task],
    settings: SlurmSettings = QUICK,
    *,
    limits: Limits = SMALL,
    on_event: Callable[[Event], None] = lambda event: None,
) -> tuple[Outcome, ...]:
    options = JobOptions(executor=SlurmExecutor(settings), limits=limits)
    return run_many(work, slurm_work.write, out, options=options, on_event=on_event)


def statuses(outcomes: tuple[Outcome, ...]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def tries(out: Path, name: str) -> list[str]:
    return (out / f"{name}.tries").read_text().splitlines()


def has_begun(out: Path, name: str) -> bool:
    path = out / f"{name}.tries"
    return path.exists() and bool(path.read_text())  # it is there for a moment before it holds a line


def test_an_array_does_every_scan_once_and_leaves_only_results(out: Path):
    outcomes = run(out, tasks(out, 6))
    assert statuses(outcomes) == ["done"] * 6, outcomes
    jobs = {tries(out, f"sub-{n:02}")[0].split("_")[0] for n in range(1, 7)}
    assert len(jobs) == 1  # one array for all
    assert all(len(tries(out, f"sub-{n:02}")) == 1 for n in range(1, 7))
    state = StateFolder(out).read("sub-03")
    assert state is not None
    assert (state.status, state.executor) == ("done", "slurm")
    wait_until_let_go(out)
    assert statuses(run(out, tasks(out, 6))) == ["skipped"] * 6
    assert read_submissions(out) == []
    assert all(len(tries(out, f"sub-{n:02}")) == 1 for n in range(1, 7))


def in_background(work: Callable[[], tuple[Outcome, ...]]) -> Callable[[], tuple[Outcome, ...]]:
    """Begin it in a thread; what is returned waits for it."""
    found: list[tuple[Outcome, ...]] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()

    def outcomes() -> tuple[Outcome, ...]:
        thread.join(timeout=240)
        assert found, "it did not end"
        return found[0]

    return outcomes


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def wait_until_let_go(out: Path) -> None:
    """A busy Slurm lets go of tasks some time after they told how they ended; only the run after that tidies up."""
    arrays = [one.array for one in read_submissions(out)]
    wait_until(lambda: all(task.is_over for task in queue(arrays)))


def attendants(out: Path) -> list[psutil.Process]:
    """The processes of array tasks of this output folder."""
    return [
        one
        for one in psutil.process_iter()
        if (words := _command(one))
        and "neurolupus.jobs.slurm.array_task" in words
        and any(str(out) in word for word in words)
    ]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_cancelled_array_task_is_submitted_again(out: Path):
    # the one that is cancelled sleeps a minute on its first try alone
    work = [*tasks(out, 2), Task("sub-03", {"path": str(out / "sub-03.txt"), "slow_tries": 1})]
    outcomes = in_background(lambda: run(out, work))
    wait_until(lambda: has_begun(out, "sub-03"))
    subprocess.run(["scancel", tries(out, "sub-03")[0].split()[0]], check=True)
    assert statuses(outcomes()) == ["done"] * 3
    assert [len(tries(out, name)) for name in ("sub-01", "sub-02", "sub-03")] == [1, 1, 2]


def test_a_killed_array_task_is_submitted_again_and_its_worker_ends(out: Path):
    told: list[Event] = []
    work = [Task("sub-01", {"path": str(out / "sub-01.txt"), "slow_tries": 1}), *tasks(out, 2)[1:]]
    outcomes = in_background(lambda: run(out, work, on_event=told.append))
    wait_until(lambda: has_begun(out, "sub-01"))
    worker = psutil.Process(int(tries(out, "sub-01")[0].split()[1]))
    worker.parent().send_signal(signal.SIGKILL)
    assert statuses(outcomes()) == ["done"] * 2
    assert len(tries(out, "sub-01")) == 2
    assert not worker.is_running()
    again = [event.step for event in told if event.kind == "again"]
    assert len(again) == 1
    assert "killed, without a result (Slurm job" in again[0]
    assert "try 1 of 3" in again[0]


def test_a_scan_that_never_heals_has_failed_after_three_tries(out: Path):
    broken = Task("sub-02", {"path": str(out / "sub-02.txt"), "broken_tries": 9})
    outcomes = run(out, [tasks(out, 1)[0], broken])
    assert statuses(outcomes) == ["done", "failed"]
    assert "Input/output error" in outcomes[1].reason
    assert "try 3 of 3" in outcomes[1].reason
    assert len(tries(out, "sub-02")) == 3
    assert outcomes[1].log is not None
    assert "Input/output error" in outcomes[1].log.read_text()


def test_what_dies_before_it_begins_has_failed_after_three_tries_with_what_slurm_heard(out: Path):
    outcomes = run(out, tasks(out, 1), replace(QUICK, setup="echo 'module: neurolupus/9 is unknown' >&2\nexit 7"))
    assert statuses(outcomes) == ["failed"]
    assert "try 3 of 3" in outcomes[0].reason
    assert outcomes[0].log is not None
    assert outcomes[0].log.read_text() == "module: neurolupus/9 is unknown\n"
    state = StateFolder(out).read("sub-01")
    assert state is not None
    assert (state.status, state.log) == ("failed", ".neurolupus/logs/sub-01.slurm.log")


def test_a_scan_over_its_time_is_ended_by_slurm_and_submitted_again(out: Path):
    # one minute is the least that Slurm knows
    told: list[Event] = []
    work = [Task("sub-01", {"path": str(out / "sub-01.txt"), "slow_tries": 1, "sleep": 600})]
    settings = replace(QUICK, options=("--time=1",))
    assert statuses(run(out, work, settings, limits=Limits(), on_event=told.append)) == ["done"]
    assert any("more time than it may (--minutes)" in event.step for event in told if event.kind == "again")


def test_a_scan_over_its_memory_is_ended_by_us_and_told_why(out: Path):
    work = [Task("sub-01", {"path": str(out / "sub-01.txt"), "eat_mb": 500})]
    outcomes = run(out, work)
    assert statuses(outcomes) == ["failed"]
    assert "a scan may take 0.29 GB (--mem-gb)" in outcomes[0].reason


def test_lines_of_the_user_come_before_and_may_start_the_scan(out: Path):
    setup = f"export WHO=me\necho $WHO > {out}/who\nexec {sys.executable} -P -m {{task}}"
    # the user's own Python finds neurolupus by itself; here it must be told where
    setup = f"export PYTHONPATH={os.pathsep.join(filter(None, sys.path))}\n{setup}"
    assert statuses(run(out, tasks(out, 1), replace(QUICK, setup=setup))) == ["done"]
    assert (out / "who").read_text() == "me\n"


COORDINATOR = """
import sys
sys.path[:] = {path!r}
from pathlib import Path
import slurm_work
from neurolupus.jobs.executors.slurm import SlurmExecutor
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.slurm.settings import SlurmSettings
from neurolupus.jobs.task import Task
out = Path({out!r})
paths = [out / f"sub-{{n:02}}.txt" for n in range(1, {count} + 1)]
work = [Task(path.stem, {{"path": str(path), "seconds": {seconds}}}) for path in paths]
if __name__ == "__main__":
    executor = SlurmExecutor(SlurmSettings(poll_s=0.5, settle_s=1.0))
    outcomes = run_many(work, slurm_work.write, out, options=JobOptions(executor=executor))
    print([outcome.status for outcome in outcomes])
"""


StartCoordinator = Callable[[int, float], "subprocess.Popen[str]"]


@pytest.fixture
def coordinator(out: Path) -> Iterator[StartCoordinator]:
    """Start a coordinator in a process of its own, for so many scans of so many seconds."""
    started = []

    def start(count: int, seconds: float) -> subprocess.Popen[str]:
        text = COORDINATOR.format(path=sys.path, out=str(out), count=count, seconds=seconds)
        words = [sys.executable, "-c", text]
        started.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


def same_tasks(out: Path, count: int, seconds: float) -> list[Task]:
    return tasks(out, count, seconds=seconds)


def test_the_queue_outlives_its_coordinator_and_the_next_one_follows_it(out: Path, coordinator: StartCoordinator):
    first = coordinator(6, 3.0)
    wait_until(lambda: has_begun(out, "sub-01"))
    first.kill()
    first.wait()
    assert active_tasks(out)
    outcomes = run(out, same_tasks(out, 6, 3.0))
    assert set(statuses(outcomes)) <= {"done", "skipped"}
    assert sorted(path.name for path in out.glob("*.txt")) == [f"sub-0{n}.txt" for n in range(1, 7)]
    wait_until_let_go(out)
    assert statuses(run(out, same_tasks(out, 6, 3.0))) == ["skipped"] * 6
    assert [len(tries(out, f"sub-0{n}")) for n in range(1, 7)] == [1] * 6
    assert read_submissions(out) == []


def test_two_coordinators_at_once_do_every_scan_once(out: Path, coordinator: StartCoordinator):
    both = [coordinator(5, 1.0) for _ in range(2)]
    said = [one.communicate(timeout=120) for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert [len(tries(out, f"sub-0{n}")) for n in range(1, 6)] == [1] * 5


def test_ctrl_c_leaves_the_queue_alone_and_cancelling_ends_it(out: Path, coordinator: StartCoordinator):
    stopped = coordinator(6, 30.0)
    wait_until(lambda: has_begun(out, "sub-01"))
    stopped.send_signal(signal.SIGINT)
    stopped.communicate(timeout=60)
    assert stopped.returncode != 0
    assert len(active_tasks(out)) == 6
    assert cancel_all(out) == 6
    wait_until(lambda: not active_tasks(out), 30)
    wait_until(lambda: not attendants(out), 30)
    assert list(out.glob("*.txt")) == []


def test_without_waiting_it_returns_and_the_next_run_takes_the_results(out: Path):
    outcomes = run(out, same_tasks(out, 3, 2.0), replace(QUICK, wait=False, options=("--hold",)))
    assert statuses(outcomes) == ["submitted"] * 3
    assert "Slurm job" in outcomes[0].reason
    assert set(active_tasks(out)) == {"sub-01", "sub-02", "sub-03"}
    for submission in read_submissions(out):  # held until now, so that none could end before it was counted
        subprocess.run(["scontrol", "release", submission.job], check=True)
    again = run(out, same_tasks(out, 3, 2.0))
    assert set(statuses(again)) <= {"done", "skipped"}
    assert [len(tries(out, f"sub-0{n}")) for n in range(1, 4)] == [1] * 3


def test_an_order_that_was_changed_on_disk_is_not_run(out: Path):
    run(out, tasks(out, 1), replace(QUICK, wait=False, options=("--hold",)))
    submission = read_submissions(out)[0]
    orders = submission.folder / "orders"
    blob = orders.read_bytes()
    orders.write_bytes(blob.replace(b"sub-01.txt", b"sub-99.txt"))
    subprocess.run(["scontrol", "release", submission.job], check=True)
    wait_until(lambda: not active_tasks(out))
    wait_until(lambda: submission.output(0).exists() and submission.output(0).read_text())
    assert "is not what was submitted to Slurm" in submission.output(0).read_text()
    assert not (out / "sub-99.txt").exists()
    assert [path.stat().st_mode & 0o077 for path in (submission.folder, orders)] == [0, 0]


def test_arrays_are_no_larger_than_the_cluster_allows_and_together_no_wider_than_asked(
    out: Path, monkeypatch: pytest.MonkeyPatch
):
    from neurolupus.jobs.slurm import commands

    assert commands.max_array_size() == 1001
    monkeypatch.setattr(commands, "max_array_size", lambda: 2)
    outcomes = run(out, tasks(out, 5, seconds=1.0), replace(QUICK, at_once=1))
    assert statuses(outcomes) == ["done"] * 5
    assert len({tries(out, f"sub-0{n}")[0].split("_")[0] for n in range(1, 6)}) == 3  # arrays of 2, 2 and 1
    began_and_ended = sorted(
        ((out / f"sub-0{n}.tries").stat().st_mtime, (out / f"sub-0{n}.txt").stat().st_mtime) for n in range(1, 6)
    )
    assert all(ended <= begins for (_, ended), (begins, _) in pairwise(began_and_ended))


@pytest.fixture
def bids(shared: Path) -> Path:
    """Three patients with both T1w and FLAIR, read in place."""
    return shared / "data" / "mri" / "ms-longitudinal"


SMALL_SCANS = ("--executor", "slurm", "--mem-gb", "3", "--minutes", "20", "--omp-nthreads", "1")


def test_the_command_line_submits_tells_and_cancels(out: Path, bids: Path, neurolupus: RunCli):
    sent = neurolupus("measure", bids, out, *SMALL_SCANS, "--no-wait", "--slurm-options", "--hold", "--json")
    assert sent.returncode == 0, sent.stderr
    names = [scan["name"] for scan in json.loads(sent.stdout)["scans"]]
    assert {scan["status"] for scan in json.loads(sent.stdout)["scans"]} == {"submitted"}
    told = json.loads(neurolupus("status", out, "--json").stdout)
    assert [scan["name"] for scan in told["scans"] if scan["status"] == "waiting"] == names
    assert all("JobHeldUser" in scan["reason"] for scan in told["scans"])
    assert [run["executor"] for run in told["runs"]] == ["slurm"]
    cancelled = neurolupus("status", out, "--cancel")
    assert cancelled.returncode == 0
    assert f"{len(names)} scans wait or run in Slurm; cancelled." in cancelled.stderr
    wait_until(lambda: not active_tasks(out))
    assert json.loads(neurolupus("status", out, "--json").stdout)["waiting"] == len(names)


def test_a_real_scan_measured_on_slurm_by_the_command_line(out: Path, bids: Path, neurolupus: RunCli):
    done = neurolupus("measure", bids, out, *SMALL_SCANS, "--participant-label", "04", "--no-flair")
    assert done.returncode == 0, done.stderr
    with (out / "volumes.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["participant_id"] for row in rows] == ["sub-04"]
    assert 1000 < float(rows[0]["tiv_ml"]) < 2200  # an adult head
    (scan,) = json.loads(neurolupus("status", out, "--json").stdout)["scans"]
    assert (scan["status"], scan["executor"], scan["tries"]) == ("done", "slurm", 1)
    assert 200 < scan["memory_mb"] < 3072
    here = out.with_name("here")
    words = ("--omp-nthreads", "1", "--participant-label", "04", "--no-flair")
    assert neurolupus("measure", bids, here, *words).returncode == 0
    images = sorted(path.relative_to(out) for path in out.rglob("*.nii.gz"))
    assert len(images) > 5
    assert all((out / path).read_bytes() == (here / path).read_bytes() for path in images)


def test_a_node_that_fails_loses_no_scan(out: Path):
    # by default Slurm itself begins it anew, two minutes later
    told: list[Event] = []
    work = [Task("sub-01", {"path": str(out / "sub-01.txt"), "slow_tries": 1}), *tasks(out, 3)[1:]]
    outcomes = in_background(lambda: run(out, work, replace(QUICK, options=("--no-requeue",)), on_event=told.append))
    wait_until(lambda: has_begun(out, "sub-01"))
    node = ["scontrol", "update", "NodeName=localhost"]
    subprocess.run([*node, "State=DOWN", "Reason=tests"], check=True)
    try:
        wait_until(lambda: not attendants(out), 90)
    finally:
        subprocess.run([*node, "State=RESUME"], check=False)  # refused when it came back by itself (ReturnToService)
    assert statuses(outcomes()) == ["done"] * 3
    assert len(tries(out, "sub-01")) == 2
    assert any("Its node failed (Slurm job" in event.step for event in told if event.kind == "again")


def test_a_controller_that_is_away_for_a_while_loses_no_scan(out: Path):
    outcomes = in_background(lambda: run(out, tasks(out, 3, seconds=4.0)))
    wait_until(lambda: has_begun(out, "sub-01"))
    words = {one: _command(one) for one in psutil.process_iter()}
    (controller,) = [one for one, said in words.items() if "-D" in said and Path(said[0]).name == "slurmctld"]
    controller.suspend()
    try:
        time.sleep(15)  # squeue gives up after ten
    finally:
        controller.resume()
    assert statuses(outcomes()) == ["done"] * 3
    assert [len(tries(out, f"sub-0{n}")) for n in (1, 2, 3)] == [1] * 3
