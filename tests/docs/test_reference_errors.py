"""docs/reference/errors.md holds every error and warning, at its place in the tree, with its exit code."""

import inspect
import re
from collections.abc import Callable

import pytest

from neurolupus import errors
from neurolupus.cli import console

PUBLIC = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, (errors.NeurolupusError, errors.NeurolupusWarning))
]
ERRORS = [kind for kind in PUBLIC if issubclass(kind, errors.NeurolupusError)]


def table_row(text: str, name: str) -> list[str]:
    """The cells of the table row that begins with a name in backticks."""
    rows = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1, f"{name} has {len(rows)} rows"
    return [cell.strip() for cell in rows[0].strip("|").split("|")]


def test_the_page_is_checked_against_something() -> None:
    assert {"NeurolupusError", "UsageError", "TableError", "ImageError"} <= {kind.__name__ for kind in PUBLIC}


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_each_error_has_its_parent_and_exit_code(kind: type, page: Callable[[str], str]) -> None:
    _, parent, code, when, remedy = table_row(page("docs/reference/errors.md"), kind.__name__)
    assert int(code) == kind.exit_code
    assert parent == ("–" if kind is errors.NeurolupusError else f"`{kind.__base__.__name__}`")
    assert when
    assert remedy


@pytest.mark.parametrize("kind", [k for k in PUBLIC if k not in ERRORS], ids=lambda kind: kind.__name__)
def test_each_warning_is_told(kind: type, page: Callable[[str], str]) -> None:
    assert table_row(page("docs/reference/errors.md"), kind.__name__)[1]


def test_no_class_is_told_that_does_not_exist(page: Callable[[str], str]) -> None:
    told = re.findall(r"`(\w+(?:Error|Warning))`", page("docs/reference/errors.md"))
    assert set(told) <= {kind.__name__ for kind in PUBLIC}


def test_the_exit_codes_are_those_of_the_command_line(page: Callable[[str], str]) -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", page("docs/reference/errors.md"), re.MULTILINE)}
    own = {console.SUCCESS, console.OUR_FAULT, console.USAGE, console.IMAGE, console.INTERRUPTED, console.TERMINATED}
    assert told == own | {kind.exit_code for kind in ERRORS}


def test_the_tree_in_the_module_names_every_class() -> None:
    assert errors.__doc__
    for kind in PUBLIC:
        assert re.search(rf"\b{kind.__name__}\b", errors.__doc__), kind.__name__
