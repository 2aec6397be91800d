"""Each column of volumes.tsv stands in the reference page, word for word, and in the glossary."""

import re
from collections.abc import Callable

import pytest

from neurolupus.records.dictionary import BOUNDED, DICTIONARY
from neurolupus.records.measurement import Definition

PAGE = "docs/reference/volumes-table.md"


@pytest.mark.parametrize("definition", DICTIONARY, ids=lambda definition: definition.name)
def test_the_page_says_what_the_dictionary_says(definition: Definition, page: Callable[[str], str]) -> None:
    rows = [line for line in page(PAGE).splitlines() if line.startswith(f"| `{definition.name}` |")]
    assert len(rows) == 1
    _, unit, interval, *meaning = [cell.strip() for cell in re.split(r"(?<!\\)\|", rows[0].strip("|"))]
    assert unit == (definition.unit or "–")
    assert (interval == "yes") == (definition.name in BOUNDED)
    assert " ".join(meaning).replace(r"\|", "|") == definition.description


def test_the_columns_stand_in_the_order_of_the_table(page: Callable[[str], str]) -> None:
    assert re.findall(r"^\| `(\w+)` \|", page(PAGE), re.MULTILINE) == [definition.name for definition in DICTIONARY]


@pytest.mark.parametrize("definition", DICTIONARY, ids=lambda definition: definition.name)
def test_the_glossary_leads_to_each_column(definition: Definition, page: Callable[[str], str]) -> None:
    assert f"`{definition.name}`" in page("GLOSSARY.md")


def test_the_glossary_is_alphabetical_and_names_the_code(page: Callable[[str], str]) -> None:
    entries = re.split(r"^\*\*", page("GLOSSARY.md"), flags=re.MULTILINE)[1:]
    terms = [entry.partition(".**")[0] for entry in entries]
    assert len(terms) > 60
    assert [t.lower() for t in terms] == sorted(t.lower() for t in terms)
    assert [term for term, entry in zip(terms, entries, strict=True) if "In the code:" not in entry] == []
