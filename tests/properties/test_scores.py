"""What holds for every score: its range is that of every completion, order changes nothing, more never scores less."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.guidelines.logic import Truth
from neurolupus.guidelines.scores.classification import (
    ACR_1997,
    SLICC_2012_CLINICAL,
    SLICC_2012_IMMUNOLOGIC,
    Classification,
    acr1997,
    slicc2012,
)
from neurolupus.guidelines.scores.italian import (
    CONFOUNDERS,
    FAVOURING,
    MINOR_EVENT,
    ONSET,
    by_cut_off,
    is_borderline,
    italian_score,
)
from neurolupus.guidelines.scores.range import ScoreRange
from neurolupus.guidelines.scores.sdi import ITEMS, sdi_neuropsychiatric_items
from neurolupus.guidelines.scores.sledai2k import WEIGHTS, sledai2k, without_neuropsychiatric
from neurolupus.guidelines.scores.slicc_models import SliccFacts, slicc_a, slicc_b

Items = Mapping[str, bool | None]
maybe = st.none() | st.booleans()
MOST_UNKNOWN = 5  # of a draw, so that its completions are few enough to be tried one by one
SLICC_2012 = SLICC_2012_CLINICAL + SLICC_2012_IMMUNOLOGIC
ADDED_UP: tuple[tuple[tuple[str, ...], Callable[[Items], ScoreRange]], ...] = (
    (tuple(WEIGHTS), sledai2k),
    (tuple(WEIGHTS), without_neuropsychiatric),
    (tuple(ITEMS), sdi_neuropsychiatric_items),
    (ACR_1997, lambda items: acr1997(items).criteria),
)
every_sum = pytest.mark.parametrize(("names", "score"), ADDED_UP, ids=("sledai2k", "without", "sdi", "acr1997"))


@st.composite
def partly_known(draw: st.DrawFn, names: tuple[str, ...]) -> dict[str, bool | None]:
    """Every item known but a few, in any order."""
    unknown = draw(st.sets(st.sampled_from(names), max_size=MOST_UNKNOWN))
    order = draw(st.permutations(names))
    return {name: None if name in unknown else draw(st.booleans()) for name in order}


def completions(items: Items) -> list[dict[str, bool]]:
    """Everything that the unknown items could turn out to be."""
    unknown = [name for name, value in items.items() if value is None]
    return [
        {**items, **dict(zip(unknown, values, strict=True))}  # type: ignore[dict-item]
        for values in itertools.product((False, True), repeat=len(unknown))
    ]


def agreed(values: list[bool]) -> Truth:
    """What every completion says; None where they differ."""
    return values[0] if len(set(values)) == 1 else None


@every_sum
@given(data=st.data())
def test_a_range_is_that_of_every_completion(
    names: tuple[str, ...], score: Callable[[Items], ScoreRange], data: st.DataObject
):
    items = data.draw(partly_known(names))
    found, totals = score(items), [score(one).known for one in completions(items)]
    assert (found.low, found.high) == (min(totals), max(totals))  # type: ignore[type-var]


@every_sum
@given(data=st.data())
def test_the_order_of_the_items_changes_nothing(
    names: tuple[str, ...], score: Callable[[Items], ScoreRange], data: st.DataObject
):
    items = data.draw(partly_known(names))
    turned = {name: items[name] for name in data.draw(st.permutations(list(items)))}
    assert score(turned) == score(items)


@every_sum
@given(data=st.data())
def test_one_more_item_never_scores_less(
    names: tuple[str, ...], score: Callable[[Items], ScoreRange], data: st.DataObject
):
    items = data.draw(partly_known(names))
    name = data.draw(st.sampled_from(names))
    without, with_it = score({**items, name: False}), score({**items, name: True})
    unknown = score({**items, name: None})
    assert without.low <= with_it.low
    assert without.high <= with_it.high
    assert (unknown.low, unknown.high) == (without.low, with_it.high)


ITALIAN = st.fixed_dictionaries(
    {
        "onset": st.sampled_from([None, *ONSET]),
        "minor_event": st.sampled_from([None, *MINOR_EVENT]),
        "confounders": st.sampled_from([None, *CONFOUNDERS]),
        "favouring": st.sampled_from([None, *FAVOURING]),
    }
)


@given(items=ITALIAN)
def test_the_italian_range_and_both_cut_offs_are_those_of_every_completion(items: dict[str, object]):
    values = {"onset": ONSET, "minor_event": MINOR_EVENT, "confounders": CONFOUNDERS, "favouring": FAVOURING}
    possible = [list(values[name]) if value is None else [value] for name, value in items.items()]
    complete = [italian_score(**dict(zip(items, one, strict=True))) for one in itertools.product(*possible)]  # type: ignore[arg-type]
    found = italian_score(**items)  # type: ignore[arg-type]
    totals = [one.low for one in complete]
    assert (found.low, found.high) == (min(totals), max(totals))
    for cut_off in by_cut_off(found):
        assert cut_off.is_reached is agreed([total >= cut_off.points for total in totals])
    # Not every total of a range can be reached (onset gives 0, 2 or 3): an open answer is allowed, a wrong one is not
    assert is_borderline(found) in (None, agreed([total == 6 for total in totals]))
    assert found.known is None or is_borderline(found) is (found.known == 6)


@given(items=partly_known(SLICC_2012), nephritis=maybe)
def test_the_rule_of_2012_says_what_every_completion_says(items: dict[str, bool | None], nephritis: bool | None):
    found = slicc2012(items, biopsy_proven_nephritis=nephritis)
    complete: list[Classification] = [
        slicc2012(one, biopsy_proven_nephritis=known)
        for one in completions(items)
        for known in ((False, True) if nephritis is None else (nephritis,))
    ]
    totals = [one.criteria.low for one in complete]
    assert (found.criteria.low, found.criteria.high) == (min(totals), max(totals))
    assert found.is_met is agreed([bool(one.is_met) for one in complete])


@given(items=partly_known(SLICC_2012))
def test_a_complete_count_of_2012_by_a_plain_version(items: dict[str, bool | None]):
    known = {name: bool(value) for name, value in items.items()}
    if known["haemolytic_anaemia"]:
        known["direct_coombs"] = False
    clinical = {name for name in SLICC_2012_CLINICAL if known[name]}
    immunologic = {name for name in SLICC_2012_IMMUNOLOGIC if known[name]}
    found = slicc2012({name: bool(value) for name, value in items.items()}, biopsy_proven_nephritis=False)
    assert found.criteria.known == len(clinical | immunologic)
    assert found.is_met is (len(clinical) + len(immunologic) >= 4 and bool(clinical) and bool(immunologic))


@given(
    onset=st.none() | st.integers(-150, 150),
    enrolment=st.none() | st.integers(0, 15),
    exclusion=maybe,
    association=maybe,
    minor=maybe,
    present=maybe,
)
def test_forgetting_a_fact_never_decides_a_slicc_model(
    onset: int | None,
    enrolment: int | None,
    exclusion: bool | None,
    association: bool | None,
    minor: bool | None,
    present: bool | None,
):
    facts = (onset, enrolment, exclusion, association, minor, present)
    full = SliccFacts(*facts)
    for place in range(len(facts)):
        less = SliccFacts(*(None if place == at else value for at, value in enumerate(facts)))
        for model in (slicc_a, lambda one: slicc_b(one, "B-2008"), lambda one: slicc_b(one, "B-2012")):
            assert model(less) in (None, model(full))


@given(st.builds(SliccFacts, st.none() | st.integers(-150, 150), st.none() | st.integers(0, 15), maybe, maybe, maybe))
def test_what_the_strict_model_attributes_the_wide_one_does_too(facts: SliccFacts):
    if slicc_a(facts) is True:
        assert slicc_b(facts, "B-2008") is True
