"""Numbers and words of a file that cannot be meant: told before anything is computed from them."""

from __future__ import annotations

from collections.abc import Iterator

from neurolupus.records.document import LineFault
from neurolupus.study.audit.cells import CountCell, MeanCell, QuantileCell, parse_cell
from neurolupus.study.audit.printed import NotPrinted
from neurolupus.study.audit.published import Published, PublishedRow
from neurolupus.study.audit.schema import Effects
from neurolupus.study.audit.schema_claims import Additive, Claim, Order, Pooled, Quotient, Shares, Sum

COUNT_TESTS = ("chi2", "chi2_pearson", "chi2_yates", "chi2_n_minus_1", "fisher", "chi2_or_fisher")


def check_limits(published: Published) -> Iterator[LineFault]:
    """What would be computed and mean nothing, with its line."""
    for table in published.tables.values():
        for row in table.rows.values():
            yield from (LineFault(row.line, f"tables.{table.name}.rows.{row.name}: {what}") for what in _row(row))
    for effects in published.effects.values():
        yield from _effects(effects.written)
    for name, claim in published.claims.items():
        yield from (LineFault(claim.line, f"claims.{name}: {what}") for what in _claim(claim, published))


def _row(row: PublishedRow) -> Iterator[str]:
    written, kinds = row.written, {type(cell) for cell in row.cells if cell is not None}
    if written.integers is not None and written.integers < 1:
        yield f"integers is {written.integers}; 1 or more is needed"
    if written.range is not None and written.range[0] >= written.range[1]:
        low, high = written.range
        yield f"range is [{low:g}, {high:g}]; the smaller number comes first"
    for key, value in (("integers", written.integers), ("range", written.range)):
        if value is not None and MeanCell not in kinds:
            yield f"{key} is for means with standard deviations"
    if written.test is None or not kinds:
        return
    is_count_test = written.test in COUNT_TESTS
    if CountCell in kinds and not is_count_test:
        yield f"test {written.test!r} is none for counts; choose {', '.join(COUNT_TESTS)}"
    if (MeanCell in kinds or QuantileCell in kinds) and is_count_test:
        yield f"test {written.test!r} is for counts; choose t, student, welch or mann_whitney"


def _effects(effects: Effects) -> Iterator[LineFault]:
    place = f"effects.{effects.name}"
    if effects.df is not None and not effects.df > 0:
        yield LineFault(effects.line, f"{place}.df is {effects.df:g}; more than 0 is needed")
    for row in effects.rows.values():
        if row.df is not None and not row.df > 0:
            yield LineFault(row.line, f"{place}.rows.{row.name}.df is {row.df:g}; more than 0 is needed")


def _claim(claim: Claim, published: Published) -> Iterator[str]:
    match claim:
        case Sum() | Pooled() if not claim.parts:
            yield "parts is empty; one part or more is needed"
        case Additive():
            yield from _additive(claim, published)
        case Shares():
            yield from _shares(claim)
        case Quotient():
            if claim.persons < 1:
                yield f"persons is {claim.persons}; 1 or more is needed"
            if claim.between[0] > claim.between[1]:
                yield f"between is [{claim.between[0]:g}, {claim.between[1]:g}]; the smaller number comes first"
        case Order() if claim.higher == claim.lower:
            yield f"higher and lower are both {claim.higher!r}"
        case _:
            return


def _additive(claim: Additive, published: Published) -> Iterator[str]:
    if not claim.of or not claim.parts:
        yield f"{'of' if not claim.of else 'parts'} is empty; one name or more is needed"
    for name in claim.of:
        if name not in published.tables:
            continue
        for row in (claim.total, *claim.parts):
            cells = published.tables[name].rows[row].cells
            if not all(cell is None or isinstance(cell, MeanCell) for cell in cells):
                yield f"the cells of {row!r} in {name!r} are no means"


def _shares(claim: Shares) -> Iterator[str]:
    for key, value in (("of", claim.of), ("or_of", claim.or_of)):
        if value is not None and value < 1:
            yield f"{key} is {value}; 1 or more is needed"
    for name, text in claim.values.items():
        try:
            is_empty = parse_cell(text, "count") is None
        except NotPrinted:  # told by the references
            continue
        if is_empty:
            yield f"{name} is empty"
