"""Scans on a real Slurm: arrays, what is killed, what runs out of time, what fails, and coordinators that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import slurm
import slurm_work

from neurolupus.jobs.executors.slurm import SlurmExecutor, SlurmSettings
from neurolupus.jobs.limits import Limits
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.slurm.live import active_tasks, cancel_all
from neurolupus.jobs.slurm.submission import read_submissions
from neurolupus.jobs.state import StateFolder
from neurolupus.jobs.task import Event, Outcome, Task

pytestmark = pytest.mark.slow
QUICK = SlurmSettings(poll_s=0.5, settle_s=1.0)
SMALL = Limits(memory_mb=300, seconds=120)


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


def test_an_array_does_every_scan_once_and_leaves_only_results(out: Path):
    outcomes = run(out, tasks(out, 6))
    assert statuses(outcomes) == ["done"] * 6, outcomes
    jobs = {tries(out, f"sub-{n:02}")[0].split("_")[0] for n in range(1, 7)}
    assert len(jobs) == 1  # one array for all
    assert all(len(tries(out, f"sub-{n:02}")) == 1 for n in range(1, 7))
    assert read_submissions(out) == []
    state = StateFolder(out).read("sub-03")
    assert state is not None
    assert (state.status, state.executor) == ("done", "slurm")
    assert statuses(run(out, tasks(out, 6))) == ["skipped"] * 6
    assert all(len(tries(out, f"sub-{n:02}")) == 1 for n in range(1, 7))
