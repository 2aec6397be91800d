"""The nineteen syndromes of the ACR 1999: what they are called, where they lie, and which events are minor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from neurolupus.guidelines.logic import Truth, negated
from neurolupus.records.clinical.codes import ALWAYS_MINOR, CNS_SYNDROMES, PNS_SYNDROMES

Part = Literal["central", "peripheral"]
LABELS: Mapping[str, str] = {
    "aseptic_meningitis": "Aseptic meningitis",
    "cerebrovascular_disease": "Cerebrovascular disease",
    "demyelinating_syndrome": "Demyelinating syndrome",
    "headache": "Headache",
    "movement_disorder": "Movement disorder (chorea)",
    "myelopathy": "Myelopathy",
    "seizure_disorder": "Seizure disorder",
    "acute_confusional_state": "Acute confusional state",
    "anxiety_disorder": "Anxiety disorder",
    "cognitive_dysfunction": "Cognitive dysfunction",
    "mood_disorder": "Mood disorder",
    "psychosis": "Psychosis",
    "guillain_barre_syndrome": "Guillain–Barré syndrome",
    "autonomic_disorder": "Autonomic disorder",
    "mononeuropathy": "Mononeuropathy, single or multiplex",
    "myasthenia_gravis": "Myasthenia gravis",
    "cranial_neuropathy": "Cranial neuropathy",
    "plexopathy": "Plexopathy",
    "polyneuropathy": "Polyneuropathy",
}
MINOR_IF: Mapping[str, Literal["mild", "electrophysiology"]] = {
    "mood_disorder": "mild",
    "cognitive_dysfunction": "mild",
    "polyneuropathy": "electrophysiology",
}
"""The fact that decides whether an event of this syndrome is minor; every other syndrome needs none."""


def part_of(syndrome: str) -> Part:
    """Central or peripheral nervous system.

    Examples
    --------
    >>> part_of("psychosis"), part_of("plexopathy")
    ('central', 'peripheral')
    """
    if syndrome in CNS_SYNDROMES:
        return "central"
    if syndrome in PNS_SYNDROMES:
        return "peripheral"
    raise KeyError(f"{syndrome!r} is none of the nineteen syndromes: {', '.join(LABELS)}.")


def is_minor_event(syndrome: str, *, mild: bool | None = None, electrophysiology: bool | None = None) -> Truth:
    """Whether an event is minor or non-specific after Ainiala (L-AINIALA); None where that is unknown.

    Parameters
    ----------
    syndrome : str
    mild : bool or None
        Of a mood disorder or cognitive dysfunction.
    electrophysiology : bool or None
        Whether electrophysiology confirmed a polyneuropathy.

    Examples
    --------
    >>> is_minor_event("headache"), is_minor_event("mood_disorder"), is_minor_event("psychosis")
    (True, None, False)
    >>> is_minor_event("polyneuropathy", electrophysiology=True)
    False
    """
    part_of(syndrome)
    deciding = MINOR_IF.get(syndrome)
    if deciding is None:
        return syndrome in ALWAYS_MINOR
    return mild if deciding == "mild" else negated(electrophysiology)
