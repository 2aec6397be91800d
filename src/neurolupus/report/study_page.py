"""The report of a study: one HTML file with every table, every figure as SVG, methods, checklist and provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from neurolupus.report.pages import render_fragment, render_page, write_page
from neurolupus.report.study_figures import SYNTHETIC, DrawnFigure, inline_svg
from neurolupus.report.study_methods import study_methods
from neurolupus.study.results import Block, Caution, Column, ResultSection, ResultTable, StudyResults
from neurolupus.study.results.figures import Figure


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading over `width` columns; empty where columns have none in common."""

    text: str
    width: int


def write_study_page(
    path: Path, results: StudyResults, drawn: Mapping[str, DrawnFigure], facts: Sequence[tuple[str, str]] = ()
) -> None:
    """Write the report.

    Parameters
    ----------
    path : Path
        The HTML file; replaced when it exists.
    results : StudyResults
    drawn : mapping of figure id to DrawnFigure
        Every figure of the results.
    facts : sequence of (name, value)
        What the results were made from and with, for the foot of the page.
    """
    page = render_page(
        "study.html.j2",
        results=results,
        sections=[(section, section_body(section, drawn)) for section in results.sections],
        warnings=by_place(results.warnings),
        methods=study_methods(results.methods),
        facts=facts,
        synthetic=SYNTHETIC,
    )
    write_page(path, page)


def section_body(section: ResultSection, drawn: Mapping[str, DrawnFigure]) -> Markup:
    """One section as HTML: sentences, tables and figures in order."""
    return Markup("\n").join(_block(block, drawn) for block in section.blocks)


def _block(block: Block, drawn: Mapping[str, DrawnFigure]) -> Markup:
    if isinstance(block, str):
        return render_fragment("study_block.html.j2", kind="text", text=block)
    if isinstance(block, ResultTable):
        return render_fragment(
            "study_block.html.j2", kind="table", table=block, headings=headings(block.columns), wide=len(block.columns)
        )
    return render_fragment("study_block.html.j2", kind="figure", figure=block, svg=_svg(block, drawn))


def _svg(figure: Figure, drawn: Mapping[str, DrawnFigure]) -> Markup:
    return Markup(inline_svg(drawn[figure.id], figure.title))  # noqa: S704 - drawn by us, words escaped by the SVG


def headings(columns: Sequence[Column]) -> tuple[Heading, ...]:
    """The upper line of headings; empty when no column has one.

    Examples
    --------
    >>> headings([Column("", "text"), Column("n", span="Full"), Column("p", span="Full")])
    (Heading(text='', width=1), Heading(text='Full', width=2))
    """
    if not any(column.span for column in columns):
        return ()
    runs: list[Heading] = []
    for column in columns:
        if runs and column.span and runs[-1].text == column.span:
            runs[-1] = Heading(column.span, runs[-1].width + 1)
        else:
            runs.append(Heading(column.span, 1))
    return tuple(runs)


def by_place(cautions: Sequence[Caution]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The warnings under the part of the study they belong to, in order of first appearance."""
    places: dict[str, list[str]] = {}
    for caution in cautions:
        places.setdefault(caution.where, []).append(caution.text)
    return tuple((place, tuple(texts)) for place, texts in places.items())
