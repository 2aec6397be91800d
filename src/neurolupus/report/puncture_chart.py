"""Lumbar punctures in series: opening pressure, protein and white cells against time, with intrathecal injections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from neurolupus.records.clinical.quantities import ProteinConcentration
from neurolupus.report.charts import Scale, tag
from neurolupus.report.timeline import ticks

WIDTH, LEFT, RIGHT, HEIGHT, GAP, AXIS = 460.0, 46.0, 14.0, 96.0, 30.0, 26.0
_CLOSE = 62.0  # labels of the axis of time nearer than this are left out


@dataclass(frozen=True, slots=True)
class Puncture:
    """One lumbar puncture; None is unknown.

    Attributes
    ----------
    when : date
    pressure_mmH2O, protein_g_per_L, white_cells : float or None
        White cells in 10⁶/L.
    """

    when: date
    pressure_mmH2O: float | None  # noqa: N815 - the unit as it is written
    protein_g_per_L: float | None  # noqa: N815 - the unit as it is written
    white_cells: float | None


def punctures_of(record: Mapping[str, Any]) -> tuple[Puncture, ...]:
    """The lumbar punctures of a record's plain values, by date."""
    found = []
    for one in record.get("lumbar_punctures") or ():
        csf = one.get("csf") or {}
        protein = ProteinConcentration(**(csf.get("protein") or {})).g_per_L
        found.append(
            Puncture(
                date.fromisoformat(one["date"]), csf.get("opening_pressure_mmH2O"), protein, csf.get("wbc_10e6_per_L")
            )
        )
    return tuple(sorted(found, key=lambda one: one.when))


def injections_of(record: Mapping[str, Any]) -> tuple[date, ...]:
    """The days of intrathecal injections."""
    return tuple(sorted(date.fromisoformat(one["date"]) for one in record.get("intrathecal_sessions") or ()))


def puncture_chart(
    punctures: Sequence[Puncture], injections: Sequence[date], *, limits: Mapping[str, float] | None = None
) -> Markup:
    """One panel for each quantity that is known; empty where there is none.

    Parameters
    ----------
    punctures : sequence of Puncture
        By date.
    injections : sequence of date
        Drawn as lines through every panel.
    limits : mapping of quantity to float or None
        Above which a value is raised, by the knowledge base; drawn as a broken line.
    """
    panels = [
        (name, words, unit, [(one.when, getattr(one, name)) for one in punctures if getattr(one, name) is not None])
        for name, words, unit in _QUANTITIES
    ]
    panels = [one for one in panels if one[3]]
    if not panels:
        return Markup("")
    days = [*(one.when for one in punctures), *injections]
    first, last = min(days).toordinal(), max(days).toordinal()
    room = max((last - first) * 0.04, 4.0)
    time = Scale(first - room, last + room, LEFT, WIDTH - RIGHT)
    parts: list[Markup] = []
    for number, (name, words, unit, values) in enumerate(panels):
        top = number * (HEIGHT + GAP) + 22
        parts += _panel(top, f"{words}, {unit}", values, time, (limits or {}).get(name))
    bottom = len(panels) * (HEIGHT + GAP) - GAP + 22
    lines = [
        tag("line", tag("title", f"Intrathecal injection {day}"), x1=time(day.toordinal()), x2=time(day.toordinal()),
            y1=22.0, y2=bottom, class_="injection")
        for day in injections
    ]  # fmt: skip
    title = f"{len(punctures)} lumbar punctures and {len(injections)} intrathecal injections; the table lists them"
    content = Markup("").join((tag("title", title), *lines, *parts, *_axis(time, bottom)))
    return tag("svg", content, viewBox=f"0 0 {WIDTH:.0f} {bottom + AXIS:.0f}", class_="chart punctures", role="img")


_QUANTITIES = (
    ("pressure_mmH2O", "Opening pressure", "mmH₂O"),
    ("protein_g_per_L", "Protein", "g/L"),
    ("white_cells", "White cells", "10⁶/L"),
)


def _panel(
    top: float, label: str, values: Sequence[tuple[date, float]], time: Scale, limit: float | None
) -> list[Markup]:
    most = max([value for _, value in values] + ([limit] if limit is not None else [])) or 1.0
    up = Scale(0.0, most * 1.15, top + HEIGHT, top)
    points = [(time(day.toordinal()), up(value), day, value) for day, value in values]
    parts = [tag("text", label, x=0.0, y=top - 8, class_="strong")]
    for tick in up.ticks(3):
        parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=up(tick), y2=up(tick), class_="grid"))
        parts.append(tag("text", f"{tick:g}", x=LEFT - 8, y=up(tick) + 4, text_anchor="end", class_="tick"))
    if limit is not None:
        words = tag("title", f"raised above {limit:g}")
        parts.append(tag("line", words, x1=LEFT, x2=WIDTH - RIGHT, y1=up(limit), y2=up(limit), class_="cut"))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in points)
    parts.append(tag("polyline", points=path, class_="course"))
    for x, y, day, value in points:
        parts.append(tag("circle", tag("title", f"{day}: {value:g}"), cx=x, cy=y, r=4.5, class_="value"))
    return parts


def _axis(time: Scale, bottom: float) -> list[Markup]:
    parts, before = [], -_CLOSE
    for day, label in ticks(date.fromordinal(int(time.low)), date.fromordinal(int(time.high) + 1)):
        x = time(day.toordinal())
        if LEFT <= x <= WIDTH - RIGHT and x - before >= _CLOSE:
            parts.append(tag("text", label, x=x, y=bottom + 18, text_anchor="middle", class_="tick"))
            before = x
    return parts
