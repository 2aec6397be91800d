"""Scores worked by hand from their published weights."""

from __future__ import annotations

import itertools

import pytest

from neurolupus.guidelines.logic import Truth
from neurolupus.guidelines.scores import sledai2k as sledai
from neurolupus.guidelines.scores.italian import (
    CONFOUNDERS,
    FAVOURING,
    ONSET,
    by_cut_off,
    is_borderline,
    italian_score,
)
from neurolupus.guidelines.scores.range import ScoreRange
from neurolupus.guidelines.scores.sdi import ITEMS, sdi_neuropsychiatric_items
from neurolupus.guidelines.scores.slicc_models import SliccFacts, slicc_a, slicc_b
from neurolupus.guidelines.scores.syndromes import LABELS, is_minor_event, part_of
from neurolupus.records.clinical import SYNDROMES, ItalianItems, SdiItems, Sledai2kItems


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


@pytest.mark.parametrize(
    ("low", "high", "reached", "borderline"),
    [
        (5, 5, (False, False), False),
        (6, 6, (True, False), True),
        (7, 7, (True, True), False),
        (0, 10, (None, None), None),
        (3, 6, (None, False), None),
        (6, 9, (True, None), None),
        (7, 9, (True, True), False),
        (2, 5, (False, False), False),
    ],
)
def test_both_cut_offs_read_a_score(low: int, high: int, reached: tuple[Truth, Truth], borderline: Truth):
    # 6 in Nie et al. 2023; 7 by the external validation, PMID 27463840
    score = ScoreRange(low, high, (), ())
    found = by_cut_off(score)
    assert [one.points for one in found] == [6, 7]
    assert tuple(one.is_reached for one in found) == reached
    assert is_borderline(score) is borderline


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


def test_the_items_of_the_nervous_system_weigh_56():
    # Seven items of 8; what remains of 105 is 49
    assert sum(sledai.WEIGHTS[name] for name in sledai.NEUROPSYCHIATRIC) == 56
    assert sledai.without_neuropsychiatric(dict.fromkeys(sledai.WEIGHTS, True)).known == 49
    assert not set(sledai.NEUROPSYCHIATRIC) & set(sledai.without_neuropsychiatric({}).missing)


@pytest.mark.parametrize(
    ("weight", "names"),
    [
        (8, "seizure psychosis organic_brain_syndrome visual_disturbance cranial_nerve_disorder lupus_headache "
            "cerebrovascular_accident vasculitis"),
        (4, "arthritis myositis urinary_casts haematuria proteinuria pyuria"),
        (2, "rash alopecia mucosal_ulcers pleurisy pericarditis low_complement increased_dna_binding"),
        (1, "fever thrombocytopenia leukopenia"),
    ],
)  # fmt: skip
def test_each_weight_is_the_published_one(weight: int, names: str):
    # https://medicalcriteria.com/web/reusledai/
    assert [name for name, points in sledai.WEIGHTS.items() if points == weight] == names.split()


def test_sdi_items_are_those_of_the_record():
    assert set(ITEMS) == set(SdiItems.__dataclass_fields__)


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
    for months, attributed in ((-121, False), (-120, True), (120, True), (121, False), (None, None)):
        facts = SliccFacts(months, 12, exclusion=False, minor_event=False)
        assert slicc_b(facts, "B-2008") is attributed


def test_the_two_printed_versions_of_model_b_differ_in_one_demand():
    # PMC4656032 (2008) and PMC4656036 (2012), below table 2 of each
    for present, of_2012 in ((True, True), (False, False), (None, None)):
        facts = SliccFacts(-24, 12, exclusion=False, minor_event=False, present_in_window=present)
        assert slicc_b(facts, "B-2008") is True
        assert slicc_b(facts, "B-2012") is of_2012


def test_another_version_of_model_b_is_refused():
    with pytest.raises(ValueError, match="'B-1999'; choose B-2008 or B-2012"):
        slicc_b(SliccFacts(), "B-1999")  # type: ignore[arg-type]


def test_months_that_are_no_number_are_refused():
    with pytest.raises(ValueError, match="a number is needed"):
        SliccFacts(float("nan"), 12)
    with pytest.raises(ValueError, match="enrolment is -1 months"):
        SliccFacts(0, -1)


def test_the_window_closes_after_15_months_even_where_enrolment_was_later():
    known = {"exclusion": False, "association": False, "minor_event": False}
    assert slicc_a(SliccFacts(15, 20, **known)) is True
    assert slicc_a(SliccFacts(16, 20, **known)) is False
