"""The flow diagram: who was screened, who left and why, who stayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurolupus.report.study_figure_style import INK, PALE, QUIET, new_drawing
from neurolupus.study.results.figures import FlowBox, FlowFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

LINE_INCH, PAD_INCH, GAP_INCH = 0.17, 0.11, 0.34
MAIN_WIDTH, SIDE_WIDTH, SIDE_GAP = 2.9, 2.9, 0.35
WRAP = 40


def draw_flow(figure: FlowFigure) -> Drawing:
    """The diagram; height follows the number of steps."""
    plan = _Plan(figure)
    drawing = new_drawing(plan.width, plan.height)
    axes = drawing.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, plan.width)
    axes.set_ylim(plan.height, 0)
    axes.set_axis_off()
    plan.draw(axes)
    return drawing


class _Plan:
    """Where every box goes, in inches from the top left."""

    def __init__(self, figure: FlowFigure) -> None:
        self.figure = figure
        row = max(len(figure.groups), 1)
        self.group_width = max(2.2, min(MAIN_WIDTH, 7.0 / row - 0.2))
        groups_wide = row * (self.group_width + 0.2) - 0.2
        has_side = any(step.excluded for step in figure.steps)
        self.left = max(0.0, groups_wide / 2 - MAIN_WIDTH / 2)
        flow_wide = self.left + MAIN_WIDTH + (SIDE_GAP + SIDE_WIDTH if has_side else 0)
        self.width = max(flow_wide, groups_wide) + 0.04
        self.middle = self.left + MAIN_WIDTH / 2 + 0.02
        self.height = self._height()

    def _height(self) -> float:
        total = _height(self.figure.start)
        for step in self.figure.steps:
            total += _step_gap(step.excluded) + _height(step.remaining)
        if self.figure.groups:
            total += 2 * GAP_INCH + max(_height(box) for box in self.figure.groups)
        if any(self.figure.subgroups):
            total += GAP_INCH + max(_height(box, self._wrap(row)) for row in self.figure.subgroups for box in row)
        return total + 0.04

    def _part_width(self, parts: tuple[FlowBox, ...]) -> float:
        return self.group_width / max(len(parts), 1) - 0.06

    def _wrap(self, parts: tuple[FlowBox, ...]) -> int:
        return max(12, int(self._part_width(parts) * 13))

    def draw(self, axes: Axes) -> None:
        y = 0.02
        y = self._box(axes, self.figure.start, self.middle, y, MAIN_WIDTH)
        for step in self.figure.steps:
            gap = _step_gap(step.excluded)
            _arrow(axes, (self.middle, y), (self.middle, y + gap))
            if step.excluded is not None:
                left = self.middle + MAIN_WIDTH / 2 + SIDE_GAP
                height = _height(step.excluded)
                top = y + (gap - height) / 2
                _arrow(axes, (self.middle, y + gap / 2), (left, y + gap / 2))
                self._box(axes, step.excluded, left + SIDE_WIDTH / 2, top, SIDE_WIDTH, face="white")
            y = self._box(axes, step.remaining, self.middle, y + gap, MAIN_WIDTH)
        self._groups(axes, y)

    def _groups(self, axes: Axes, y: float) -> None:
        boxes = self.figure.groups
        if not boxes:
            return
        pitch = self.group_width + 0.2
        centres = [self.middle + (i - (len(boxes) - 1) / 2) * pitch for i in range(len(boxes))]
        turn, top = y + GAP_INCH, y + 2 * GAP_INCH
        axes.plot([self.middle, self.middle], [y, turn], color=QUIET, lw=1)
        axes.plot([centres[0], centres[-1]], [turn, turn], color=QUIET, lw=1)
        for i, (box, x) in enumerate(zip(boxes, centres, strict=True)):
            _arrow(axes, (x, turn), (x, top))
            bottom = self._box(axes, box, x, top, self.group_width)
            parts = self.figure.subgroups[i] if i < len(self.figure.subgroups) else ()
            width = self._part_width(parts)
            for j, part in enumerate(parts):
                centre = x + (j - (len(parts) - 1) / 2) * (width + 0.06)
                _arrow(axes, (centre, bottom), (centre, bottom + GAP_INCH))
                self._box(axes, part, centre, bottom + GAP_INCH, width, wrap=self._wrap(parts))

    def _box(
        self, axes: Axes, box: FlowBox, x: float, top: float, width: float, face: str = PALE, wrap: int = WRAP
    ) -> float:
        """Draw a box and return where it ends."""
        from matplotlib.patches import FancyBboxPatch

        lines, height = _lines(box, wrap), _height(box, wrap)
        style = "round,pad=0,rounding_size=0.05"
        axes.add_patch(FancyBboxPatch((x - width / 2, top), width, height, boxstyle=style, fc=face, ec=QUIET, lw=0.8))
        y = top + PAD_INCH + LINE_INCH / 2
        for i, line in enumerate(lines):
            bold = "bold" if i < len(lines) - _tail(box, wrap) else "normal"
            axes.text(x, y, line, ha="center", va="center", fontsize=8.3, fontweight=bold, color=INK)
            y += LINE_INCH
        return top + height


def _lines(box: FlowBox, wrap: int) -> list[str]:
    kept = f"(n\u00a0=\u00a0{box.n})"  # no break inside
    return _wrapped(f"{box.label} {kept}", wrap) + _small(box, wrap)


def _wrapped(text: str, wrap: int) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > wrap:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _small(box: FlowBox, wrap: int) -> list[str]:
    return [part for line in box.lines for part in _wrapped(line, wrap + 6)]


def _tail(box: FlowBox, wrap: int) -> int:
    return len(_small(box, wrap))


def _height(box: FlowBox, wrap: int = WRAP) -> float:
    return len(_lines(box, wrap)) * LINE_INCH + 2 * PAD_INCH


def _step_gap(excluded: FlowBox | None) -> float:
    return 2 * GAP_INCH if excluded is None else max(2 * GAP_INCH, _height(excluded) + 0.16)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": QUIET, "lw": 1, "shrinkA": 0, "shrinkB": 0}
    )
