"""The signed minutes of a consensus meeting as PDF: the decision as it was signed, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

INK, QUIET, LINE, ACCENT = (HexColor(one) for one in ("#17212b", "#5a6773", "#c9d0d6", "#1f6f8b"))
NORMAL, BOLD = "DejaVuSans", "DejaVuSans-Bold"
MARGIN = 20 * mm
WIDTH = A4[0] - 2 * MARGIN - 12  # a frame has 6 points of its own at either side
NOT_A_DEVICE = "neurolupus advises clinicians; it is no medical device. The decision is the meeting's."


def minutes_pdf(
    *,
    title: str,
    parts: Sequence[tuple[str, Sequence[tuple[str, str]]]],
    signature: Mapping[str, str],
    sha256: str,
    knowledge: str,
) -> bytes:
    """The PDF.

    Parameters
    ----------
    title : str
    parts : sequence of (heading, rows of (label, text))
        All of it is text; nothing in it is read as markup.
    signature : mapping of label to text
        Who signed and when.
    sha256 : str
        Of the decision's content; on every page.
    knowledge : str
        Hash of the knowledge base that lay before the meeting; on every page.
    """
    _register()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=26 * mm,
        title=title, author="neurolupus", subject=f"SHA-256 {sha256}", invariant=1, lang="en-GB",
    )  # fmt: skip
    story: list[Flowable] = [Paragraph(escape(title), _style(17, bold=True, after=10))]
    for heading, rows in parts:
        if rows:
            story.append(
                KeepTogether([Paragraph(escape(heading), _style(11, bold=True, before=10, after=4)), _table(rows[:1])])
            )
            story += [_table([row]) for row in rows[1:]]
    story.append(KeepTogether([Spacer(1, 8 * mm), _signed(signature)]))
    document.build(story, canvasmaker=_canvas_of(sha256, knowledge))
    return buffer.getvalue()


def _table(rows: Sequence[tuple[str, str]]) -> Table:
    cells = [[_words(label, _style(9, colour=QUIET)), _words(text, _style(10))] for label, text in rows]
    made = Table(cells, colWidths=[42 * mm, WIDTH - 42 * mm], splitInRow=1, hAlign="LEFT")
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )  # fmt: skip
    return made


def _signed(signature: Mapping[str, str]) -> Table:
    made = Table(
        [[_words(f"{label}: {text}", _style(10))] for label, text in signature.items()],
        colWidths=[WIDTH],
        hAlign="LEFT",
    )
    made.setStyle(TableStyle([("BOX", (0, 0), (-1, -1), 0.8, ACCENT), ("LEFTPADDING", (0, 0), (-1, -1), 8)]))
    return made


def _words(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text).replace("\n", "<br/>"), style)


def _style(
    size: float, *, bold: bool = False, colour: HexColor = INK, before: float = 0, after: float = 0
) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}{bold}{colour}{before}{after}", fontName=BOLD if bold else NORMAL, fontSize=size, leading=size * 1.4,
        textColor=colour, spaceBefore=before, spaceAfter=after, splitLongWords=1,
    )  # fmt: skip


@cache
def _register() -> None:
    """Fonts that can show what clinicians write; the ones that matplotlib brings along, embedded in the file."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name in (NORMAL, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(NORMAL, normal=NORMAL, bold=BOLD, italic=NORMAL, boldItalic=BOLD)


def _canvas_of(sha256: str, knowledge: str) -> type[Canvas]:
    """A canvas that writes the foot of each page once the number of pages is known."""

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, state in enumerate(self._pages, 1):
                self.__dict__.update(state)
                self._foot(number)
                super().showPage()
            super().save()

        def _foot(self, number: int) -> None:
            self.setFont(NORMAL, 7)
            self.setFillColor(QUIET)
            lines = (NOT_A_DEVICE, f"Decision, SHA-256 {sha256}", f"Knowledge base {knowledge}")
            for row, line in enumerate(lines):
                self.drawString(MARGIN, 18 * mm - row * 3.4 * mm, line)
            self.drawRightString(A4[0] - MARGIN, 18 * mm, f"Page {number} of {len(self._pages)}")

    return Numbered
