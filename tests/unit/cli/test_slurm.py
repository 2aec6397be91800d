"""What the command line says of scans that Slurm holds."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import typer

from neurolupus.cli import bids_app, slurm
from neurolupus.errors import UsageError
from neurolupus.workflows import slurm as workflow
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.execution import Execution, make_executor
from neurolupus.workflows.slurm import SlurmWishes


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two scans are in the queue; the folders whose scans are cancelled."""
    cancelled: list[Path] = []
    monkeypatch.setattr(workflow, "queued_in_slurm", lambda out: 2)
    monkeypatch.setattr(workflow, "cancel_in_slurm", lambda out: cancelled.append(out) or 2)
    return cancelled


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def interrupted(out: Path, error: type[BaseException] = KeyboardInterrupt) -> None:
    with pytest.raises(error), slurm.telling_what_goes_on(out):
        raise error


def test_after_ctrl_c_it_tells_that_slurm_goes_on(
    held: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    interrupted(Path("OUT"))
    said = " ".join(capsys.readouterr().err.split())
    assert said == "2 scans wait or run in Slurm, which goes on with them. Cancel them: neurolupus status OUT --cancel"
    assert held == []


@pytest.mark.parametrize(("answer", "cancelled"), [(True, [Path("OUT")]), (False, [])])
def test_on_a_terminal_it_asks(held: list[Path], monkeypatch: pytest.MonkeyPatch, answer: bool, cancelled: list[Path]):
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(typer, "confirm", lambda *words, **more: answer)
    interrupted(Path("OUT"))
    assert held == cancelled


def test_who_is_terminated_is_not_asked(held: list[Path], monkeypatch: pytest.MonkeyPatch):
    class Terminated(KeyboardInterrupt):
        pass

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(typer, "confirm", lambda *words, **more: pytest.fail("asked"))
    interrupted(Path("OUT"), Terminated)
    assert held == []


def test_options_for_slurm_need_slurm():
    with pytest.raises(UsageError, match=r"--slurm-options and --no-wait given, and the executor is local"):
        Execution("local", slurm=SlurmWishes("--hold", wait=False))


def test_threads_and_scans_at_once_reach_slurm():
    executor = make_executor(Execution("slurm", at_once=7, slurm=SlurmWishes("-p long")), Capacity(1, 2))
    settings = executor.settings  # type: ignore[attr-defined]
    assert (settings.cpus, settings.at_once, settings.options) == (2, 7, ("--partition=long",))


def test_the_bids_app_does_not_promise_what_arrays_cannot_keep(tmp_path: Path):
    words = [str(tmp_path), str(tmp_path / "out"), "participant", "--executor", "slurm", "--stop-on-first-crash"]
    with pytest.raises(UsageError, match="cannot be kept on Slurm"):
        bids_app.run(words)


def test_nothing_can_be_cancelled_where_nothing_was_submitted(tmp_path: Path):
    with pytest.raises(UsageError, match="there is nothing to cancel"):
        workflow.cancel_in_slurm(tmp_path)
