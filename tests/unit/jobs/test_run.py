import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from neurolupus.jobs.run import ALREADY_DONE, JobOptions, run_many
from neurolupus.jobs.state import StateFolder
from neurolupus.jobs.status import read_status
from neurolupus.jobs.task import Event, Outcome, Rerun, Task

HERE = Path(__file__).parent


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(HERE))
    import fake_work

    return fake_work


def tasks_of(out: Path, **kinds: str) -> list[Task]:
    return [Task(name, (kind, out / f"{name}.txt")) for name, kind in kinds.items()]


def run(fake: ModuleType, out: Path, rerun: Rerun = "changed", **kinds: str) -> dict[str, Outcome]:
    outcomes = run_many(
        tasks_of(out, **kinds), fake.work, out, options=JobOptions(2, rerun=rerun), clean_up=fake.clean_up
    )
    return {outcome.name: outcome for outcome in outcomes}


def times_worked(out: Path, name: str) -> int:
    count = out / f"{name}.count"
    return len(count.read_text()) if count.exists() else 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("raises", "ValueError: a fault"),
        ("bad image", "T1w has 5 slices.\n    Give the whole head."),
        ("out of memory", "ran out of memory"),
        ("exits", "exit code 7"),
        pytest.param("is killed", "SIGKILL", marks=pytest.mark.skipif(os.name == "nt", reason="POSIX signals")),
        pytest.param("segfaults", "SIGSEGV", marks=pytest.mark.skipif(os.name == "nt", reason="POSIX signals")),
    ],
)
def test_a_task_that_ends_badly_loses_only_itself(tmp_path: Path, fake: ModuleType, kind: str, reason: str) -> None:
    outcomes = run(fake, tmp_path, before="works", bad=kind, after="works")
    assert [outcomes[n].status for n in ("before", "bad", "after")] == ["done", "failed", "done"]
    assert reason in outcomes["bad"].reason
    assert not (tmp_path / "bad.txt").exists()
    assert not (tmp_path / "bad.unfinished").exists()
    assert (tmp_path / "after.txt").read_text() == "half"


@pytest.mark.slow
def test_the_log_holds_what_was_printed_and_the_traceback(tmp_path: Path, fake: ModuleType) -> None:
    outcomes = run(fake, tmp_path, talker="prints", faulty="raises", crash="segfaults")
    logs = {name: outcome.log.read_text() for name, outcome in outcomes.items() if outcome.log}
    assert "a word in the log" in logs["talker"]
    assert "Traceback" in logs["faulty"]
    assert "Segmentation fault" in logs["crash"] or os.name == "nt"


def test_what_is_done_is_not_done_again(tmp_path: Path, fake: ModuleType) -> None:
    run(fake, tmp_path, a="works", b="works")
    again = run(fake, tmp_path, a="works", b="works", c="works")
    assert [again[n].status for n in "abc"] == ["skipped", "skipped", "done"]
    assert again["a"].reason == ALREADY_DONE
    assert times_worked(tmp_path, "a") == 1


def test_a_result_that_was_deleted_is_made_again(tmp_path: Path, fake: ModuleType) -> None:
    run(fake, tmp_path, a="works")
    (tmp_path / "a.txt").unlink()
    assert run(fake, tmp_path, a="works")["a"].status == "done"


@pytest.mark.slow
def test_changed_contents_or_settings_are_worked_again_and_a_touched_file_is_not(
    tmp_path: Path, fake: ModuleType
) -> None:
    source = tmp_path / "input"
    source.write_bytes(b"one")
    task = Task("a", ("works", tmp_path / "a.txt"), (source,), {"version": "1"})

    def status(task: Task) -> str:
        return run_many([task], fake.work, tmp_path)[0].status

    assert status(task) == "done"
    os.utime(source, (1, 1))
    assert status(task) == "skipped"
    source.write_bytes(b"two")
    assert status(task) == "done"
    assert status(replace(task, settings={"version": "2"})) == "done"
    assert status(task) == "done"  # back to version 1: the result on disk is of version 2


def test_rerun_failed_takes_only_what_failed(tmp_path: Path, fake: ModuleType) -> None:
    kinds = {"good": "works", "bad": "needs a file"}
    assert run(fake, tmp_path, **kinds)["bad"].status == "failed"
    (tmp_path / "wanted").touch()
    again = run(fake, tmp_path, "failed", **kinds, new="works")
    assert [again[n].status for n in ("good", "bad", "new")] == ["skipped", "done", "skipped"]


def test_rerun_changed_tries_again_what_failed(tmp_path: Path, fake: ModuleType) -> None:
    run(fake, tmp_path, bad="needs a file")
    (tmp_path / "wanted").touch()
    assert run(fake, tmp_path, bad="needs a file")["bad"].status == "done"
    state = StateFolder(tmp_path).read("bad")
    assert state is not None
    assert state.tries == 2


def test_rerun_all_takes_everything(tmp_path: Path, fake: ModuleType) -> None:
    run(fake, tmp_path, a="works")
    assert run(fake, tmp_path, "all", a="works")["a"].status == "done"
    assert times_worked(tmp_path, "a") == 2


def test_an_input_that_cannot_be_read_fails_its_task(tmp_path: Path, fake: ModuleType) -> None:
    gone = Task("gone", ("works", tmp_path / "gone.txt"), (tmp_path / "missing.nii.gz",))
    good = Task("good", ("works", tmp_path / "good.txt"))
    failed, done = run_many([gone, good], fake.work, tmp_path)
    assert (failed.status, done.status) == ("failed", "done")
    assert "missing.nii.gz" in failed.reason


def test_the_first_failure_stops_what_has_not_begun(tmp_path: Path, fake: ModuleType) -> None:
    options = JobOptions(1, stop_on_first_failure=True)
    outcomes = run_many(tasks_of(tmp_path, a="raises", b="works"), fake.work, tmp_path, options=options)
    assert [o.status for o in outcomes] == ["failed", "skipped"]
    assert "not begun" in outcomes[1].reason


@pytest.mark.slow
def test_outcomes_keep_the_order_of_the_tasks_and_events_tell_the_steps(tmp_path: Path, fake: ModuleType) -> None:
    events: list[Event] = []
    names = [f"t{i}" for i in range(4)]
    tasks = tasks_of(tmp_path, **dict.fromkeys(names, "works"))
    outcomes = run_many(tasks, fake.work, tmp_path, options=JobOptions(3), on_event=events.append)
    assert [o.name for o in outcomes] == names
    assert [(e.kind, e.step) for e in events if e.name == "t2"] == [
        ("started", ""),
        ("step", "working"),
        ("finished", ""),
    ]


def test_the_environment_reaches_the_worker(tmp_path: Path, fake: ModuleType) -> None:
    options = JobOptions(environment={"OMP_NUM_THREADS": "3"})
    (outcome,) = run_many(tasks_of(tmp_path, a="tells threads"), fake.work, tmp_path, options=options)
    assert outcome.log is not None
    assert outcome.log.read_text().strip() == "OMP_NUM_THREADS=3"


def test_a_task_held_by_another_is_left_to_it(tmp_path: Path, fake: ModuleType) -> None:
    with StateFolder(tmp_path).claim("a"):
        outcome = run(fake, tmp_path, a="works")["a"]
    assert outcome.status == "skipped"
    assert "working on it" in outcome.reason
    assert not (tmp_path / "a.txt").exists()


def test_names_must_be_unique_and_file_names() -> None:
    with pytest.raises(ValueError, match="twice"):
        run_many([Task("a", 0), Task("a", 1)], print, Path("out"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="file name"):
        Task("sub/01", 0)


# Coordinators that end: a subprocess, two tasks at once.


def start(out: Path, *pairs: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, str(HERE / "coordinator.py"), str(out), *pairs]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def wait_until(condition: object, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if callable(condition) and condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def processes_with(text: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if text in (entry / "environ").read_bytes().decode(errors="replace"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find the workers")


@pytest.mark.slow
@needs_proc
def test_ctrl_c_ends_the_workers_and_leaves_no_half_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: ModuleType
) -> None:
    mark = f"NEUROLUPUS_TEST={tmp_path}"
    monkeypatch.setenv("NEUROLUPUS_TEST", str(tmp_path))
    with start(tmp_path, "quick=works", "slow=slow", "later=slow") as process:
        wait_until(lambda: (tmp_path / "slow.unfinished").exists() and (tmp_path / "later.unfinished").exists())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert (tmp_path / "quick.txt").exists()
    assert not list(tmp_path.glob("*.unfinished"))
    assert [s.status for s in read_status(tmp_path).tasks] == ["interrupted", "done", "interrupted"]
    wait_until(lambda: processes_with(mark) in ([], [os.getpid()]))
    resumed = run(fake, tmp_path, quick="works", slow="works", later="works")
    assert [resumed[n].status for n in ("quick", "slow", "later")] == ["skipped", "done", "done"]


@needs_proc
def test_a_killed_coordinator_leaves_nothing_that_looks_finished_and_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: ModuleType
) -> None:
    mark = f"NEUROLUPUS_TEST={tmp_path}"
    monkeypatch.setenv("NEUROLUPUS_TEST", str(tmp_path))
    with start(tmp_path, "quick=works", "slow=slow") as process:
        wait_until(lambda: (tmp_path / "slow.unfinished").exists() and (tmp_path / "quick.txt").exists())
        wait_until(lambda: read_status(tmp_path).count("done") == 1)
        assert read_status(tmp_path).count("running") == 1
        process.kill()
        process.wait(20)
    wait_until(lambda: processes_with(mark) in ([], [os.getpid()]))
    assert [s.status for s in read_status(tmp_path).tasks] == ["done", "interrupted"]
    assert not (tmp_path / "slow.txt").exists()
    resumed = run(fake, tmp_path, quick="works", slow="works")
    assert [resumed[n].status for n in ("quick", "slow")] == ["skipped", "done"]
    assert not list(tmp_path.glob("*.unfinished"))


@pytest.mark.slow
def test_two_coordinators_share_one_output(tmp_path: Path) -> None:
    pairs = [f"t{i}=works" for i in range(6)]
    with start(tmp_path, *pairs) as first, start(tmp_path, *pairs) as second:
        assert first.wait(60) == 0
        assert second.wait(60) == 0
    assert [times_worked(tmp_path, f"t{i}") for i in range(6)] == [1] * 6
