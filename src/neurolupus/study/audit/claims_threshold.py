"""The share above a value against the quartiles of the same quantity: order statistics leave little room."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from neurolupus.study.audit.cells import CountCell, QuantileCell
from neurolupus.study.audit.published import Published
from neurolupus.study.audit.results import Check, Recomputed, Size, Verdict, joined
from neurolupus.study.audit.schema_claims import Threshold

_SHARES = {"first quartile": 0.25, "median": 0.5, "third quartile": 0.75}
# Zero-based positions of a quantile among n ordered values: types 7 (R), 6 (SPSS) and 5 of Hyndman and Fan (1996),
# Am Stat 50:361, doi:10.1080/00031305.1996.10473566. What none of them allows is called impossible.
_POSITIONS: tuple[Callable[[int, float], float], ...] = (
    lambda n, p: (n - 1) * p,
    lambda n, p: (n + 1) * p - 1,
    lambda n, p: n * p - 0.5,
)
NARROW = 0.1  # of the interquartile range: a gap without anybody that is not worth a word


def check_threshold(claim: Threshold, published: Published) -> Iterator[Check]:
    """Arm by arm: what quartiles say about the share above a value."""
    table = published.tables[claim.table]
    quartiles, share = table.rows[claim.quartiles], table.rows[claim.share]
    for number, arm in enumerate(table.arms):
        cell, count = quartiles.cells[number], share.cells[number]
        if isinstance(cell, QuantileCell) and isinstance(count, CountCell):
            n = share.sizes[number]
            above = count.count if count.count is not None else _inferred(count, n)
            yield _check(claim, table.title, arm, cell, count.text, above, n)


def _inferred(cell: CountCell, n: int) -> int:
    return round(cell.percent.value * n / 100) if cell.percent else 0


def _check(claim: Threshold, title: str, arm: str, cell: QuantileCell, text: str, above: int, n: int) -> Check:
    told = f"{cell.text}; above {claim.above:g}: {text} of {n}"
    width = cell.high.value - cell.low.value
    impossible, gaps, tight = [], [], []
    for name, printed in zip(_SHARES, (cell.low, cell.mid, cell.high), strict=True):
        places = [position(n, _SHARES[name]) for position in _POSITIONS]
        found = [_needed(printed.low, printed.high, claim.above, n - above, n, place) for place in places]
        exact = [_needed(printed.value, printed.value, claim.above, n - above, n, place) for place in places]
        if all(one == math.inf for one in found):
            side = "above" if printed.value <= claim.above else "at most"
            impossible.append(
                f"With {above} of {n} ({100 * above / n:.1f} %) above {claim.above:g}, the {name} lies {side} "
                f"{claim.above:g}; printed is {printed.text}."
            )
        elif min(found) > NARROW * width:
            gap = min(found)
            ends = (
                f"between {claim.above - gap:.3g} and {claim.above:g}"
                if printed.value <= claim.above
                else f"between {claim.above:g} and {claim.above + gap:.3g}"
            )
            gaps.append(f"With {above} of {n} above {claim.above:g}, a {name} of {printed.text} needs nobody {ends}.")
        elif all(one == math.inf for one in exact):
            tight.append(
                f"With {above} of {n} above {claim.above:g}, the {name} lies above {claim.above:g}; printed is "
                f"{printed.text}, which holds only if it was {claim.above:g} and a little and then rounded."
            )
    low, high = _share_limits(cell, claim.above)
    found_share = Recomputed(
        f"share above {claim.above:g} that the quartiles allow, %", math.nan, low, high,
        not impossible and not gaps,
    )  # fmt: skip
    verdict: Verdict = "disagrees" if impossible or gaps else "agrees within rounding" if tight else "agrees"
    size: Size = "conclusion" if impossible else "number" if gaps else ""
    row = f"{claim.quartiles} and {claim.share}, {arm}"
    return Check(
        title, row, "threshold", told, verdict, (found_share,), size, joined([*impossible, *gaps, *tight, claim.note]),
        claim.line, bool(tight),
    )  # fmt: skip


def _needed(low: float, high: float, threshold: float, at_most: int, n: int, position: float) -> float:
    """How wide an empty gap beside the threshold a quantile from `low` to `high` needs; 0 none, infinite: cannot be.

    `at_most` of the n ordered values lie at or below the threshold; the quantile lies between two neighbours.
    """
    position = min(max(position, 0.0), n - 1.0)
    lower = math.floor(position)
    part = position - lower
    if at_most <= lower:  # both neighbours lie above the threshold
        return 0.0 if high > threshold else math.inf
    if part == 0 or at_most >= lower + 2:  # what counts lies at or below it
        return 0.0 if low <= threshold else math.inf
    # One neighbour lies on either side: x + part (y - x), x <= threshold < y.
    if high < threshold:
        furthest = (high - part * threshold) / (1 - part)
        return threshold - furthest
    if low > threshold:
        return (low - (1 - part) * threshold) / part - threshold
    return 0.0


def _share_limits(cell: QuantileCell, threshold: float) -> tuple[float, float]:
    """In words of per cent: what the quartiles allow above a value, but for ties and single patients."""
    high = 100.0
    low = 0.0
    for share, printed in ((75.0, cell.low), (50.0, cell.mid), (25.0, cell.high)):
        if printed.high <= threshold:
            high = min(high, share)
        elif printed.low > threshold:
            low = max(low, share)
    return low, high
