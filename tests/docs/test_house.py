"""ARCHITECTURE.md draws what the import contract checks, and changelog fragments have a category."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CATEGORIES = ("breaking", "numbers", "feature", "fix", "docs")


def contract() -> list[list[str]]:
    """The layers of the import contract, from the top; those on one layer sorted."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = [c["layers"] for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    return [sorted(re.findall(r"\w+", layer)) for layer in layers]


def test_the_drawing_is_the_contract(page: Callable[[str], str]) -> None:
    drawing = page("ARCHITECTURE.md").partition("## Layers")[2].split("```")[1]
    rows = [line.split("  ")[0] if not line.startswith(" ") else line.strip() for line in drawing.splitlines()]
    names = [re.split(r"\s{2,}", row)[0] for row in rows if re.search("[a-z]", row)]
    assert [sorted(re.findall(r"\w+", name)) for name in names] == contract()


def test_the_drawing_names_every_source_file(page: Callable[[str], str]) -> None:
    text = page("ARCHITECTURE.md")
    names = {path.name for path in (ROOT / "src").rglob("*.py")} - {"__init__.py", "__main__.py"}
    assert sorted(name for name in names if name not in text) == []


def test_files_to_imitate_are_there(page: Callable[[str], str]) -> None:
    table = page("ARCHITECTURE.md").partition("## Where new code goes")[2]
    for path in re.findall(r"`((?:[\w-]+/)+[\w.-]*)`", table):
        places = (ROOT / path, ROOT / "src" / "neurolupus" / path)
        assert any(place.exists() for place in places), path


FRAGMENTS = sorted(path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md")


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_has_an_issue_a_category_and_a_text(fragment: Path) -> None:
    assert re.fullmatch(rf"\d+-[a-z0-9-]+\.({'|'.join(CATEGORIES)})\.md", fragment.name)
    text = fragment.read_text(encoding="utf-8").strip()
    assert text.endswith(".")
    assert len(text) < 600


def test_the_categories_are_explained(page: Callable[[str], str]) -> None:
    text = page("changelog.d/README.md")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(CATEGORIES)


def test_the_citation_has_the_version_of_the_package(page: Callable[[str], str]) -> None:
    from neurolupus import __version__

    assert f"\nversion: {__version__}\n" in page("CITATION.cff")
