"""Kaplan–Meier and cumulative incidence curves with intervals, censoring marks and numbers at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurolupus.report.study_figure_style import QUIET, colour, new_drawing, shortened
from neurolupus.study.results.figures import KaplanMeierFigure, StepCurve, SurvivalPanel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

PANEL_WIDTH, PANEL_HEIGHT, RISK_ROW_INCH = 3.5, 2.6, 0.19
LEFT_INCH, GAP_INCH, TOP_INCH, BOTTOM_INCH = 1.15, 1.15, 0.42, 0.5


def draw_survival(figure: KaplanMeierFigure) -> Drawing:
    """Two panels in a row, each with its table of numbers at risk below."""
    columns = min(len(figure.panels), 2)
    lines = -(-len(figure.panels) // columns)
    risk = (max(len(panel.curves) for panel in figure.panels) + 1) * RISK_ROW_INCH + 0.1
    width = columns * PANEL_WIDTH + LEFT_INCH + (columns - 1) * GAP_INCH + 0.15
    each = TOP_INCH + PANEL_HEIGHT + BOTTOM_INCH + risk
    drawing = new_drawing(width, each * lines)
    total = each * lines
    for i, panel in enumerate(figure.panels):
        column, line = i % columns, i // columns
        left = LEFT_INCH + column * (PANEL_WIDTH + GAP_INCH)
        bottom = total - line * each - TOP_INCH - PANEL_HEIGHT
        axes = drawing.add_axes((left / width, bottom / total, PANEL_WIDTH / width, PANEL_HEIGHT / total))
        _curves(axes, figure, panel)
        _at_risk(axes, panel)
    return drawing


def _curves(axes: Axes, figure: KaplanMeierFigure, panel: SurvivalPanel) -> None:
    for i, curve in enumerate(panel.curves):
        _curve(axes, curve, colour(i), is_incidence=figure.is_incidence)
    axes.set_xlim(0, panel.risk_times[-1] if panel.risk_times else None)
    top = _top(panel) if figure.is_incidence else 1.0
    axes.set_ylim(0, top * 1.02)
    if not figure.is_incidence:
        axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.set_xticks(panel.risk_times)
    axes.set_xticklabels([f"{t:g}" for t in panel.risk_times])
    axes.set_title(panel.title)
    axes.set_xlabel(figure.time_axis)
    axes.set_ylabel(figure.value_axis)
    axes.legend(
        loc="upper left" if figure.is_incidence else "lower left",
        bbox_to_anchor=(0.0, 1.0 if figure.is_incidence else 0.1),
        handlelength=1.6,
        borderaxespad=0.2,
        labelspacing=0.35,
    )
    if panel.text:
        y, va = (0.62, "top") if figure.is_incidence else (0.03, "bottom")
        axes.text(0.02, y, panel.text, transform=axes.transAxes, fontsize=8.3, va=va, color=QUIET)


def _curve(axes: Axes, curve: StepCurve, shade: str, *, is_incidence: bool) -> None:
    start = 0.0 if is_incidence else 1.0
    times, values = [0.0, *curve.times], [start, *curve.values]
    style = "-" if curve.style == "solid" else (0, (4, 2))
    axes.step(times, values, where="post", color=shade, label=shortened(curve.label, 34), ls=style)
    if curve.ci_low:
        low, high = [start, *curve.ci_low], [start, *curve.ci_high]
        axes.fill_between(times, low, high, step="post", color=shade, alpha=0.13, lw=0)
    if curve.censored_at:
        import numpy as np

        where = np.searchsorted(np.asarray(times), np.asarray(curve.censored_at), side="right") - 1
        axes.plot(curve.censored_at, np.asarray(values)[where], "|", color=shade, ms=4, mew=0.7, alpha=0.8)


def _top(panel: SurvivalPanel) -> float:
    highest = max((max(c.ci_high or c.values, default=0.1) for c in panel.curves), default=0.1)
    return min(1.0, max(0.1, highest * 1.25))


def _at_risk(axes: Axes, panel: SurvivalPanel) -> None:
    if not panel.risk_times or not any(curve.at_risk for curve in panel.curves):
        return
    blend = axes.get_xaxis_transform()
    y = -(BOTTOM_INCH + 0.08) / PANEL_HEIGHT
    axes.text(0, y, "Number at risk", transform=axes.transAxes, fontsize=8, color=QUIET, va="center")
    for i, curve in enumerate(panel.curves):
        y -= RISK_ROW_INCH / PANEL_HEIGHT
        axes.text(
            -0.08, y, shortened(curve.label, 18), transform=axes.transAxes, fontsize=8, ha="right", va="center",
            color=colour(i),
        )  # fmt: skip
        for time, count in zip(panel.risk_times, curve.at_risk, strict=False):
            axes.text(time, y, str(count), transform=blend, fontsize=8, ha="center", va="center")
