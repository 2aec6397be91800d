"""`neurolupus import`: scans from elsewhere into a BIDS data set."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell
from neurolupus.cli.extras import need_extra
from neurolupus.errors import DicomError

if TYPE_CHECKING:
    from rich.table import Table

    from neurolupus.workflows.import_report import ImportReport

imports = typer.Typer(
    name="import", help="Scans from elsewhere into a BIDS data set.", no_args_is_help=True, add_completion=False
)

COLOURS = {"taken": "green", "already there": "dim", "passed over": "yellow", "failed": "red"}


class Dates(StrEnum):
    """What a data set tells of days."""

    SHIFTED = "shifted"
    NONE = "none"


@imports.callback()
@guarded
def _root() -> None:
    """Scans from elsewhere into a BIDS data set."""
    need_extra("import", "dicom", "pydicom")


@imports.command("dicom")
@guarded
def dicom(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder of DICOM files, or a zip or tar of them.")],
    bids: Annotated[Path, typer.Argument(metavar="BIDS_DIR", help="The data set; it is made, or added to.")],
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="YAML", help="What a series is, and labels, where you know better.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="JSON", help="The linking key; BIDS_DIR.key.json beside the data set by default."
        ),
    ] = None,
    dates: Annotated[Dates, typer.Option(help="Days of sessions: moved, or not told.")] = Dates.SHIFTED,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="FIELD", help="Keep a field that may name people or places; may be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be taken; write nothing.")] = False,
    minutes: Annotated[
        float, typer.Option(min=0.01, metavar="N", help="How long converting one series may take.")
    ] = 10,
    nprocs: Annotated[
        int | None,
        typer.Option("--nprocs", metavar="N", min=1, help="Series converted at once; as many as cores, at most 8."),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Choose the T1w and the FLAIR of each study by how they were acquired, and convert them."""
    from neurolupus.cli.progress import display
    from neurolupus.workflows.import_dicom import ImportOptions, import_dicom

    chosen = ImportOptions(map_file, key, dates.value, tuple(keep or ()), dry_run, minutes)
    if nprocs is not None:
        chosen = replace(chosen, nprocs=nprocs)
    with display() as observer:
        done = import_dicom(source, bids, options=chosen, observer=observer)
    if as_json:
        answer_json(done.summary())
    else:
        answer().print(_table(done))
    _tell(done)
    return DicomError.exit_code if done.has_failed else SUCCESS


def _table(done: "ImportReport") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("scan", "no.", "series", "slices", "as", "what became of it"):
        table.add_column(heading, justify="right" if heading in ("no.", "slices") else "left")
    for one in done.series:
        scan = f"sub-{one.participant_id}_ses-{one.session_id}" if one.participant_id else "–"
        number = "" if one.number is None else str(one.number)
        name = one.description + (f" ({one.part})" if one.part else "")
        kind = " ".join(filter(None, (one.dim, one.suffix))) if one.state != "passed over" else ""
        told = "; ".join([*one.reasons, *(what for _, what in one.faults)])
        state = "would be taken" if done.dry_run and one.state == "taken" else one.state
        words = Text.assemble((state, COLOURS[one.state]), f": {told}" if told else "")
        table.add_row(scan, number, Text(name), str(one.n_slices), kind, words)
    return table


def _tell(done: "ImportReport") -> None:
    counts = (f"{done.count(state)} {state}" for state in COLOURS if done.count(state))
    tell(f"{', '.join(counts)}; {done.n_files:,} files, {done.n_other:,} of them no DICOM image.")
    if done.n_copies:
        tell(f"{done.n_copies:,} images were there more than once; each was used once.")
    if done.n_links:
        tell(f"{done.n_links:,} symbolic links were not followed.", "yellow")
    for name, why in done.unreadable:
        tell(f"not read: {name}: {why}", "yellow")
    if done.n_unreadable > len(done.unreadable):
        tell(f"and {done.n_unreadable - len(done.unreadable):,} more that could not be read.", "yellow")
    for note in done.notes:
        tell(note, "yellow")
    if done.dry_run:
        tell("Nothing was written (--dry-run).", "bold")
        return
    if done.key.is_file():
        tell(f"Who is who: {done.key}. Keep it apart from the data, and safe; without it no scan can join a person's.")
    if done.count("taken"):
        tell(f"Next: neurolupus measure {done.bids} OUT_DIR", "bold")


def show_import(done: "ImportReport") -> None:
    """What became of each series, and what to do next."""
    answer().print(_table(done))
    _tell(done)
