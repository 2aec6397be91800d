from neurolupus.report.citations import CITATIONS
from neurolupus.report.methods import MethodsFacts, methods


def test_methods_cite_in_order_and_name_the_threshold():
    paragraph = methods(MethodsFacts("9.9", wmh_threshold=0.3, flair_dim="2D"))
    numbers = [n for s in paragraph.sentences for n in s.numbers]
    assert list(dict.fromkeys(numbers)) == list(range(1, len(paragraph.references) + 1))
    assert paragraph.references[0].key == "inglese2021"
    assert "at least 0.3" in paragraph.plain_text
    assert "2D FLAIR" in paragraph.plain_text
    assert "neurolupus 9.9" in paragraph.plain_text
    assert {c.key for c in paragraph.references} == set(CITATIONS)


def test_methods_without_flair_claim_no_lesions():
    paragraph = methods(MethodsFacts("9.9", has_flair=False))
    assert "No FLAIR was available" in paragraph.plain_text
    assert {"mattes2003", "chard2010", "duering2023"}.isdisjoint(c.key for c in paragraph.references)
    assert "0.2" not in paragraph.plain_text


def test_citations_are_dois():
    for citation in CITATIONS.values():
        assert citation.url == f"https://doi.org/{citation.doi}"
        assert citation.doi.startswith("10.")
