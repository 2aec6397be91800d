"""`neurolupus study`: one file to a paper's whole analysis; one sub-verb per file where it is long."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer_json, guarded, tell
from neurolupus.cli.study_audit import audit
from neurolupus.cli.study_run import run

if TYPE_CHECKING:
    from neurolupus.workflows.study_check import StudyCheck

study = typer.Typer(
    name="study",
    help="Run a clinical study from one file: check it, try it on made-up patients, run it. Audit a published one.",
    no_args_is_help=True,
    add_completion=False,
)

StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (.yaml).")]


@study.command("check")
@guarded
def check(
    study_file: StudyPath,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="TABLE", help="Check this table against the file too.")
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Tell every fault of a study file, and of a table against it, at once; no data are needed for the file itself."""
    from neurolupus.workflows.study_check import check as check_study

    result = check_study(study_file, data)
    if as_json:
        answer_json(result.summary())
    else:
        _tell(result)
    return SUCCESS


@study.command("simulate")
@guarded
def simulate(
    study_file: StudyPath,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="CSV", help="Where the made-up table goes.")],
    n: Annotated[int | None, typer.Option("--n", min=2, help="Patients analysed; as in the file by default.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Another made-up cohort for each number.")] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Make up a cohort that fits a study file, so that an analysis can be written before data are released.

    The table has a column `synthetic`, and every report made from it says so. A JSON beside it holds the truth.
    """
    from neurolupus.workflows.study_simulate import WARNING
    from neurolupus.workflows.study_simulate import simulate as simulate_study

    result = simulate_study(study_file, out, n=n, seed=seed, overwrite=overwrite)
    if as_json:
        answer_json(result.summary())
        return SUCCESS
    made = result.simulation
    more = f" and {made.n_screened} more who were screened" if made.n_screened else ""
    tell(f"{result.table}: {made.n} made-up patients{more}, seed {made.seed}. Truth: {result.sidecar}")
    for note in made.notes:
        tell(note)
    tell(WARNING, "yellow")
    return SUCCESS


def _tell(result: "StudyCheck") -> None:
    one = result.study
    tell(f"{one.source} has no faults: {one.study.title}")
    parts = (("variable", one.variables), ("outcome", one.outcomes), ("model", one.models))
    counts = [f"{len(items)} {name}{'' if len(items) == 1 else 's'}" for name, items in parts]
    tell(f"    {', '.join(counts)}.")
    population, table = result.population, result.table
    if population is None or table is None:
        return
    tell(f"{table.name} fits it: {population.n} of {len(table.frame)} rows are analysed.")
    if population.is_synthetic:
        tell("    Synthetic: made-up patients.", "yellow")
    for step in population.flow.steps:
        how = "" if step.is_counted else " (declared)"
        tell(f"    {step.label}: {'?' if step.n_after is None else step.n_after} remain{how}")
    for note in population.notes:
        tell(f"    {note}")


study.command("run")(run)
study.command("audit")(audit)
