"""Distributions: histogram beside Q–Q plot, bars by group, values before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurolupus.report.study_figure_style import COLOURS, LINE, QUIET, colour, new_drawing, shortened
from neurolupus.study.results.figures import BarFigure, DistributionFigure, PairedFigure, PairedPanel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing


def draw_distributions(figure: DistributionFigure) -> Drawing:
    """Per panel a histogram and a Q–Q plot, two panels in a row."""
    columns = 2 if len(figure.panels) > 1 else 1
    lines = -(-len(figure.panels) // columns)
    drawing = new_drawing(3.9 * columns, 1.75 * lines + 0.25)
    grid = np.atleast_2d(drawing.subplots(lines, 2 * columns, squeeze=False))
    for axes in grid.flat[2 * len(figure.panels) :]:
        axes.set_axis_off()
    for i, panel in enumerate(figure.panels):
        left, right = grid[i // columns, 2 * (i % columns)], grid[i // columns, 2 * (i % columns) + 1]
        edges = np.asarray(panel.edges)
        left.bar(
            edges[:-1], panel.counts, np.diff(edges), align="edge", color=COLOURS[2], ec="white", lw=0.5, alpha=0.85
        )
        left.set_title(shortened(panel.title, 26), fontsize=8.5)
        left.tick_params(labelsize=7)
        left.locator_params(nbins=4)
        _qq(right, panel.theoretical, panel.observed)
    drawing.tight_layout(pad=0.5, w_pad=0.9, h_pad=0.9)
    return drawing


def _qq(axes: Axes, theoretical: tuple[float, ...], observed: tuple[float, ...]) -> None:
    """Points near the line through the quartiles are near a normal distribution."""
    axes.tick_params(labelsize=7)
    axes.locator_params(nbins=4)
    if len(observed) < 4:
        return
    quartiles = np.percentile(theoretical, [25, 75]), np.percentile(observed, [25, 75])
    span = quartiles[0][1] - quartiles[0][0]
    slope = (quartiles[1][1] - quartiles[1][0]) / span if span else 0.0
    middle = quartiles[1][0] - slope * quartiles[0][0]
    ends = np.array([min(theoretical), max(theoretical)])
    axes.plot(ends, middle + slope * ends, color=COLOURS[1], lw=1)
    axes.plot(theoretical, observed, "o", ms=2, color=COLOURS[0], alpha=0.7, mew=0)
    axes.set_title("Q–Q, normal", fontsize=8.5, fontweight="normal", color=QUIET)


def draw_bars(figure: BarFigure) -> Drawing:
    """Bars of the groups side by side; lying down where names are long."""
    n, groups = len(figure.categories), len(figure.series)
    thick = 0.8 / groups
    size = (6.2, max(1.6, 0.14 * n * (groups + 0.8) + 0.8)) if figure.is_horizontal else (max(3.6, 0.55 * n + 1.2), 2.8)
    drawing = new_drawing(*size)
    axes = drawing.subplots()
    for j, series in enumerate(figure.series):
        places = np.arange(n) + (j - (groups - 1) / 2) * thick
        draw = axes.barh if figure.is_horizontal else axes.bar
        draw(places, series.values, thick * 0.94, color=colour(j), label=series.label)
    if figure.is_horizontal:
        axes.set_yticks(range(n), [shortened(name, 44) for name in figure.categories])
        axes.invert_yaxis()
        axes.set_xlabel(figure.axis)
        axes.tick_params(axis="y", length=0, labelsize=8)
    else:
        axes.set_xticks(range(n), figure.categories)
        axes.set_ylabel(figure.axis)
    if groups > 1:
        axes.legend(loc="lower right" if figure.is_horizontal else "upper right")
    drawing.tight_layout()
    return drawing


def draw_pairs(figure: PairedFigure) -> Drawing:
    """Each patient as a thin line, the medians as a thick one."""
    n = len(figure.panels)
    drawing = new_drawing(3.5 * n, 3.0)
    for axes, panel in zip(np.atleast_1d(drawing.subplots(1, n)), figure.panels, strict=True):
        _pairs(axes, panel, figure.labels)
    drawing.tight_layout(w_pad=1.6)
    return drawing


def _pairs(axes: Axes, panel: PairedPanel, labels: tuple[str, str]) -> None:
    from matplotlib.collections import LineCollection

    ticks, names = [], []
    for j, group in enumerate(panel.groups):
        x = 2.6 * j, 2.6 * j + 1
        ticks += list(x)
        names += list(labels)
        lines = [[(x[0], b), (x[1], a)] for b, a in zip(group.before, group.after, strict=True)]
        axes.add_collection(LineCollection(lines, colors=LINE, linewidths=0.6, zorder=1))
        middle = (float(np.median(group.before)), float(np.median(group.after))) if group.before else None
        if middle:
            axes.plot(x, middle, "-o", color=colour(j), lw=2.2, ms=5, zorder=3)
        words = f"{shortened(group.label, 24)}\nn = {len(group.before)}" + (f"\n{group.text}" if group.text else "")
        axes.text(sum(x) / 2, 1.02, words, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=8)
    axes.autoscale_view()
    axes.set_xlim(-0.5, ticks[-1] + 0.5)
    axes.set_xticks(ticks, names)
    axes.set_ylabel(panel.axis)
    axes.set_title(panel.title, pad=46)
    if panel.text:
        axes.text(0.5, -0.17, panel.text, transform=axes.transAxes, ha="center", va="top", fontsize=8, color=QUIET)
