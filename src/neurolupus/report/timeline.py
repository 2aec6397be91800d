"""A patient's dated facts on a time line, drawn: events, lumbar punctures, injections, scans, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from neurolupus.guidelines.scores.syndromes import LABELS
from neurolupus.report.charts import Scale, tag

WIDTH, LEFT, RIGHT, ROW, LANE_GAP, AXIS = 960.0, 130.0, 20.0, 22.0, 12.0, 30.0
LETTER = 6.7  # mean width of a letter of 13 units, measured in a browser
LANES = ("Visits", "Events", "Lumbar punctures", "Intrathecal", "MRI", "Decisions", "Course")
_SHORTEST_DAYS = 60
_FEW_DAYS = 112
_SAID_BELOW = {"Lumbar punctures": "pressure, mmH₂O"}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, or is known, with its day where that is known.

    Attributes
    ----------
    lane : str
        One of LANES.
    when : date or None
    label : str
    detail : str
        Further words for the table.
    """

    lane: str
    when: date | None
    label: str
    detail: str = ""


def moments_of(record: Mapping[str, Any]) -> tuple[Moment, ...]:
    """What a record's plain values date, and the events without a date."""
    found = [
        Moment("Events", _day(one.get("date")), LABELS[one["syndrome"]], _marked(one))
        for one in record.get("events") or ()
    ]
    for one in record.get("lumbar_punctures") or ():
        csf = one.get("csf") or {}
        found.append(Moment("Lumbar punctures", _day(one["date"]), _pressure(csf), _protein(csf)))
    for one in record.get("intrathecal_sessions") or ():
        doses = [f"{name} {one[key]:g} mg" for key, name in _DRUGS.items() if one.get(key)]
        found.append(Moment("Intrathecal", _day(one["date"]), "", ", ".join(doses)))
    for part, name, lane, label in _SINGLE:
        when = (record.get(part) or {}).get(name)
        if when:
            found.append(Moment(lane, _day(when), label))
    follow_up = record.get("follow_up") or {}
    found += [Moment("Course", _day(one["date"]), "Relapse") for one in follow_up.get("relapses") or ()]
    if follow_up.get("death"):
        found.append(Moment("Course", _day(follow_up["death"].get("date")), "Death"))
    return tuple(found)


_DRUGS = {"methotrexate_mg": "methotrexate", "dexamethasone_mg": "dexamethasone"}
_SINGLE = (
    ("mri", "date", "MRI", "MRI"),
    ("discharge", "admitted", "Course", "Admission"),
    ("discharge", "date", "Course", "Discharge"),
    ("follow_up", "last_contact", "Course", "Last contact"),
)


def timeline(moments: Sequence[Moment]) -> Markup:
    """The dated moments, drawn; empty where none is dated."""
    dated = sorted((one for one in moments if one.when is not None), key=lambda one: (one.when, one.label))
    if not dated:
        return Markup("")
    first, last = _range([one.when for one in dated if one.when is not None])
    scale = Scale(first.toordinal(), last.toordinal(), LEFT + 8, WIDTH - RIGHT - 8)
    parts, top = [], 8.0
    for lane in LANES:
        rows = _rows([one for one in dated if one.lane == lane], scale)
        if not rows:
            continue
        parts.append(tag("text", lane, x=0.0, y=top + 15, class_="lane"))
        if lane in _SAID_BELOW:
            parts.append(tag("text", _SAID_BELOW[lane], x=0.0, y=top + 28, class_="tick"))
        for number, row in enumerate(rows):
            y = top + number * ROW + 11
            parts += [mark for one, x, side in row for mark in _mark(one, x, y, side)]
        top += len(rows) * ROW + LANE_GAP + (8 if lane in _SAID_BELOW else 0)
        parts.append(tag("line", x1=0.0, x2=WIDTH, y1=top - LANE_GAP / 2, y2=top - LANE_GAP / 2, class_="grid"))
    grid = [part for at, label in ticks(first, last) for part in _tick(scale(at.toordinal()), top, label)]
    title = f"Time line from {dated[0].when} to {dated[-1].when}: {len(dated)} dated entries; a table lists them"
    content = Markup("").join((tag("title", title), *grid, *parts))
    return tag("svg", content, viewBox=f"0 0 {WIDTH:.0f} {top + AXIS:.0f}", class_="chart timeline", role="img")


def ticks(first: date, last: date) -> list[tuple[date, str]]:
    """Where the axis is labelled: years, quarters, months or days, at most twelve.

    Examples
    --------
    >>> [label for _, label in ticks(date(2024, 11, 20), date(2025, 4, 10))]
    ['Dec 2024', 'Jan 2025', 'Feb', 'Mar', 'Apr']
    """
    if (last - first).days < _FEW_DAYS:
        step = next(n for n in (1, 2, 7, 14) if (last - first).days / n <= 8)
        days = [first + timedelta(days=n) for n in range(1, (last - first).days) if n % step == 0]
        return [(one, f"{one.day} {one:%b}" + f" {one.year}" * (not number)) for number, one in enumerate(days)]
    months = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, 13)
        if first <= date(year, month, 1) <= last
    ]
    step = next((n for n in (1, 3, 6, 12, 24, 60, 120, 240) if len(months) / n <= 12), 480)
    chosen = [one for one in months if (one.year * 12 + one.month - 1) % step == 0]
    if step >= 12:
        return [(one, str(one.year)) for one in chosen]
    return [
        (one, one.strftime("%b %Y" if number == 0 or one.month <= step else "%b")) for number, one in enumerate(chosen)
    ]


def _range(days: Sequence[date]) -> tuple[date, date]:
    """From the first to the last day with room at both ends."""
    first, last = min(days), max(days)
    room = max((last - first).days * 0.04, (_SHORTEST_DAYS - (last - first).days) / 2, 3)
    return first - timedelta(days=room), last + timedelta(days=room)


def _rows(moments: Sequence[Moment], scale: Scale) -> list[list[tuple[Moment, float, str]]]:
    """Moments in as few rows as their words allow; words go to the left of a mark where the right has no room."""
    rows: list[list[tuple[Moment, float, str]]] = []
    ends: list[float] = []
    for one in moments:
        assert one.when is not None
        x, width = scale(one.when.toordinal()), len(one.label) * LETTER + 24 if one.label else 8.0
        side = "start" if x + width <= WIDTH else "end"
        low, high = (x - 8, x + width) if side == "start" else (x - width, x + 8)
        row = next((number for number, end in enumerate(ends) if end <= low), len(rows))
        if row == len(rows):
            rows.append([])
            ends.append(0.0)
        rows[row].append((one, x, side))
        ends[row] = high
    return rows


def _mark(one: Moment, x: float, y: float, side: str) -> list[Markup]:
    kind = one.lane.lower().replace(" ", "-")
    title = tag("title", " · ".join(part for part in (str(one.when), one.label, one.detail) if part))
    found = [tag("circle", title, cx=x, cy=y, r=5.5, class_=f"moment {kind}")]
    if one.label:
        dx = 10 if side == "start" else -10
        found.append(tag("text", one.label, x=x + dx, y=y + 4.5, text_anchor=side, class_="label"))
    return found


def _tick(x: float, top: float, label: str) -> list[Markup]:
    line = tag("line", x1=x, x2=x, y1=4.0, y2=top + 4, class_="grid")
    return [line, tag("text", label, x=x, y=top + 20, text_anchor="middle", class_="tick")]


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def _marked(event: Mapping[str, Any]) -> str:
    names = {"severe_organ_threatening": "severe", "refractory": "refractory", "relapse": "relapse"}
    return ", ".join(word for name, word in names.items() if event.get(name))


def _pressure(csf: Mapping[str, Any]) -> str:
    found = csf.get("opening_pressure_mmH2O")
    return "" if found is None else f"{found:g}"


def _protein(csf: Mapping[str, Any]) -> str:
    one = csf.get("protein") or {}
    return f"protein {one['value']:g} {one.get('unit', '')}".strip() if one.get("value") is not None else ""
