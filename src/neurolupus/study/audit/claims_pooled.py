"""An arm that is made of others: its counts, means and SDs follow from theirs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

from neurolupus.study.audit.cells import CountCell, MeanCell
from neurolupus.study.audit.printed import Printed
from neurolupus.study.audit.published import Published, PublishedTable
from neurolupus.study.audit.results import Check, Recomputed, Size, Verdict, joined
from neurolupus.study.audit.schema_claims import Pooled

MOST_CORNERS = 1 << 12  # 2 for each mean and each SD of up to six parts


def check_pooled(claim: Pooled, published: Published) -> Iterator[Check]:
    """The number of persons, then every row that the tables have in common."""
    whole, arm = _arm(claim.whole, published)
    parts = [_arm(one, published) for one in claim.parts]
    sizes = [table.sizes[number] for table, number in parts]
    yield _counted(claim, "persons", whole.sizes[arm], sizes, str(whole.sizes[arm]))
    rows = claim.rows or tuple(name for name in whole.rows if all(name in table.rows for table, _ in parts))
    for name in rows:
        total = whole.rows[name].cells[arm]
        cells = [table.rows[name].cells[number] for table, number in parts]
        counts = [cell.count for cell in cells if isinstance(cell, CountCell) and cell.count is not None]
        if isinstance(total, CountCell) and total.count is not None and len(counts) == len(cells):
            yield _counted(claim, name, total.count, counts, total.text)
        elif isinstance(total, MeanCell):
            means = [cell for cell in cells if isinstance(cell, MeanCell)]
            own = [table.rows[name].sizes[number] for table, number in parts]
            if len(means) == len(cells):
                yield from _means(claim, name, total, means, own)


def pooled_mean(means: Sequence[float], sizes: Sequence[int]) -> float:
    """The mean of groups taken together.

    Examples
    --------
    >>> round(pooled_mean([468, 485], [26, 12]), 2)
    473.37
    """
    return sum(mean * n for mean, n in zip(means, sizes, strict=True)) / sum(sizes)


def pooled_sd(means: Sequence[float], sds: Sequence[float], sizes: Sequence[int]) -> float:
    """The SD of groups taken together: within them and between their means.

    Examples
    --------
    >>> round(pooled_sd([1022, 1049], [118, 100], [26, 12]), 2)
    111.99
    """
    centre = pooled_mean(means, sizes)
    squares = sum((n - 1) * sd**2 + n * (mean - centre) ** 2 for mean, sd, n in zip(means, sds, sizes, strict=True))
    return math.sqrt(squares / (sum(sizes) - 1))


def _arm(text: str, published: Published) -> tuple[PublishedTable, int]:
    name, _, arm = text.partition(".")
    table = published.tables[name]
    return table, table.arms.index(arm)


def _counted(claim: Pooled, name: str, total: int, counts: Sequence[int], text: str) -> Check:
    value = sum(counts)
    fits = value == total
    told = f"{' + '.join(map(str, counts))} = {text}"
    found = Recomputed("sum", value, value, value, fits)
    verdict: Verdict = "agrees" if fits else "disagrees"
    return Check(
        claim.name, name, "pooled groups", told, verdict, (found,), "" if fits else "number", claim.note, claim.line
    )  # fmt: skip


def _means(claim: Pooled, name: str, total: MeanCell, cells: list[MeanCell], sizes: list[int]) -> Iterator[Check]:
    means = [cell.mean.value for cell in cells]
    mean = pooled_mean(means, sizes)
    low = pooled_mean([cell.mean.low for cell in cells], sizes)
    high = pooled_mean([cell.mean.high for cell in cells], sizes)
    told = " and ".join(cell.text for cell in cells)
    yield _compared(claim, f"{name}, mean", total.mean, told, Recomputed("pooled mean", mean, low, high, fits=False))
    sd = pooled_sd(means, [cell.sd.value for cell in cells], sizes)
    least, most = _sd_ends(cells, sizes)
    yield _compared(claim, f"{name}, SD", total.sd, told, Recomputed("pooled SD", sd, least, most, fits=False))


def _sd_ends(cells: list[MeanCell], sizes: list[int]) -> tuple[float, float]:
    """The smallest and largest pooled SD over all numbers printed so.

    It grows with each SD and is convex in the means: largest at a corner, smallest where the means are as near to one
    another as their rounding lets them be.
    """
    low, high = [max(0.0, cell.sd.low) for cell in cells], [cell.sd.high for cell in cells]
    corners = product(*((cell.mean.low, cell.mean.high) for cell in cells))
    most = max(pooled_sd(corner, high, sizes) for corner, _ in zip(corners, range(MOST_CORNERS), strict=False))
    centre = min(max(pooled_mean([cell.mean.value for cell in cells], sizes), min(c.mean.low for c in cells)),
                 max(c.mean.high for c in cells))  # fmt: skip
    nearest = [min(max(centre, cell.mean.low), cell.mean.high) for cell in cells]
    for _ in range(50):  # the centre moves as the means move towards it
        centre = pooled_mean(nearest, sizes)
        nearest = [min(max(centre, cell.mean.low), cell.mean.high) for cell in cells]
    return pooled_sd(nearest, low, sizes), most


def _compared(claim: Pooled, row: str, printed: Printed, told: str, found: Recomputed) -> Check:
    fits = printed.meets(found.low, found.high)
    found = Recomputed(found.method, found.value, found.low, found.high, fits)
    verdict: Verdict = "agrees" if printed.holds(found.value) else "agrees within rounding" if fits else "disagrees"
    size: Size = "" if fits else "number"
    note = joined(["" if fits else f"{told} give {found.low:.5g} to {found.high:.5g} together.", claim.note])
    return Check(
        claim.name, row, "pooled groups", f"{printed.text}, from {told}", verdict, (found,), size, note, claim.line
    )  # fmt: skip
