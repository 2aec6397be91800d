"""Balance: the love plot of standardised differences, and the overlap of propensity scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurolupus.report.study_figure_style import CONTROL, EXPOSED, LINE, PALE, QUIET, colour, new_drawing, shortened
from neurolupus.study.results.figures import LoveFigure, OverlapFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

MARKS = ("o", "s", "D", "^", "v", "P")


def draw_love(figure: LoveFigure) -> Drawing:
    """Every baseline variable on a line of its own, sorted as given; a star marks those in the score."""
    n = len(figure.rows)
    height = max(1.6, 0.2 * n + 0.95)
    drawing = new_drawing(6.2, height)
    axes = drawing.add_axes((0.4, 0.55 / height, 0.56, (height - 0.9) / height))
    axes.axvspan(0, figure.limit, color=PALE, zorder=0, lw=0)
    axes.axvline(0, color=QUIET, lw=0.8)
    for i, row in enumerate(figure.rows):
        shown = [abs(v) for v in row.values if v is not None]
        if shown:
            axes.plot([min(shown), max(shown)], [i, i], color=LINE, lw=1.2, zorder=1)
    for j, cohort in enumerate(figure.cohorts):
        places = [(abs(v), i) for i, row in enumerate(figure.rows) if (v := row.values[j]) is not None]
        x, y = ([p[k] for p in places] for k in (0, 1))
        hollow: dict[str, Any] = {"mfc": "white"} if j == 0 else {}
        axes.plot(x, y, MARKS[j % len(MARKS)], color=colour(j), ms=5, label=cohort, zorder=2 + j, **hollow)
    axes.set_ylim(n - 0.4, -0.6)
    axes.set_yticks(range(n))
    axes.set_yticklabels([shortened(row.label, 36) + (" *" if row.is_in_score else "") for row in figure.rows])
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(left=0)
    axes.set_xlabel("Absolute standardised mean difference")
    is_long = sum(len(name) for name in figure.cohorts) > 52
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.25, 1.0), ncols=2 if is_long else 4, columnspacing=1.2, handletextpad=0.3
    )
    return drawing


def draw_overlap(figure: OverlapFigure) -> Drawing:
    """Exposed upwards, controls downwards, in common bins."""
    n = len(figure.panels)
    drawing = new_drawing(3.2 * n + 0.4, 2.7)
    edges = np.asarray(figure.edges)
    highest = max((max(*p.exposed, *p.control) for p in figure.panels), default=1.0)
    all_axes = np.atleast_1d(drawing.subplots(1, n, sharey=True))
    for axes, panel in zip(all_axes, figure.panels, strict=True):
        axes.bar(edges[:-1], panel.exposed, np.diff(edges), align="edge", color=EXPOSED, ec="white", lw=0.4)
        axes.bar(
            edges[:-1], -np.asarray(panel.control), np.diff(edges), align="edge", color=CONTROL, ec="white", lw=0.4
        )
        axes.axhline(0, color="white", lw=1.2)
        axes.set_title(panel.title)
        axes.set_xlabel(figure.axis)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(-highest * 1.12, highest * 1.12)
        axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    first = all_axes[0]
    first.set_ylabel("Patients")
    for y, text, shade in ((0.97, figure.labels[1], EXPOSED), (0.03, figure.labels[0], CONTROL)):
        va = "top" if y > 0.5 else "bottom"
        first.text(0.02, y, text, transform=first.transAxes, color=shade, fontweight="bold", fontsize=8.5, va=va)
    drawing.tight_layout()
    return drawing
