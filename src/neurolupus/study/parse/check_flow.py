"""Faults of `flow:`: steps that say two things, and declared numbers that do not add up."""

from __future__ import annotations

from neurolupus.records.document import Place
from neurolupus.study.parse.check_variables import check_condition
from neurolupus.study.parse.lookup import Lookup
from neurolupus.study.schema.data import FlowStep


def check_flow(lookup: Lookup) -> None:
    """Each step keeps or drops; what is expected adds up from start to end."""
    flow = lookup.study.flow
    n = flow.start.n if flow.start else None
    for number, step in enumerate(flow.steps):
        place: Place = ("flow", "steps", number)
        given = (step.keep is not None) + bool(step.drop) + (step.keep_keywords is not None)
        if given != 1:
            lookup.fault(place, " needs one of keep, drop and keep_keywords")
        for condition in (*((step.keep,) if step.keep else ()), *step.drop):
            check_condition(lookup, condition.tree, place)
        texts = [condition.text for condition in step.drop]
        for key in ("reasons", "expect_reasons"):
            for text in getattr(step, key):
                lookup.known(text, texts, "condition of this drop", (*place, key))
        n = _remaining(lookup, step, place, n)
    if flow.end and n is not None and n != flow.end.n:
        lookup.fault(("flow", "end"), f" is {flow.end.n}, and start and steps leave {n}; correct one of them")


def expected_dropped(step: FlowStep, before: int | None) -> int | None:
    """How many a step is expected to drop; None where the file does not say."""
    if step.expect_dropped is not None:
        return step.expect_dropped
    if step.expect_remaining is not None and before is not None:
        return before - step.expect_remaining
    texts = [condition.text for condition in step.drop]
    if texts and all(text in step.expect_reasons for text in texts):
        return sum(step.expect_reasons.values())
    return None


def _remaining(lookup: Lookup, step: FlowStep, place: Place, before: int | None) -> int | None:
    dropped = expected_dropped(step, before)
    if before is None:
        return step.expect_remaining
    if dropped is None:
        return None
    after = before - dropped
    if after < 0 or dropped < 0:
        lookup.fault(place, f" leaves {after} of {before}; correct the numbers")
        return None
    if step.expect_remaining is not None and after != step.expect_remaining:
        lookup.fault(
            place,
            f": {before} less expect_dropped {dropped} is {after}, and expect_remaining is {step.expect_remaining}",
        )
    reasons = sum(step.expect_reasons.values())
    if step.expect_reasons and len(step.expect_reasons) == len(step.drop) and reasons != dropped:
        lookup.fault((*place, "expect_reasons"), f" add up to {reasons}, and the step drops {dropped}")
    return after
