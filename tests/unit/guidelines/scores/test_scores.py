"""Scores worked by hand from their published weights."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.guidelines.logic import Truth
from neurolupus.guidelines.scores import sledai2k as sledai
from neurolupus.guidelines.scores.italian import CONFOUNDERS, FAVOURING, ONSET, italian_score
from neurolupus.guidelines.scores.sdi import ITEMS, sdi_neuropsychiatric_items
from neurolupus.guidelines.scores.slicc_models import SliccFacts, slicc_a, slicc_b
from neurolupus.guidelines.scores.syndromes import LABELS, is_minor_event, part_of
from neurolupus.records.clinical import SYNDROMES, ItalianItems, Sledai2kItems


def test_italian_score_runs_from_0_to_10():
    totals = {
        italian_score(onset=o, minor_event=m, confounders=c, favouring=f).known
        for o, m, c, f in itertools.product(ONSET, (True, False), CONFOUNDERS, FAVOURING)
    }
    assert totals == set(range(11))  # knowledge: range 0 to 10


def test_a_minor_event_tops_out_at_7():
    # Arithmetic of the published weights: 3 + 0 + 2 + 2
    best = italian_score(onset="within_6mo", minor_event=True, confounders="none", favouring="more")
    assert best.known == 7


def test_a_worked_italian_score():
    # Onset three months after SLE 3, no minor event 3, one confounder 1, one favouring factor 1
    score = italian_score(onset="within_6mo", minor_event=False, confounders="one", favouring="one")
    assert (score.known, score.missing) == (8, ())
    items = ItalianItems(onset="within_6mo", minor_event=False, confounders="one", favouring="one")
    assert items.total == 8


@given(
    st.sampled_from([None, *ONSET]),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, *CONFOUNDERS]),
    st.sampled_from([None, *FAVOURING]),
)
def test_the_range_is_that_of_every_completion(o, m, c, f):
    found = italian_score(onset=o, minor_event=m, confounders=c, favouring=f)
    complete = [
        italian_score(onset=oo, minor_event=mm, confounders=cc, favouring=ff).low
        for oo, mm, cc, ff in itertools.product(
            [o] if o else ONSET,
            [m] if m is not None else (True, False),
            [c] if c else CONFOUNDERS,
            [f] if f else FAVOURING,
        )
    ]
    assert (found.low, found.high) == (min(complete), max(complete))


def test_sledai2k_has_24_items_that_add_up_to_105():
    assert len(sledai.WEIGHTS) == 24
    assert sledai.sledai2k(dict.fromkeys(sledai.WEIGHTS, True)).known == 105
    assert set(sledai.WEIGHTS) == set(Sledai2kItems.__dataclass_fields__)


def test_a_worked_sledai2k():
    # Psychosis 8, arthritis 4, proteinuria 4, rash 2, low complement 2, DNA binding 2, fever 1 = 23
    present = ("psychosis", "arthritis", "proteinuria", "rash", "low_complement", "increased_dna_binding", "fever")
    items = {name: name in present for name in sledai.WEIGHTS}
    assert sledai.sledai2k(items).known == 23
    assert sledai.without_neuropsychiatric(items).known == 15


def test_unknown_items_of_sledai2k_widen_its_range():
    found = sledai.sledai2k({"psychosis": True})
    assert (found.low, found.high) == (8, 105)
    assert found.known is None


def test_an_item_that_the_score_does_not_have_is_refused():
    with pytest.raises(KeyError, match="migraine"):
        sledai.sledai2k({"migraine": True})
    with pytest.raises(KeyError, match="cataract"):
        sdi_neuropsychiatric_items({"cataract": True})


def test_sdi_items_are_counted():
    assert sdi_neuropsychiatric_items(dict.fromkeys(ITEMS, True)).known == 5
    assert sdi_neuropsychiatric_items({}).high == 5


def test_nineteen_syndromes_twelve_of_them_central():
    assert set(LABELS) == set(SYNDROMES)
    assert len(LABELS) == 19
    assert sum(part_of(name) == "central" for name in LABELS) == 12
    with pytest.raises(KeyError, match="encephalitis"):
        part_of("encephalitis")


@pytest.mark.parametrize(
    ("syndrome", "facts", "minor"),
    [
        ("headache", {}, True),
        ("anxiety_disorder", {}, True),
        ("mood_disorder", {"mild": True}, True),
        ("mood_disorder", {"mild": False}, False),
        ("cognitive_dysfunction", {}, None),
        ("polyneuropathy", {"electrophysiology": False}, True),
        ("polyneuropathy", {}, None),
        ("seizure_disorder", {"mild": True}, False),
    ],
)
def test_minor_events_after_ainiala(syndrome: str, facts: dict[str, bool], minor: Truth):
    assert is_minor_event(syndrome, **facts) is minor


@pytest.mark.parametrize(
    ("onset", "enrolment", "attributed"),
    [
        (-7, 10, False),
        (-6, 10, True),
        (0, None, True),
        (10, 10, True),
        (11, 10, False),
        (5, None, None),
        (16, None, False),
        (None, 10, None),
    ],
)
def test_the_window_of_slicc_a(onset: float | None, enrolment: float | None, attributed: Truth):
    facts = SliccFacts(onset, enrolment, exclusion=False, association=False, minor_event=False)
    assert slicc_a(facts) is attributed


def test_an_association_blocks_model_a_and_not_model_b():
    facts = SliccFacts(3, 12, exclusion=False, association=True, minor_event=False, present_in_window=True)
    assert slicc_a(facts) is False
    assert slicc_b(facts, "B-2012") is True


def test_model_b_ends_after_ten_years():
    for months, attributed in ((120, True), (121, False), (None, None)):
        facts = SliccFacts(months, 12, exclusion=False, minor_event=False)
        assert slicc_b(facts, "B-later") is attributed
