"""All tables of a study as one Word document, ready to be edited into a manuscript."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from neurolupus.report.study_figures import SYNTHETIC
from neurolupus.report.study_page import headings
from neurolupus.study.results import Cell, ResultTable, StudyResults

if TYPE_CHECKING:
    from docx.document import Document

WIDE_FROM = 7  # columns; such a table lies on a page turned sideways
_EPOCH = (1980, 1, 1, 0, 0, 0)


def study_docx(results: StudyResults) -> bytes:
    """The document: one table to a page section, notes under it; the same results give the same bytes."""
    import docx

    document = docx.Document()
    _style(document)
    document.core_properties.title = results.title
    document.core_properties.author = ""
    document.core_properties.comments = SYNTHETIC if results.is_synthetic else ""
    if results.is_synthetic:
        _label(document.sections[0].header.paragraphs[0])
    document.add_heading(results.title, level=1)
    for number, table in enumerate(results.tables):
        _orient(document, wide=len(table.columns) >= WIDE_FROM, is_first=number == 0)
        _table(document, table)
    stream = io.BytesIO()
    document.save(stream)
    return _timeless(stream.getvalue())


def _style(document: Document) -> None:
    from docx.shared import Pt

    style: Any = document.styles["Normal"]
    style.font.name = "Calibri"
    style.font.size = Pt(9)
    style.paragraph_format.space_after = Pt(2)


def _label(paragraph: Any) -> None:
    from docx.shared import RGBColor

    run = paragraph.add_run(SYNTHETIC)
    run.bold = True
    run.font.color.rgb = RGBColor(0xA8, 0x32, 0x1F)


def _orient(document: Document, *, wide: bool, is_first: bool) -> None:
    from docx.enum.section import WD_ORIENT, WD_SECTION
    from docx.shared import Cm

    section = document.sections[-1] if is_first else document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    long, short = Cm(29.7), Cm(21.0)
    section.page_width, section.page_height = (long, short) if wide else (short, long)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Cm(1.8))


def _table(document: Document, table: ResultTable) -> None:
    document.add_heading(table.title, level=2)
    over = headings(table.columns)
    top = 2 if over else 1
    width = len(table.columns)
    made = document.add_table(rows=top + len(table.rows), cols=width)
    made.style = document.styles["Table Grid"]
    grid: Any = made._cells  # the public cell() walks the whole table each time
    if over:
        place = 0
        for heading in over:
            first = grid[place]
            if heading.width > 1:
                first = first.merge(grid[place + heading.width - 1])
            _write(first, Cell(heading.text, strong=True), "number" if heading.text else "text", centre=True)
            place += heading.width
    for j, column in enumerate(table.columns):
        _write(grid[(top - 1) * width + j], Cell(column.title, strong=True), column.kind)
    for i, row in enumerate(table.rows):
        start = (top + i) * width
        if row.is_heading:
            merged = grid[start].merge(grid[start + width - 1]) if width > 1 else grid[start]
            _write(merged, Cell(row.cells[0].text, strong=True), "text")
            continue
        for j, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
            text = "\u2003" * row.indent + cell.text if j == 0 else cell.text
            _write(grid[start + j], Cell(text, strong=cell.strong), column.kind)
    for line in made.rows[:top]:
        _repeat(line)
    for note in table.notes:
        document.add_paragraph(note).runs[0].italic = True


def _write(cell: Any, what: Cell, kind: str, *, centre: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph = cell.paragraphs[0]
    run = paragraph.add_run(what.text)
    run.bold = what.strong or None
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    elif kind == "number":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _repeat(row: Any) -> None:
    """Print this line again at the top of each page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _timeless(data: bytes) -> bytes:
    """The same archive with every date set to the first that a ZIP file knows."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(zipfile.ZipInfo(item.filename, _EPOCH), old.read(item), zipfile.ZIP_DEFLATED)
    return out.getvalue()
