"""Shares of one whole, rows that exclude one another, patients that are among others, and balance of arms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

import numpy as np

from neurolupus.stats.granularity import roundings_that_print
from neurolupus.study.audit.cells import CountCell, MeanCell, parse_cell
from neurolupus.study.audit.counts import count_tests
from neurolupus.study.audit.percentages import check_percentage
from neurolupus.study.audit.printed import parse_p
from neurolupus.study.audit.published import Published, PublishedRow
from neurolupus.study.audit.results import Check, Recomputed, Size, Verdict, joined
from neurolupus.study.audit.schema_claims import Balance, Categories, Shares, Subset


def check_shares(claim: Shares) -> Iterator[Check]:
    """Each percentage; sums of categories; one percentage that stands for two."""
    cells = {name: parse_cell(text, "count") for name, text in claim.values.items()}
    known = {name: cell for name, cell in cells.items() if isinstance(cell, CountCell)}
    for name, cell in known.items():
        n = cell.n or claim.of
        found = check_percentage(cell, n or 1, claim.name, name, or_of=claim.or_of, line=claim.line)
        if found is not None:
            yield found
    counts = {name: _count(cell, cell.n or claim.of or 1) for name, cell in known.items()}
    for name, parts in claim.sums.items():
        yield _category_sum(claim, name, counts[name], [counts[part] for part in parts], parts)
    yield from _same_percentage(claim, known, counts)
    if claim.exclusive and claim.of and not claim.sums:
        total = sum(counts.values())
        fits = total <= claim.of
        found_total = Recomputed("sum", total, total, total, fits)
        told = f"{' + '.join(claim.values)} of {claim.of}"
        verdict: Verdict = "agrees" if fits else "disagrees"
        note = "" if fits else "Categories that exclude one another exceed the whole."
        yield Check(
            claim.name, "", "categories", told, verdict, (found_total,), "" if fits else "conclusion", note, claim.line
        )  # fmt: skip


def _count(cell: CountCell, n: int) -> float:
    if cell.count is not None:
        return cell.count
    return round(cell.percent.value * n / 100) if cell.percent else math.nan


def _category_sum(claim: Shares, name: str, total: float, counts: list[float], parts: tuple[str, ...]) -> Check:
    value = sum(counts)
    fits = value == total
    told = f"{name} = {' + '.join(parts)}: {' + '.join(f'{x:g}' for x in counts)} = {total:g}"
    found = Recomputed("sum", value, value, value, fits)
    verdict: Verdict = "agrees" if fits else "disagrees"
    return Check(claim.name, name, "sum", told, verdict, (found,), "" if fits else "number", "", claim.line)


def _same_percentage(claim: Shares, cells: dict[str, CountCell], counts: dict[str, float]) -> Iterator[Check]:
    """Two categories that exclude one another, printed with one percentage: possible, and easily a slip."""
    if not claim.exclusive:
        return
    for first, second in combinations(cells, 2):
        if first in claim.sums.get(second, ()) or second in claim.sums.get(first, ()):
            continue  # a part of the other
        a, b = cells[first].percent, cells[second].percent
        if a is None or b is None or a.text != b.text or not a.decimals:
            continue
        total = counts[first] + counts[second]
        n = claim.of or cells[first].n or 1
        fits = total <= n
        told = f"{first}: {cells[first].text}; {second}: {cells[second].text}"
        note = joined(
            [
                f"One percentage for two categories that exclude one another: {counts[first]:g} and {counts[second]:g} "
                f"patients, {total:g} of {n} together.",
                "Both can be; ask whether one was copied." if fits else "They exceed the whole.",
            ]
        )
        found = (Recomputed("together", total, total, total, fits),)
        verdict: Verdict = "agrees" if fits else "disagrees"
        yield Check(
            claim.name, f"{first} and {second}", "categories", told, verdict, found, "" if fits else "conclusion", note,
            claim.line, is_notable=True,
        )  # fmt: skip


def check_subset(claim: Subset, published: Published) -> Iterator[Check]:
    """No more patients with a feature, and none more without it, than in the whole."""
    part, whole = published.tables[claim.part], published.tables[claim.whole]
    for name in claim.rows or tuple(row for row in whole.rows if row in part.rows):
        small, large = part.rows[name], whole.rows[name]
        told, faults, found = [], [], []
        for number, arm in enumerate(whole.arms):
            a, b = small.cells[number], large.cells[number]
            if not isinstance(a, CountCell) or not isinstance(b, CountCell) or a.count is None or b.count is None:
                continue
            left, left_n = b.count - a.count, whole.sizes[number] - part.sizes[number]
            told.append(f"{arm} {b.count} → {a.count}")
            found.append(Recomputed(f"{arm}: taken out of {left_n}", left, left, left, 0 <= left <= left_n))
            if left < 0:
                faults.append(f"{arm}: {a.count} in the part, {b.count} in the whole.")
            elif left > left_n:
                faults.append(f"{arm}: {left} with it were left out, but only {left_n} patients were.")
        if not told:
            continue
        verdict: Verdict = "disagrees" if faults else "agrees"
        size: Size = "conclusion" if faults else ""
        yield Check(
            claim.name, name, "subset", ", ".join(told), verdict, tuple(found), size, joined([*faults, claim.note]),
            small.line,
        )  # fmt: skip


def check_categories(claim: Categories, published: Published) -> Iterator[Check]:
    """Rows that add up to each arm, and one test over all of them."""
    table = published.tables[claim.table]
    cells = [[cell.count or 0 for cell in table.rows[name].cells if isinstance(cell, CountCell)] for name in claim.rows]
    counts = np.array(cells, dtype=np.int64)
    for arm, size, total in zip(table.arms, table.sizes, counts.sum(axis=0), strict=True):
        fits = int(total) == size
        found = Recomputed("sum of the rows", float(total), float(total), float(total), fits)
        verdict: Verdict = "agrees" if fits else "disagrees"
        told = f"{len(claim.rows)} rows, n {size}"
        yield Check(claim.name, arm, "categories", told, verdict, (found,), "" if fits else "number", "", claim.line)
    p_value = parse_p(claim.p) if claim.p else None
    tests = count_tests(counts, p_value)
    note = "The rows exclude one another: one test over all of them could replace a test of each."
    if p_value is None:
        yield Check(
            claim.name, "all rows", "p-value", "no p printed", "cannot be recomputed", tests, "", note, claim.line
        )  # fmt: skip
        return
    fits = any(one.fits for one in tests)
    yield Check(
        claim.name, "all rows", "p-value", f"p {p_value.text}", "agrees" if fits else "disagrees", tests,
        "" if fits else "number", "", claim.line,
    )  # fmt: skip


def check_balance(claim: Balance, published: Published) -> Iterator[Check]:
    """|SMD| of the rows named, below the limit or not; the rows not named that are above it."""
    table = published.tables[claim.table]
    above = []
    for name, row in table.rows.items():
        smd = standardised_difference(row)
        if math.isnan(smd):
            continue
        if name not in claim.rows:
            if abs(smd) > claim.below:
                above.append(f"{name} {smd:+.2f}")
            continue
        fits = abs(smd) < claim.below
        found = Recomputed("standardised mean difference", smd, smd, smd, fits)
        verdict: Verdict = "agrees" if fits else "disagrees"
        told = f"{row.text}, |SMD| below {claim.below:g}"
        yield Check(claim.name, name, "balance", told, verdict, (found,), "" if fits else "conclusion", "", row.line)
    if above:
        told = f"balance of {', '.join(claim.rows) or 'no row'}"
        note = joined([f"{len(above)} more with |SMD| above {claim.below:g}: {', '.join(above)}.", claim.note])
        yield Check(
            claim.name, "other rows", "balance", told, "agrees", (), "", note, claim.line, is_notable=bool(claim.rows)
        )  # fmt: skip


def standardised_difference(row: PublishedRow) -> float:
    """Second arm minus first in units of the root of the mean variance; NaN for other than two arms of one kind."""
    if len(row.cells) != 2:
        return math.nan
    a, b = row.cells
    if isinstance(a, CountCell) and isinstance(b, CountCell) and a.count is not None and b.count is not None:
        shares = [_share(cell, n) for cell, n in zip((a, b), row.sizes, strict=True)]
        difference, variance = shares[1] - shares[0], sum(p * (1 - p) for p in shares) / 2
    elif isinstance(a, MeanCell) and isinstance(b, MeanCell):
        difference = b.mean.value - a.mean.value
        variance = (a.sd.value**2 + b.sd.value**2) / 2
    else:
        return math.nan
    return difference / math.sqrt(variance) if variance > 0 else math.nan


def _share(cell: CountCell, n: int) -> float:
    """The share a cell states: its count of n, or its percentage where that fits another denominator."""
    if cell.count is None or cell.percent is None:
        return math.nan if cell.count is None else cell.count / n
    exact = Fraction(100 * cell.count, n)
    fits = roundings_that_print(exact, cell.percent.exact, cell.percent.decimals)
    return float(exact if fits else cell.percent.exact) / 100
