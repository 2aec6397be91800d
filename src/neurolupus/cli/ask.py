"""`neurolupus ask`: a question in plain words -> the statements of the sources that speak of it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer_json, guarded, tell

if TYPE_CHECKING:
    from neurolupus.guidelines.ask.answer import Answer

EXAMPLE = 'neurolupus ask "refractory seizures, aPL negative"'
LEAVE = frozenset({"", "q", "quit", "exit"})


@guarded
def ask(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION...", help="In plain words. Left out at a terminal: one question after another."
        ),
    ] = None,
    audience: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="AUDIENCE",
            help="rheumatologist, neurologist, radiologist, trainee, researcher or patient (the general guide only).",
        ),
    ] = "rheumatologist",
    follow_up: Annotated[
        Path | None,
        typer.Option("--follow-up", metavar="FILE", help="Keep the terms of earlier questions in this file."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Everything that was found, not only the best.")] = False,
    as_json: options.Json = False,
) -> int:
    """What the sources say: statements in our own words with strength and citation, nothing generated.

    With no more than the subject ("What is the management of neurolupus?") the whole guide, section by section.
    """
    from neurolupus.errors import UsageError

    if question:
        _show(_answered(" ".join(question), audience, follow_up, show_all=show_all), as_json=as_json)
        return SUCCESS
    if not sys.stdin.isatty() or as_json:
        raise UsageError(f"no question was given; one in plain words is needed.\n    For example: {EXAMPLE}")
    return _converse(audience, follow_up, show_all=show_all)


def _answered(
    question: str, audience: str, follow_up: Path | None, *, show_all: bool, before: "Answer | None" = None
) -> "Answer":
    from neurolupus.workflows.ask import ask_question, ask_with_file

    if follow_up is not None:
        return ask_with_file(question, follow_up, audience=audience, show_all=show_all)
    kept = before.conversation if before else None
    return ask_question(question, audience=audience, before=kept, show_all=show_all)


def _converse(audience: str, follow_up: Path | None, *, show_all: bool) -> int:
    """One question after another, until an empty line."""
    from neurolupus.cli.console import show_error
    from neurolupus.errors import UsageError

    tell(
        f"Ask in plain words, for example: refractory seizures, aPL negative. An empty line ends. For: {audience}",
        "dim",
    )
    before: Answer | None = None
    while True:
        try:
            question = typer.prompt("?", default="", show_default=False, prompt_suffix=" ", err=True)
        except typer.Abort:
            return SUCCESS
        if question.strip().lower() in LEAVE:
            return SUCCESS
        try:
            before = _answered(question, audience, follow_up, show_all=show_all, before=before)
        except UsageError as error:
            show_error(error)
            continue
        _show(before, as_json=False)


def _show(found: "Answer", *, as_json: bool) -> None:
    from neurolupus.workflows.ask import as_data

    data: dict[str, Any] = as_data(found)
    if as_json:
        answer_json(data)
        return
    from neurolupus.cli.ask_text import show_answer

    show_answer(data)
