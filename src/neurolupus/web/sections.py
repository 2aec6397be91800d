"""The record's form in sections, as the clinic fills it in; what only the signed consensus may write is in none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurolupus.workflows.clinic.consensus import CONSENSUS_FIELDS, VOLUMES


@dataclass(frozen=True, slots=True)
class Section:
    """One form.

    Attributes
    ----------
    name : str
        In the address.
    title, about : str
    fields : tuple of str
        Of the record.
    """

    name: str
    title: str
    about: str
    fields: tuple[str, ...]


SECTIONS = (
    Section(
        "patient", "Patient", "A pseudonym, never a name or a number of the hospital.",
        ("id", "as_of", "patient", "note"),
    ),
    Section("events", "Events", "Neuropsychiatric events by the nomenclature of the ACR 1999.", ("events",)),
    Section(
        "attribution", "Attribution", "The items of the score; the decision itself is signed on the consensus page.",
        ("attribution", "secondary"),
    ),
    Section("lupus", "Lupus", "Activity, organs, antibodies, criteria and damage.", ("sle",)),
    Section(
        "laboratory", "Antibodies", "Antiphospholipid antibodies; hepatitis B before immunosuppression.",
        ("apl", "hepatitis_b"),
    ),
    Section("mri", "MRI", "What the radiologist found. Volumes are context only: they change no advice.", ("mri",)),
    Section(
        "csf", "CSF", "Lumbar punctures by date; what the latest one showed is what holds now.",
        ("lumbar_punctures", "lp_safety", "csf"),
    ),
    Section(
        "treatment", "Treatment", "Now and in hospital; intrathecal injections by date.",
        ("treatment", "intrathecal_sessions"),
    ),
    Section(
        "outcome", "Discharge and follow-up", "How the patient left hospital, relapses, death.",
        ("discharge", "follow_up"),
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Section] = {one.name: one for one in SECTIONS}
_SIGNED = frozenset(f"attribution.{name}" for name in CONSENSUS_FIELDS)
SEALED_FIELDS = frozenset(f"mri.{name}" for name in VOLUMES)


def hidden_fields(*, sealed: bool) -> frozenset[str]:
    """Dotted names of what no form shows: it keeps the values it has."""
    return _SIGNED | SEALED_FIELDS if sealed else _SIGNED
