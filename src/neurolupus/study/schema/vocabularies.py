"""Vocabularies that a multilabel variable may name."""

from __future__ import annotations

from neurolupus.study.schema.variables import Level

ACR1999 = (
    ("aseptic_meningitis", "Aseptic meningitis"),
    ("cerebrovascular", "Cerebrovascular disease"),
    ("demyelinating", "Demyelinating syndrome"),
    ("headache", "Headache"),
    ("movement", "Movement disorder"),
    ("myelopathy", "Myelopathy"),
    ("seizure", "Seizure disorder"),
    ("acs", "Acute confusional state"),
    ("anxiety", "Anxiety disorder"),
    ("cognitive", "Cognitive dysfunction"),
    ("mood", "Mood disorder"),
    ("psychosis", "Psychosis"),
    ("guillain_barre", "Guillain–Barré syndrome"),
    ("autonomic", "Autonomic disorder"),
    ("mononeuropathy", "Mononeuropathy"),
    ("myasthenia", "Myasthenia gravis"),
    ("cranial_neuropathy", "Cranial neuropathy"),
    ("plexopathy", "Plexopathy"),
    ("polyneuropathy", "Polyneuropathy"),
)
# ACR nomenclature and case definitions for neuropsychiatric lupus syndromes, Arthritis Rheum 1999;42:599-608.
VOCABULARIES: dict[str, tuple[Level, ...]] = {"acr1999": tuple(Level(value, label) for value, label in ACR1999)}
