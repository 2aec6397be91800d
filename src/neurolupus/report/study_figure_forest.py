"""Forest plots: estimates as squares, intervals as lines, the numbers written beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from neurolupus.report.study_figure_style import INK, LINE, QUIET, new_drawing, shortened
from neurolupus.study.results.figures import ForestFigure, ForestPanel, ForestRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

ROW_INCH, LABEL_INCH, NUMBERS_INCH, PLOT_INCH, COUNT_INCH = 0.23, 2.3, 1.9, 2.7, 0.95
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
WIDEST = (0.02, 50.0)  # intervals beyond are drawn as arrows


def draw_forest(figure: ForestFigure) -> Drawing:
    """One block of rows per panel, below one another, on a common axis."""
    counts = COUNT_INCH if figure.n_heading else 0.0
    width = LABEL_INCH + counts + PLOT_INCH + NUMBERS_INCH
    heights = [len(panel.rows) * ROW_INCH + 0.36 for panel in figure.panels]
    bottom = 0.62 if figure.lower_is or figure.higher_is else 0.5
    total = sum(heights) + bottom
    drawing = new_drawing(width, total)
    limits = _limits(figure)
    y = total
    for i, (panel, height) in enumerate(zip(figure.panels, heights, strict=True)):
        y -= height
        box = ((LABEL_INCH + counts) / width, y / total, PLOT_INCH / width, (height - 0.3) / total)
        axes = drawing.add_axes(box)
        _panel(axes, figure, panel, limits, is_last=i == len(figure.panels) - 1)
    return drawing


def _panel(axes: Axes, figure: ForestFigure, panel: ForestPanel, limits: tuple[float, float], *, is_last: bool) -> None:
    n = len(panel.rows)
    axes.set_ylim(n - 0.4, -0.6)
    if figure.is_ratio:
        axes.set_xscale("log")
    axes.set_xlim(*limits)
    null = 1.0 if figure.is_ratio else 0.0
    axes.axvline(null, color=QUIET, lw=0.9, zorder=1)
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    _ticks(axes, figure, limits, is_last=is_last)
    left = -(LABEL_INCH + (COUNT_INCH if figure.n_heading else 0)) / PLOT_INCH
    blend = axes.get_yaxis_transform()
    place: dict[str, Any] = {"transform": blend, "va": "center", "clip_on": False}
    axes.text(left, -1.05, panel.title, ha="left", fontweight="bold", fontsize=9, **place)
    axes.text(
        1.04, -1.05, f"{figure.axis.split(',')[0]} ({figure.ci})", ha="left", fontweight="bold", fontsize=8, **place
    )
    axes.text(1.04 + 1.62 / PLOT_INCH, -1.05, "p", ha="left", fontweight="bold", fontsize=8, style="italic", **place)
    if figure.n_heading:
        axes.text(-0.06, -1.05, figure.n_heading, ha="right", fontweight="bold", fontsize=8, **place)
    for i, row in enumerate(panel.rows):
        _row(axes, row, i, limits, left)


def _row(axes: Axes, row: ForestRow, i: int, limits: tuple[float, float], left: float) -> None:
    blend = axes.get_yaxis_transform()
    place: dict[str, Any] = {"transform": blend, "va": "center", "clip_on": False, "fontsize": 8.3}
    indent = 0.0 if row.is_heading else 0.03
    weight = "bold" if row.is_heading else "normal"
    axes.text(
        left + indent, i, shortened(row.label, 60 if row.is_heading else 38), ha="left", fontweight=weight, **place
    )
    if row.is_heading:
        return
    axes.text(-0.06, i, row.n_text, ha="right", color=QUIET, **place)
    axes.text(1.04, i, row.text, ha="left", **place)
    axes.text(1.04 + 1.62 / PLOT_INCH, i, row.p_text, ha="left", **place)
    if row.estimate is None or row.ci_low is None or row.ci_high is None:
        return
    low, high = max(row.ci_low, limits[0]), min(row.ci_high, limits[1])
    if low < high:
        axes.plot([low, high], [i, i], color=INK, lw=1.1, solid_capstyle="butt", zorder=2)
    for end, is_cut, sign in ((limits[0], row.ci_low < limits[0], "<"), (limits[1], row.ci_high > limits[1], ">")):
        if is_cut:
            axes.plot([end], [i], marker=sign, color=INK, ms=4.5, clip_on=False, zorder=3)
    if limits[0] <= row.estimate <= limits[1]:
        axes.plot([row.estimate], [i], marker="s", color="#0072b2", ms=5, zorder=3)


def _limits(figure: ForestFigure) -> tuple[float, float]:
    """The axis: as wide as the intervals, but not wider than a reader can use."""
    rows = [row for panel in figure.panels for row in panel.rows if row.estimate is not None]
    ends = [x for row in rows for x in (row.ci_low, row.ci_high) if x is not None and math.isfinite(x)]
    if not figure.is_ratio:
        low, high = min([*ends, 0.0]), max([*ends, 0.0])
        edge = (high - low or 1.0) * 0.05
        return low - edge, high + edge
    ends = [x for x in ends if x > 0] + [0.5, 2.0]
    low, high = max(min(ends), WIDEST[0]), min(max(ends), WIDEST[1])
    return low * 0.9, high * 1.1


def _ticks(axes: Axes, figure: ForestFigure, limits: tuple[float, float], *, is_last: bool) -> None:
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    if figure.is_ratio:
        wide = limits[1] / limits[0] > 400
        shown = [t for t in TICKS if limits[0] <= t <= limits[1] and not (wide and str(t).strip("0.")[0] in "25")]
        axes.xaxis.set_major_locator(FixedLocator(shown))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xticklabels([f"{t:g}" for t in shown])
    if not is_last:
        axes.tick_params(axis="x", labelbottom=False, length=0)
        axes.spines["bottom"].set_color(LINE)
        return
    axes.set_xlabel(figure.axis)
    for x, text, side in ((0.0, figure.lower_is, "left"), (1.0, figure.higher_is, "right")):
        if text:
            arrow = f"← {text}" if side == "left" else f"{text} →"
            axes.annotate(
                arrow, (x, 0), (0, -38), xycoords="axes fraction", textcoords="offset points", ha=side, va="top",
                fontsize=7.8, color=QUIET,
            )  # fmt: skip
