"""`neurolupus study run`: a study file and its table -> the report, tables, figures and every number."""

from pathlib import Path
from typing import Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer_json, guarded, talk, tell


@guarded
def run(
    study: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT", help="Folder for everything that is written.")],
    data: Annotated[
        Path | None, typer.Option("--data", metavar="TABLE", help="The table; the one the study file names by default.")
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Run a study: report, tables (CSV and Word), figures (SVG, PDF, PNG) and every number at full precision."""
    from neurolupus.workflows.study_run import run_study_file

    console = talk()
    with console.status("starting") as status:
        done = run_study_file(
            study, out, data=data, overwrite=overwrite, say=lambda step: status.update(step.replace("[", "("))
        )
    if as_json:
        answer_json(done.summary())
    results = done.results
    if results.is_synthetic:
        tell("SYNTHETIC DATA: the patients are simulated.", "bold red")
    made = f"{len(results.tables)} tables, {len(results.figures)} figures, {len(results.numbers)} numbers"
    tell(f"{results.n} patients: {made}.")
    if results.warnings:
        tell(f"{len(results.warnings)} warnings; they stand at the top of the report.", "yellow")
    tell(f"Report: {out / 'report.html'}")
    return SUCCESS
