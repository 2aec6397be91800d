"""What thousands of scans cost beside their measuring; benchmarks/scale measures ten thousand, with real processes."""

import time
import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from neurolupus.jobs import attend as attending
from neurolupus.jobs.attempt import Ending
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.status import read_status
from neurolupus.jobs.task import LazyTask, Task


class NoProcess:
    """An attempt that ends at once."""

    def __init__(self, *told: object) -> None:
        pass

    def follow(self, *told: object) -> Ending:
        return Ending()


def tasks_of(count: int) -> list[LazyTask]:
    def make(name: str) -> Task:
        return Task(name, b"x" * 20_000, settings={"version": "1"})

    return [LazyTask(name, partial(make, name)) for name in (f"sub-{n:05d}" for n in range(count))]


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "Attempt", NoProcess)


@pytest.mark.slow
def test_scheduling_resuming_and_telling_a_thousand_scans_is_quick(tmp_path: Path) -> None:
    tasks = tasks_of(1000)  # in time of the processor: what else the machine does is not counted
    began = time.process_time()
    outcomes = run_many(tasks, print, tmp_path, options=JobOptions(2))  # type: ignore[arg-type]
    assert (time.process_time() - began) / 1000 < 0.050  # the bound; 1 to 2 ms on a quiet machine
    assert {o.status for o in outcomes} == {"done"}
    assert [o.name for o in outcomes] == [task.name for task in tasks]
    began = time.process_time()
    again = run_many(tasks, print, tmp_path, options=JobOptions(2))  # type: ignore[arg-type]
    assert time.process_time() - began < 2
    assert {o.status for o in again} == {"skipped"}
    began = time.process_time()
    assert read_status(tmp_path).counts["done"] == 1000
    assert time.process_time() - began < 1


@pytest.mark.slow
def test_the_coordinator_holds_no_payload_of_what_waits_or_is_done(tmp_path: Path) -> None:
    def peak_bytes(count: int) -> int:
        tasks = tasks_of(count)
        tracemalloc.start()
        run_many(tasks, print, tmp_path / str(count), options=JobOptions(2))  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_bytes(10)  # what is made once
    assert (peak_bytes(400) - peak_bytes(100)) / 300 < 2_000  # of 20,000 that each payload takes
