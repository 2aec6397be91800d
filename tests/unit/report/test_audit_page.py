"""The page of an audit: what disagrees stands first, in words."""

from pathlib import Path

import pytest

from neurolupus.io.yamlfile import read_yaml
from neurolupus.report.audit_page import cards, parts, write_audit_page
from neurolupus.report.audit_wording import meaning, p_text
from neurolupus.study.audit import Audit, Check, Recomputed, audit_published, parse_published

EXAMPLES = Path(__file__).parents[3] / "examples" / "published"

WRONG = Check(
    "Table 2", "Drug", "p-value", "115 vs 136, p = 0.559", "disagrees",
    (Recomputed("Fisher", 0.0424, 0.0424, 0.0424, fits=False),), "conclusion", "No test gives it.", 3,
)  # fmt: skip
SLIP = Check("Table 2", "Drug", "percentage", "6 (3.10) of 194", "disagrees", (), "last digit", "It is 3.09 %.", 3)
ODD = Check("Claim", "", "categories", "two of 42.2%", "agrees", note="Ask.", is_notable=True)
FINE = Check("Table 1", "Age", "p-value", "40 ± 14", "agrees within rounding")


def audit(*checks: Check) -> Audit:
    return Audit("p", "A paper", "Someone 2023", "10.1000/1", checks, ())


def test_one_card_per_row_with_the_gravest_finding_in_front() -> None:
    (card,) = cards(audit(FINE, SLIP, WRONG).disagreements())
    assert (card.row, card.level) == ("Drug", "grave")
    assert [one.subject for one in card.findings] == ["p-value", "percentage"]
    assert card.findings[0].methods == (("Fisher", "0.042", False),)


def test_every_check_stands_under_its_table() -> None:
    found = parts(audit(FINE, SLIP, ODD, WRONG))
    assert [(part.title, len(part.rows)) for part in found] == [("Table 1", 1), ("Table 2", 2), ("Claim", 1)]


def test_the_page_tells_what_is_wrong_before_all_else(tmp_path: Path) -> None:
    path = tmp_path / "audit.html"
    write_audit_page(path, audit(FINE, SLIP, ODD, WRONG), [("neurolupus", "1")])
    page = path.read_text()
    places = [page.index(f'id="{name}"') for name in ("disagreements", "notable", "everything", "provenance")]
    assert places == sorted(places)
    assert "Whether the difference is called significant depends on it." in page
    assert "https://doi.org/10.1000/1" in page
    assert "No patient" in page


def test_a_clean_paper_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "audit.html"
    write_audit_page(path, audit(FINE))
    assert "Nothing: every number that could be recomputed" in path.read_text()


def test_only_what_disagrees_is_given_a_meaning() -> None:
    assert meaning(FINE) == ""
    assert meaning(SLIP) == "A slip in the last digit. Nothing rests on it."
    assert (p_text(0.0004), p_text(0.5), p_text(float("nan"))) == ("0.0004", "0.500", "–")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.published.yaml")), ids=lambda path: path.name)
def test_every_disagreement_of_both_papers_has_a_meaning_in_words(path: Path) -> None:
    found = audit_published(parse_published(read_yaml(path))).disagreements()
    assert len(found) > 5
    assert [one.row for one in found if not meaning(one)] == []
