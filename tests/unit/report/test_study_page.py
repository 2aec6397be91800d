"""The page and the document hold every table, say synthetic where it is, and let no words of the data run."""

import io
import re
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest
from docx import Document

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

import a_study

from neurolupus.report.study_citations import STUDY_CITATIONS
from neurolupus.report.study_docx import study_docx
from neurolupus.report.study_figures import SYNTHETIC, draw_figure
from neurolupus.report.study_methods import study_methods
from neurolupus.report.study_page import headings, write_study_page
from neurolupus.study.results import Column, MethodsPart

drawing = cache(draw_figure)


def page_of(results, tmp_path):
    path = tmp_path / "report.html"
    drawn = {figure.id: drawing(figure, is_synthetic=results.is_synthetic) for figure in results.figures}
    write_study_page(path, results, drawn, (("Seed", "1"),))
    return path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_shows_tables_figures_warnings_methods_checklist_and_provenance(tmp_path):
    page = page_of(a_study.some_results(), tmp_path)
    for words in ("12 (6.2)", "<svg", "3 of 10 variables", "J R Stat Soc B 1972", "Numbers at each stage", "Seed"):
        assert words in page
    assert SYNTHETIC not in page


@pytest.mark.slow
def test_a_page_of_simulated_patients_says_so_at_the_top_in_the_title_and_in_figures(tmp_path):
    page = page_of(a_study.some_results(synthetic=True), tmp_path)
    assert page.index(SYNTHETIC) < page.index("<table")
    assert "<title>SYNTHETIC" in page
    assert page.count(SYNTHETIC) >= 3


def test_the_page_loads_nothing_and_runs_nothing(tmp_path):
    hostile = a_study.a_table(a_study.HOSTILE, a_study.HOSTILE)
    page = page_of(a_study.some_results(table=hostile), tmp_path)
    assert "<script" not in page
    links = re.findall(r'(?:src|href)="([^"#][^"]*)"', page)
    assert all(link.startswith("https://doi.org/") for link in links)


def test_the_document_holds_the_tables_and_their_notes():
    document = Document(io.BytesIO(study_docx(a_study.some_results())))
    (table,) = document.tables
    assert [cell.text for cell in table.rows[1].cells] == ["", "Control", "p"]
    assert table.rows[3].cells[2].text == "0.042"
    assert "Values are n (%)." in [p.text for p in document.paragraphs]


def test_the_document_says_synthetic_on_every_page():
    document = Document(io.BytesIO(study_docx(a_study.some_results(synthetic=True))))
    assert SYNTHETIC in document.sections[0].header.paragraphs[0].text


def test_the_document_is_the_same_twice():
    first, second = study_docx(a_study.some_results()), study_docx(a_study.some_results())
    assert first == second
    assert zipfile.ZipFile(io.BytesIO(first)).testzip() is None


def test_headings_over_columns_are_joined_where_they_are_alike():
    columns = [Column(""), Column("a", span="x"), Column("b", span="x"), Column("c"), Column("d", span="x")]
    assert [(h.text, h.width) for h in headings(columns)] == [("", 1), ("x", 2), ("", 1), ("x", 1)]
    assert headings([Column("a")]) == ()


def test_citations_are_numbered_in_the_order_of_their_first_use():
    methods = study_methods([MethodsPart("One.", ("cox1972",)), MethodsPart("Two.", ("efron1977", "cox1972"))])
    assert methods.plain_text == "One [1]. Two [2, 1]."
    assert [c.key for c in methods.references] == ["cox1972", "efron1977"]


def test_a_paper_that_is_not_known_is_refused():
    with pytest.raises(KeyError):
        study_methods([MethodsPart("One.", ("nobody1900",))])


@pytest.mark.parametrize("citation", STUDY_CITATIONS.values(), ids=lambda c: c.key)
def test_every_paper_has_a_doi_and_its_year_in_the_key(citation):
    assert citation.doi.startswith("10.")
    assert citation.key[-4:] in citation.journal
