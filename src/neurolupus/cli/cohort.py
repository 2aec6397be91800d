"""`neurolupus cohort`: patients' records as a table for a study."""

from pathlib import Path
from typing import Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer_json, guarded, tell

cohort = typer.Typer(
    name="cohort", help="Patients' records as a table for a study.", no_args_is_help=True, add_completion=False
)


@cohort.callback()
def _root() -> None:
    """Patients' records as a table for a study."""


@cohort.command("dictionary")
@guarded
def dictionary(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The dictionary (.csv).")],
    overwrite: options.Overwrite = False,
) -> int:
    """Write the fields of a patient's record as a REDCap data dictionary."""
    from neurolupus.workflows.cohort_dictionary import write_dictionary

    repeating = write_dictionary(out, overwrite=overwrite)
    tell(f"{out}: upload it in REDCap, and let these instruments repeat: {', '.join(repeating)}.")
    return SUCCESS


@cohort.command("export")
@guarded
def export(
    records: Annotated[Path, typer.Argument(metavar="RECORDS", help="Folder of patients' records (.yaml, .json).")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="TABLE", help="The table (.csv or .tsv).")],
    volumes: Annotated[
        Path | None, typer.Option("--volumes", metavar="TSV", help="volumes.tsv of `measure`, joined by participant.")
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Write one row per patient: record, scores, consensus, exclusions and volumes, by the names of the study files."""
    from neurolupus.workflows.cohort_export import export_cohort

    done = export_cohort(records, out, volumes=volumes, overwrite=overwrite)
    if as_json:
        answer_json(done.summary())
    tell(f"{done.n} patients: {done.table}")
    if done.without_volumes:
        tell(f"{len(done.without_volumes)} have no row in the table of volumes.", "yellow")
    if done.excluded:
        tell(f"{len(done.excluded)} have a scan that is not usable; their volumes are empty.", "yellow")
    if done.several:
        tell(f"{len(done.several)} have several sessions; the volumes are those of the first.", "yellow")
    return SUCCESS
