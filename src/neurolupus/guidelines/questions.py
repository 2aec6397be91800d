"""What to ask next: the unknown facts, those first that would settle the most items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from neurolupus.guidelines.advice import Item, Question
from neurolupus.guidelines.conditions import Facts, comparisons
from neurolupus.guidelines.model import Knowledge
from neurolupus.records.clinical import PatientRecord

# Asked for whenever unknown: every attribution needs them (S3-003 to S3-007, S3-054), and activity is to be followed.
ALWAYS = (
    "secondary.cns_infection",
    "secondary.systemic_infection",
    "secondary.metabolic",
    "secondary.drug",
    "attribution.status",
    "apl.positive",
    "mri.done",
    "csf.done",
    "sle.sledai2k",
    "patient.age",
)


def questions(
    record: PatientRecord, events: Sequence[Facts], patient: Facts, items: Sequence[Item], knowledge: Knowledge
) -> tuple[Question, ...]:
    """The facts to ask for, each with the codes that wait for it; the most useful first, then as facts.yaml has it.

    What the cautions beside an item ask for is asked last: it settles no item, and is to be known before one is begun.
    """
    settles: dict[str, dict[str, None]] = {}
    texts: dict[str, str] = {}
    for fact in ALWAYS:
        if patient[fact] is None or (fact in ("mri.done", "csf.done") and patient[fact] is False):
            for name in asked_as(fact, record, patient, knowledge):
                settles.setdefault(name, {})
                texts.setdefault(name, _text(name, knowledge.facts[fact].question))
    if not record.events:
        settles["events"] = {}
        texts["events"] = "Which neuropsychiatric event is it?"
    for item in items:
        for wait in item.waiting_for:
            if wait.seen is None:
                for name in asked_as(wait.fact, record, patient, knowledge):
                    settles.setdefault(name, {})[item.code] = None
                    texts.setdefault(name, _text(name, knowledge.facts[wait.fact].question))
    for fact in _asked_by_cautions(events, items, knowledge):
        for name in asked_as(fact, record, patient, knowledge):
            settles.setdefault(name, {})
            texts.setdefault(name, _text(name, knowledge.facts[fact].question))
    if record.csf.protein is not None and record.csf.protein.g_per_L is None:
        settles.setdefault("csf.protein.unit", {})
        texts.setdefault("csf.protein.unit", "Which unit is the CSF protein in: g/L, mg/dL or mg/L?")
    order = {name: number for number, name in enumerate(_names(knowledge))}
    ranked = sorted(settles, key=lambda name: (-len(settles[name]), order.get(name, len(order)), name))
    return tuple(Question(name, texts[name], tuple(sorted(settles[name]))) for name in ranked)


def _asked_by_cautions(events: Sequence[Facts], items: Sequence[Item], knowledge: Knowledge) -> Iterator[str]:
    """The unknown facts that would answer a caution shown beside an item."""
    for item in items:
        for note in item.must_show:
            unless = knowledge.notices[note.code].unless
            for one in comparisons(unless, knowledge.conditions) if unless is not None else ():
                if any(facts[one.fact] is None for facts in events):
                    yield one.fact


def asked_as(fact: str, record: PatientRecord, patient: Facts, knowledge: Knowledge) -> tuple[str, ...]:
    """What the clinician fills in for a fact: the examination as a whole where it was not done, else the fact."""
    if fact == "csf.protein_g_per_L" and patient["csf.done"] is not False and record.csf.protein is not None:
        return ("csf.protein.unit",)
    for group in ("csf", "mri"):
        is_part = fact.startswith(f"{group}.") and fact != "mri.contraindicated"
        if is_part and (patient[f"{group}.done"] is not True or fact == f"{group}.done"):
            return (group,)
    if fact == "attribution.status" and record.attribution.current_consensus == "uncertain":
        return ("attribution.mdt_consensus",)  # which outranks any score
    named = knowledge.facts[fact].ask or (fact,)
    if patient["mri.done"] is True:  # asking for it again settles nothing
        named = tuple(name for name in named if name != "mri")
    return tuple(f"events.{name.removeprefix('event.')}" if name.startswith("event.") else name for name in named)


def _text(name: str, text: str) -> str:
    return {
        "csf": "Has the cerebrospinal fluid been examined?",
        "mri": "Has a brain MRI been done?",
        "attribution.mdt_consensus": "What has the multidisciplinary meeting decided?",
    }.get(name, text)


def _names(knowledge: Knowledge) -> Iterator[str]:
    facts: Mapping[str, object] = knowledge.facts
    for name in facts:
        yield f"events.{name.removeprefix('event.')}" if name.startswith("event.") else name
