"""Everything that claims name is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from neurolupus.records.document import LineFault
from neurolupus.records.words import suggestion
from neurolupus.study.audit.cells import CountCell, QuantileCell, parse_cell
from neurolupus.study.audit.printed import NotPrinted, parse_p, parse_printed
from neurolupus.study.audit.published import Published
from neurolupus.study.audit.schema_claims import (
    Additive,
    Balance,
    Categories,
    Claim,
    Contrast,
    Order,
    Pooled,
    Shares,
    Subset,
    Sum,
    Threshold,
)


def check_claims(published: Published) -> list[LineFault]:
    """What claims name and is not there, with the nearest that is."""
    return [
        LineFault(claim.line, f"claims.{name}: {what}")
        for name, claim in published.claims.items()
        for what in _faults(claim, published)
    ]


def _faults(claim: Claim, published: Published) -> Iterator[str]:
    match claim:
        case Sum():
            yield from _numbers([*claim.parts.values(), claim.total, *([claim.start] if claim.start else [])])
        case Additive():
            for name in claim.of:
                yield from _rows(name, (claim.total, *claim.parts), published)
        case Pooled():
            for arm in (claim.whole, *claim.parts):
                yield from _arm(arm, claim.rows, published)
        case Subset():
            yield from _same_arms(claim, published)
        case Threshold():
            yield from _rows(claim.table, (claim.quartiles, claim.share), published, of="tables")
            if not list(_rows(claim.table, (claim.quartiles, claim.share), published, of="tables")):
                rows = published.tables[claim.table].rows
                yield from _kind(rows[claim.quartiles].cells, QuantileCell, claim.quartiles, "29 [22, 40]")
                yield from _kind(rows[claim.share].cells, CountCell, claim.share, "33 (87%)")
        case Categories() | Balance():
            yield from _rows(claim.table, claim.rows, published, of="tables")
            if claim.table in published.tables and isinstance(claim, Balance):
                if len(published.tables[claim.table].arms) != 2:
                    yield f"table {claim.table!r} has not two arms; balance is between two"
            elif isinstance(claim, Categories):
                yield from _categories(claim, published)
        case Contrast():
            for name in (claim.of, claim.first, claim.minus):
                yield from _rows(name, claim.rows, published, of="effects")
        case Order():
            yield from _rows(claim.table, (claim.row,), published, of="tables")
            for arm in (claim.higher, claim.lower):
                arms = published.tables[claim.table].arms if claim.table in published.tables else (arm,)
                if arm not in arms:
                    yield f"{arm!r} is no arm of {claim.table!r}{suggestion(arm, arms)}"
        case Shares():
            yield from _shares(claim)
        case _:
            return


def _numbers(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            parse_printed(text)
        except NotPrinted as fault:
            yield str(fault)


def _rows(name: str, rows: Iterable[str], published: Published, *, of: str = "") -> Iterator[str]:
    """Whether a table or effect and its rows are there."""
    known: dict[str, Iterable[str]] = {}
    if of != "effects":
        known |= {one.name: one.rows for one in published.tables.values()}
    if of != "tables":
        known |= {one.name: one.cells for one in published.effects.values()}
    if name not in known:
        yield f"{name!r} is none of the {of or 'tables and effects'}{suggestion(name, known)}"
        return
    for row in rows:
        if row not in known[name]:
            yield f"{row!r} is no row of {name!r}{suggestion(row, known[name])}"


def _arm(text: str, rows: Iterable[str], published: Published) -> Iterator[str]:
    table, _, arm = text.partition(".")
    yield from _rows(table, rows, published, of="tables")
    if table in published.tables and arm not in published.tables[table].arms:
        arms = published.tables[table].arms
        yield f"{text!r} is no arm; write table.arm{suggestion(arm, arms)}"


def _same_arms(claim: Subset, published: Published) -> Iterator[str]:
    for name in (claim.part, claim.whole):
        yield from _rows(name, claim.rows, published, of="tables")
    if claim.part in published.tables and claim.whole in published.tables:
        part, whole = (published.tables[name] for name in (claim.part, claim.whole))
        if len(part.arms) != len(whole.arms):
            yield f"{claim.part!r} has {len(part.arms)} arms and {claim.whole!r} {len(whole.arms)}; as many are needed"


def _kind(cells: Iterable[object], kind: type, row: str, form: str) -> Iterator[str]:
    if not all(cell is None or isinstance(cell, kind) for cell in cells):
        yield f"the cells of {row!r} have not the form {form}"


def _categories(claim: Categories, published: Published) -> Iterator[str]:
    if claim.p:
        try:
            parse_p(claim.p)
        except NotPrinted as fault:
            yield str(fault)
    table = published.tables.get(claim.table)
    for name in claim.rows if table else ():
        cells = table.rows[name].cells if table and name in table.rows else ()
        if not all(isinstance(cell, CountCell) and cell.count is not None for cell in cells):
            yield f"the cells of {name!r} are no counts"


def _shares(claim: Shares) -> Iterator[str]:
    for name, text in claim.values.items():
        try:
            cell = parse_cell(text, "count")
        except NotPrinted as fault:
            yield f"{name}: {fault}"
            continue
        n = (cell.n if isinstance(cell, CountCell) else None) or claim.of
        if n is None:
            yield f"{name}: of what? Add of: N, or write 22/24 (91.7%)"
        elif isinstance(cell, CountCell) and (cell.count or 0) > n:
            yield f"{name}: {text!r} counts more than {n}"
    for name, parts in claim.sums.items():
        for one in (name, *parts):
            if one not in claim.values:
                yield f"{one!r} is none of its values{suggestion(one, claim.values)}"
