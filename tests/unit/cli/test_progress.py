import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from neurolupus.cli.console import exit_code_of
from neurolupus.cli.progress import BarDisplay, LineDisplay, duration_text
from neurolupus.errors import ImageContentError, TableError
from neurolupus.jobs.task import Event, Outcome


def events(*outcomes: Outcome) -> list[Event]:
    told = []
    for outcome in outcomes:
        told += [Event(outcome.name, "started"), Event(outcome.name, "step", "wmh")]
        told.append(Event(outcome.name, "finished", outcome=outcome))
    return told


def test_lines_count_and_name_the_log_of_a_failure(tmp_path: Path) -> None:
    log = tmp_path / "sub-02.log"
    log.touch()
    said = io.StringIO()
    display = LineDisplay(Console(file=said, width=200))
    display.total(2)
    failed = Outcome("sub-02", "failed", "[bold]no brain[/bold]", log)
    for event in events(Outcome("sub-01", "done", seconds=12.34), failed):
        display.event(event)
    first, second, third = said.getvalue().splitlines()
    assert first == "[1/2] sub-01  12.3 s"
    assert second == "[2/2] sub-02  failed: [bold]no brain[/bold]"
    assert third.strip() == f"log: {log}"


def test_bars_show_the_step_of_each_running_scan_and_then_the_outcome() -> None:
    said = io.StringIO()
    console = Console(file=said, width=100, force_terminal=True, color_system=None)
    with Progress("{task.description} {task.fields[step]}", console=console, auto_refresh=False) as bars:
        display = BarDisplay(bars)
        display.total(1)
        started, step, finished = events(Outcome("sub-01", "done", seconds=1.0))
        display.event(started)
        display.event(step)
        assert [(task.description, task.fields["step"]) for task in bars.tasks] == [("scans", ""), ("sub-01", "wmh")]
        display.event(finished)
        assert [(task.description, task.completed, task.total) for task in bars.tasks] == [("scans", 1, 1)]
        display.total(3)
        assert (bars.tasks[0].completed, bars.tasks[0].total) == (0, 3)
    assert "✓ sub-01  1.0 s" in said.getvalue()


def test_skipped_scans_never_started() -> None:
    with Progress("{task.description}", console=Console(file=io.StringIO()), auto_refresh=False) as bars:
        display = BarDisplay(bars)
        display.event(Event("sub-01", "finished", outcome=Outcome("sub-01", "skipped", "already done")))
        assert len(bars.tasks) == 1


def test_durations() -> None:
    assert (duration_text(41.6), duration_text(125.2)) == ("42 s", "2 min 05 s")


@pytest.mark.parametrize(
    ("error", "code"), [(TableError("t"), 11), (ImageContentError("i"), 12), (KeyboardInterrupt(), 130)]
)
def test_exit_codes(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise error

    assert exit_code_of(fail) == code
    assert "Traceback" not in capsys.readouterr().err


def test_markup_in_an_error_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise TableError("column [red] is missing")

    exit_code_of(fail)
    assert capsys.readouterr().err == "TableError: column [red] is missing\n"
