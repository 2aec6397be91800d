"""How a run over many scans is shown: bars on a terminal, one line per finished scan elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from neurolupus.cli.console import talk
from neurolupus.jobs.task import Event, Outcome
from neurolupus.workflows.observer import Observer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

SIGNS = {"done": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("·", "dim"), "submitted": ("→", "cyan")}


def outcome_line(outcome: Outcome) -> str:
    """`sub-01  24 s` or `sub-02  failed: reason`."""
    if outcome.status == "done":
        return f"{outcome.name}  {outcome.seconds:.1f} s"
    log = f"\n    log: {outcome.log}" if outcome.status == "failed" and outcome.log and outcome.log.exists() else ""
    return f"{outcome.name}  {outcome.status}: {outcome.reason}{log}"


class LineDisplay:
    """One line per finished scan."""

    def __init__(self, console: "Console") -> None:
        self._console, self._total, self._finished = console, 0, 0

    def total(self, count: int) -> None:
        """How many scans there are."""
        self._total, self._finished = count, 0

    def event(self, event: Event) -> None:
        """A line when a scan has finished."""
        if event.outcome:
            self._finished += 1
            line = f"[{self._finished}/{self._total}] {outcome_line(event.outcome)}"
            self._console.print(line, markup=False)
        elif event.kind == "again":
            self._console.print(f"{event.name}  is tried again: {event.step}", markup=False)

    def say(self, text: str) -> None:
        """A line."""
        self._console.print(text, markup=False)


class BarDisplay:
    """A bar for all scans, and a line for each that is being measured with the step it is at."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._all = progress.add_task("scans", total=None, step="")
        self._running: dict[str, TaskID] = {}

    def total(self, count: int) -> None:
        """How many scans there are."""
        self._progress.update(self._all, total=count, completed=0)

    def event(self, event: Event) -> None:
        """Move the bars; a finished scan goes above them."""
        if event.kind == "started":
            self._running[event.name] = self._progress.add_task(event.name, total=None, step="starting")
        elif event.kind == "again":
            if event.name in self._running:
                self._progress.remove_task(self._running.pop(event.name))
            self.say(f"· {event.name}  is tried again: {event.step}")
        elif event.kind == "step" and event.name in self._running:
            self._progress.update(self._running[event.name], step=event.step)
        elif event.outcome:
            if event.name in self._running:
                self._progress.remove_task(self._running.pop(event.name))
            self._progress.advance(self._all)
            self._show(event.outcome)

    def say(self, text: str) -> None:
        """A line above the bars."""
        self._progress.console.print(text, markup=False)

    def _show(self, outcome: Outcome) -> None:
        from rich.text import Text

        sign, colour = SIGNS[outcome.status]
        self._progress.console.print(Text.assemble((f"{sign} ", colour), outcome_line(outcome)))


@contextmanager
def display() -> Iterator[Observer]:
    """The display that suits stderr, for the length of the block."""
    console = talk()
    if not console.is_terminal:
        yield LineDisplay(console)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", style="bold"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}", style="cyan"),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        yield BarDisplay(bars)


def duration_text(seconds: float) -> str:
    """`42 s` or `2 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


class Stopwatch:
    """Wall time since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def __str__(self) -> str:
        return duration_text(time.perf_counter() - self._began)
