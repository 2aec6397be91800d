"""Percentages against their counts: which rounding was used, or which denominators would give them."""

from __future__ import annotations

import math
from fractions import Fraction

from neurolupus.stats.granularity import counts_that_print, denominators_that_print, roundings_that_print
from neurolupus.study.audit.cells import CountCell
from neurolupus.study.audit.printed import Printed
from neurolupus.study.audit.results import Check, Recomputed, Size, Verdict, joined

# Denominators looked at first: up to 15 % of the persons without a value, or a few more than the arm is said to have.
FEWEST, MOST = 0.85, 1.02
_WORDS = {"half_up": "rounded half up", "half_even": "rounded half to even", "truncated": "cut off, not rounded"}
MOST_TOLD = 6


def check_percentage(
    cell: CountCell, n: int, where: str, row: str, *, missing_omitted: bool = False, or_of: int | None = None, line: int
) -> Check | None:
    """A printed percentage checked against its count, or against all counts that n persons can give; None without one.

    Parameters
    ----------
    cell : CountCell
    n : int
        The denominator.
    missing_omitted : bool
        The paper left persons without a value out, so that a denominator of 85 % to 100 % of `n` agrees.
    or_of : int or None
        Another denominator that may be meant; told in the note.
    """
    if cell.percent is None:
        return None
    if cell.count is None:
        return _of_any_count(cell, cell.percent, n, where, row, or_of, line)
    percent, count = cell.percent, cell.count
    exact = Fraction(100 * count, n)
    found = roundings_that_print(exact, percent.exact, percent.decimals)
    value = float(exact)
    fits = bool(set(found) & {"half_up", "half_even"})
    methods = [Recomputed(f"{count}/{n}", value, value, value, fits)]
    told = f"{cell.text} of {n}"
    if fits:
        note = f"An exact half, {_WORDS[found[0]]}." if set(found).isdisjoint({"half_up"}) else ""
        return Check(where, row, "percentage", told, "agrees", tuple(methods), note=note, line=line)
    implied = implied_denominators(cell, n)
    methods += [_of(count, other) for other in implied[:MOST_TOLD]]
    verdict: Verdict = (
        "agrees" if missing_omitted and any(FEWEST * n <= other <= n for other in implied) else "disagrees"
    )
    note = joined(
        [
            f"{count}/{n} is {value:.{percent.decimals + 2}f} %.",
            "The digits were cut off, not rounded." if found else "",
            _denominators(implied, n, missing_omitted=missing_omitted, count=count, percent=percent),
        ]
    )
    size = "" if verdict == "agrees" else _size(value, percent, implied, n)
    return Check(where, row, "percentage", told, verdict, tuple(methods), size, note, line)


def implied_denominators(cell: CountCell, n: int) -> tuple[int, ...]:
    """The denominators of which the count is printed as this percentage; the near ones, else all up to `n`."""
    if cell.count is None or cell.percent is None or cell.count == 0:
        return ()
    percent, digits = cell.percent.exact, cell.percent.decimals
    near = denominators_that_print(cell.count, percent, digits, math.ceil(FEWEST * n), math.floor(MOST * n))
    return near or denominators_that_print(cell.count, percent, digits, cell.count, n)


def _of_any_count(
    cell: CountCell, percent: Printed, n: int, where: str, row: str, or_of: int | None, line: int
) -> Check:
    counts = counts_that_print(percent.exact, percent.decimals, n)
    told = f"{cell.text} of {n}"
    if counts:
        methods = tuple(_of(count, n) for count in counts[:MOST_TOLD])
        some = " or ".join(map(str, counts[:MOST_TOLD])) if len(counts) <= MOST_TOLD else f"{counts[0]} to {counts[-1]}"
        note = f"{some} of {n} are printed so."
        return Check(where, row, "percentage", told, "agrees", methods, note=note, line=line)
    below = math.floor(percent.exact * n / 100)
    around = tuple(_of(count, n, fits=False) for count in (below, below + 1) if count <= n)
    cut = counts_that_print(percent.exact, percent.decimals, n, rounding="truncated")
    other = counts_that_print(percent.exact, percent.decimals, or_of) if or_of else ()
    note = joined(
        [
            f"No count of {n} is rounded to this percentage (GRIM): "
            + " and ".join(f"{one.method} is {one.value:.{percent.decimals + 1}f} %" for one in around)
            + ".",
            f"{cut[0]} of {n}, cut off and not rounded, is." if cut else "",
            f"{other[0]} of {or_of} is." if other and or_of else "",
        ]
    )
    size: Size = "last digit" if cut else "number"
    return Check(where, row, "percentage", told, "disagrees", around, size, note, line)


def _of(count: int, n: int, *, fits: bool = True) -> Recomputed:
    value = 100 * count / n
    return Recomputed(f"{count}/{n}", value, value, value, fits)


def _denominators(implied: tuple[int, ...], n: int, *, missing_omitted: bool, count: int, percent: Printed) -> str:
    if not implied:
        return f"No denominator up to {math.floor(MOST * n)} gives {percent.text} %."
    some = ", ".join(map(str, implied[:MOST_TOLD])) + (" ..." if len(implied) > MOST_TOLD else "")
    known = [other for other in implied if other <= n]
    if missing_omitted and any(other >= FEWEST * n for other in known):
        return f"It fits {count} of {some}: {n - max(known)} without a value, which the paper left out."
    few = f" ({100 * (n - max(known)) / n:.0f} % without a value)" if known else ""
    return f"The printed percentage fits a denominator of {some}{few}."


def _size(value: float, percent: Printed, implied: tuple[int, ...], n: int) -> Size:
    """How wrong: a unit of the last digit, or more."""
    return "last digit" if abs(value - percent.value) <= 2.0001 * percent.half else "number"
