"""A sentence of the text that says which arm has more, against the table."""

from __future__ import annotations

import math
from collections.abc import Iterator

from neurolupus.study.audit.cells import Cell, CountCell, MeanCell
from neurolupus.study.audit.published import Published
from neurolupus.study.audit.results import Check, Recomputed, Size, Verdict, joined
from neurolupus.study.audit.schema_claims import Order


def check_order(claim: Order, published: Published) -> Iterator[Check]:
    """Whether the arm that the text calls higher is the higher one."""
    table = published.tables[claim.table]
    row = table.rows[claim.row]
    cells = dict(zip(table.arms, row.cells, strict=True))
    sizes = dict(zip(table.arms, row.sizes, strict=True))
    found = tuple(
        Recomputed(arm, value, value, value, fits=True)
        for arm in (claim.higher, claim.lower)
        for value in [_middle(cells[arm], sizes[arm])]
    )
    higher, lower = (one.value for one in found)
    text = {arm: "–" if cell is None else cell.text for arm, cell in cells.items()}
    told = f"higher in {claim.higher} ({text[claim.higher]}) than in {claim.lower} ({text[claim.lower]})"
    if math.isnan(higher) or math.isnan(lower):
        verdict: Verdict = "cannot be recomputed"
        note = "One of the cells is empty."
    elif higher > lower:
        verdict, note = "agrees", ""
    else:
        verdict, note = "disagrees", f"The table says the opposite of the text: {claim.lower} is not the lower one."
    size: Size = "conclusion" if verdict == "disagrees" else ""
    found = tuple(Recomputed(one.method, one.value, one.low, one.high, verdict == "agrees") for one in found)
    yield Check(
        table.title, f"{claim.row}, against the text", "order", told, verdict, found, size, joined([note, claim.note]),
        claim.line,
    )  # fmt: skip


def _middle(cell: Cell | None, n: int) -> float:
    """A share, mean or median."""
    if isinstance(cell, CountCell):
        return cell.count / n if cell.count is not None else cell.percent.value if cell.percent else math.nan
    if isinstance(cell, MeanCell):
        return cell.mean.value
    return math.nan if cell is None else cell.mid.value
