"""Sums, additive rows, contrasts of effects, and totals shared out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from neurolupus.study.audit.cells import MeanCell
from neurolupus.study.audit.printed import Printed, parse_printed
from neurolupus.study.audit.published import Published
from neurolupus.study.audit.results import Check, Recomputed, Verdict, joined
from neurolupus.study.audit.schema_claims import Additive, Contrast, Quotient, Sum


def check_sum(claim: Sum) -> Iterator[Check]:
    """Parts that add up to a total, or are taken off a start."""
    parts = [parse_printed(text) for text in claim.parts.values()]
    total = parse_printed(claim.total)
    start = parse_printed(claim.start) if claim.start else None
    signs = [1.0] + [-1.0] * len(parts) if start else [1.0] * len(parts)
    terms = [start, *parts] if start else parts
    words = (" - " if start else " + ").join(one.text for one in terms)
    are_counts = not any(one.decimals for one in (*terms, total))  # of persons: nothing was rounded
    check = summed(claim.name, "", f"{words} = {total.text}", terms, signs, total, exact=are_counts)
    yield replace(check, line=claim.line, note=claim.note)


def check_additive(claim: Additive, published: Published) -> Iterator[Check]:
    """One row that is the sum of others: in estimates, or in the means of every arm; then what SDs it allows."""
    for name in claim.of:
        if name in published.effects:
            cells = published.effects[name].cells
            numbers = [cells[row].value for row in claim.parts]
            yield _added(claim, published.effects[name].title, "estimate", numbers, cells[claim.total].value)
            continue
        table = published.tables[name]
        for number, arm in enumerate(table.arms):
            total, *parts = (table.rows[row].cells[number] for row in (claim.total, *claim.parts))
            means = [part for part in parts if isinstance(part, MeanCell)]
            if not isinstance(total, MeanCell) or len(means) != len(parts):
                continue
            yield _added(claim, table.title, arm, [part.mean for part in means], total.mean)
            yield _spread(claim, table.title, arm, means, total)


def _added(claim: Additive, title: str, what: str, parts: Sequence[Printed], total: Printed) -> Check:
    words = f"{' + '.join(claim.parts)} = {claim.total}: {' + '.join(one.text for one in parts)} = {total.text}"
    row = f"{claim.total}, {what}"
    check = summed(title, row, words, parts, [1.0] * len(parts), total, exact=False)
    return replace(check, line=claim.line, note=claim.note)


def _spread(claim: Additive, title: str, arm: str, parts: Sequence[MeanCell], total: MeanCell) -> Check:
    """The SD of a sum is at most the sum of the SDs, and at least what the largest leaves of the others."""
    most = sum(part.sd.high for part in parts)
    largest = max(part.sd.value for part in parts)
    least = max(0.0, 2 * (largest - parts[0].sd.half) - most)
    fits = total.sd.high >= least and total.sd.low <= most
    found = Recomputed("SD of the sum, for correlations from -1 to 1", math.nan, least, most, fits)
    told = f"SD of {claim.total} {total.sd.text}; of its parts {', '.join(part.sd.text for part in parts)}"
    verdict: Verdict = "agrees" if fits else "disagrees"
    note = "" if fits else "No correlation between the parts gives this SD."
    return Check(
        title, f"{claim.total}, {arm}, SD", "sum", told, verdict, (found,), "" if fits else "conclusion", note,
        claim.line,
    )  # fmt: skip


def summed(
    where: str, row: str, published: str, terms: Sequence[Printed], signs: Sequence[float], total: Printed, *,
    exact: bool,
) -> Check:  # fmt: skip
    """A total against the signed sum of terms; `exact` where none of them was rounded."""
    value = sum(sign * one.value for sign, one in zip(signs, terms, strict=True))
    slack = 0.0 if exact else sum(one.half for one in terms)
    is_equal = abs(value - total.value) < 1e-9
    fits = is_equal or (not exact and total.meets(value - slack, value + slack))
    found = Recomputed("sum", value, value - slack, value + slack, fits)
    verdict: Verdict = "agrees" if is_equal else "agrees within rounding" if fits else "disagrees"
    return Check(where, row, "sum", published, verdict, (found,), "" if fits else "number")


def check_contrast(claim: Contrast, published: Published) -> Iterator[Check]:
    """One effect that is the difference of two, in one model; separate models need not obey it."""
    of, first, minus = (published.effects[name] for name in (claim.of, claim.first, claim.minus))
    for row in claim.rows or tuple(name for name in of.cells if name in first.cells and name in minus.cells):
        ends = []
        for effects in (of, first, minus):
            one = effects.cells[row].value
            log = math.log if effects.written.is_ratio else float
            ends.append([log(max(x, 1e-12)) if effects.written.is_ratio else x for x in (one.value, one.low, one.high)])
        back = math.exp if of.written.is_ratio else float
        value, low, high = (
            back(ends[1][0] - ends[2][0]), back(ends[1][1] - ends[2][2]), back(ends[1][2] - ends[2][1])
        )  # fmt: skip
        printed = of.cells[row].value
        fits = printed.meets(low, high)
        found = Recomputed(f"{first.title} minus {minus.title}", value, low, high, fits)
        is_free = claim.models == "separate"
        verdict: Verdict = "agrees" if fits or is_free else "disagrees"
        free = "They differ, as estimates of separate models may; one model of all groups would make them equal."
        told = f"{of.title} {printed.text}; {first.cells[row].value.text} - {minus.cells[row].value.text}"
        yield Check(
            claim.name, row, "contrast", told, verdict, (found,), "" if verdict == "agrees" else "number",
            joined([free if is_free and not fits else "", claim.note]), claim.line,
        )  # fmt: skip


def check_quotient(claim: Quotient) -> Iterator[Check]:
    """What remains of a total per head, against what it can be."""
    rest = claim.total - sum(each * persons for each, persons in claim.known.items())
    per_head = rest / claim.persons if claim.persons else math.nan
    low, high = claim.between
    fits = low <= per_head <= high
    known = "".join(f" - {each} × {persons}" for each, persons in claim.known.items())
    told = f"({claim.total:g}{known}) / {claim.persons} between {low:g} and {high:g}"
    found = Recomputed("per head", per_head, per_head, per_head, fits)
    verdict: Verdict = "agrees" if fits else "disagrees"
    yield Check(
        claim.name, "", "quotient", told, verdict, (found,), "" if fits else "conclusion", claim.note, claim.line
    )  # fmt: skip
