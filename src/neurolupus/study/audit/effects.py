"""Estimates with limits: inside and in the middle of them, and their p-value from them, rounding taken into account."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scipy import special, stats

from neurolupus.stats.estimate import Estimate
from neurolupus.stats.sensitivity import Scale as EScale
from neurolupus.stats.sensitivity import e_value
from neurolupus.study.audit.cells import EffectCell
from neurolupus.study.audit.printed import Printed, PrintedP
from neurolupus.study.audit.published import PublishedEffects
from neurolupus.study.audit.results import Check, EValueRow, Recomputed, Size, Verdict, joined
from neurolupus.study.audit.schema import EffectRow

E_SCALES: dict[tuple[str, str], EScale] = {
    ("odds_ratio", "common"): "or_common", ("odds_ratio", "rare"): "or_rare",
    ("hazard_ratio", "common"): "hr_common", ("hazard_ratio", "rare"): "hr_rare",
    ("risk_ratio", "common"): "rr", ("risk_ratio", "rare"): "rr",
    ("rate_ratio", "common"): "rate_ratio", ("rate_ratio", "rare"): "rate_ratio",
}  # fmt: skip


TOUCHING = 1e-9  # 0.71 and 0.72 share only 0.715


def check_effects(effects: PublishedEffects) -> Iterator[Check]:
    """Every estimate of one table, then intervals that stand in it twice."""
    for name, cell in effects.cells.items():
        row = effects.written.rows[name]
        if _is_separated(cell, effects):
            yield _separation(name, cell, effects, row)
            continue
        yield _estimate(name, cell, effects, row)
        if cell.p_value is not None:
            yield _p_value(name, cell, cell.p_value, effects, row)
    yield from _used_twice(effects)


def e_values(effects: PublishedEffects) -> Iterator[EValueRow]:
    """The E-values of ratios that lie inside their limits."""
    if not effects.written.is_ratio:
        return
    scale = E_SCALES[effects.written.scale, effects.written.outcome]
    for name, cell in effects.cells.items():
        if _is_separated(cell, effects) or not cell.low.value <= cell.value.value <= cell.high.value:
            continue
        value, low, high = (math.log(one.value) for one in (cell.value, cell.low, cell.high))
        found = e_value(Estimate(name, value, low, high, math.nan, math.nan, math.nan), scale)
        yield EValueRow(effects.title, name, cell.text, found.point, found.limit, found.words)


def _is_separated(cell: EffectCell, effects: PublishedEffects) -> bool:
    is_zero = effects.written.is_ratio and min(cell.value.value, cell.low.value) == 0
    return is_zero or math.isinf(cell.high.value)


def _separation(name: str, cell: EffectCell, effects: PublishedEffects, row: EffectRow) -> Check:
    note = (
        "Separation: no event, or nothing but events, in one group. The likelihood has no maximum; the estimate, the "
        "interval and Wald's p-value are meaningless. Firth's method with profile-likelihood limits gives usable ones."
    )
    if cell.value.value > 0 and not math.isinf(cell.high.value):
        note = "A limit or estimate of 0 has no logarithm; it was rounded to 0 or there is separation."
    return Check(
        effects.title, name, "estimate in its CI", _told(cell), "cannot be recomputed", (), "", note, row.line, True
    )  # fmt: skip


def _told(cell: EffectCell) -> str:
    p = cell.p_value
    return cell.text + ("" if p is None else f", p {p.text if p.text[:1] in '<>' else '= ' + p.text}")


def _ends(number: Printed, *, is_ratio: bool) -> tuple[float, float, float]:
    """A printed number with the smallest and largest that are printed so, on the linear scale."""
    if not is_ratio:
        return number.value, number.low, number.high
    return tuple(math.log(max(x, 1e-12)) for x in (number.value, number.low, number.high))  # type: ignore[return-value]


def _estimate(name: str, cell: EffectCell, effects: PublishedEffects, row: EffectRow) -> Check:
    """Whether the estimate lies inside its limits and, for Wald limits, in the middle of them."""
    is_ratio = effects.written.is_ratio
    value, value_low, value_high = _ends(cell.value, is_ratio=is_ratio)
    low, low_low, low_high = _ends(cell.low, is_ratio=is_ratio)
    high, high_low, high_high = _ends(cell.high, is_ratio=is_ratio)
    back = math.exp if is_ratio else float
    middle = Recomputed(
        f"middle of the limits{' on the log scale' if is_ratio else ''}",
        back((low + high) / 2), back((low_low + high_low) / 2), back((low_high + high_high) / 2),
        fits=cell.value.meets(back((low_low + high_low) / 2), back((low_high + high_high) / 2)),
    )  # fmt: skip
    below = value < low and value_high <= low_low + TOUCHING
    outside = below or (value > high and value_low >= high_high - TOUCHING)
    verdict: Verdict
    size: Size = ""
    if outside:
        verdict, size = "disagrees", "conclusion"
        note = "The estimate lies outside its own interval."
    elif effects.written.limits == "other":
        verdict, note = "agrees", "Inside; limits of this kind need not be symmetric."
    elif middle.fits:
        verdict, note = "agrees" if cell.value.holds(middle.value) else "agrees within rounding", ""
    else:
        far = abs(value - (low + high) / 2) / ((high - low) / 2) if high > low else math.inf
        verdict, size = "disagrees", "number" if far > 0.1 else "last digit"
        note = (
            f"The limits have {middle.value:.{cell.value.decimals + 1}f} in their middle, not {cell.value.text}: "
            "one of the three is misprinted, or these are no Wald limits."
        )
    return Check(
        effects.title, name, "estimate in its CI", cell.text, verdict, (middle,), size, joined([note, row.note]),
        row.line,
    )  # fmt: skip


def _p_value(name: str, cell: EffectCell, p_value: PrintedP, effects: PublishedEffects, row: EffectRow) -> Check:
    """The p-value that estimate and width of the interval give, over everything that is printed so."""
    is_ratio = effects.written.is_ratio
    df = row.df if row.df is not None else effects.written.df
    value, value_low, value_high = _ends(cell.value, is_ratio=is_ratio)
    low, low_low, low_high = _ends(cell.low, is_ratio=is_ratio)
    high, high_low, high_high = _ends(cell.high, is_ratio=is_ratio)
    factor = 2 * _critical(effects.written.level, df)
    se, se_low, se_high = (high - low) / factor, max(high_low - low_high, 0.0) / factor, (high_high - low_low) / factor
    nearest = 0.0 if value_low <= 0 <= value_high else min(abs(value_low), abs(value_high))
    furthest = max(abs(value_low), abs(value_high))
    p = _tail(abs(value), se, df)
    least, most = _tail(furthest, se_low, df), _tail(nearest, se_high, df)
    fits = p_value.meets(least, most)
    method = "Wald z" if df is None else f"Wald t, {df:g} degrees of freedom"
    found = Recomputed(method, p, least, most, fits)
    verdict: Verdict = "agrees" if p_value.holds(p) else "agrees within rounding" if fits else "disagrees"
    if effects.written.limits == "other" and not fits:
        note = "Limits of this kind give a p-value only roughly."
        return Check(
            effects.title, name, "p-value from its CI", _told(cell), "cannot be recomputed", (found,), "", note,
            row.line,
        )  # fmt: skip
    interval_tells = _excludes(low_low, high_high, inner=(low_high, high_low))
    is_95 = effects.written.level == 0.95
    contradicts = interval_tells is not None and is_95 and p_value.is_significant not in (None, interval_tells)
    crosses = contradicts if interval_tells is not None and is_95 else _crosses(p_value, found)
    size: Size = "" if fits else "conclusion" if crosses else "number"
    # Were the estimate the misprint, and not a limit: the middle of the limits takes its place.
    centre = abs(low + high) / 2
    from_middle = _tail(centre, se, df)
    half = (high_high - low_low - high + low) / 4
    least, most = _tail(centre + half, se_low, df), _tail(max(centre - half, 0.0), se_high, df)
    other = Recomputed(f"{method}, of the middle of the limits", from_middle, least, most, p_value.meets(least, most))
    note = joined(
        [
            "" if fits else "Estimate and interval give another p-value.",
            "The interval alone gives it: the estimate is the misprint." if other.fits and not fits else "",
            f"The interval {'excludes' if interval_tells else 'includes'} no effect, which this p-value contradicts."
            if contradicts
            else "",
        ]
    )
    methods = (found,) if fits else (found, other)
    return Check(effects.title, name, "p-value from its CI", _told(cell), verdict, methods, size, note, row.line)


def _critical(level: float, df: float | None) -> float:
    share = 0.5 + level / 2
    return float(special.ndtri(share) if df is None else stats.t.ppf(share, df))


def _tail(distance: float, se: float, df: float | None) -> float:
    if se <= 0:
        return 0.0 if distance > 0 else 1.0
    return float(2 * special.ndtr(-distance / se) if df is None else 2 * stats.t.sf(distance / se, df))


def _excludes(low: float, high: float, *, inner: tuple[float, float]) -> bool | None:
    """Whether an interval excludes no effect; None where its rounding leaves that open."""
    if low > 0 or high < 0:
        return True
    return False if inner[0] < 0 < inner[1] else None


def _crosses(p_value: PrintedP, found: Recomputed) -> bool:
    printed = p_value.is_significant
    return printed is not None and (found.low > 0.05 if printed else found.high < 0.05)


def _used_twice(effects: PublishedEffects) -> Iterator[Check]:
    """Intervals that stand beside two different estimates: one was copied from the other row."""
    seen: dict[tuple[str, str], str] = {}
    for name, cell in effects.cells.items():
        if _is_separated(cell, effects) or max(cell.low.decimals, cell.high.decimals) < 2:
            continue
        limits = (cell.low.text, cell.high.text)
        first = seen.setdefault(limits, name)
        if first != name and effects.cells[first].value.text != cell.value.text:
            row = effects.written.rows[name]
            told = f"{first}: {effects.cells[first].text}; {name}: {cell.text}"
            note = f"{first} and {name} have the same interval and different estimates; one was probably copied."
            yield Check(effects.title, name, "interval used twice", told, "disagrees", (), "number", note, row.line)
