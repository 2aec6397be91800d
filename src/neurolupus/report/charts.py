"""Charts as SVG written into the page: they take the page's colours, light or dark, and stay sharp in print.

A chart is 360 units wide, so that its words can be read on a telephone; pages set several side by side.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from neurolupus.report import wording
from neurolupus.report.content import Step, ThresholdPoint

WIDTH = 360.0
MOST_DOTS = 600  # of a strip plot; more lie on one another and make the page heavy


def tag(name: str, content: str | Markup = "", **attributes: str | float) -> Markup:
    """One SVG element; `class_` is class, `data_x` is data-x; words are escaped, Markup is not."""
    # plain joining: Markup.format takes ten times as long, and a page of 400 scans has 5 000 dots
    parts = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{parts}>{escape(content)}</{name}>")  # noqa: S704 - all that is not ours is escaped


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def _svg(height: float, label: str, *content: Markup, class_: str = "chart") -> Markup:
    return tag(
        "svg",
        Markup("").join((tag("title", label), *content)),
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        class_=class_,
        role="img",
    )


def _text(x: float, y: float, words: str, *, class_: str = "", anchor: str = "start") -> Markup:
    return tag("text", words, x=x, y=y, class_=class_, text_anchor=anchor)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to places along a chart; logarithmic when `log`, zeros then lie at `low`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Where a value lies."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log10(max(value, low)), math.log10(low), math.log10(high)
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def ticks(self, count: int = 4) -> tuple[float, ...]:
        """Round values between low and high."""
        if self.log:
            powers = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
            return tuple(10.0**p for p in powers)
        rough = (self.high - self.low) / count
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return tuple(n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1))


def scale_for(values: Sequence[float], start: float, end: float, *, log: bool = False, pad: float = 0.06) -> Scale:
    """A scale that holds all values with some room at either end."""
    if log:
        positive = [v for v in values if v > 0] or [0.1, 1.0]
        return Scale(
            10 ** math.floor(math.log10(min(positive))),
            10 ** math.ceil(math.log10(max(positive)) + 1e-6),
            start,
            end,
            log=True,
        )
    low, high = min(values), max(values)
    room = (high - low) * pad or abs(high) * 0.05 or 1.0
    return Scale(low - room, high + room, start, end)


def _axis(scale: Scale, y: float, top: float, count: int = 4) -> Markup:
    marks = []
    for tick in scale.ticks(count):
        x = scale(tick)
        marks.append(tag("line", x1=x, x2=x, y1=top, y2=y, class_="grid"))
        marks.append(_text(x, y + 14, f"{tick:g}", class_="tick", anchor="middle"))
    return Markup("").join(marks)


def volume_bar(tissue_ml: tuple[float, float, float]) -> Markup:
    """Grey matter, white matter and CSF as one bar of the intracranial volume."""
    total = sum(tissue_ml) or 1.0
    x, parts = 0.0, []
    for value, kind, label in zip(tissue_ml, ("gm", "wm", "csf"), ("Grey", "White", "CSF"), strict=True):
        width = WIDTH * value / total
        parts.append(tag("rect", x=x, y=0, width=max(width - 1.5, 0.5), height=18, rx=3, class_=f"fill-{kind}"))
        if width > 44:
            parts.append(_text(x + 1, 33, f"{label} {100 * value / total:.0f} %", class_="tick"))
        x += width
    return _svg(38, "Shares of grey matter, white matter and CSF", *parts, class_="chart bar")


def threshold_curve(curve: Sequence[ThresholdPoint], chosen: float, chosen_ml: float) -> Markup:
    """WMH volume over the threshold, the chosen one marked."""
    bottom, top = 168.0, 16.0
    x = Scale(0.1, 0.5, 34, WIDTH - 12)
    y = Scale(0.0, max([p.volume_ml for p in curve] + [chosen_ml, 0.05]) * 1.08, bottom, top)
    grid = []
    for tick in y.ticks(4):
        grid.append(tag("line", x1=34, x2=WIDTH - 12, y1=y(tick), y2=y(tick), class_="grid"))
        grid.append(_text(30, y(tick) + 4, f"{tick:g}", class_="tick", anchor="end"))
    for tick in (0.1, 0.2, 0.3, 0.4, 0.5):
        grid.append(_text(x(tick), bottom + 15, f"{tick:g}", class_="tick", anchor="middle"))
    points = " ".join(f"{x(p.threshold):.1f},{y(p.volume_ml):.1f}" for p in curve)
    marks = [
        tag("polygon", points=f"{x(0.1):.1f},{bottom} {points} {x(0.5):.1f},{bottom}", class_="area-wmh"),
        tag("polyline", points=points, class_="line-wmh"),
        _text(34, 10, "ml", class_="tick"),
        _text(WIDTH - 12, bottom + 30, "threshold", class_="tick", anchor="end"),
    ]
    if 0.1 <= chosen <= 0.5:
        at_end = chosen > 0.36
        marks += [
            tag("line", x1=x(chosen), x2=x(chosen), y1=y(chosen_ml), y2=bottom, class_="chosen"),
            tag("circle", cx=x(chosen), cy=y(chosen_ml), r=5, class_="dot-wmh"),
            _text(
                x(chosen) + (-9 if at_end else 9),
                y(chosen_ml) - 8,
                f"{wording.number_text(chosen_ml, 2)} ml at {chosen:g}",
                class_="strong",
                anchor="end" if at_end else "start",
            ),
        ]
    return _svg(bottom + 34, "WMH volume over the probability threshold", *grid, *marks)


def time_bars(steps: Sequence[Step]) -> Markup:
    """How long each step took."""
    longest = max((s.seconds for s in steps), default=1.0) or 1.0
    rows = []
    for n, step in enumerate(steps):
        y = 4 + n * 22
        width = max(150 * step.seconds / longest, 1.5)
        rows += [
            _text(0, y + 12, step.label, class_="label"),
            tag("rect", x=160, y=y + 2, width=width, height=12, rx=3, class_="fill-accent"),
            _text(160 + width + 6, y + 12, f"{step.seconds:.1f} s", class_="tick"),
        ]
    return _svg(8 + 22 * max(len(steps), 1), "Time of each step", *rows)


@dataclass(frozen=True, slots=True)
class Dot:
    """One scan in a strip plot."""

    key: str  # the same in every plot: what is highlighted together
    label: str
    value: float
    note: str = ""  # said behind the value


def fences(values: Sequence[float]) -> tuple[float, float] | None:
    """Tukey's fences: a quartile and a half outside the quartiles; None for fewer than five values."""
    if len(values) < 5:
        return None
    ordered = sorted(values)

    def quantile(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    first, third = quantile(0.25), quantile(0.75)
    reach = 1.5 * (third - first)
    return first - reach, third + reach


def outliers(dots: Sequence[Dot], *, log: bool = False) -> frozenset[str]:
    """Keys of the dots outside the fences; on a logarithmic scale zeros are left out."""
    used = {d.key: math.log10(d.value) if log else d.value for d in dots if not log or d.value > 0}
    limits = fences(list(used.values()))
    if limits is None:
        return frozenset()
    return frozenset(key for key, value in used.items() if not limits[0] <= value <= limits[1])


def _drawn(ordered: Sequence[Dot], far: Collection[str]) -> list[Dot]:
    """All dots when they are few; else the most extreme outliers and an even choice, by rank, of the others."""
    if len(ordered) <= MOST_DOTS:
        return list(ordered)
    outside = [place for place, dot in enumerate(ordered) if dot.key in far]
    outside.sort(key=lambda place: min(place, len(ordered) - 1 - place))
    inside = [place for place, dot in enumerate(ordered) if dot.key not in far]
    half = MOST_DOTS // 2
    chosen = outside[:half] + [inside[n * len(inside) // half] for n in range(half) if inside]
    return [ordered[place] for place in sorted(set(chosen))]


def strip_plot(
    title: str, unit: str, dots: Sequence[Dot], digits: int, *, log: bool = False, far: Collection[str] | None = None
) -> Markup:
    """All scans of a data set along one measure, the least first; those `far` are ringed, by default outside fences.

    Of more than 600 scans a part is drawn; median, fences and scale are those of all.
    """
    scale = scale_for([d.value for d in dots], 10, WIDTH - 10, log=log)
    far, middle = outliers(dots, log=log) if far is None else far, 46.0
    body = [_axis(scale, 74, 22)]
    ordered = sorted(dots, key=lambda d: (d.value, d.key))
    if ordered:
        median = ordered[len(ordered) // 2].value
        body.append(tag("line", x1=scale(median), x2=scale(median), y1=22, y2=70, class_="median"))
    lanes: list[float] = []
    for dot in _drawn(ordered, far):
        x = scale(dot.value)
        lane = next((n for n, last in enumerate(lanes) if x - last >= 7.5), len(lanes))
        if lane < len(lanes):
            lanes[lane] = x
        elif lane < 7:
            lanes.append(x)
        else:
            lane = min(range(7), key=lanes.__getitem__)
            lanes[lane] = x
        y = middle + (lane + 1) // 2 * 6.2 * (1 if lane % 2 else -1)
        words = f"{dot.label}: {wording.number_text(dot.value, digits)} {unit}".rstrip() + dot.note
        kind = "dot far" if dot.key in far else "dot"
        body.append(tag("circle", tag("title", words), cx=x, cy=y, r=3.6, class_=kind, data_scan=dot.key))
    heading = tag(
        "text",
        tag("tspan", title) + (tag("tspan", f"  {unit}", class_="tick") if unit else Markup("")),
        x=10,
        y=13,
        class_="strong",
        **{"xml:space": "preserve"},
    )
    return _svg(92, title, heading, *body, class_="chart strip")


@dataclass(frozen=True, slots=True)
class Pair:
    """Truth and measurement of one patient."""

    label: str
    truth: float
    measured: float
    low: float | None = None
    high: float | None = None


def dumbbells(title: str, pairs: Sequence[Pair], digits: int) -> Markup:
    """Truth (ring) and measurement (dot, with its interval) of each patient on one line."""
    ends = [v for p in pairs for v in (p.truth, p.measured, p.low, p.high) if v is not None]
    scale = scale_for(ends, 92, WIDTH - 10)
    bottom = 26 + 24.0 * len(pairs)
    body = [_axis(scale, bottom, 22, count=3), _text(0, 13, title, class_="strong")]
    for n, pair in enumerate(pairs):
        y = 36 + 24.0 * n
        words = f"{pair.label}: measured {wording.interval_text(pair.measured, pair.low, pair.high, digits)}, "
        words += f"truth {wording.number_text(pair.truth, digits)} ml"
        parts = [tag("title", words), _text(0, y + 4, pair.label, class_="label")]
        if pair.low is not None and pair.high is not None:
            parts.append(tag("line", x1=scale(pair.low), x2=scale(pair.high), y1=y, y2=y, class_="interval"))
        parts += [
            tag("line", x1=scale(pair.truth), x2=scale(pair.measured), y1=y, y2=y, class_="gap"),
            tag("circle", cx=scale(pair.truth), cy=y, r=5.5, class_="truth"),
            tag("circle", cx=scale(pair.measured), cy=y, r=3.6, class_="measured"),
        ]
        body.append(tag("g", Markup("").join(parts)))
    return _svg(bottom + 20, title, *body)
