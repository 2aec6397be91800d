"""One neuropsychiatric event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from neurolupus.records.clinical.checks import Checked
from neurolupus.records.clinical.codes import HeadacheType, Polarity, SeizurePattern, Syndrome


@dataclass(frozen=True, slots=True)
class NeuropsychiatricEvent(Checked):
    """An event, by the nomenclature of the ACR 1999; None is unknown.

    Attributes
    ----------
    syndrome : str
        One of the nineteen.
    date : date or None
        Of onset.
    acute_inflammatory : bool or None
        The clinician's judgement: an acute inflammatory process or flare.
    refractory : bool or None
        To standard immunosuppression; seizures: to treatment.
    seizure_pattern, high_recurrence_risk
        Of a seizure disorder.
    polarity
        Of a mood disorder.
    chorea
        Of a movement disorder.
    arterial, haemorrhage, venous_sinus_thrombosis
        Of cerebrovascular disease; a haemorrhage is an event of its own, so that it is not recorded with another.
    headache_type
        By the International Headache Society.
    relapse : bool or None
        The patient had recovered from neuropsychiatric lupus before.
    """

    syndrome: Syndrome
    id: str | None = None
    date: date | None = None
    new_or_worsening: bool | None = None
    acute_inflammatory: bool | None = None
    severe_organ_threatening: bool | None = None
    refractory: bool | None = None
    additional_neuro_signs: bool | None = None
    seizure_pattern: SeizurePattern | None = None
    high_recurrence_risk: bool | None = None
    polarity: Polarity | None = None
    chorea: bool | None = None
    arterial: bool | None = None
    haemorrhage: bool | None = None
    venous_sinus_thrombosis: bool | None = None
    headache_type: HeadacheType | None = None
    mobility_affected: bool | None = None
    relapse: bool | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        found = []
        for name, owner in _OWNERS.items():
            value = getattr(self, name)
            if value not in (None, False) and self.syndrome != owner:
                found.append(f"{name} is {_said(value)}, and the syndrome is {self.syndrome}; it belongs to {owner}")
        return found


_OWNERS = {
    "seizure_pattern": "seizure_disorder",
    "polarity": "mood_disorder",
    "chorea": "movement_disorder",
    "arterial": "cerebrovascular_disease",
    "haemorrhage": "cerebrovascular_disease",
    "venous_sinus_thrombosis": "cerebrovascular_disease",
    "headache_type": "headache",
}


def _said(value: object) -> str:
    return "true" if value is True else str(value)
