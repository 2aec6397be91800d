"""The same items, strengths and numbers in each reader's words: complete, without numbers, never stronger."""

from __future__ import annotations

import re

import pytest

from neurolupus.guidelines.audience import AUDIENCES, DEFAULT, statement_words, wording_for
from neurolupus.guidelines.load import load_knowledge
from neurolupus.io.patient_file import parse_patient
from neurolupus.workflows.advise import advised

KNOWLEDGE = load_knowledge()
OTHERS = tuple(one for one in AUDIENCES if one != DEFAULT)
GUIDE = {name for name, one in KNOWLEDGE.statements.items() if name.startswith("S3-") and not one.do_not_quote}
RECORD = {
    "events": [
        {"syndrome": "psychosis", "acute_inflammatory": True, "severe_organ_threatening": True, "refractory": True}
    ],
    "secondary": dict.fromkeys(("cns_infection", "systemic_infection", "metabolic", "drug"), False),
    "attribution": {"italian_score": 8},
    "treatment": {"other_interventions_failed": True},
}


@pytest.mark.parametrize("audience", OTHERS)
def test_every_statement_of_the_guide_is_worded(audience: str):
    assert set(statement_words(audience)) == GUIDE


@pytest.mark.parametrize("audience", [one for one in OTHERS if one != "patient"])
def test_every_item_is_worded(audience: str):
    assert set(wording_for(audience)) == set(KNOWLEDGE.titles)


def test_patients_have_the_general_guide_only():
    assert wording_for("patient") == {}


@pytest.mark.parametrize("audience", OTHERS)
def test_numbers_stand_beside_the_words_and_not_in_them(audience: str):
    told = {**wording_for(audience), **statement_words(audience)}
    assert {name for name, text in told.items() if re.search(r"\d", text)} == set()


@pytest.mark.parametrize("audience", OTHERS)
def test_no_wording_is_stronger_than_its_statement(audience: str):
    weak = {
        "consider": re.compile(r"consider", re.I),
        "may": re.compile(r"\b(may|might|can|could)\b", re.I),
    }
    for name, text in statement_words(audience).items():
        strength = KNOWLEDGE.statements[name].strength
        if strength in weak:
            assert weak[strength].search(text), (name, text)
        if strength not in ("recommended", "note"):
            assert not re.search(r"(?<!not )\b(is|are) recommended\b", text), (name, text)
        if strength in ("may", "option_observational"):
            assert not re.search(r"\b(should|must)\b", text), (name, text)


@pytest.mark.parametrize("audience", OTHERS)
def test_wording_is_written_for_its_reader(audience: str):
    words = statement_words(audience)
    assert sum(words[name] == KNOWLEDGE.statements[name].text for name in words) == 0


@pytest.mark.parametrize("audience", [one for one in OTHERS if one != "patient"])
def test_advice_for_another_reader_has_the_same_items_strengths_and_figures(audience: str):
    record = parse_patient(RECORD)
    mine, other = advised(record).data, advised(record, audience=audience).data
    for part in ("active", "options", "deferred", "warnings", "evidence"):
        for one, two in zip(mine[part], other[part], strict=True):
            assert one["text"] != two["text"], one["code"]
            assert {**one, "text": ""} == {**two, "text": ""}
