"""`neurolupus status`: what is done, running and failed in an output folder."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell

if TYPE_CHECKING:
    from neurolupus.jobs.status import RunStatus

COLOURS = {"done": "green", "failed": "red", "running": "cyan", "interrupted": "yellow"}


@guarded
def status(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of neurolupus measure.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False,
) -> int:
    """What is done, running, interrupted and failed, and why."""
    from neurolupus.errors import UsageError
    from neurolupus.jobs.status import read_status

    known = read_status(out)
    if not known.tasks:
        raise UsageError(
            f"{out} remembers no scans; an output folder of neurolupus measure is needed.\n"
            "    Measure first: neurolupus measure BIDS_DIR OUT_DIR"
        )
    if as_json:
        answer_json({**_counts(known), "scans": [_plain(asdict(task)) for task in known.tasks]})
        return SUCCESS
    _show(known)
    return SUCCESS


def _counts(known: "RunStatus") -> dict[str, int]:
    return {
        "done": known.count("done"),
        "running": known.count("running"),
        "interrupted": known.count("interrupted"),
        "failed": known.count("failed"),
    }


def _plain(task: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in task.items() if key not in ("inputs", "outputs")}


def _show(known: "RunStatus") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("scan", "status", "seconds", "why"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for task in known.tasks:
        seconds = f"{task.seconds:.1f}" if task.seconds else ""
        why = f"{task.reason} ({task.log})" if task.reason and task.log else task.reason
        table.add_row(task.name, Text(task.status, style=COLOURS[task.status]), seconds, Text(why))
    answer().print(table)
    tell(", ".join(f"{count} {name}" for name, count in _counts(known).items() if count))
