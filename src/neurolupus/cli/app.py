"""The command `neurolupus`: one verb per file."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from neurolupus import __version__
from neurolupus.cli import (
    advise,
    agree,
    ask,
    change,
    cohort,
    db,
    deface,
    deidentify,
    demo,
    export,
    imports,
    measure,
    pacs,
    raters,
    serve,
    status,
    study,
    threshold,
    users_tokens,
)
from neurolupus.cli.arguments import spread_labels

app = typer.Typer(
    name="neurolupus",
    help="The open workbench for neuropsychiatric lupus: brain volumes from MRI, studies, advice with sources.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"neurolupus {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """The open workbench for neuropsychiatric lupus: brain volumes from MRI, studies, advice with sources."""


app.command("measure")(measure.measure)
app.command("demo")(demo.demo)
app.command("agree")(agree.agree)
app.command("threshold")(threshold.threshold)
app.command("change")(change.change)
app.command("deface")(deface.deface)
app.command("deidentify")(deidentify.deidentify)
app.command("status")(status.status)
app.command("advise")(advise.advise)
app.command("serve")(serve.serve)
app.command("ask")(ask.ask)
app.add_typer(study.study)
app.add_typer(cohort.cohort)
app.add_typer(raters.raters)
app.add_typer(db.db)
app.add_typer(pacs.pacs)
app.add_typer(export.export)
app.add_typer(imports.imports)
app.add_typer(users_tokens.users)


# Verbs that take lists of labels, and how many words without an option they have.
POSITIONALS = {("measure",): 2, ("deface",): 2, ("change",): 1, ("raters", "export"): 2, ("export", "seg"): 1}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verb = next((verb for verb in POSITIONALS if tuple(words[: len(verb)]) == verb), None)
    if verb is not None:
        one_pair = any(word.partition("=")[0] == "--t1w" for word in words)
        rest = spread_labels(words[len(verb) :], positionals=0 if one_pair else POSITIONALS[verb])
        words = [*verb, *rest]
    app(args=words)
