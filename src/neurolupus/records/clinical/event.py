"""One neuropsychiatric event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from neurolupus.records.clinical.checks import Checked, Fault
from neurolupus.records.clinical.codes import Polarity, SeizurePattern, Syndrome
from neurolupus.records.clinical.fields import fact, said


@dataclass(frozen=True, slots=True, repr=False)
class NeuropsychiatricEvent(Checked):
    """An event, by the nomenclature of the ACR 1999; None is unknown.

    An infarct that bleeds is one event with `arterial` and `haemorrhage`; an antithrombotic then waits.
    """

    syndrome: Syndrome = field(metadata=said("Syndrome (ACR 1999)"))
    id: str | None = fact("Name of the event, for yourself")
    date: date | None = fact("Onset")
    new_or_worsening: bool | None = fact("New or worsening")
    acute_inflammatory: bool | None = fact("Acute inflammatory process or flare, as the clinician judges")
    severe_organ_threatening: bool | None = fact("Severe or organ-threatening")
    refractory: bool | None = fact("Refractory to standard immunosuppression; a seizure: to treatment")
    additional_neuro_signs: bool | None = fact("Additional neurological signs or symptoms")
    seizure_pattern: SeizurePattern | None = fact("Pattern of seizures")
    high_recurrence_risk: bool | None = fact("High risk that the seizure recurs")
    polarity: Polarity | None = fact("Polarity of the mood disorder")
    chorea: bool | None = fact("The movement disorder is chorea")
    arterial: bool | None = fact("Arterial event")
    haemorrhage: bool | None = fact("Intracranial haemorrhage present")
    venous_sinus_thrombosis: bool | None = fact("Venous sinus thrombosis")
    headache_type: str | None = fact("Class of headache (International Headache Society), name or code")
    mobility_affected: bool | None = fact("Mobility affected")
    relapse: bool | None = fact("Relapse after recovery from neuropsychiatric lupus")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        return [
            Fault((name,), f"is {_said(getattr(self, name))} and syndrome is {self.syndrome}; it belongs to {owner}")
            for name, owner in _OWNERS.items()
            if getattr(self, name) not in (None, False) and self.syndrome != owner
        ]


_OWNERS = {
    "seizure_pattern": "seizure_disorder",
    "high_recurrence_risk": "seizure_disorder",
    "polarity": "mood_disorder",
    "chorea": "movement_disorder",
    "arterial": "cerebrovascular_disease",
    "haemorrhage": "cerebrovascular_disease",
    "venous_sinus_thrombosis": "cerebrovascular_disease",
    "headache_type": "headache",
}


def _said(value: object) -> str:
    return "true" if value is True else str(value)
