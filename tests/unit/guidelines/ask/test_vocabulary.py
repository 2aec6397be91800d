"""The words of `ask`: one meaning each, and refused with every fault."""

import copy
from importlib import resources
from typing import Any

import pytest
import yaml

from neurolupus.errors import KnowledgeError
from neurolupus.guidelines.ask.index import statement_index
from neurolupus.guidelines.ask.vocabulary import load_vocabulary, parse_vocabulary
from neurolupus.guidelines.load import load_knowledge


def good() -> dict[str, Any]:
    file = resources.files("neurolupus.guidelines") / "knowledge" / "ask.yaml"
    return copy.deepcopy(yaml.safe_load(file.read_text(encoding="utf-8")))


def test_every_concept_is_written_in_some_statement_or_is_a_gap():
    index = statement_index(load_knowledge())
    silent = [name for name, one in index.vocabulary.concepts.items() if not one.gap and not index.holding(one.written)]
    assert silent == []


def test_every_gap_is_one_of_the_knowledge_base():
    gaps = {gap.code for gap in load_knowledge().gaps}
    assert {one.gap for one in load_vocabulary().concepts.values()} - {""} <= gaps


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data["concepts"]["mri"]["asked"].append("seizure"), "'seizure' means both seizures and mri"),
        (lambda data: data["concepts"]["mri"].update(implies=["scan"]), "mri implies 'scan', which is no concept"),
        (lambda data: data["concepts"]["mri"].update(colour="red"), "mri: unknown colour"),
        (lambda data: data["concepts"]["mri"].update(asked=[]), "mri lacks asked"),
        (lambda data: data["concepts"]["mri"]["asked"].append("?"), "mri has a form without words"),
        (lambda data: data["ignored"].append(False), "ignored holds False; a word is needed"),
        (lambda data: data.pop("between"), "between is absent or no list"),
    ],
)
def test_one_fault(change: Any, told: str):
    data = good()
    change(data)
    with pytest.raises(KnowledgeError, match="have 1 fault; none are used") as caught:
        parse_vocabulary(data)
    assert told in str(caught.value)


def test_all_faults_at_once():
    data = good()
    data["concepts"]["mri"]["colour"] = "red"
    data["concepts"]["ct"]["asked"] = []
    with pytest.raises(KnowledgeError, match="have 2 faults"):
        parse_vocabulary(data)


def test_what_is_no_vocabulary():
    with pytest.raises(KnowledgeError, match="a mapping with concepts: is needed"):
        parse_vocabulary([])
