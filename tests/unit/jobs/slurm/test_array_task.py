"""What one array task does, called as the batch script calls it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
import slurm_work

from neurolupus.errors import UsageError
from neurolupus.jobs.attend import Order
from neurolupus.jobs.slurm import array_task, submission
from neurolupus.jobs.slurm.submission import Submission, write_submission
from neurolupus.jobs.state import StateFolder
from neurolupus.jobs.task import Task


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_task.signal, "signal", lambda *told: None)


def submitted(out: Path, *payloads: dict[str, object]) -> Submission:
    orders = [
        Order(Task(f"sub-{n}", {"path": str(out / f"sub-{n}.txt"), **payload}), slurm_work.write, out, "run-1", "slurm")
        for n, payload in enumerate(payloads)
    ]
    return write_submission(out, orders, run="run-1", path=sys.path)


def called(one: Submission, index: int, monkeypatch: pytest.MonkeyPatch) -> int:
    plan = one.folder / "plan.json"
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", str(index))
    return array_task.main([str(plan), hashlib.sha256(plan.read_bytes()).hexdigest()])


def test_it_does_the_scan_of_its_number_and_tells_how_that_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = submitted(tmp_path, {}, {"text": "second"})
    assert called(one, 1, monkeypatch) == 0
    assert (tmp_path / "sub-1.txt").read_text() == "second"
    assert not (tmp_path / "sub-0.txt").exists()
    outcome = one.outcome(1)
    assert outcome is not None
    assert (outcome.name, outcome.status) == ("sub-1", "done")
    assert one.ended() == {1}


def test_a_scan_that_may_heal_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = submitted(tmp_path, {"broken_tries": 1})
    assert called(one, 0, monkeypatch) == array_task.FAILED
    outcome = one.outcome(0)
    assert outcome is not None
    assert outcome.status == "again"
    assert "Input/output error" in outcome.reason


def test_another_version_begins_no_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = submitted(tmp_path, {})
    monkeypatch.setattr(submission, "__version__", "9.9")
    assert called(one, 0, monkeypatch) == array_task.FAILED
    outcome, state = one.outcome(0), StateFolder(tmp_path).read("sub-0")
    assert outcome is not None
    assert state is not None
    assert "neurolupus 9.9" in outcome.reason
    assert (outcome.status, state.status, state.run) == ("failed", "failed", "run-1")
    assert not (tmp_path / "sub-0.txt").exists()


def test_a_plan_that_was_changed_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = submitted(tmp_path, {})
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "0")
    with pytest.raises(UsageError, match="is not what was submitted"):
        array_task.main([str(one.folder / "plan.json"), "0" * 64])
    assert one.ended() == set()
