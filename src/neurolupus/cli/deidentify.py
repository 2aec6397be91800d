"""`neurolupus deidentify`: DICOM files without what tells who somebody is."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer_json, guarded, talk, tell
from neurolupus.cli.extras import need_extra
from neurolupus.errors import DicomError, UsageError

if TYPE_CHECKING:
    from neurolupus.workflows.deidentify import Deidentified

KEPT = "What stays"


@guarded
def deidentify(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder of DICOM files, or one file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder; or an earlier one, to go on with.")],
    key: Annotated[Path, typer.Option("--key", metavar="JSON", help="The linking key; kept apart, made when missing.")],
    drop_dates: Annotated[
        bool, typer.Option("--drop-dates", rich_help_panel=KEPT, help="No dates; else they move 1 to 365 days back.")
    ] = False,
    keep_times: Annotated[bool, typer.Option("--keep-times", rich_help_panel=KEPT, help="Times of day.")] = False,
    drop_age_sex: Annotated[
        bool, typer.Option("--drop-age-sex", rich_help_panel=KEPT, help="Neither age nor sex.")
    ] = False,
    keep_size_weight: Annotated[
        bool, typer.Option("--keep-size-weight", rich_help_panel=KEPT, help="Size and weight of the patient.")
    ] = False,
    drop_descriptions: Annotated[
        bool,
        typer.Option("--drop-descriptions", rich_help_panel=KEPT, help="No descriptions; else their known words."),
    ] = False,
    keep_scanner: Annotated[
        bool,
        typer.Option("--keep-scanner", rich_help_panel=KEPT, help="A made-up serial number, one for each scanner."),
    ] = False,
    keep_safe_private: Annotated[
        bool, typer.Option("--keep-safe-private", rich_help_panel=KEPT, help="Private numbers that PS3.15 calls safe.")
    ] = False,
    pixels_seen: Annotated[
        bool, typer.Option("--pixels-seen", help="A person has looked at the pictures and found no text in them.")
    ] = False,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Write DICOM files without what tells who somebody is, by an allow-list after DICOM PS3.15 Annex E.

    Nothing is passed silently: a file that cannot be made safe is left out with its reason.
    """
    need_extra("deidentify", "dicom", "pydicom")
    if keep_times and drop_dates:
        raise UsageError("--keep-times and --drop-dates were both given.\n    Leave one of the two out.")
    from neurolupus.dicom.private.options import Options
    from neurolupus.workflows.deidentify import deidentify_folder

    kept = Options(
        dates=not drop_dates,
        times=keep_times,
        age_and_sex=not drop_age_sex,
        size_and_weight=keep_size_weight,
        descriptions=not drop_descriptions,
        scanner=keep_scanner,
        safe_private=keep_safe_private,
    )
    with _bar() as (total, seen):
        done = deidentify_folder(
            source, out, key, kept, pixels_seen=pixels_seen, overwrite=overwrite, total=total, seen=seen
        )
    if as_json:
        answer_json(done.summary())
    _tell(done, out, key)
    return DicomError.exit_code if done.refused else SUCCESS


def _tell(done: "Deidentified", out: Path, key: Path) -> None:
    tell(
        f"{out}: {done.written} files written, {done.unchanged} there already, of {done.subjects} patients, "
        f"{done.sessions} studies and {done.series} series; {done.passed_over} files are no DICOM images."
    )
    reasons = Counter(one.reason for one in done.refused)
    for reason, count in reasons.most_common():
        first = next(one.file for one in done.refused if one.reason == reason)
        tell(f"✗ {count} left out: {reason}\n    first: {first}", "red")
    tell(f"Who is who stands in {key}; keep it apart and safe. Faces can be rendered from the pixels.", "yellow")


@contextmanager
def _bar() -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """How many files there are, and each one done: a bar on a terminal, nothing elsewhere."""
    console = talk()
    if not console.is_terminal:
        yield (lambda _: None), (lambda _: None)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("files"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("files", total=None)
        yield (lambda count: bars.update(task, total=count)), (lambda _: bars.advance(task))
