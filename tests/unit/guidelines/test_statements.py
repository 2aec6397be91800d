"""What the sources say, held against the sources."""

from __future__ import annotations

import copy
import csv
import re
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from neurolupus.guidelines.statements import Statement, parse_statements

SHARED = Path(__file__).parents[4] / "shared"
EDITIONS = ("management-of-neurolupus-2025", "intrathecal-outcomes-2023", "mri-phenotypes-2021", "literature")
NUMERAL = re.compile(r"\d+(?:[.,]\d+)*")
WINDOW = 400  # characters: a sentence of two lines, or a row of a table
TIER = {"recommended": 3, "should": 3, "consider": 2, "may": 1, "option_observational": 1, "note": 0}
NAMES = re.compile(r"SLEDAI-2K|NUDT15")  # a name is no number
# What each defect of the sources looks like in print; none of it may stand anywhere in the knowledge base
DEFECTS = ("0.559", "88.4", "0.71 (", "0.71(", "n=12,", "46%", "20% of", "33.3%", "4 ± 6", "10 ± 10", "0.012")


def knowledge_text(edition: str) -> str:
    folder = resources.files("neurolupus.guidelines") / "knowledge" / edition
    return (folder / "statements.yaml").read_text(encoding="utf-8")


def statements_of(edition: str) -> dict[str, Statement]:
    found = parse_statements(yaml.safe_load(knowledge_text(edition)), edition)
    assert found.faults == ()
    return dict(found.statements)


def source_text(edition: str) -> str:
    file = SHARED / "sources" / f"{edition}.txt"
    if not file.is_file():
        pytest.skip(f"needs ../shared/sources/{edition}.txt, which is not beside this copy")
    return file.read_text(encoding="utf-8")


def squeezed(text: str) -> str:
    """Without spaces, line breaks and hyphens, which a page breaks words with."""
    return re.sub(r"[\s\-‐‑‒–−•]+", "", text).lower()


# ---------------------------------------------------------------------------------------- against the sources


@pytest.mark.parametrize("edition", EDITIONS)
def test_each_file_is_without_faults_and_holds_each_id_once(edition: str):
    held = statements_of(edition)
    written = re.findall(r"^  (\S+):$", knowledge_text(edition), re.M)
    assert written == list(held)  # YAML would let a second S3-001 silently replace the first
    assert {one.source for one in held.values()} == {edition}


@pytest.mark.slow
def test_every_statement_of_the_list_is_held_with_its_kind():
    file = SHARED / "guidance" / "statements.csv"
    if not file.is_file():
        pytest.skip("needs ../shared/guidance/statements.csv, which is not beside this copy")
    with file.open(encoding="utf-8", newline="") as lines:
        listed = {row["id"]: row["kind"] for row in csv.DictReader(lines)}
    held = {name: one.kind for edition in EDITIONS for name, one in statements_of(edition).items()}
    assert len(listed) == 225
    assert {name: held.get(name) for name in listed} == listed


@pytest.mark.parametrize("edition", EDITIONS[:3])
def test_the_words_of_each_statement_stand_in_its_source(edition: str):
    page = squeezed(source_text(edition))
    absent = [name for name, one in statements_of(edition).items() if squeezed(one.words) not in page]
    without = [name for name, one in statements_of(edition).items() if not one.words]
    assert absent == []
    assert without in ([], ["S0-043"])  # our reading of the tables as a whole, and said so


@pytest.mark.parametrize("edition", EDITIONS[:3])
def test_the_numerals_of_each_figure_stand_together_and_in_order_in_the_source(edition: str):
    page = source_text(edition).replace("\n", " ")
    for name, one in statements_of(edition).items():
        for figure in one.figures:
            assert in_order(NUMERAL.findall(figure), page), f"{name}: {figure}"


def in_order(numerals: list[str], page: str) -> bool:
    for start in re.finditer(rf"(?<![\d.]){re.escape(numerals[0])}(?!\.?\d)", page) if numerals else ():
        at = start.end()
        for one in numerals[1:]:
            found = re.compile(rf"(?<![\d.]){re.escape(one)}(?!\.?\d)").search(page, at, start.start() + WINDOW)
            if found is None:
                break
            at = found.end()
        else:
            return True
    return not numerals


def test_a_changed_digit_or_order_would_be_seen():
    page = "HR 0.55, 95% CI 0.30–0.99, P = 0.045 in the unmatched cohort"
    assert in_order(["0.55", "0.30", "0.99"], page)
    assert not in_order(["0.5", "0.30"], page)
    assert not in_order(["0.99", "0.30"], page)


def test_the_figures_of_the_literature_are_the_verified_ones():
    file = SHARED / "guidance" / "knowledge.md"
    if not file.is_file():
        pytest.skip("needs ../shared/guidance/knowledge.md, which is not beside this copy")
    verified = set(NUMERAL.findall(file.read_text(encoding="utf-8").replace(",", ", ")))
    for name, one in statements_of("literature").items():
        for figure in one.figures:
            loose = [numeral for numeral in NUMERAL.findall(figure.replace(",", ", ")) if numeral not in verified]
            assert loose == [], f"{name}: {figure}"


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_printed_defect_stands_anywhere(edition: str):
    whole = knowledge_text(edition)
    assert [one for one in DEFECTS if one in whole] == []


@pytest.mark.slow
def test_a_statement_that_must_not_be_quoted_says_why_and_no_number():
    silent = [one for edition in EDITIONS for one in statements_of(edition).values() if one.do_not_quote]
    assert sorted(one.id for one in silent) == ["S0-023", "S2-067", "S2-103", "S2-105", "S2-111", "S3-055"]
    for one in silent:
        assert one.figures == ()
        assert not NUMERAL.search(one.text + one.population + one.action)


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_statement_holds_numbers_in_its_figures_only(edition: str):
    for name, one in statements_of(edition).items():
        loose = NUMERAL.findall(NAMES.sub("", f"{one.text} {one.population} {one.action}"))
        assert loose == [], name


# ---------------------------------------------------------------------------------------- strength by the verb


@pytest.mark.parametrize("edition", EDITIONS[:3])
def test_no_strength_is_above_the_verb(edition: str):
    """By a reading of its own: the weakest directive word within the quoted words bounds the strength."""
    for name, one in statements_of(edition).items():
        words = one.words.lower()
        if re.search(r"\bmay\b|might", words):
            assert TIER[one.strength] <= 1, name
        elif "considered" in words:
            assert TIER[one.strength] <= 2, name
        elif TIER[one.strength] >= 2:
            asks = r"recommended|essential|indicated|requires|necessary|should|crucial|assess|first-line|preferred"
            assert re.search(asks, words), name


def test_what_a_cohort_did_is_never_stronger_than_an_observation():
    for name, one in (statements_of("intrathecal-outcomes-2023") | statements_of("mri-phenotypes-2021")).items():
        if one.kind in ("workup", "protocol", "safety"):
            assert one.strength in ("option_observational", "note"), name


def test_the_literature_asks_for_nothing():
    assert {one.strength for one in statements_of("literature").values()} == {"note"}


# ---------------------------------------------------------------------------------------- refusals


def good() -> dict[str, Any]:
    return copy.deepcopy(
        {
            "source": yaml.safe_load(knowledge_text("management-of-neurolupus-2025"))["source"],
            "statements": {
                "X-1": {
                    "kind": "recommendation",
                    "text": "Rituximab should be considered.",
                    "population": "refractory disease",
                    "action": "consider rituximab",
                    "strength": "consider",
                    "section": "Refractory",
                    "locator": "bullet 1",
                    "words": "should be considered",
                    "rests_on": "[1]",
                    "primary": "unresolved",
                }
            },
        }
    )


def faults(data: Any) -> tuple[str, ...]:
    return parse_statements(data, "x/statements.yaml").faults


def test_a_good_file_has_no_fault():
    assert faults(good()) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "advise"}, "kind 'advise' is none of recommendation, workup"),
        ({"strength": "strong"}, "strength 'strong' is none of recommended, should"),
        ({"locator": ""}, "lacks locator"),
        ({"text": None}, "lacks text"),
        ({"colour": "red"}, "unknown colour; known are kind, text"),
        ({"figures": "70%"}, "figures are '70%'; a list of texts is needed"),
        ({"figures": [70]}, "figures are [70]; a list of texts is needed"),
        ({"strength": "recommended"}, "is 'recommended', but its words 'should be considered' hold no such verb"),
        ({"strength": "may"}, "is 'may', but its words 'should be considered' hold no such verb"),
        ({"do_not_quote": "wrong", "figures": ["46%"]}, "must not be quoted and holds figures ['46%']"),
        ({"do_not_quote": "wrong", "text": "It is 46."}, "must not be quoted; its text holds a number"),
    ],
)
def test_one_fault_of_a_statement(change: dict[str, Any], told: str):
    data = good()
    data["statements"]["X-1"] |= change
    assert len(faults(data)) == 1
    assert told in faults(data)[0]
    assert faults(data)[0].startswith("x/statements.yaml: X-1")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"review_by": "2027"}, "review_by is '2027'; a day such as 2025-10-28 is needed"),
        ({"date": "28.10.2025"}, "date is '28.10.2025'; a day, month or year such as 2025-10 is needed"),
        ({"kind": "guideline"}, "kind 'guideline' is none of secondary_guide, cohort_study, literature"),
        ({"disclaimer": ""}, "lacks disclaimer"),
        ({"valid_from": date(2030, 1, 1)}, "is not after valid_from 2030-01-01"),
    ],
)
def test_one_fault_of_a_source(change: dict[str, Any], told: str):
    data = good()
    data["source"] |= change
    assert len(faults(data)) == 1
    assert told in faults(data)[0]
    assert parse_statements(data, "x").source is None


def test_all_faults_are_told_at_once():
    data = good()
    data["source"]["date"] = "soon"
    data["statements"]["X-1"]["kind"] = "advise"
    data["statements"]["X-2"] = ["no mapping"]
    data["extra"] = 1
    assert len(faults(data)) == 4


@pytest.mark.parametrize("data", [None, [], "text", {"source": {}}, {"statements": []}])
def test_what_is_no_file_of_statements(data: Any):
    assert faults(data) == ("x/statements.yaml: a mapping with source: and statements: is needed",)
