"""docs/reference/command-line.md holds every verb and every option, and none that does not exist."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from neurolupus.cli import bids_app
from neurolupus.cli.app import app

PAGE = "docs/reference/command-line.md"
COMMAND = typer.main.get_command(app)
COMMANDS_BY_VERB = {
    " ".join(name): command
    for verb, first in COMMAND.commands.items()  # type: ignore[attr-defined]
    for name, command in [((verb, second), below) for second, below in getattr(first, "commands", {}).items()]
    or [((verb,), first)]
}
VERBS = sorted(COMMANDS_BY_VERB)
HELP = {"-h", "--help"}


def options_of(verb: str) -> set[str]:
    """The long and short names of a verb's options; `study run` is a verb."""
    parameters = COMMANDS_BY_VERB[verb].params
    named = (name for p in parameters if p.param_type_name == "option" for name in (*p.opts, *p.secondary_opts))
    return set(named) - HELP


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one."""
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    found = [part for part in parts if part.splitlines()[0] == title]
    assert len(found) == 1, f"{title!r} has {len(found)} sections"
    return found[0]


def named_in(text: str) -> set[str]:
    """Every option that a text names in backticks."""
    quoted = re.findall(r"`([^`]+)`", text)
    return {word for words in quoted for word in re.findall(r"(?<![\w-])--?[a-z][\w-]*", words)}


def test_there_are_verbs_to_look_for() -> None:
    assert {"measure", "demo", "agree", "threshold", "status", "study check", "study run"} <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_each_option_of_a_verb_is_told_under_it(verb: str, page: Callable[[str], str]) -> None:
    told = named_in(section(page(PAGE), f"neurolupus {verb}"))
    assert options_of(verb) - told == set(), "not told"
    assert told - options_of(verb) == set(), "told, but there is none"


def test_each_option_of_the_bids_app_is_told(page: Callable[[str], str]) -> None:
    actions = bids_app.parser()._actions
    there = {name.replace("_", "-") for action in actions for name in action.option_strings} - HELP
    told = named_in(section(page(PAGE), "neurolupus-bids"))
    assert there - told == set(), "not told"
    assert told - there == set(), "told, but there is none"


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_knows_each_verb(verb: str, page: Callable[[str], str]) -> None:
    assert re.search(rf"neurolupus {verb}\b|tasks\.py {verb}\b", page("README.md"))


GROUPS = "|".join(sorted({verb.partition(" ")[0] for verb in VERBS if " " in verb}))
COMMANDS = re.compile(rf"^ {{4}}(?:\.venv/bin/)?neurolupus ((?:{GROUPS}) \w+|\w+)((?: .*|\\\n)*)$", re.MULTILINE)


def test_commands_on_all_pages_use_options_that_exist(pages: list[Path]) -> None:
    seen = 0
    for path in pages:
        for verb, rest in COMMANDS.findall(path.read_text(encoding="utf-8")):
            seen += 1
            assert verb in VERBS, f"{path.name}: neurolupus {verb}"
            used = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", rest.partition("#")[0]))
            assert used <= options_of(verb), f"{path.name}: neurolupus {verb}{rest}"
    assert seen > 10
