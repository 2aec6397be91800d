"""What a scan may take, and how often it is tried: what heals is tried again, what the scan itself says is not."""

import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from neurolupus.jobs.attend import Order, attend
from neurolupus.jobs.limits import Limits
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.state import StateFolder
from neurolupus.jobs.task import Event, LazyTask, Outcome, Task

HERE = Path(__file__).parent
Run = Callable[..., dict[str, Outcome]]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(HERE))
    import fake_work

    return fake_work


@pytest.fixture
def run(tmp_path: Path, fake: ModuleType) -> Run:
    def run(limits: Limits | None = None, tries: int = 3, **kinds: str) -> dict[str, Outcome]:
        tasks = [Task(name, (kind, tmp_path / f"{name}.txt")) for name, kind in kinds.items()]
        options = JobOptions(2, limits=limits or Limits(), tries=tries)
        outcomes = run_many(tasks, fake.work, tmp_path, options=options, clean_up=fake.clean_up)
        return {outcome.name: outcome for outcome in outcomes}

    return run


def begun(out: Path, name: str) -> int:
    return len((out / f"{name}.begun").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["is killed", "exits", "segfaults", "stale handle", "out of memory"])
def test_what_may_heal_is_tried_three_times_and_then_failed_with_its_log(tmp_path: Path, run: Run, kind: str) -> None:
    outcomes = run(bad=kind, good="works")
    assert (outcomes["bad"].status, outcomes["good"].status) == ("failed", "done")
    assert outcomes["bad"].reason.endswith("(try 3 of 3)")
    assert outcomes["bad"].log is not None
    assert outcomes["bad"].log.exists()
    assert begun(tmp_path, "bad") == 3
    state = StateFolder(tmp_path).read("bad")
    assert state is not None
    assert (state.status, state.tries, state.run_tries) == ("failed", 3, 3)


@pytest.mark.parametrize("kind", ["bad image", "raises"])
def test_what_the_scan_itself_says_is_not_tried_again(tmp_path: Path, run: Run, kind: str) -> None:
    outcome = run(bad=kind)["bad"]
    assert outcome.status == "failed"
    assert "try" not in outcome.reason
    assert begun(tmp_path, "bad") == 1


def test_a_scan_that_died_once_is_done_at_the_second_try(tmp_path: Path, run: Run) -> None:
    assert run(a="dies once")["a"].status == "done"
    state = StateFolder(tmp_path).read("a")
    assert state is not None
    assert (state.tries, state.reason) == (2, "")


@pytest.mark.slow
def test_the_next_run_has_three_tries_of_its_own(tmp_path: Path, run: Run) -> None:
    run(bad="exits")
    run(bad="exits", tries=2)
    assert begun(tmp_path, "bad") == 5
    state = StateFolder(tmp_path).read("bad")
    assert state is not None
    assert (state.tries, state.run_tries) == (5, 2)


def test_a_failed_try_is_told_and_comes_after_the_others(tmp_path: Path, fake: ModuleType) -> None:
    events: list[Event] = []
    tasks = [Task(n, (k, tmp_path / f"{n}.txt")) for n, k in (("a", "dies once"), ("b", "works"))]
    run_many(tasks, fake.work, tmp_path, options=JobOptions(1), on_event=events.append)
    assert [(e.name, e.kind) for e in events if e.kind != "step"] == [
        ("a", "started"),
        ("a", "again"),
        ("b", "started"),
        ("b", "finished"),
        ("a", "started"),
        ("a", "finished"),
    ]
    assert "SIGKILL" in events[2].step


@pytest.mark.slow
def test_memory_beyond_the_limit_is_stopped_and_the_limit_named(tmp_path: Path, run: Run) -> None:
    began = time.monotonic()
    outcomes = run(Limits(memory_mb=150), tries=1, big="grows", small="works")
    assert time.monotonic() - began < 20  # and not the minute that it would sleep
    assert outcomes["small"].status == "done"
    assert outcomes["big"].status == "failed"
    assert "a scan may take 0.15 GB (--mem-gb)" in outcomes["big"].reason
    state = StateFolder(tmp_path).read("big")
    assert state is not None
    assert state.memory_mb > 150


@pytest.mark.slow
def test_time_beyond_the_limit_is_stopped_and_the_limit_named(run: Run) -> None:
    outcome = run(Limits(seconds=0.6), tries=1, long="slow")["long"]
    assert outcome.status == "failed"
    assert "a scan may take 0.0 (--minutes)" in outcome.reason
    assert outcome.seconds < 10


def test_a_full_disk_fails_one_scan_once_and_leaves_the_others_for_later(tmp_path: Path, fake: ModuleType) -> None:
    tasks = [Task(n, (k, tmp_path / f"{n}.txt")) for n, k in (("a", "disk full"), ("b", "works"), ("c", "works"))]
    outcomes = run_many(tasks, fake.work, tmp_path, options=JobOptions(1))
    assert [o.status for o in outcomes] == ["failed", "skipped", "skipped"]
    assert outcomes[1].reason.startswith("not begun: No space left on device")
    assert begun(tmp_path, "a") == 1
    assert StateFolder(tmp_path).read("b") is None


def test_a_scan_between_two_tries_is_given_up_when_the_disk_is_full(tmp_path: Path, fake: ModuleType) -> None:
    tasks = [Task(n, (k, tmp_path / f"{n}.txt")) for n, k in (("a", "is killed"), ("b", "disk full"))]
    outcomes = run_many(tasks, fake.work, tmp_path, options=JobOptions(1))
    assert [o.status for o in outcomes] == ["failed", "failed"]
    assert begun(tmp_path, "a") == 1
    state = StateFolder(tmp_path).read("a")
    assert state is not None
    assert state.status == "failed"
    assert "SIGKILL" in state.reason
    assert "not tried again: No space left on device" in state.reason
    assert state.log


def test_a_scan_that_takes_its_attendant_down_each_time_is_failed(tmp_path: Path, fake: ModuleType) -> None:
    order = Order(Task("a", ("works", tmp_path / "a.txt")), fake.work, tmp_path, run="r", tries=3)
    assert attend(order).status == "done"
    states = StateFolder(tmp_path)
    told = states.read("a")
    assert told is not None
    (tmp_path / "a.txt").unlink()
    from dataclasses import replace

    states.write(replace(told, status="running", run_tries=3, host="node7"))
    outcome = attend(order)
    assert outcome.status == "failed"
    assert "3 times; last on node7" in outcome.reason
    assert attend(replace(order, run="another")).status == "done"


def test_a_task_that_cannot_be_made_fails_alone(tmp_path: Path, fake: ModuleType) -> None:
    def broken() -> Task:
        raise PermissionError(13, "Permission denied", "sub-01_T1w.json")

    good = Task("good", ("works", tmp_path / "good.txt"))
    outcomes = run_many([LazyTask("bad", broken), good], fake.work, tmp_path)
    assert [o.status for o in outcomes] == ["failed", "done"]
    assert "sub-01_T1w.json" in outcomes[0].reason


@pytest.mark.parametrize("limits", [{"memory_mb": 0}, {"seconds": -1}])
def test_limits_of_nothing_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Limits(**limits)
