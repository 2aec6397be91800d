"""`neurolupus status`: what is done, running, waiting and failed in an output folder, and what is left."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, talk, tell
from neurolupus.cli.slurm import cancel
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from neurolupus.jobs.status import RunStatus

COLOURS = {"done": "green", "failed": "red", "running": "cyan", "interrupted": "yellow", "waiting": "dim"}


@guarded
def status(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of neurolupus measure.")],
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again until no run is at work.")] = False,
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0.5, help="With --watch: how often to look.")
    ] = 5.0,
    cancel_queued: Annotated[
        bool, typer.Option("--cancel", help="Cancel what waits or runs in Slurm; end a command that follows it first.")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """What is done, running, waiting, interrupted and failed, and why; and about how long the rest takes."""
    from neurolupus.workflows.run_status import run_status, status_as_data

    if watch and as_json:
        raise UsageError("--watch is for people, --json for machines; give one of them.")
    if cancel_queued:
        cancel(out)
    if watch:
        _watch(out, every)
        return SUCCESS
    known = run_status(out)
    if as_json:
        answer_json(status_as_data(known))
        return SUCCESS
    answer().print(_table(known))
    for line in _lines(known):
        tell(line)
    return SUCCESS


def _watch(out: Path, every: float) -> None:
    """Show the status anew until nothing is at work: in place on a terminal, a line whenever it changes elsewhere."""
    from neurolupus.workflows.run_status import run_status

    known = run_status(out)
    if not talk().is_terminal:
        last: list[str] = []
        while (lines := _lines(known)) and known.live:
            if lines != last:
                tell("\n".join(lines))
            last = lines
            time.sleep(every)
            known = run_status(out)
        tell("\n".join(lines))
        return
    from rich.live import Live

    with Live(_view(known), console=answer(), auto_refresh=False) as live:
        while known.live:
            time.sleep(every)
            known = run_status(out)
            live.update(_view(known), refresh=True)


def _view(known: "RunStatus") -> "RenderableType":
    from rich.console import Group

    return Group(_table(known), *_lines(known))


def _lines(known: "RunStatus") -> list[str]:
    from neurolupus.workflows.run_status import counts_in_words, rest_in_words, run_in_words

    lines = [run_in_words(run) for run in known.live]
    lines += [counts_in_words(known)]
    return [*lines, rest_in_words(known.rest)] if known.rest else lines


def _table(known: "RunStatus") -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    from neurolupus.workflows.run_status import place_in_words, worth_showing

    shown = worth_showing(known)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("scan", "status", "seconds", "tries", "where", "why"):
        table.add_column(heading, justify="right" if heading in ("seconds", "tries") else "left")
    for task in shown:
        seconds = f"{task.seconds:.1f}" if task.seconds else ""
        why = f"{task.reason} ({task.log})" if task.reason and task.log else task.reason
        where = place_in_words(task)
        style = COLOURS[task.status]
        table.add_row(task.name, Text(task.status, style=style), seconds, str(task.tries or ""), where, Text(why))
    left_out = len(known.tasks) - len(shown)
    if left_out:
        table.add_row(f"… and {left_out} more", Text("see --json", style="dim"))
    return table
