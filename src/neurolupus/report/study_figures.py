"""Figures of a study as SVG, PDF and PNG: the only plotting of studies. The same data give the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neurolupus.report import study_figure_balance as balance
from neurolupus.report import study_figure_distribution as distribution
from neurolupus.report import study_figure_flow as flow
from neurolupus.report import study_figure_forest as forest
from neurolupus.report import study_figure_survival as survival
from neurolupus.report.study_figure_style import STYLE
from neurolupus.study.results import figures as specs

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

SYNTHETIC = "SYNTHETIC DATA: simulated patients"
PNG_DOTS_PER_INCH = 200
MARGIN_INCH = 0.08

_DRAW: dict[type, Callable[[Any], Drawing]] = {
    specs.FlowFigure: flow.draw_flow,
    specs.ForestFigure: forest.draw_forest,
    specs.KaplanMeierFigure: survival.draw_survival,
    specs.LoveFigure: balance.draw_love,
    specs.OverlapFigure: balance.draw_overlap,
    specs.DistributionFigure: distribution.draw_distributions,
    specs.BarFigure: distribution.draw_bars,
    specs.PairedFigure: distribution.draw_pairs,
}
# no dates and no versions: the same figure gives the same bytes
_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@dataclass(frozen=True, slots=True)
class DrawnFigure:
    """One figure in the three formats; the SVG keeps its words as words."""

    id: str
    svg: bytes
    pdf: bytes
    png: bytes


def draw_figure(figure: specs.Figure, *, is_synthetic: bool = False) -> DrawnFigure:
    """The figure in every format.

    Parameters
    ----------
    figure : a figure of `neurolupus.study.results.figures`
    is_synthetic : bool
        Say in the figure that its patients are simulated.
    """
    import matplotlib

    style: Any = {**STYLE, "svg.hashsalt": figure.id}
    with matplotlib.rc_context(style):
        drawing = _DRAW[type(figure)](figure)
        if is_synthetic:
            _label_synthetic(drawing)
        box = _outline(drawing)
        svg, pdf, png = (_saved(drawing, kind, box) for kind in ("svg", "pdf", "png"))
        return DrawnFigure(figure.id, svg, pdf, png)


def _label_synthetic(drawing: Drawing) -> None:
    """Write the label into a margin of its own above the figure."""
    height = drawing.get_size_inches()[1]
    drawing.text(
        0.5, 1 + 0.06 / height, SYNTHETIC, ha="center", va="bottom", fontsize=8, color="#a8321f", fontweight="bold"
    )


def _outline(drawing: Drawing) -> Any:
    """The box around everything drawn, in inches, with a margin; found once for all formats."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(drawing).get_renderer()
    return drawing.get_tightbbox(renderer).padded(MARGIN_INCH)


def _saved(drawing: Drawing, kind: str, box: Any) -> bytes:
    stream = io.BytesIO()
    options: dict[str, Any] = {"dpi": PNG_DOTS_PER_INCH} if kind == "png" else {}
    drawing.savefig(
        stream,
        format=kind,
        bbox_inches=box,
        metadata=_METADATA[kind],
        facecolor="white",
        **options,
    )
    return stream.getvalue()


def inline_svg(drawn: DrawnFigure, alt: str) -> str:
    """The SVG for a page: without XML preamble, its ids made its own, a size that follows the page, words for readers.

    Parameters
    ----------
    alt : str
        What is read out instead of the picture.
    """
    from html import escape

    text = drawn.svg.decode("utf-8")
    text = text[text.index("<svg") :]
    prefix = re.sub(r"[^A-Za-z0-9_-]", "-", drawn.id)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', text)
    head, _, rest = text.partition(">")
    width = re.search(r'viewBox="0 0 ([\d.]+)', head)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    points = float(width.group(1)) if width else 480.0
    style = f"width:100%;max-width:{points * 4 / 3:.0f}px;height:auto"
    return f'{head} role="img" aria-label="{escape(alt, quote=True)}" style="{style}">{rest}'
