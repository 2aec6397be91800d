"""Rows of means: t-tests over everything the printed digits leave open, GRIM, GRIMMER and impossible SDs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.stats.granularity import grim, grimmer, largest_sd
from neurolupus.stats.tests import Comparison, student_t_from_summary, welch_t_from_summary
from neurolupus.study.audit.cells import MeanCell
from neurolupus.study.audit.printed import PrintedP
from neurolupus.study.audit.published import PublishedRow, PublishedTable
from neurolupus.study.audit.results import Check, Recomputed, Size, Verdict, joined
from neurolupus.study.audit.wording import STATED, STUDENT, WELCH, changes_conclusion, stated_words

GRID = 5  # standard deviations looked at between the ends of their rounding
TTest = Callable[[float, float, int, float, float, int], Comparison]


def check_means(row: PublishedRow, table: PublishedTable) -> Iterator[Check]:
    """What each mean and SD can be, then the row's p-value."""
    for arm, cell, n in zip(table.arms, row.cells, row.sizes, strict=True):
        if isinstance(cell, MeanCell):
            yield from _possible(row, cell, n, table.title, f"{row.name}, {arm}")
    cells = [cell for cell in row.cells if isinstance(cell, MeanCell)]
    if row.p_value is None or len(cells) != len(row.cells):
        return
    if len(cells) == 2:
        yield _p_value(row, row.p_value, cells, table)
    else:
        note = f"{len(cells)} arms; t-tests are between two."
        yield Check(
            table.title, row.name, "p-value", row.p_value.text, "cannot be recomputed", note=note, line=row.line
        )


def t_test_box(a: MeanCell, n_a: int, b: MeanCell, n_b: int) -> tuple[Recomputed, ...]:
    """Student's and Welch's p-values of the printed numbers, and the smallest and largest over what is printed so."""
    found = []
    for name, test in ((STUDENT, student_t_from_summary), (WELCH, welch_t_from_summary)):
        value = _p(test, a.mean.value, a.sd.value, n_a, b.mean.value, b.sd.value, n_b)
        low, high = _box(test, a, n_a, b, n_b)
        found.append(Recomputed(name, value, low, high, fits=False))
    return tuple(found)


def _box(test: TTest, a: MeanCell, n_a: int, b: MeanCell, n_b: int) -> tuple[float, float]:
    """With the SDs held, p falls as the difference grows, so that only its ends are needed."""
    gap = abs(a.mean.value - b.mean.value)
    slack = a.mean.half + b.mean.half
    ends = (max(0.0, gap - slack), gap + slack)
    sds = [np.linspace(max(0.0, cell.sd.low), cell.sd.high, GRID) for cell in (a, b)]
    values = [
        _p(test, distance, float(sd_a), n_a, 0.0, float(sd_b), n_b) for distance in ends for sd_a, sd_b in product(*sds)
    ]
    known = [value for value in values if value == value]
    return (min(known), max(known)) if known else (float("nan"), float("nan"))


def _p(test: TTest, mean_a: float, sd_a: float, n_a: int, mean_b: float, sd_b: float, n_b: int) -> float:
    try:
        return test(mean_a, sd_a, n_a, mean_b, sd_b, n_b).p_value
    except StatsError:  # no spread, or one person
        return float("nan")


def _p_value(row: PublishedRow, p_value: PrintedP, cells: list[MeanCell], table: PublishedTable) -> Check:
    stated = row.written.test or table.tests.means
    tests = t_test_box(cells[0], row.sizes[0], cells[1], row.sizes[1])
    published = f"{row.text}, p {p_value.text if p_value.text[:1] in '<>' else '= ' + p_value.text}"
    if stated == "mann_whitney":
        note = "A Mann–Whitney test needs the patients' own values; the t-tests are shown for scale."
        return Check(
            table.title, row.name, "p-value", published, "cannot be recomputed", tests, note=note, line=row.line
        )
    tests = tuple(
        Recomputed(one.method, one.value, one.low, one.high, p_value.meets(one.low, one.high)) for one in tests
    )
    exact = [one for one in tests if p_value.holds(one.value)]
    fits = [one for one in tests if one.fits]
    as_stated = any(one.method in STATED[stated] for one in fits)
    verdict: Verdict = "agrees" if exact else "agrees within rounding" if fits else "disagrees"
    size: Size = "" if fits else "conclusion" if changes_conclusion(p_value, tests) else "number"
    note = joined(
        [
            "The means and SDs as printed give another p; unrounded ones that are printed so give it."
            if verdict == "agrees within rounding"
            else "",
            f"The paper says {stated_words(stated)}; that does not give it." if fits and not as_stated else "",
            "" if fits else "No means and SDs that are printed so give it by either t-test.",
        ]
    )
    notable = bool(fits) and not as_stated
    return Check(table.title, row.name, "p-value", published, verdict, tests, size, note, row.line, notable)


def _possible(row: PublishedRow, cell: MeanCell, n: int, where: str, name: str) -> Iterator[Check]:
    """Whether whole numbers can have this mean and SD, and whether values in the range can have this SD."""
    items = row.written.integers
    if items:
        mean = grim(cell.mean.exact, cell.mean.decimals, n, items=items)
        told = f"{cell.text}, n {n}"
        if not mean.is_possible:
            around = tuple(Recomputed(f"attainable mean, n {n}", x, x, x, fits=False) for x in mean.nearest)
            note = "Whole numbers cannot have this mean (GRIM)."
            yield Check(where, name, "mean and SD", told, "disagrees", around, "conclusion", note, row.line)
        elif items == 1:
            both = grimmer(cell.mean.exact, cell.mean.decimals, cell.sd.exact, cell.sd.decimals, n)
            note = (
                "Whole numbers can have this mean and SD (GRIM, GRIMMER)."
                if both.is_possible
                else "Whole numbers cannot have this mean and SD together (GRIMMER)."
            )
            verdict: Verdict = "agrees" if both.is_possible else "disagrees"
            size: Size = "" if both.is_possible else "conclusion"
            yield Check(where, name, "mean and SD", told, verdict, (), size, note, row.line)
    if row.written.range is not None and n > 1:
        yield _within_range(row, cell, n, where, name, row.written.range)


def _within_range(
    row: PublishedRow, cell: MeanCell, n: int, where: str, name: str, limits: tuple[float, float]
) -> Check:
    low, high = limits
    told = f"{cell.text}, n {n}, values from {low:g} to {high:g}"
    if cell.mean.high < low or cell.mean.low > high:
        note = f"The mean lies outside {low:g} to {high:g}."
        return Check(where, name, "mean and SD", told, "disagrees", (), "conclusion", note, row.line)
    middle = min(max((low + high) / 2, cell.mean.low), cell.mean.high)  # the spread is largest nearest to the middle
    most = largest_sd(min(max(middle, low), high), low, high, n)
    is_possible = cell.sd.low <= most
    note = "" if is_possible else f"The SD of values from {low:g} to {high:g} with this mean is at most {most:.3g}."
    found = (Recomputed("largest possible SD", most, most, most, is_possible),)
    verdict: Verdict = "agrees" if is_possible else "disagrees"
    return Check(where, name, "mean and SD", told, verdict, found, "" if is_possible else "conclusion", note, row.line)
