"""Advice as plain data: the JSON that the command line, the service and the page share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurolupus.guidelines.advice import Advice, Item, Note, RuleTrace, Waiting
from neurolupus.guidelines.conditions import Facts
from neurolupus.guidelines.model import Conflict, Knowledge
from neurolupus.guidelines.questions import asked_as
from neurolupus.guidelines.scores.of_record import scores_as_data
from neurolupus.records.clinical import PatientRecord

INTENDED_USE = (
    "For clinicians, to support a multidisciplinary discussion, and for research and teaching. It shows what the cited "
    "sources say for the facts that were entered; it is not a medical device, has no CE mark or FDA clearance, is not "
    "for emergencies, and does not replace clinical judgement. Myelopathy, status epilepticus and coma are "
    "time-critical: act outside this tool. Verify everything against the primary literature."
)


def advice_as_data(
    advice: Advice,
    record: PatientRecord,
    knowledge: Knowledge,
    *,
    context: Mapping[str, Any] | None = None,
    wording: Mapping[str, str] | None = None,
    with_trace: bool = True,
) -> dict[str, Any]:
    """Advice as mappings and lists, in a fixed order.

    Parameters
    ----------
    advice : Advice
    record : PatientRecord
    knowledge : Knowledge
    context : mapping or None
        What is shown beside the advice and changes nothing in it.
    wording : mapping of code to text, or None
        Another wording of the items, for an audience.
    with_trace : bool
        Whether every comparison of every rule is told; without, `trace` is empty.
    """
    shape = _Shape(record, knowledge, dict(wording or {}))
    attribution, mechanism = advice.attribution, advice.mechanism
    return {
        "intended_use": INTENDED_USE,
        "knowledge": {
            "version": knowledge.version,
            "hash": knowledge.hash,
            "review_status": knowledge.review_status,
            "stale": list(advice.stale),
        },
        "attribution": {
            "status": attribution.status,
            "sentence": attribution.sentence,
            "score": attribution.score,
            "score_range": list(attribution.score_range),
            "by_cut_off": {str(cut_off): reached for cut_off, reached in attribution.by_cut_off},
            "borderline": attribution.is_borderline,
            "basis": attribution.basis,
            "cites": list(attribution.cites),
        },
        "mechanism": {
            "value": mechanism.value,
            "sentence": mechanism.sentence,
            "suspected": mechanism.value != "undetermined",
            "inflammatory": mechanism.inflammatory,
            "ischaemic": mechanism.ischaemic,
            "basis": mechanism.basis,
            "cites": list(mechanism.cites),
        },
        "scores": scores_as_data(record, attribution),
        "findings": {**advice.findings.values, "cites": list(advice.findings.cites)},
        "active": [shape.item(item) for item in advice.active],
        "options": [shape.item(item) for item in advice.options],
        "deferred": [shape.deferred(item) for item in advice.deferred],
        "warnings": [*(shape.item(item) for item in advice.warnings), *map(_stale, advice.stale)],
        "evidence": [shape.evidence(item) for item in advice.evidence],
        "context": dict(context or {}),
        "gaps": [_note(note) for note in advice.gaps],
        "not_applicable": [_why_not(one, knowledge) for one in advice.not_applicable],
        "data_requests": [question.fact for question in advice.questions],
        "questions": [
            {"fact": one.fact, "question": one.text, "settles": list(one.settles)} for one in advice.questions
        ],
        "conflicts": [_conflict(one) for one in advice.conflicts],
        "trace": [_trace(one) for one in advice.trace] if with_trace else [],
    }


class _Shape:
    """Items as data, with the record that names what to ask for and the wording of an audience."""

    def __init__(self, record: PatientRecord, knowledge: Knowledge, wording: dict[str, str]) -> None:
        self.record, self.knowledge, self.wording = record, knowledge, wording

    def item(self, item: Item) -> dict[str, Any]:
        """An active item, an option or a warning."""
        quoted = [name for rule in item.rules for name in rule.quote]
        protocol = [name for rule in item.rules for name in rule.protocol]
        data: dict[str, Any] = {
            "code": item.code,
            "title": self.knowledge.titles[item.code],
            "text": self.wording.get(item.code, item.text),
            "strength": item.strength,
            "cites": list(item.cites),
            "kind": item.rules[0].kind,
            "events": list(item.events),
            "must_show": [_note(note) for note in item.must_show],
            "figures": self._figures(quoted),
            "rules": [
                {"id": rule.id, "text": rule.text, "strength": rule.strength, "cites": list(rule.cites)}
                for rule in item.rules
            ],
            "reviewed_by": item.rules[0].reviewed_by or None,
        }
        if protocol:
            data["protocol"] = self._figures(protocol)
            data["protocol_cites"] = list(dict.fromkeys(protocol))
        return data

    def deferred(self, item: Item) -> dict[str, Any]:
        """A deferred item, with what it waits for."""
        data = self.item(item)
        facts = self._facts_seen(item)
        names: dict[str, None] = {}
        reasons = []
        for wait in item.waiting_for:
            asked = (
                asked_as(wait.fact, self.record, facts, self.knowledge) if wait.seen is None else (_plain(wait.fact),)
            )
            names.update(dict.fromkeys(asked))
            reasons.append(_reason(wait, asked))
        data["waiting_for"] = list(names)
        data["reasons"] = reasons
        return data

    def evidence(self, item: Item) -> dict[str, Any]:
        """A piece of evidence: what it bears on, its design and its limits."""
        data = self.item(item)
        rule = item.rules[0]
        data["bears_on"] = list(rule.bears_on)
        data["design"] = rule.design
        data["limits"] = [
            {"id": name, "text": self.knowledge.statements[name].text} for name in dict.fromkeys(rule.limits)
        ]
        return data

    def _figures(self, names: Sequence[str]) -> list[dict[str, Any]]:
        found = []
        for name in dict.fromkeys(names):
            one = self.knowledge.statements[name]
            found.append({"cite": name, "text": one.text, "figures": list(one.figures), "locator": one.locator})
        return found

    def _facts_seen(self, item: Item) -> Facts:
        return {"csf.done": self.record.csf.done, "mri.done": self.record.mri.done}


def _plain(fact: str) -> str:
    return f"events.{fact.removeprefix('event.')}" if fact.startswith("event.") else fact


def _reason(wait: Waiting, asked: Sequence[str]) -> dict[str, Any]:
    return {"fact": wait.fact, "ask": list(asked), "seen": wait.seen, "needed": wait.needed}


def _note(note: Note) -> dict[str, Any]:
    return {"code": note.code, "text": note.text, "strength": "note", "cites": list(note.cites)}


def _stale(edition: str) -> dict[str, Any]:
    text = f"The edition {edition} is past the date by which it was to be reviewed; check for a newer one."
    return {"code": "W_KNOWLEDGE_STALE", "text": text, "strength": "note", "cites": ["S3-061"]}


def _conflict(one: Conflict) -> dict[str, Any]:
    cites = list(dict.fromkeys(cite for side in one.positions for cite in side.cites))
    sides = [{"text": side.text, "cites": list(side.cites)} for side in one.positions]
    return {"code": one.code, "text": one.text, "strength": "note", "cites": cites, "positions": sides}


def _why_not(one: RuleTrace, knowledge: Knowledge) -> dict[str, Any]:
    decided = [leaf for leaf in one.leaves if leaf.truth is False]
    return {
        "code": one.code,
        "title": knowledge.titles[one.code],
        "rule": one.rule,
        "because": [{"fact": leaf.fact, "seen": leaf.seen, "needed": _told(leaf.value)} for leaf in decided],
    }


def _trace(one: RuleTrace) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "code": one.code,
        "event": one.event,
        "state": one.state,
        "when": one.when,
        "requires": list(one.requires),
        "predicates": [
            {
                "fact": leaf.fact,
                "operator": leaf.operator,
                "value": _told(leaf.value),
                "seen": leaf.seen,
                "truth": leaf.truth,
            }
            for leaf in one.leaves
        ],
    }


def _told(value: object) -> Any:
    return list(value) if isinstance(value, tuple) else value
