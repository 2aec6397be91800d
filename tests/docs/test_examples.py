"""The Python examples in the pages give what they say; they share a session from the top of a page down."""

import doctest
import re
from pathlib import Path

FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples(text: str) -> str:
    """The fences of a page that hold a session, with their place kept so that failures name the line."""
    kept = ["\n"] * (text.count("\n") + 1)
    for fence in FENCE.finditer(text):
        if ">>>" in fence.group(1):
            first = text[: fence.start(1)].count("\n")
            for number, line in enumerate(fence.group(1).splitlines(keepends=True)):
                kept[first + number] = line
    return "".join(kept)


def failures(name: str, text: str) -> tuple[int, int, list[str]]:
    """How many examples failed of how many, and what was printed of them."""
    told: list[str] = []
    test = doctest.DocTestParser().get_doctest(examples(text), {}, name, name, 0)
    result = doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    return result.failed, result.attempted, told


def test_python_examples_of_the_pages(pages: list[Path]) -> None:
    attempted = 0
    for page in pages:
        failed, count, told = failures(page.name, page.read_text(encoding="utf-8"))
        attempted += count
        assert not failed, "\n".join(told)
    assert attempted >= 5


def test_a_wrong_example_is_found() -> None:
    failed, attempted, told = failures("page", "# Page\n\n```python\n>>> 1 + 1\n3\n\n```\n")
    assert (failed, attempted) == (1, 1)
    assert "line 4" in "".join(told)
