"""What the tests of the pages share: the pages, and how a page is read."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page() -> Callable[[str], str]:
    """The text of a page by its path from the repository's root."""

    def read(path: str) -> str:
        return (ROOT / path).read_text(encoding="utf-8")

    return read


@pytest.fixture(scope="session")
def pages() -> list[Path]:
    """Every Markdown page of the repository, wherever it lies; not those of tools beside it."""
    left_out = ("demo", "build", "dist")
    named = ((path, path.relative_to(ROOT).parts) for path in ROOT.rglob("*.md"))
    return sorted(
        path for path, parts in named if parts[0] not in left_out and not any(part.startswith(".") for part in parts)
    )
