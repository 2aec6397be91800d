"""The look of every figure of a study: quiet axes, legible type, colours that any colour vision tells apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

# Okabe and Ito (2008), without yellow, which is too pale for lines on white
COLOURS = ("#4d5b69", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9")
CONTROL, EXPOSED = COLOURS[0], COLOURS[1]
INK, QUIET, LINE, PALE = "#17212b", "#5a6773", "#c9d0d6", "#eef1f3"

STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same on every machine
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.labelsize": 9.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",  # words stay words: searched, read out, edited
    "pdf.fonttype": 42,
    "path.simplify": True,
    "text.parse_math": False,  # a dollar sign is a dollar sign
}


def new_drawing(width: float, height: float) -> Drawing:
    """An empty drawing of so many inches."""
    from matplotlib.figure import Figure as Drawing

    return Drawing(figsize=(width, height))


def colour(index: int) -> str:
    """The colour of the group with this number; colours repeat after six."""
    return COLOURS[index % len(COLOURS)]


def bare(axes: Axes) -> None:
    """Take every line and tick off the axes."""
    axes.set_axis_off()


def shortened(text: str, width: int) -> str:
    """Words cut to a length, with an ellipsis where some were cut.

    Examples
    --------
    >>> shortened("Acute confusional state", 8)
    'Acute c…'
    """
    return text if len(text) <= width else text[: width - 1] + "…"
