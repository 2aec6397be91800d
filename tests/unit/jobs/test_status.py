"""What waits, what is left and for how long: read from the plans and states of an output folder."""

import heapq
import random
from dataclasses import replace
from pathlib import Path

import pytest

from neurolupus.jobs.attend import record_failure
from neurolupus.jobs.estimate import estimate_rest
from neurolupus.jobs.plan import KEPT_RUNS, Deserted, plan_file, planned, read_plans
from neurolupus.jobs.state import StateFolder, TaskState
from neurolupus.jobs.status import NOT_BEGUN, read_status


def statuses(out: Path) -> dict[str, str]:
    return {task.name: task.status for task in read_status(out).tasks}


def done(name: str, run: str, seconds: float = 10.0) -> TaskState:
    return TaskState(name, "done", key="k", run=run, seconds=seconds)


def test_what_a_living_run_has_yet_to_come_to_waits(tmp_path: Path) -> None:
    states = StateFolder(tmp_path)
    record_failure(tmp_path, "c", "before", run="an older run")
    with planned(tmp_path, ["a", "b", "c", "d"], executor="local", places=2) as plan:
        states.write(done("a", plan.run))
        states.write(replace(done("b", plan.run), status="running"))
        plan.tell(2)
        with states.claim("b"):
            assert statuses(tmp_path) == {"a": "done", "b": "running", "c": "waiting", "d": "waiting"}
            assert read_status(tmp_path).counts["waiting"] == 2
            (live,) = read_status(tmp_path).live
            assert (live.run, live.places, live.taken) == (plan.run, 2, 2)
    assert statuses(tmp_path) == {"a": "done", "b": "interrupted", "c": "failed", "d": "waiting"}
    ended = read_status(tmp_path)
    assert ended.tasks[3].reason == NOT_BEGUN
    assert (ended.live, ended.rest) == ((), None)


def test_a_scan_between_two_tries_waits_while_its_run_lives(tmp_path: Path) -> None:
    with planned(tmp_path, ["a"], executor="local", places=1) as plan:
        StateFolder(tmp_path).write(replace(done("a", plan.run), status="waiting", reason="killed (try 1 of 3)"))
        plan.tell(1)
        assert read_status(tmp_path).tasks[0].status == "waiting"
        assert "try 1 of 3" in read_status(tmp_path).tasks[0].reason
    assert read_status(tmp_path).tasks[0].status == "interrupted"


def test_the_rest_is_told_of_a_living_run_with_enough_done(tmp_path: Path) -> None:
    with planned(tmp_path, [f"s{n:02d}" for n in range(20)], executor="local", places=2) as plan:
        for n in range(10):
            StateFolder(tmp_path).write(done(f"s{n:02d}", plan.run, 8.0 + n % 5))
            plan.tell(n + 1)
            assert (read_status(tmp_path).rest is None) == (n < 2)
        rest = read_status(tmp_path).rest
        assert rest is not None
        assert (rest.tasks, rest.parallel, rest.median_s, rest.finished) == (10, 2, 10.0, 10)
        assert rest.low < 50 < rest.seconds < rest.high  # ten of ten seconds, two at once


def test_plans_are_kept_for_a_few_runs_and_a_damaged_one_counts_as_none(tmp_path: Path) -> None:
    for n in range(KEPT_RUNS + 3):
        with planned(tmp_path, [f"s{n}"], executor="local", places=1):
            pass
    folder = tmp_path / ".neurolupus" / "runs"
    assert len(read_plans(tmp_path)) == KEPT_RUNS
    assert len(list(folder.iterdir())) == 2 * KEPT_RUNS  # a plan and its lock each
    next(folder.glob("*.json")).write_text("{")
    assert len(read_plans(tmp_path)) == KEPT_RUNS - 1


def test_attempts_elsewhere_see_that_their_coordinator_is_gone_or_wants_them_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurolupus.jobs.plan._LOOK_S", 0.0)
    with planned(tmp_path, ["a"], executor="dask", places=1) as plan:
        gone, told = Deserted(plan_file(tmp_path, plan.run)), Deserted(plan)
        assert not gone()
    assert gone()
    assert Deserted(plan)() is False  # no lock was ever seen held: nothing can be told
    plan.stop()
    assert told()
    assert Deserted(plan)()


def wall_s(seconds: list[float], parallel: int) -> float:
    """How long a list of tasks takes when each goes to who is free first."""
    free = [0.0] * parallel
    for one in seconds:
        heapq.heapreplace(free, free[0] + one)
    return max(free)


@pytest.mark.parametrize(
    ("finished", "waiting", "parallel", "spread"), [(5, 40, 2, 0.3), (20, 200, 8, 0.3), (8, 9, 4, 0.8)]
)
def test_the_interval_holds_what_a_simulated_queue_takes(
    finished: int, waiting: int, parallel: int, spread: float
) -> None:
    # 80 % is promised: kept (within 5 points) at the spread of real scans, 0.25; at three times that, of which eight
    # finished scans do not tell the long ones, it is about 75 %; too wide would be of no use
    draw = random.Random(7)
    inside, ratio = 0, []
    for _ in range(400):
        sample = [40 * draw.lognormvariate(0, spread) for _ in range(finished + waiting)]
        rest = estimate_rest(sample[:finished], waiting=waiting, running=0, parallel=parallel)
        assert rest is not None
        truth = wall_s(sample[finished:], parallel)
        inside += rest.low <= truth <= rest.high
        ratio.append(rest.seconds / truth)
    assert (0.75 if spread < 0.5 else 0.7) < inside / 400 < 0.97
    assert 0.9 < sum(ratio) / 400 < 1.1


def test_nothing_is_told_of_nothing() -> None:
    assert estimate_rest([1.0, 2.0], waiting=5, running=0, parallel=1) is None
    assert estimate_rest([1.0, 2.0, 3.0], waiting=0, running=0, parallel=1) is None
