"""A paper's printed numbers beside those computed, and whether each rounds to what was printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from neurolupus.study.results import Caution, Cell, Column, ResultNumber, ResultTable, Row
from neurolupus.study.run.part import Part, number

TITLE = "Published numbers"


@dataclass(frozen=True, slots=True)
class PublishedNumber:
    """One printed number.

    Attributes
    ----------
    id : str
        Path of the number it is compared with.
    printed : str
        As it stands in the paper: `0.55`, `<0.001`.
    where : str
        Table or page.
    """

    id: str
    printed: str
    where: str = ""


def validate_part(published: Sequence[PublishedNumber], numbers: Sequence[ResultNumber]) -> Part:
    """Every published number beside the one computed, and how many agree."""
    computed = {one.id: one for one in numbers}
    rows: list[Row] = []
    told: list[Caution] = []
    agreeing = compared = 0
    for one in published:
        mine = computed.get(one.id)
        if mine is None or mine.value is None:
            rows.append(Row((Cell(one.id), Cell(one.where), Cell(one.printed), Cell("–"), Cell("not computed"))))
            continue
        agrees = rounds_to(mine.value, one.printed)
        if agrees is None:
            told.append(Caution(TITLE, f"{one.id}: {one.printed!r} is no number and was not compared."))
            continue
        compared += 1
        agreeing += agrees
        cells = (Cell(one.id), Cell(one.where), Cell(one.printed), Cell(f"{mine.value:.6g}", mine.value))
        rows.append(Row((*cells, Cell("yes" if agrees else "no", None, not agrees))))
    if compared and agreeing < compared:
        told.append(Caution(TITLE, f"{compared - agreeing} of {compared} published numbers were not reproduced."))
    columns = (
        Column("number", "text"), Column("where", "text"), Column("printed"), Column("computed"),
        Column("agrees", "text"),
    )  # fmt: skip
    note = "A number agrees when it rounds to what was printed, whichever way halves are rounded."
    table = ResultTable("published", TITLE, columns, tuple(rows), (note,))
    made = (
        number("validate.compared", compared, "count", "printed rounding", compared),
        number("validate.agreeing", agreeing, "count", "printed rounding", compared),
    )
    return Part((table,), made, tuple(told))


def rounds_to(value: float, printed: str) -> bool | None:
    """Whether a value rounds to a printed number; None where what is printed is no number.

    Examples
    --------
    >>> rounds_to(0.5512, "0.55"), rounds_to(0.0004, "<0.001"), rounds_to(0.125, "0.13"), rounds_to(1.0, "n.s.")
    (True, True, True, None)
    """
    text = printed.strip().replace("−", "-").replace(",", ".").rstrip("*%").strip()
    is_below, is_above = text.startswith("<"), text.startswith(">")
    try:
        shown = Decimal(text.lstrip("<>= "))
    except InvalidOperation:
        return None
    if is_below:
        return value < float(shown)
    if is_above:
        return value > float(shown)
    exponent = shown.as_tuple().exponent
    if not isinstance(exponent, int):
        return None
    half = Decimal(5).scaleb(exponent - 1)
    return abs(Decimal(repr(float(value))) - shown) <= half
