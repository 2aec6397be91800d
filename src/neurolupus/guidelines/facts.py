"""A patient's record -> the facts that conditions ask for, one set for each event."""

from __future__ import annotations

from datetime import date

from neurolupus.guidelines.attribution import Attribution
from neurolupus.guidelines.conditions import Value, truth
from neurolupus.guidelines.logic import any_of
from neurolupus.guidelines.model import Knowledge
from neurolupus.records.clinical import NeuropsychiatricEvent, PatientRecord
from neurolupus.records.clinical.facts import event_facts, flat_facts

CEREBROVASCULAR = "cerebrovascular_disease"
GRACE_DAYS = 7  # ours: the day on which an event began is seldom known to the day
OF_ANY_TIME = "mri.contraindicated"
NO_CONSENSUS = "none_recorded"
MECHANISMS = ("inflammatory", "ischaemic")


def patient_facts(record: PatientRecord, attribution: Attribution) -> dict[str, Value]:
    """The facts that do not depend on the event; None is unknown."""
    facts: dict[str, Value] = dict(flat_facts(record))
    open_status = attribution.status == "insufficient_data"
    is_scored = record.attribution.italian_score is not None or any(
        value is not None for name, value in facts.items() if name.startswith("attribution.italian_items.")
    )
    facts["attribution.status"] = None if open_status else attribution.status
    facts["attribution.score_low"] = float(attribution.score_range[0]) if is_scored else None
    facts["attribution.score_high"] = float(attribution.score_range[1]) if is_scored else None
    facts["attribution.n_syndromes"] = _syndromes(record)
    facts["consensus.attribution"] = record.attribution.current_consensus or NO_CONSENSUS
    facts["consensus.mechanism"] = record.attribution.current_mechanism or NO_CONSENSUS
    facts["mri.before_event"] = facts["csf.before_event"] = None  # of no event
    facts["events.inflammatory"] = facts["events.ischaemic"] = None
    if record.apl.aps is True and record.apl.positive is None:
        facts["apl.positive"] = True  # the syndrome needs the antibodies
    # what is recorded, and never unknown: they only ever withhold
    facts["patient.pregnancy_recorded"] = record.patient.pregnant is True
    facts["treatment.initial_control_recorded"] = record.treatment.initial_control is True
    facts["sle.apl_antibody_recorded"] = True in (record.sle.anticardiolipin, record.sle.anti_b2gp1)
    facts["lp_safety.mass_effect_recorded"] = record.lp_safety.mass_effect is True
    facts["events.acute_confusional_state"] = any(one.syndrome == "acute_confusional_state" for one in record.events)
    facts["events.recurrent_seizures"] = any(one.seizure_pattern == "recurrent" for one in record.events)
    protein = record.csf.protein
    facts["csf.protein_g_per_L"] = None if protein is None else _number(protein.g_per_L)
    return facts


def facts_of_events(record: PatientRecord, patient: dict[str, Value], knowledge: Knowledge) -> list[dict[str, Value]]:
    """The facts of every event, in the record's order, each with what the events together suggest."""
    events = [facts_of_event(event, record, patient) for event in record.events]
    shared: dict[str, Value] = {
        f"events.{name}": any_of(truth(knowledge.conditions[name], facts, knowledge.conditions) for facts in events)
        for name in MECHANISMS
    }
    return [{**facts, **shared} for facts in events]


def facts_of_event(event: NeuropsychiatricEvent, record: PatientRecord, patient: dict[str, Value]) -> dict[str, Value]:
    """The facts of one event, with the patient's."""
    own = {f"event.{name}": value for name, value in event_facts(event).items()}
    facts: dict[str, Value] = {**patient, **own}
    for group, examined in (("mri", record.mri.date), ("csf", csf_date(record))):
        is_older = precedes(examined, event.date)
        if is_older:  # what was seen before the event says nothing of it: it is not known since
            facts |= {name: None for name in facts if name.startswith(f"{group}.") and name != OF_ANY_TIME}
        facts[f"{group}.before_event"] = is_older
    facts["event.haemorrhage_excluded"] = haemorrhage_excluded(event, record)
    return facts


def precedes(examined: date | None, event: date | None) -> bool | None:
    """Whether an examination is of before an event, by more than `GRACE_DAYS`; None where a date is not known."""
    if examined is None or event is None:
        return None
    return (event - examined).days > GRACE_DAYS


def csf_date(record: PatientRecord) -> date | None:
    """When the cerebrospinal fluid on record was taken: the latest listed puncture."""
    return record.latest_puncture.date if record.lumbar_punctures else None


def haemorrhage_excluded(event: NeuropsychiatricEvent, record: PatientRecord) -> bool | None:
    """Whether haemorrhage is known to be absent, so far as an antithrombotic for this event is concerned.

    Every cerebrovascular event of the record must be known to be without haemorrhage. An event of another kind needs
    its own answer, or a normal brain MRI that is not older than the event.
    """
    answers = [one.haemorrhage for one in record.events if one.syndrome == CEREBROVASCULAR]
    if event.syndrome != CEREBROVASCULAR:
        own, is_older = event.haemorrhage, precedes(record.mri.date, event.date)
        is_seen = record.mri.done is True and record.mri.normal is True and not is_older
        answers.append(False if own is None and is_seen else own)
    if any(answer is True for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def _syndromes(record: PatientRecord) -> Value:
    """How many different syndromes there are; what is recorded, and at least those listed."""
    listed = len({event.syndrome for event in record.events})
    told = record.attribution.n_syndromes
    return float(max(listed, told)) if told is not None else (float(listed) if listed > 1 else None)


def _number(value: object) -> Value:
    return None if value is None else float(value)  # type: ignore[arg-type]
