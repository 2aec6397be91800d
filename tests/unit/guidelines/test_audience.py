"""The same items in other words: nothing missing, nothing stronger, no number and no drug that was not there."""

from __future__ import annotations

import itertools
import re
from functools import cache
from importlib import resources

import pytest
from advice_cases import TODAY, read_cases

from neurolupus.guidelines.answer import advice_as_data
from neurolupus.guidelines.audience import AUDIENCES, DEFAULT, statement_words, wording_for
from neurolupus.guidelines.engine import advise
from neurolupus.guidelines.load import load_knowledge
from neurolupus.io.patient_file import parse_patient
from neurolupus.workflows.advise import advised

KNOWLEDGE = load_knowledge()
GUIDE = "management-of-neurolupus-2025"
READERS = tuple(name for name in AUDIENCES if name != DEFAULT)
CLINICAL = tuple(name for name in READERS if name != "patient")
CODES = tuple(KNOWLEDGE.titles)
STATEMENTS = {name: one for name, one in KNOWLEDGE.statements.items() if one.source == GUIDE and not one.do_not_quote}

# What a sentence says of its strength. Taken out first: negations, and verbs that "may" makes weak.
WEAKENED = re.compile(
    r"not recommended|as indicated|"
    r"may (?:(?:then )?be considered|(?:be )?(?:required?|need(?:ed)?)|become necessary)"
)
RECOMMENDED = re.compile(r"\b(?:recommended|essential|must|requires?|required|not necessary)\b")
SHOULD = re.compile(r"\bshould\b")
STRONG = re.compile(rf"{RECOMMENDED.pattern}|{SHOULD.pattern}|\bindicated\b|\bhave to\b|\bpreferred\b|\bneeds?\b")
CONSIDER = re.compile(r"\bconsider(?:ed|ing)?\b", re.I)
MAY = re.compile(r"\b(?:may|might|can|could)\b")
OBSERVED = re.compile(
    r"\b(?:was|were|had|brought|took (?:the place|blood)|controlled|"
    r"(?:has|have) (?:usually |clearly |all )?(?:been|brought|helped|improved|responded|shown))\b"
)
ORDERS = re.compile(
    r"^(?:Use|Give|Start|Treat|Add|Begin|Do|Perform|Control|Consider|Order|Stop|Avoid|Choose|Prefer|Observe|Monitor)\b"
)

NUMERAL = re.compile(r"\d|[½⅓¼⅔%]")
NUMBER_WORD = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|nineteen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety|hundred|half|thirds?|quarters?|fifths?|tenths?|dozens?|twice|percent|per cent)\b",
    re.I,
)
# A drug or procedure by what its names have in common
DRUGS = {
    "steroid": r"glucocorticoid|corticosteroid|\bsteroid|methylprednisolone|prednisone|prednisolone|dexamethasone",
    "methylprednisolone": r"methylprednisolone",
    "prednisone": r"prednisone",
    "dexamethasone": r"dexamethasone",
    "cyclophosphamide": r"cyclophosphamide",
    "azathioprine": r"azathioprine",
    "mycophenolate": r"mycophenolate",
    "methotrexate": r"methotrexate",
    "rituximab": r"rituximab",
    "immunoglobulin": r"immunoglobulin",
    "plasma exchange": r"plasma exchange",
    "stem cells": r"stem[- ]cell",
    "haloperidol": r"haloperidol",
    "antipsychotic": r"antipsychotic",
    "antidepressant": r"antidepressant",
    "anti-epileptic": r"anti-?epileptic|medicine against epilepsy",
    "dopamine antagonist": r"dopamine antagonist",
    "antiplatelet": r"antiplatelet",
    "anticoagulant": r"anticoag",
    "a drug that the sources' items never name": r"warfarin|heparin|aspirin|clopidogrel|rivaroxaban|apixaban|belimumab|"
    r"anifrolumab|hydroxychloroquine|tacrolimus|ciclosporin|levetiracetam|valproate|quetiapine|olanzapine|risperidone|"
    r"lithium|cannabi|eculizumab|obinutuzumab|fludrocortisone",
}
DOSE = re.compile(r"\b(?:mg|milligrams?|grams?|per day|daily|per kilogram|tablets? a day)\b", re.I)
NOT_BRITISH = re.compile(
    r"ischemi|hemorrhag|tumor\b|(?<!\bs)(?<!\bpr)iz(?:e|ed|es|ing|ation)\b|\bcenter\b|color\b|\bbehavior|fetal|anemia"
)
NOT_QUOTED = re.compile(r"chronic mild|mild psychotic", re.I)  # S3-055 and what it looks like


def default_of(code: str) -> str:
    """Everything that the rules of a code say, the notices beside them included."""
    rules = [rule for rule in KNOWLEDGE.rules if rule.code == code]
    notices = {name for rule in rules for name in rule.must_show}
    return " ".join([*(rule.text for rule in rules), *(KNOWLEDGE.notices[name].text for name in sorted(notices))])


@cache
def shown_strengths() -> dict[str, frozenset[str]]:
    """The strengths that the cases show each item with, the strongest of its rules among them."""
    found: dict[str, set[str]] = {code: set() for code in CODES}
    for case in read_cases():
        advice = advise(case.record, KNOWLEDGE, today=TODAY)
        for item in (*advice.active, *advice.options, *advice.deferred, *advice.warnings, *advice.evidence):
            found[item.code].add(item.strength)
    return {code: frozenset(strengths) for code, strengths in found.items()}


def strength_faults(text: str, strengths: frozenset[str], default: str = "") -> list[str]:
    """What a sentence says too strongly, or does not say, for an item that is shown with these strengths."""
    faults = []
    marks = {"recommended": RECOMMENDED, "should": SHOULD, "consider": CONSIDER, "may": MAY}
    marks["option_observational"] = OBSERVED
    for strength in strengths - {"note"}:
        if not marks[strength].search(text):
            faults.append(f"no word for {strength}")
    said = WEAKENED.sub("", text)
    if not strengths & {"recommended", "should"}:
        allowed = set(STRONG.findall(WEAKENED.sub("", default))) if strengths == {"note"} else set()
        faults += [f"{word!r} is too strong" for word in STRONG.findall(said) if word not in allowed]
        if "consider" not in strengths and CONSIDER.search(said):
            faults.append("'consider' is too strong")
    if strengths == {"should"} and RECOMMENDED.search(said):
        faults.append("a word for recommended, not for should")
    if strengths <= {"may", "note", "option_observational"} and ORDERS.match(text):
        faults.append("an order")
    return faults


def plain(text: str) -> str:
    return re.sub(r"[^a-z]+", " ", text.lower()).strip()


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if part]


def all_words() -> list[tuple[str, str, str, str]]:
    """(reader, code or statement, sentence, the default that it rewords) of every file."""
    found = []
    for reader in READERS:
        found += [(reader, code, text, default_of(code)) for code, text in wording_for(reader).items()]
        for name, text in statement_words(reader).items():
            one = KNOWLEDGE.statements[name]
            found.append((reader, name, text, f"{one.text} {one.population} {one.action}"))
    return found


# ---------------------------------------------------------------------------------------- nothing is missing


@pytest.mark.parametrize("reader", CLINICAL)
def test_every_item_is_worded_for_each_clinical_reader(reader: str):
    assert set(wording_for(reader)) == set(CODES)


@pytest.mark.parametrize("reader", READERS)
def test_every_statement_that_may_be_quoted_is_worded(reader: str):
    assert set(statement_words(reader)) == set(STATEMENTS)
    assert "S3-055" not in statement_words(reader)


def test_patients_are_given_the_general_guide_and_no_items():
    assert wording_for("patient") == {}


@pytest.mark.parametrize("reader", READERS)
def test_each_name_stands_once(reader: str):
    file = resources.files("neurolupus.guidelines") / "knowledge" / "audience" / f"{reader}.yaml"
    written = re.findall(r"^  (\S+?):", file.read_text(encoding="utf-8"), re.M)
    assert written == [*wording_for(reader), *statement_words(reader)]  # YAML lets a second key replace the first


def test_the_default_reader_reads_the_rules_themselves():
    assert wording_for(DEFAULT) == {}
    assert statement_words(DEFAULT) == {}


# ---------------------------------------------------------------------------------------- nothing is stronger


def test_the_cases_show_every_item_and_the_strongest_of_its_rules():
    shown = shown_strengths()
    tiers = {"recommended": 3, "should": 3, "consider": 2, "may": 1, "option_observational": 1, "note": 0}
    for code in CODES:
        strongest = max(tiers[rule.strength] for rule in KNOWLEDGE.rules if rule.code == code)
        assert max((tiers[strength] for strength in shown[code]), default=-1) == strongest, code


@pytest.mark.parametrize("reader", CLINICAL)
def test_items_are_as_strong_as_their_rules(reader: str):
    shown = shown_strengths()
    found = {code: strength_faults(text, shown[code], default_of(code)) for code, text in wording_for(reader).items()}
    assert {code: faults for code, faults in found.items() if faults} == {}


@pytest.mark.parametrize("reader", READERS)
def test_statements_are_as_strong_as_in_the_source(reader: str):
    found = {
        name: strength_faults(text, frozenset({STATEMENTS[name].strength}), STATEMENTS[name].text)
        for name, text in statement_words(reader).items()
    }
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("text", "strengths"),
    [
        ("Plasma exchange should be considered.", {"may"}),
        ("Plasma exchange is recommended and may help.", {"may"}),
        ("Consider plasma exchange, which may help.", {"may"}),
        ("Plasma exchange helps.", {"may"}),
        ("Consider rituximab, which is recommended.", {"consider"}),
        ("Rituximab may be used.", {"consider"}),
        ("Consider rituximab.", {"consider", "should"}),
        ("Rituximab should be used.", {"consider", "should"}),
        ("Rituximab must be used and should be given.", {"should"}),
        ("Rituximab should be used.", {"recommended"}),
        ("Treat with dexamethasone, which was given.", {"option_observational"}),
        ("Dexamethasone alone is an option.", {"option_observational"}),
        ("Dexamethasone should be given, as it was in the cohort.", {"option_observational"}),
        ("The patient needs treatment.", {"note"}),
        ("Consider the prognosis.", {"note"}),
    ],
)
def test_another_strength_is_noticed(text: str, strengths: set[str]):
    assert strength_faults(text, frozenset(strengths)) != []


def test_advice_differs_in_words_only():
    texts = set()
    for case in read_cases()[:12]:
        advice = advise(case.record, KNOWLEDGE, today=TODAY)
        plain_data = advice_as_data(advice, case.record, KNOWLEDGE, with_trace=False)
        for reader in CLINICAL:
            worded = advice_as_data(advice, case.record, KNOWLEDGE, wording=wording_for(reader), with_trace=False)
            for part in ("active", "options", "deferred", "warnings", "evidence"):
                for one, other in zip(plain_data[part], worded[part], strict=True):
                    assert one["text"] != other["text"]
                    texts.add(other["text"])
                    assert {**other, "text": ""} == {**one, "text": ""}
                worded[part] = plain_data[part]
            assert worded == plain_data
    assert len(texts) > 50


@pytest.mark.parametrize("reader", CLINICAL)
def test_the_words_reach_what_advise_gives(reader: str):
    record = parse_patient(
        {
            "events": [
                {
                    "syndrome": "psychosis",
                    "acute_inflammatory": True,
                    "severe_organ_threatening": True,
                    "refractory": True,
                }
            ],
            "secondary": dict.fromkeys(("cns_infection", "systemic_infection", "metabolic", "drug"), False),
            "attribution": {"italian_score": 8},
            "treatment": {"other_interventions_failed": True},
        }
    )
    default, worded = advised(record).data, advised(record, audience=reader).data
    for part in ("active", "options", "deferred", "warnings", "evidence"):
        for one, other in zip(default[part], worded[part], strict=True):
            assert other["text"] == wording_for(reader)[one["code"]] != one["text"]
            assert {**other, "text": ""} == {**one, "text": ""}


# ---------------------------------------------------------------------------------------- nothing is added


def test_no_sentence_holds_a_numeral():
    assert [(reader, name) for reader, name, text, _ in all_words() if NUMERAL.search(text)] == []


def test_no_number_in_words_that_the_default_does_not_hold():
    found = []
    for reader, name, text, default in all_words():
        extra = {word.lower() for word in NUMBER_WORD.findall(text)} - {
            word.lower() for word in NUMBER_WORD.findall(default)
        }
        found += [(reader, name, word) for word in sorted(extra)]
    assert found == []


def test_the_share_with_low_pressure_is_told_to_everybody():
    assert "one patient in five" in default_of("W_IT_LOW_ICP")
    assert all("one patient in five" in wording_for(reader)["W_IT_LOW_ICP"] for reader in CLINICAL)


def test_no_drug_that_the_default_does_not_name():
    found = [
        (reader, name, drug)
        for reader, name, text, default in all_words()
        for drug, forms in DRUGS.items()
        if re.search(forms, text, re.I) and not re.search(forms, default, re.I)
    ]
    assert found == []


def test_no_dose_and_nothing_that_must_not_be_quoted():
    found = [
        (reader, name)
        for reader, name, text, default in all_words()
        if (DOSE.search(text) and not DOSE.search(default)) or NOT_QUOTED.search(text)
    ]
    assert found == []


# ---------------------------------------------------------------------------------------- wording


def test_each_is_one_sentence_or_two_and_in_british_words():
    found = []
    for reader, name, text, _ in all_words():
        if not 1 <= len(sentences(text)) <= 2 or not text.endswith(".") or not text[0].isupper():
            found.append((reader, name, "sentences"))
        if len(text) > 400:
            found.append((reader, name, f"{len(text)} characters"))
        if NOT_BRITISH.search(text):
            found.append((reader, name, "spelling"))
    assert found == []


def test_no_sentence_is_the_default_one():
    found = []
    for reader, name, text, _ in all_words():
        defaults = [rule.text for rule in KNOWLEDGE.rules if rule.code == name]
        if name in KNOWLEDGE.statements:
            defaults.append(KNOWLEDGE.statements[name].text)
        found += [(reader, name) for default in defaults if plain(default) == plain(text)]
    assert found == []


def test_each_reader_has_sentences_of_their_own():
    by_name: dict[str, list[tuple[str, str]]] = {}
    for reader, name, text, _ in all_words():
        by_name.setdefault(name, []).append((reader, plain(text)))
    same = [
        (name, one[0], other[0])
        for name, pairs in by_name.items()
        for one, other in itertools.combinations(pairs, 2)
        if one[1] == other[1]
    ]
    assert same == []


# ---------------------------------------------------------------------------------------- patients

JARGON = re.compile(
    r"\b(?:SLE|NPSLE|CSF|cerebrospinal|neuropsychiatric|attribut\w+|mechanisms?|thrombo\w+|isch\w+|refractory|"
    r"immunosuppress\w*|neuroimaging|comorbid\w*|manifestations?|aetiolog\w*|induction|maintenance|intrathecal|confound\w*|"
    r"sensitivity|specificity|contraindicat\w*|adverse|prophyla\w*|corticosteroids?|secondary|ind(?:ex|ices)|syndromes?|"
    r"peripheral|autologous|synchronised|pulses?|efficacy|toxicity|symptomatic|acute|chronic)\b",
    re.I,
)
EXPLAINED = re.compile(r"psychosis|myelopathy|lumbar puncture|antiphospholipid|chorea|plasma exchange|glucocorticoid")


@pytest.mark.parametrize("name", STATEMENTS)
def test_patients_are_told_in_plain_words(name: str):
    text = statement_words("patient")[name]
    assert JARGON.findall(text) == []
    if EXPLAINED.search(text):
        assert "(" in text  # a term of the field stands in brackets, or is explained in them
    assert max(len(sentence.split()) for sentence in sentences(text)) <= 36


def test_patients_are_told_nothing_about_themselves():
    own = re.compile(
        r"\b(?:you|your|yours|yourself|I|we|our)\b|\b(?:start|stop|take|ask for) (?:taking|the|a|it)\b", re.I
    )
    found = [
        (name, own.findall(text))
        for name, text in statement_words("patient").items()
        if own.search(text.replace("no reason to stop a steroid without help", ""))
    ]
    assert found == []


def test_patients_are_sent_to_their_doctor_where_the_sentence_could_lead_them_to_act_alone():
    words = statement_words("patient")
    assert all("doctor" in words[name] for name in ("S3-023", "S3-052", "S3-060", "S3-061"))
