"""advise(): a patient's record and the knowledge base -> Advice. Deterministic; the order of events does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from neurolupus.guidelines.advice import Advice, Findings, Item, Note, RuleTrace
from neurolupus.guidelines.attribution import attribute
from neurolupus.guidelines.conditions import Facts, Value, truth
from neurolupus.guidelines.facts import facts_of_events, patient_facts
from neurolupus.guidelines.items import deferred_items, fired_items, nothing_applies
from neurolupus.guidelines.logic import Truth, all_of, any_of
from neurolupus.guidelines.mechanism import suspected_mechanism
from neurolupus.guidelines.model import Conflict, Knowledge, Rule
from neurolupus.guidelines.questions import questions
from neurolupus.records.clinical import PatientRecord

ADVISED = ("workup", "advice", "treatment", "follow_up")


def advise(record: PatientRecord, knowledge: Knowledge, *, today: date | None = None) -> Advice:
    """What the sources support for a patient, what waits for which fact, and how every rule came out.

    Parameters
    ----------
    record : PatientRecord
        None in it is unknown, and never taken for false.
    knowledge : Knowledge
        From `load_knowledge`.
    today : date or None
        Against which the editions' review dates are held; the system's date when None.

    Returns
    -------
    Advice
        The same for the same record and knowledge; without an event, questions only.
    """
    attribution = attribute(record)
    patient = patient_facts(record, attribution)
    events = sorted(facts_of_events(record, patient, knowledge), key=_order)
    facts_by_event = {_event(facts): facts for facts in events}
    trace = tuple(
        evaluated(rule, facts, knowledge, event=name)
        for rule in knowledge.rules
        for name, facts in facts_by_event.items()
    )
    fired = fired_items(trace, facts_by_event, knowledge)
    deferred = deferred_items(trace, fired, facts_by_event, knowledge)
    shown = [item for item in fired if item.rules[0].kind in (*ADVISED, "option")]
    situations = events or [_without_event(patient, knowledge)]
    return Advice(
        attribution=attribution,
        mechanism=suspected_mechanism(attribution, events, knowledge),
        findings=_findings(situations, knowledge),
        active=tuple(item for item in shown if item.rules[0].kind in ADVISED),
        options=tuple(item for item in shown if item.is_option),
        deferred=deferred,
        warnings=tuple(item for item in fired if item.rules[0].kind == "warning"),
        evidence=tuple(item for item in fired if item.rules[0].kind == "evidence"),
        gaps=_gaps(situations, (*shown, *deferred), knowledge),
        conflicts=_conflicts(events, knowledge),
        questions=questions(record, events, patient, (*shown, *deferred), knowledge),
        not_applicable=nothing_applies(trace, fired, deferred),
        trace=trace,
        stale=_stale(knowledge, today or date.today()),
    )


def evaluated(rule: Rule, facts: Facts, knowledge: Knowledge, *, event: str = "") -> RuleTrace:
    """One rule for the facts of one event, which `event` names."""
    when = truth(rule.when, facts, knowledge.conditions)
    needed = knowledge.requirements(rule)
    requires: tuple[Truth, ...] = ()
    if when is not False:
        requires = tuple(truth(part, facts, knowledge.conditions) for part in needed)
    state = "not_applicable" if when is False else "active" if when and all_of(requires) else "deferred"
    parts = (rule.when, *needed) if when is not False else (rule.when,)
    return RuleTrace(rule.id, rule.code, event, state, when, requires, parts, facts, knowledge.conditions)  # type: ignore[arg-type]


def _order(facts: Facts) -> tuple[str, ...]:
    return tuple(f"{name}={facts[name]}" for name in sorted(facts) if name.startswith("event."))


def _event(facts: Facts) -> str:
    """The name of an event: its syndrome, or what tells it from another of the same."""
    return "; ".join(_order(facts))


def _without_event(patient: Mapping[str, Value], knowledge: Knowledge) -> dict[str, Value]:
    return {**{name: None for name in knowledge.facts if name.startswith("event.")}, **patient}


def _findings(situations: Sequence[Facts], knowledge: Knowledge) -> Findings:
    shown = [one for one in knowledge.definitions.values() if one.is_finding]
    values = {one.name: any_of(truth(one.when, facts, knowledge.conditions) for facts in situations) for one in shown}
    cites = [cite for one in shown if values[one.name] is not None for cite in one.cites]
    return Findings(values, tuple(dict.fromkeys(cites)))


def _gaps(situations: Sequence[Facts], shown: Sequence[Item], knowledge: Knowledge) -> tuple[Note, ...]:
    found = [
        Note(gap.code, gap.text, gap.cites)
        for gap in knowledge.gaps
        if any(truth(gap.when, facts, knowledge.conditions) for facts in situations)
    ]
    found += [note for item in shown for note in item.must_show if knowledge.notices[note.code].is_gap]
    return tuple({note.code: note for note in found}.values())


def _conflicts(events: Sequence[Facts], knowledge: Knowledge) -> tuple[Conflict, ...]:
    return tuple(
        one for one in knowledge.conflicts if any(truth(one.when, facts, knowledge.conditions) for facts in events)
    )


def _stale(knowledge: Knowledge, today: date) -> tuple[str, ...]:
    return tuple(
        sorted(name for name, one in knowledge.sources.items() if one.review_by is not None and one.review_by < today)
    )
