"""Facts of different parts that cannot both be; what follows from lists of dated entries."""

from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from neurolupus.errors import PatientFileError
from neurolupus.records.clinical import (
    AttributionFacts,
    Csf,
    Death,
    Discharge,
    FollowUp,
    IntrathecalSession,
    LumbarPuncture,
    LumbarPunctureSafety,
    Lupus,
    NeuropsychiatricEvent,
    Patient,
    PatientRecord,
    ProteinConcentration,
    Relapse,
    SecondaryCauses,
    Treatment,
)
from neurolupus.records.clinical.facts import event_facts, flat_facts

PSYCHOSIS, SEIZURE = NeuropsychiatricEvent("psychosis"), NeuropsychiatricEvent("seizure_disorder")


def day(month: int) -> date:
    """The first of a month."""
    return date(2025, month, 1)


def puncture(month: int, **csf: Any) -> LumbarPuncture:
    """A lumbar puncture on the first of a month."""
    return LumbarPuncture(day(month), Csf(**csf))


def protein(value: float, unit: Any = "g/L") -> ProteinConcentration:
    """A concentration."""
    return ProteinConcentration(value, unit)


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"id": "Anna Smith"}, "id is 'Anna Smith'; a pseudonym"),
    ({"id": "../etc/passwd"}, "a pseudonym"),
    ({"id": "=cmd()"}, "a pseudonym"),
    ({"id": "a" * 65}, "a pseudonym of at most 64"),
    ({"as_of": day(3), "events": (replace(PSYCHOSIS, date=day(4)),)}, "events[1].date is 2025-04-01, after as_of"),
    ({"as_of": day(3), "discharge": Discharge(date=day(4))}, "discharge.date is 2025-04-01, after as_of"),
    ({"as_of": day(3), "attribution": AttributionFacts(decided=day(4))}, "attribution.decided is 2025-04-01"),
    (
        {"secondary": SecondaryCauses(cns_infection=False), "csf": Csf(done=True, pathogens_negative=False)},
        "secondary.cns_infection is false and csf.pathogens_negative is false",
    ),
    (
        {"patient": Patient(age=26), "sle": Lupus(duration_months=325)},
        "sle.duration_months is 325 and patient.age is 26 years",
    ),
    (
        {"events": (PSYCHOSIS, SEIZURE), "attribution": AttributionFacts(n_syndromes=1)},
        "attribution.n_syndromes is 1 and events list 2 different syndromes",
    ),
    (
        {"treatment": Treatment(anticoagulated=True), "lp_safety": LumbarPunctureSafety(anticoagulated=False)},
        "lp_safety.anticoagulated is false and treatment.anticoagulated is true",
    ),
    (
        {"events": (replace(PSYCHOSIS, id="a"), replace(SEIZURE, id="a"))},
        "events[2].id is 'a', as that of event 1",
    ),
    ({"lumbar_punctures": (puncture(3), puncture(3))}, "lumbar_punctures[2].date is 2025-03-01, as that of entry 1"),
    (
        {"intrathecal_sessions": (IntrathecalSession(day(3)), IntrathecalSession(day(3)))},
        "intrathecal_sessions[2].date is 2025-03-01",
    ),
    (
        {"lumbar_punctures": (puncture(3, opening_pressure_mmH2O=190),), "csf": Csf(opening_pressure_mmH2O=180)},
        "csf.opening_pressure_mmH2O differs from the latest lumbar puncture",
    ),
    (
        {"lumbar_punctures": (puncture(3, protein=protein(0.5)),), "csf": Csf(protein=protein(51, "mg/dL"))},
        "csf.protein differs",
    ),
    ({"lumbar_punctures": (puncture(3),), "csf": Csf(done=False)}, "csf.done is false and a lumbar puncture is listed"),
    (
        {"intrathecal_sessions": (IntrathecalSession(day(5)),), "follow_up": FollowUp(death=Death(day(4)))},
        "intrathecal_sessions[1].date is 2025-05-01, after death",
    ),
    (
        {"follow_up": FollowUp(death=Death(day(4)), last_contact=day(5))},
        "follow_up.last_contact is 2025-05-01, after death",
    ),
    (
        {"discharge": Discharge(date=day(4)), "follow_up": FollowUp(relapses=(Relapse(day(4)),))},
        "follow_up.relapses[1].date is 2025-04-01, not after discharge",
    ),
]


@pytest.mark.parametrize(("values", "told"), CONTRADICTIONS, ids=[told[:40] for _, told in CONTRADICTIONS])
def test_facts_that_cannot_both_be_are_refused(values: dict[str, Any], told: str):
    with pytest.raises(PatientFileError) as error:
        PatientRecord(**values)
    assert told in str(error.value)
    assert len(error.value.faults) == 1


@pytest.mark.parametrize("values", [values for values, _ in CONTRADICTIONS if len(values) == 2])
def test_each_of_them_alone_can_be(values: dict[str, Any]):
    for name, value in values.items():
        assert getattr(PatientRecord(**{name: value}), name) == value


def test_what_can_be_together():
    PatientRecord(
        patient=Patient(age=26), sle=Lupus(duration_months=324)
    )  # 27 years: an age of 26 lasts almost so long
    PatientRecord(events=(PSYCHOSIS, PSYCHOSIS), attribution=AttributionFacts(n_syndromes=1))
    PatientRecord(events=(PSYCHOSIS,), attribution=AttributionFacts(n_syndromes=2))
    PatientRecord(csf=Csf(pathogens_negative=True), secondary=SecondaryCauses(cns_infection=True))
    PatientRecord(as_of=day(3), events=(replace(PSYCHOSIS, date=day(3)),))
    PatientRecord(follow_up=FollowUp(death=Death(day(4)), last_contact=day(4)))
    PatientRecord(attribution=AttributionFacts(decided=day(6)), follow_up=FollowUp(death=Death(day(4))))
    same = Csf(protein=protein(50, "mg/dL"))
    PatientRecord(lumbar_punctures=(puncture(3, protein=protein(0.5)),), csf=same)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_latest_puncture_fills_what_is_not_said_of_now(order: tuple[int, ...]):
    punctures = [
        puncture(3, protein=protein(0.9), wbc_10e6_per_L=12),
        puncture(5, protein=protein(0.4), opening_pressure_mmH2O=150),
        puncture(4, protein=protein(0.7)),
    ]
    record = PatientRecord(lumbar_punctures=tuple(punctures[one] for one in order), csf=Csf(pathogens_negative=True))
    csf = record.settled().csf
    assert csf == Csf(done=True, protein=protein(0.4), opening_pressure_mmH2O=150, pathogens_negative=True)


def test_an_older_puncture_does_not_fill_what_the_latest_leaves_open():
    record = PatientRecord(lumbar_punctures=(puncture(3, pathogens_negative=True), puncture(5)))
    assert record.settled().csf == Csf(done=True)


def test_anticoagulation_is_known_to_the_lumbar_puncture():
    record = PatientRecord(treatment=Treatment(anticoagulated=True)).settled()
    assert record.lp_safety.anticoagulated is True
    assert record.settled() == record
    told = PatientRecord(lp_safety=LumbarPunctureSafety(anticoagulated=True))
    assert told.settled().lp_safety.anticoagulated is True


def test_a_record_without_lists_is_settled():
    record = PatientRecord(csf=Csf(done=False))
    assert record.settled() is record


def test_every_fact_has_its_name_even_when_nothing_is_known():
    empty, known = (
        flat_facts(PatientRecord()),
        flat_facts(
            PatientRecord(
                csf=Csf(protein=protein(72, "mg/dL")),
                patient=Patient(age=30),
                follow_up=FollowUp(death=Death(day(4), "sle")),
            )
        ),
    )
    assert set(empty) == set(known)
    assert set(empty.values()) == {None}
    assert (known["csf.protein.value"], known["csf.protein.unit"], known["patient.age"]) == (72.0, "mg/dL", 30.0)
    assert (known["follow_up.death.date"], known["follow_up.death.cause"]) == ("2025-04-01", "sle")
    assert isinstance(known["patient.age"], float)


def test_facts_name_nobody():
    facts = flat_facts(PatientRecord(id="K7", note="Anna"))
    assert not {"id", "note"} & set(facts)
    assert not {"K7", "Anna"} & set(facts.values())
    assert "id" not in event_facts(replace(PSYCHOSIS, id="first"))


def test_facts_of_an_event():
    facts = event_facts(replace(PSYCHOSIS, refractory=False, date=day(3)))
    assert (facts["syndrome"], facts["refractory"], facts["date"], facts["chorea"]) == (
        "psychosis",
        False,
        "2025-03-01",
        None,
    )


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({}, None),
        ({"bilag": "D"}, None),
        ({"bilag": "D", "residual_deficit": False}, "complete_recovery"),
        ({"bilag": "D", "residual_deficit": True}, "partial_improvement"),
        ({"bilag": "C", "residual_deficit": False, "improved": True}, None),
        ({"improved": True, "residual_deficit": True}, "partial_improvement"),
        ({"worse": True}, "exacerbation"),
        ({"died": True, "bilag": "D", "residual_deficit": False}, "exacerbation"),
        ({"improved": False, "worse": False}, "unchanged"),
        ({"improved": False}, None),
    ],
)
def test_the_outcome_follows_the_definitions_of_the_paper(values: dict[str, Any], outcome: str | None):
    # Nie et al. 2023, outcome measures: S2-050, S2-051, S2-052
    assert Discharge(**values).outcome == outcome
