"""The score and its items agree; the latest revision holds; who did not agree is kept."""

from datetime import date
from itertools import permutations, product
from typing import Any, get_args

import pytest

from neurolupus.errors import PatientFileError
from neurolupus.guidelines.scores.italian import italian_score
from neurolupus.records.clinical import AttributionFacts, Dissent, ItalianItems, Revision
from neurolupus.records.clinical.codes import HowMany, Onset


def revision(month: int, attribution: Any = None, mechanism: Any = None) -> Revision:
    """A revision on the first day of a month."""
    return Revision(date(2025, month, 1), "new finding", attribution=attribution, mechanism=mechanism)


ALL_ITEMS = [
    ItalianItems(*items) for items in product(get_args(Onset), (True, False), get_args(HowMany), get_args(HowMany))
]


@pytest.mark.parametrize("items", ALL_ITEMS)
def test_the_total_is_that_of_the_guideline_scores(items: ItalianItems):
    # The weights stand twice, since a record may not import a guideline; this keeps them one
    found = italian_score(
        onset=items.onset, minor_event=items.minor_event, confounders=items.confounders, favouring=items.favouring
    )
    assert items.total == found.known


def test_the_total_by_hand():
    # Bortoluzzi 2015: concomitant 3, no minor event 3, one confounder 1, favouring factors 2
    assert ItalianItems("within_6mo", False, "one", "more").total == 9
    assert ItalianItems("within_6mo", False, "one").total is None


def test_a_score_that_its_items_deny_is_refused():
    items = ItalianItems("within_6mo", False, "one", "more")
    assert AttributionFacts(italian_score=9, italian_items=items).italian_score == 9
    with pytest.raises(PatientFileError, match="italian_score is 8 and its items add up to 9"):
        AttributionFacts(italian_score=8, italian_items=items)


def test_without_revisions_the_first_consensus_holds():
    facts = AttributionFacts(mdt_consensus="attributed", mdt_mechanism="inflammatory")
    assert (facts.current_consensus, facts.current_mechanism) == ("attributed", "inflammatory")
    assert AttributionFacts().current_consensus is None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_latest_revision_holds_in_whatever_order_they_are_written(order: tuple[int, ...]):
    revisions = [revision(3, "uncertain"), revision(6, "attributed", "mixed"), revision(9, mechanism="inflammatory")]
    facts = AttributionFacts(mdt_consensus="not_attributed", revisions=tuple(revisions[one] for one in order))
    assert (facts.current_consensus, facts.current_mechanism) == ("attributed", "inflammatory")


def test_what_is_no_longer_attributed_has_no_mechanism():
    facts = AttributionFacts(
        mdt_consensus="attributed", mdt_mechanism="inflammatory", revisions=(revision(6, "not_attributed"),)
    )
    assert (facts.mdt_mechanism, facts.current_consensus, facts.current_mechanism) == (
        "inflammatory",
        "not_attributed",
        None,
    )


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"mdt_consensus": "not_attributed", "mdt_mechanism": "mixed"}, "an event without lupus has no mechanism"),
        ({"italian_score": 11}, "italian_score is 11; 0 to 10 points is needed"),
        ({"italian_score": -1}, "0 to 10 points"),
        ({"n_syndromes": 0}, "n_syndromes is 0; 1 to 19 is needed"),
        ({"n_syndromes": 20}, "1 to 19"),
        ({"revisions": (revision(6, "uncertain"), revision(6, "attributed"))}, "revisions[2].date is 2025-06-01, as"),
        ({"decided": date(2025, 7, 1), "revisions": (revision(6, "uncertain"),)}, "before decided (2025-07-01)"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], told: str):
    with pytest.raises(PatientFileError) as error:
        AttributionFacts(**values)
    assert told in str(error.value)


def test_a_revision_may_be_of_the_day_of_the_decision():
    facts = AttributionFacts(
        mdt_consensus="attributed", decided=date(2025, 6, 1), revisions=(revision(6, "uncertain"),)
    )
    assert facts.current_consensus == "uncertain"


def test_a_revision_changes_something():
    with pytest.raises(PatientFileError, match="says nothing that changed"):
        Revision(date(2025, 6, 1), "nothing")
    in_words = Revision(date(2025, 6, 1), "new scan", changed="the infarct is older than the lupus")
    assert AttributionFacts(mdt_consensus="attributed", revisions=(in_words,)).current_consensus == "attributed"
    with pytest.raises(PatientFileError, match="no mechanism of lupus"):
        revision(6, "not_attributed", "mixed")


def test_dissent_says_who_and_what():
    facts = AttributionFacts(mdt_consensus="attributed", dissent=(Dissent("neurologist", "a primary psychosis"),))
    assert (facts.dissent[0].by, facts.dissent[0].opinion) == ("neurologist", "a primary psychosis")
