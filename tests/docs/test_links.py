"""Links between pages lead somewhere, and links out of them are papers' or standards' addresses."""

import re
from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = re.compile(r"(?:https?://|\bwww\.)([^\s/)>\"`]+)")
ALLOWED_HOSTS = {"doi.org"}
EXAMPLES = re.compile(r"(?:[\w-]+\.)*example\.org|127\.0\.0\.1(?::\d+;?)?")  # reserved for pages like these: RFC 2606
CODE_SYSTEMS = {"snomed.info", "loinc.org"}  # names of code systems, which look like addresses


def without_code(text: str) -> str:
    """A page without what stands in fences: code may hold brackets."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The names by which headings are linked: lower case, hyphens for spaces, no other marks."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    broken = []
    for target in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name) if name else page
        if not place.exists() or (anchor and anchor not in anchors(place.read_text(encoding="utf-8"))):
            broken.append(target)
    return broken


def test_links_between_pages_lead_somewhere(pages: list[Path]) -> None:
    assert {path: broken for path in pages if (broken := broken_links(path))} == {}


def test_a_link_to_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading: here\n")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md) [b](there.md#a-heading-here) ![c](no.png) [d](there.md#no)\n```\n[e](no.md)\n```\n")
    assert broken_links(page) == ["no.png", "there.md#no"]


def test_pages_link_only_to_papers(pages: list[Path]) -> None:
    hosts = {(path.name, host) for path in pages for host in OUTSIDE.findall(path.read_text(encoding="utf-8"))}
    outside = {(name, host) for name, host in hosts if not EXAMPLES.fullmatch(host)}
    assert {one for one in outside if one[1].partition("|")[0] not in ALLOWED_HOSTS | CODE_SYSTEMS} == set()


def test_every_page_of_docs_is_reached_from_its_front_page(pages: list[Path]) -> None:
    (front,) = [path for path in pages if path.parts[-2:] == ("docs", "README.md")]
    reached = {(front.parent / t.partition("#")[0]).resolve() for t in LINK.findall(front.read_text(encoding="utf-8"))}
    assert [path for path in pages if front.parent in path.parents and path not in {*reached, front}] == []
