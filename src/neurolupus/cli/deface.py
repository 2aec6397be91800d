"""`neurolupus deface`: measured scans without faces, as a data set to be shared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.arguments import bare_labels
from neurolupus.cli.console import IMAGE, SUCCESS, answer_json, guarded, talk, tell

if TYPE_CHECKING:
    from neurolupus.workflows.deface import Defaced

Progress = tuple[Callable[[int], None], Callable[["Defaced"], None]]
SIGNS = {"done": ("✓", "green"), "unchanged": ("·", "dim"), "no face": ("·", "yellow"), "failed": ("✗", "red")}


@guarded
def deface(
    bids_dir: Annotated[Path, typer.Argument(metavar="BIDS_DIR", help="The data set with faces.")],
    measured: Annotated[Path, typer.Argument(metavar="MEASURED", help="What neurolupus measure wrote of it.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT", help="The data set without faces.")],
    participant_label: options.Labels = None,
    session_label: options.Sessions = None,
    margin: Annotated[
        float, typer.Option("--margin", metavar="MM", min=3.0, max=30.0, help="Kept around the intracranial space.")
    ] = 20.0,
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", metavar="DIR", help="For pictures before and after; in MEASURED by default."),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Clear face and ears of measured T1w and FLAIR; the intracranial space and a margin stay bit for bit.

    Look at every picture before the scans are given away: no program finds every face.
    """
    from neurolupus.workflows.deface import deface_dataset

    with _bar() as (total, seen):
        done = deface_dataset(
            bids_dir,
            measured,
            out,
            participants=bare_labels(participant_label or (), "sub-"),
            sessions=bare_labels(session_label or (), "ses-"),
            margin_mm=margin,
            pictures=pictures,
            total=total,
            seen=seen,
        )
    if as_json:
        answer_json([one.summary() for one in done])
    failed = sum(one.status == "failed" for one in done)
    tell(
        f"{out}: {len(done) - failed} scans without faces"
        + (f"; {failed} failed and are not there." if failed else ".")
    )
    tell(f"Look at each picture before you share: {pictures or measured}, *_deface.png. They show faces.", "yellow")
    return IMAGE if failed else SUCCESS


def _line(one: "Defaced") -> str:
    volumes = f"  {one.cleared_ml:g} ml cleared, {one.kept_ml:g} ml kept" if one.cleared_ml else ""
    return f"{SIGNS[one.status][0]} {one.name}  {one.status}{volumes}" + (f": {one.reason}" if one.reason else "")


@contextmanager
def _bar() -> Iterator[Progress]:
    """A line for each scan that is done, above a bar on a terminal."""
    console = talk()
    if not console.is_terminal:
        yield (lambda _: None), (lambda one: tell(_line(one), SIGNS[one.status][1]))
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("scans"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("scans", total=None)

        def seen(one: "Defaced") -> None:
            bars.console.print(_line(one), style=SIGNS[one.status][1], markup=False)
            bars.advance(task)

        yield (lambda count: bars.update(task, total=count)), seen
