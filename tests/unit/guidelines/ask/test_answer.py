"""Answers: quoted statements in order, what a question rules out set aside, the whole guide, nothing made up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.errors import UsageError
from neurolupus.guidelines.ask.answer import GUIDE, MOST_SHOWN, Answer, ask
from neurolupus.guidelines.ask.as_data import answer_as_data
from neurolupus.guidelines.ask.conversation import Conversation
from neurolupus.guidelines.ask.index import statement_index
from neurolupus.guidelines.ask.vocabulary import tokens
from neurolupus.guidelines.load import load_knowledge

KNOWLEDGE = load_knowledge()
INDEX = statement_index(KNOWLEDGE)
WHOLE = "What is the management of neurolupus?"


def ids(answer: Answer) -> list[str]:
    return [one.statement.id for one in answer.found]


def aside(answer: Answer) -> set[str]:
    return {one.statement.id for one in answer.set_aside}


# ---------------------------------------------------------------------------------------- what comes first


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("refractory seizures, aPL negative", "S3-025"),
        ("first seizure: do I need an AED?", "S3-023"),
        ("chorea with antiphospholipid antibodies", "S3-028"),
        ("standard MRI normal", "S3-013"),
        ("lupus psychosis with neurological signs: MRI?", "S3-012"),
        ("maintenance after myelopathy", "S3-039"),
        ("IVIG for severe peripheral neuropathy", "S3-041"),
        ("haloperidol in delirium", "S3-030"),
        ("gait", "S3-051"),
        ("dose of intrathecal methotrexate", "S2-044"),
        ("what counts as raised intracranial pressure?", "S2-063"),
        ("limit of CSF protein", "S2-064"),
        ("cut-off of the Italian score", "L-ITALIAN-VALIDATION"),
        ("rituximab and hepatitis B", "L-RTX-HBV"),
        ("stroke", "S3-002"),
    ],
)
def test_what_comes_first(question: str, first: str):
    assert ids(ask(question, INDEX))[0] == first


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("refractory fits", "refractory seizures"),
        ("RTX", "rituximab"),
        ("CYC i.v.", "intravenous cyclophosphamide i.v."),
        ("MMF", "mycophenolate mofetil"),
        ("aPL", "antiphospholipid antibodies"),
        ("LP", "lumbar puncture"),
        ("PLEX", "plasmapheresis"),
        ("delirium", "acute confusional state"),
    ],
)
def test_words_that_mean_one_thing_find_the_same(one: str, other: str):
    assert set(ids(ask(one, INDEX, show_all=True))) <= set(ids(ask(other, INDEX, show_all=True)))
    assert ids(ask(one, INDEX))


def test_a_statement_on_another_syndrome_is_left_out():
    everything = ids(ask("refractory seizures", INDEX, show_all=True))
    assert "S3-033" not in everything  # rituximab in a refractory acute confusional state
    assert "S3-037" not in everything  # and in refractory psychiatric disorders
    assert "S3-044" in everything  # refractory disease in general


def test_what_matches_less_than_half_of_the_best_is_left_out():
    everything = ids(ask("dose of intrathecal methotrexate", INDEX, show_all=True))
    assert "S2-073" in everything  # intrathecal and methotrexate, two of three
    assert "L-MTX-PREG" not in everything  # methotrexate alone
    assert "L-MTX-PREG" in ids(ask("methotrexate", INDEX, show_all=True))


def test_a_normal_scan_is_no_scan_ruled_out():
    answer = ask("psychosis, MRI negative", INDEX)
    assert {"S3-013", "S3-012", "S3-010"} <= set(ids(answer))
    assert answer.set_aside == ()


def test_the_best_are_shown_and_the_others_counted():
    few, everything = ask("intrathecal", INDEX), ask("intrathecal", INDEX, show_all=True)
    assert len(few.found) == MOST_SHOWN
    assert few.left_out == len(everything.found) - MOST_SHOWN > 0
    assert ids(everything)[:MOST_SHOWN] == ids(few)


# ---------------------------------------------------------------------------------------- negation


@pytest.mark.parametrize(
    "question",
    [
        "refractory seizures, aPL negative",
        "stroke without antiphospholipid antibodies",
        "chorea, antiphospholipid antibodies negative",
        "thrombosis but no aPL",
        "aPL negative",
    ],
)
def test_what_is_for_positive_antibodies_is_set_aside_where_they_are_negative(question: str):
    answer = ask(question, INDEX, show_all=True)
    positive = {name for name, reading in INDEX.readings.items() if {"apl", "aps"} & set(reading.named)}
    assert {"S3-021", "S3-022", "S2-007", "S2-108"} <= positive
    assert not positive & set(ids(answer))
    assert "S3-021" in aside(answer)
    assert all(one.ruled_out for one in answer.set_aside)


def test_positive_antibodies_bring_it_back():
    assert "S3-028" in ids(ask("chorea, aPL positive", INDEX))
    assert "S3-028" in aside(ask("chorea, aPL negative", INDEX))


@pytest.mark.parametrize("question", ["status epilepticus", "recurrent seizures", "refractory seizures"])
def test_what_is_for_single_seizures_is_set_aside_where_there_are_many(question: str):
    assert "S3-023" in aside(ask(question, INDEX))
    assert "S3-023" in ids(ask("single seizure", INDEX))


def test_a_statement_that_itself_is_for_the_absence_stays():
    assert "S3-023" in ids(ask("single seizure without high risk of recurrence", INDEX))


# ---------------------------------------------------------------------------------------- what stands beside


def test_time_critical_states_are_said_to_be():
    for question in ("status epilepticus", "coma", "myelopathy"):
        assert "TIME_CRITICAL" in [one.code for one in ask(question, INDEX).notes]
    assert "TIME_CRITICAL" not in [one.code for one in ask("headache", INDEX).notes]


@pytest.mark.parametrize(
    ("question", "gap"),
    [
        ("steroids in Guillain-Barré syndrome", "GAP_GBS"),
        ("myasthenia gravis", "GAP_MYASTHENIA"),
        ("dopamine antagonist in parkinsonism", "GAP_MOVEMENT"),
        ("pregnancy", "GAP_PREGNANCY"),
        ("a child with psychosis", "GAP_CHILD"),
    ],
)
def test_what_the_sources_do_not_cover_is_said(question: str, gap: str):
    answer = ask(question, INDEX, show_all=True)
    assert gap in [one.code for one in answer.notes]


def test_the_general_sentence_on_peripheral_disease_is_not_given_for_guillain_barre_or_myasthenia():
    assert "S3-040" in ids(ask("polyneuropathy", INDEX))
    for question in ("glucocorticoid in Guillain-Barré", "glucocorticoid in myasthenia gravis"):
        assert "S3-040" not in ids(ask(question, INDEX, show_all=True))


def test_notices_stand_beside_the_statements_that_need_them():
    shown = [one.code for one in ask("antiplatelet for antiphospholipid antibodies", INDEX).must_show]
    assert "HAEMORRHAGE" in shown
    assert "HEPATITIS_B" in [one.code for one in ask("rituximab", INDEX).must_show]
    assert "NOT_FIRST_LINE" in [one.code for one in ask("intrathecal treatment, refractory", INDEX).must_show]


# ---------------------------------------------------------------------------------------- the whole guide


@pytest.mark.parametrize("question", [WHOLE, "neurolupus", "NPSLE management", "treatment of neuropsychiatric lupus"])
def test_the_whole_guide_in_the_order_of_the_source(question: str):
    answer = ask(question, INDEX)
    told = [one.statement.id for section in answer.sections for one in section.statements]
    wanted = [name for name, one in KNOWLEDGE.statements.items() if one.source == GUIDE and not one.do_not_quote]
    assert answer.kind == "guide"
    assert told == wanted
    assert len(told) == 60
    headings = [section.heading for section in answer.sections]
    assert headings[:2] == ["Management of Neurolupus", "Diagnostic Approach"]
    assert len(headings) == len(set(headings)) == 15


def test_the_guide_tells_its_review_status_date_policy_and_disclaimer():
    source = answer_as_data(ask(WHOLE, INDEX), INDEX)["sources"][GUIDE]
    assert re.search("submitted, under review, approved", source["review_status"])
    assert source["last_updated"] == "2025-10-28"
    assert "editorial policy" in source["editorial_policy"]
    assert "healthcare professionals" in source["disclaimer"]


# ---------------------------------------------------------------------------------------- nothing


def test_nothing_found_says_so_with_the_nearest_headings():
    answer = ask("myelopaty", INDEX)
    assert answer.kind == "nothing"
    assert answer.unmatched == ("myelopaty",)
    assert answer.did_you_mean == ("myelopathy",)
    assert answer.nearest[0].endswith("Myelopathy")
    assert answer.found == answer.sections == ()


def test_a_word_of_which_no_statement_speaks_is_named():
    answer = ask("magnesium in seizures", INDEX)
    assert answer.unmatched == ("magnesium",)
    assert answer.kind == "statements"


@pytest.mark.parametrize("question", ["", "  ", "?!", "🙂"])
def test_a_question_without_words(question: str):
    with pytest.raises(UsageError, match="the question holds no words") as caught:
        ask(question, INDEX)
    assert "neurolupus ask" in str(caught.value)


def test_a_question_that_is_too_long():
    with pytest.raises(UsageError, match="the question has 1000 characters; at most 500"):
        ask("a" * 1000, INDEX)


# ---------------------------------------------------------------------------------------- audience


def test_another_audience_changes_words_only():
    words = {"S3-025": "In other words."}
    one, other = ask("refractory seizures", INDEX), ask("refractory seizures", INDEX, audience="trainee", words=words)
    assert other.found[0].text == "In other words."
    plain, worded = answer_as_data(one, INDEX)["found"], answer_as_data(other, INDEX)["found"]
    assert [{**item, "text": ""} for item in plain] == [{**item, "text": ""} for item in worded]


def test_a_patient_is_shown_the_general_guide_only():
    answer = ask("intrathecal methotrexate for refractory seizures", INDEX, audience="patient")
    assert answer.kind == "guide"
    assert answer.found == ()
    told = [one.statement for section in answer.sections for one in section.statements]
    assert {one.source for one in told} == {GUIDE}
    assert any(section.heading.endswith("Seizures") for section in answer.sections)
    assert answer.notes[0].code == "FOR_PATIENTS"
    assert "not advice for you" in answer.notes[0].text


def test_a_patient_who_asks_what_the_guide_does_not_hold_is_told_nothing():
    assert ask("intrathecal", INDEX, audience="patient").kind == "nothing"


# ---------------------------------------------------------------------------------------- quoted knowledge only

SILENT = {name for name, one in KNOWLEDGE.statements.items() if one.do_not_quote}
WORDS = st.lists(
    st.sampled_from(sorted({" ".join(form) for own in INDEX.vocabulary.forms.values() for form, _ in own})),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@given(WORDS, st.sampled_from([" ", ", ", " no ", " without ", " negative "]))
def test_whatever_is_asked_only_quotable_statements_are_quoted_word_for_word(words: list[str], between: str):
    answer = ask(between.join(words)[:500], INDEX, show_all=True)
    assert not SILENT & {*ids(answer), *aside(answer)}
    for one in answer.found:
        assert one.text == KNOWLEDGE.statements[one.statement.id].text
        assert one.matched
    assert not set(ids(answer)) & aside(answer)


@pytest.mark.slow
@given(st.text(min_size=1, max_size=100))
def test_no_text_breaks_it(text: str):
    if tokens(text):
        ask(text, INDEX)
    else:
        with pytest.raises(UsageError, match="holds no words"):
            ask(text, INDEX)


@pytest.mark.parametrize(
    "text", ['" OR 1=1 --', "'; DROP TABLE said;--", "NEAR(a b)", "text:*", "{{7*7}}", "[red]x[/]"]
)
def test_what_looks_like_a_command_is_words(text: str):
    ask(text, INDEX)
    assert ids(ask("gait", INDEX)) == ["S3-051"]


def test_the_same_question_gives_the_same_answer():
    question = "refractory seizures, aPL negative"
    assert ask(question, INDEX) == ask(question, statement_index(KNOWLEDGE))


# ---------------------------------------------------------------------------------------- follow-up


def follow(*questions: str) -> Answer:
    before = Conversation()
    for question in questions:
        answer = ask(question, INDEX, before=before)
        before = answer.conversation
    return answer


def test_a_question_without_terms_of_its_own_keeps_those_before():
    answer = follow("refractory seizures", "And what then?")
    assert answer.terms == answer.carried == ("refractory", "seizures")
    assert ids(answer)[0] == "S3-025"


def test_one_that_opens_as_a_follow_up_adds_its_own():
    answer = follow("chorea", "and if aPL is positive?")
    assert answer.carried == ("chorea",)
    assert ids(answer)[0] == "S3-028"
    assert "S3-028" in aside(follow("chorea", "and if aPL is negative?"))


def test_what_is_ruled_out_stays_ruled_out():
    answer = follow("refractory seizures, aPL negative", "what about rituximab?")
    assert answer.ruled_out == ("antiphospholipid antibodies",)
    assert "not antiphospholipid antibodies" in answer.carried
    assert ids(answer)[0] == "S3-044"


def test_another_syndrome_replaces_the_earlier_one():
    answer = follow("refractory seizures", "What about psychosis?")
    assert answer.carried == ("refractory",)
    assert "S3-037" in ids(answer)


def test_what_is_said_anew_wins():
    answer = follow("chorea, aPL negative", "and if aPL is positive?")
    assert answer.ruled_out == ()
    assert "S3-028" in ids(answer)


@pytest.mark.parametrize("question", [WHOLE, "headache", "xyzzy"])
def test_a_question_of_its_own_keeps_nothing(question: str):
    assert follow("refractory seizures", question).carried == ()
