"""Rows of counts: the p-value by every test of a cross table, with the denominators that the percentages imply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.crosstabs import chi_square, expected_counts
from neurolupus.stats.fisher import fisher_exact, fisher_exact_rxc
from neurolupus.stats.granularity import counts_that_print
from neurolupus.study.audit.cells import CountCell
from neurolupus.study.audit.percentages import check_percentage, implied_denominators
from neurolupus.study.audit.printed import PrintedP
from neurolupus.study.audit.published import PublishedRow, PublishedTable
from neurolupus.study.audit.results import Check, Recomputed, Size, Verdict, joined
from neurolupus.study.audit.wording import FISHER, N_MINUS_1, PEARSON, STATED, YATES, changes_conclusion, stated_words

Counts = NDArray[np.int64]  # (levels, arms)
MOST_TABLES = 400  # of denominators or counts that the percentages leave open
LARGEST_SEARCHED = 5000  # persons; with more, Fisher's test of hundreds of tables takes minutes


def check_counts(row: PublishedRow, table: PublishedTable) -> Iterator[Check]:
    """Every percentage of a row, then its p-value."""
    cells = [cell for cell in row.cells if isinstance(cell, CountCell)]
    omitted = table.written.missing == "omitted"
    for arm, cell, n in zip(table.arms, row.cells, row.sizes, strict=True):
        if isinstance(cell, CountCell):
            found = check_percentage(
                cell, n, table.title, f"{row.name}, {arm}", missing_omitted=omitted and not row.own_sizes, line=row.line
            )
            if found:
                yield found
    if row.p_value is not None and len(cells) == len(row.cells) >= 2:
        yield _p_value(row, row.p_value, cells, table)


def count_tests(counts: Counts, p_value: PrintedP | None, *, with_fisher: bool = True) -> tuple[Recomputed, ...]:
    """The p-value of a cross table by every test; empty where it has one row or column only."""
    try:
        values = {PEARSON: chi_square(counts).p_value}
    except StatsError:
        return ()
    is_2x2 = counts.shape == (2, 2)
    if is_2x2:
        values[YATES] = chi_square(counts, correction="yates").p_value
    values[N_MINUS_1] = chi_square(counts, correction="n_minus_1").p_value
    try:
        if with_fisher:
            values[FISHER] = (fisher_exact(counts) if is_2x2 else fisher_exact_rxc(counts)).p_value
    except StatsError:  # too large to enumerate
        values[FISHER] = float("nan")
    return tuple(
        Recomputed(name, p, p, p, p_value is not None and p == p and p_value.holds(p)) for name, p in values.items()
    )


def _p_value(row: PublishedRow, p_value: PrintedP, cells: list[CountCell], table: PublishedTable) -> Check:
    where, published = table.title, f"{row.text}, p {_relation(p_value)}"
    stated = row.written.test or table.tests.counts
    main, others = next(_tables(cells, row.sizes), None), list(_others(cells, row))
    if table.written.missing == "omitted" and others and all(cell.count is not None for cell in cells):
        main = others.pop(0)  # persons without a value were left out: the percentages tell how many
    if main is None:
        note = "No counts give the printed percentages, so that no p-value can be computed."
        return Check(where, row.name, "p-value", published, "cannot be recomputed", note=note, line=row.line)
    tests = _of_sizes(count_tests(main, p_value), main, row)
    if not tests:
        note = "All patients, or none, have it: there is nothing to test."
        return Check(where, row.name, "p-value", published, "cannot be recomputed", note=note, line=row.line)
    if not any(one.fits for one in tests):
        for other in others:
            again = count_tests(other, p_value, with_fisher=int(other.sum()) <= LARGEST_SEARCHED)
            if any(one.fits for one in again):
                tests = _of_sizes(again, other, row)
                break
    inferred = [str(int(count)) for count in main[0]] if any(cell.count is None for cell in cells) else []
    fits = [one for one in tests if one.fits]
    smallest = float(expected_counts(main).min())
    as_stated = any(one.method.split(",")[0] in STATED[stated] for one in fits)
    note = joined(
        [
            f"Counts inferred from the percentages: {' and '.join(inferred)}." if inferred else "",
            "" if fits else _none_fits(tests, p_value),
            f"The smallest expected count is {smallest:.1f}; Fisher's test is usual below 5." if smallest < 5 else "",
            f"The paper says {stated_words(stated)}; that does not give it." if fits and not as_stated else "",
        ]
    )
    size: Size = "" if fits else "conclusion" if changes_conclusion(p_value, tests) else "number"
    verdict: Verdict = "agrees" if fits else "disagrees"
    return Check(
        where, row.name, "p-value", published, verdict, tests, size, note, row.line, bool(fits) and not as_stated
    )  # fmt: skip


def _of_sizes(tests: tuple[Recomputed, ...], counts: Counts, row: PublishedRow) -> tuple[Recomputed, ...]:
    """The tests, with their denominators in their names where those are not the row's."""
    sizes = tuple(int(n) for n in counts.sum(axis=0))
    if sizes == row.sizes:
        return tests
    return tuple(replace(one, method=f"{one.method}, n {' and '.join(map(str, sizes))}") for one in tests)


def _none_fits(tests: tuple[Recomputed, ...], p_value: PrintedP) -> str:
    if changes_conclusion(p_value, tests):
        return "No test of these counts gives it; all put it on the other side of 0.05."
    return "No test of these counts gives it."


def _tables(cells: list[CountCell], sizes: tuple[int, ...]) -> Iterator[Counts]:
    """The cross tables that the cells leave open, with the stated denominators."""
    choices: list[tuple[int, ...]] = []
    for cell, n in zip(cells, sizes, strict=True):
        if cell.count is not None:
            choices.append((cell.count,))
        elif cell.percent is not None:
            choices.append(counts_that_print(cell.percent.exact, cell.percent.decimals, n))
    for counts in islice(product(*choices), MOST_TABLES):
        yield _cross(counts, sizes)


def _others(cells: list[CountCell], row: PublishedRow) -> Iterator[Counts]:
    """Other counts with the same percentages; then other denominators of them, those with fewest missing first."""
    yield from islice(_tables(cells, row.sizes), 1, None)
    if row.own_sizes or any(cell.count is None for cell in cells):
        return
    choices = []
    for cell, n in zip(cells, row.sizes, strict=True):
        check = check_percentage(cell, n, "", "", line=0)
        is_good = check is None or check.verdict == "agrees"
        implied = () if is_good else tuple(other for other in reversed(implied_denominators(cell, n)) if other <= n)
        choices.append(implied or (n,))
    for sizes in islice(product(*choices), MOST_TABLES):
        if sizes != row.sizes:
            yield _cross([cell.count or 0 for cell in cells], sizes)


def _cross(counts: list[int] | tuple[int, ...], sizes: tuple[int, ...]) -> Counts:
    with_it = np.array(counts, dtype=np.int64)
    return np.array([with_it, np.array(sizes, dtype=np.int64) - with_it])


def _relation(p_value: PrintedP) -> str:
    return p_value.text if p_value.text[:1] in "<>" else f"= {p_value.text}"
