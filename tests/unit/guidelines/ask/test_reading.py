"""What a question says: concepts, negation, and words that are neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.guidelines.ask.reading import read_text
from neurolupus.guidelines.ask.vocabulary import load_vocabulary, tokens

VOCABULARY = load_vocabulary()


@pytest.mark.parametrize(
    ("question", "named", "ruled_out"),
    [
        ("refractory seizures, aPL negative", ("refractory", "seizures"), ("apl",)),
        ("aPL-negative stroke", ("stroke",), ("apl",)),
        ("seizures (aPL: negative)", ("seizures",), ("apl",)),
        ("negative for antiphospholipid antibodies, chorea", ("chorea",), ("apl",)),
        ("antiphospholipid antibodies are negative in chorea", ("chorea",), ("apl",)),
        ("chorea without antiphospholipid antibodies", ("chorea",), ("apl",)),
        ("fits, aPL positive", ("seizures", "apl"), ()),
        ("no infection or hypertension, confused", ("acute_confusional_state",), ("infection", "blood_pressure")),
        ("neither infection nor stroke", (), ("infection", "stroke")),
        ("infection excluded and psychosis", ("psychosis",), ("infection",)),
        ("infection not excluded", ("infection",), ()),
        ("how do I exclude infection", ("infection",), ()),
        ("AED not necessary for a single seizure?", ("anti_epileptic", "single_seizure"), ()),
        ("not responding to CYC", ("refractory", "cyclophosphamide"), ()),
        ("psychosis, MRI negative", ("psychosis", "normal_mri"), ()),
        ("IT MTX in renal failure", ("intrathecal", "renal"), ()),
        ("steroids in Guillain–Barré", ("glucocorticoid", "guillain_barre"), ()),
        ("LP and IVIG or PLEX", ("lumbar_puncture", "immunoglobulin", "plasma_exchange"), ()),
    ],
)
def test_what_is_named_and_what_is_ruled_out(question: str, named: tuple[str, ...], ruled_out: tuple[str, ...]):
    reading = read_text(question, VOCABULARY)
    assert reading.named == named
    assert reading.ruled_out == ruled_out


def test_what_is_ruled_out_once_is_not_named_as_well():
    reading = read_text("infection? no, infection excluded", VOCABULARY)
    assert (reading.named, reading.ruled_out) == ((), ("infection",))


def test_a_cue_reaches_no_further_than_its_clause():
    assert read_text("no, refractory psychosis", VOCABULARY).ruled_out == ()
    assert read_text("not young but refractory psychosis", VOCABULARY).named == ("refractory", "psychosis")


@pytest.mark.parametrize(
    "question", ["What is the management of neurolupus?", "NPSLE treatment", "lupus", "Guidelines!"]
)
def test_the_subject_as_a_whole(question: str):
    reading = read_text(question, VOCABULARY)
    assert (reading.named, reading.ruled_out, reading.words) == ((), (), ())
    assert reading.is_subject or reading.is_topic


def test_other_words_are_kept_for_the_index():
    assert read_text("Which magnesium helps in Timbuktu?", VOCABULARY).words == ("magnesium", "timbuktu")


@pytest.mark.parametrize(
    ("text", "words"),
    [("Seizures; PSYCHOSIS", ("seizure", "psychosis")), ("(β2GP1)", ("2gp1",)), ("  ", ()), ("lupus", ("lupus",))],
)
def test_words_without_case_accents_and_plural(text: str, words: tuple[str, ...]):
    assert tokens(text) == words


@given(st.text(max_size=200))
def test_any_text_is_read(text: str):
    reading = read_text(text, VOCABULARY)
    assert not set(reading.named) & set(reading.ruled_out)
    assert set(reading.named) | set(reading.ruled_out) <= set(VOCABULARY.concepts)
