"""The clinical record of one patient: frozen dataclasses over a closed vocabulary; None is unknown, and never false."""

from neurolupus.records.clinical.codes import CNS_SYNDROMES, PNS_SYNDROMES, SYNDROMES
from neurolupus.records.clinical.consensus import AttributionFacts, Dissent, ItalianItems, Revision
from neurolupus.records.clinical.event import NeuropsychiatricEvent
from neurolupus.records.clinical.examinations import (
    Antiphospholipid,
    Csf,
    LumbarPuncture,
    LumbarPunctureSafety,
    Mri,
    SecondaryCauses,
)
from neurolupus.records.clinical.follow_up import Death, Discharge, FollowUp, Relapse
from neurolupus.records.clinical.lupus import Acr1997, Lupus, SdiItems, Sledai2kItems, Slicc2012
from neurolupus.records.clinical.patient import Patient
from neurolupus.records.clinical.quantities import ProteinConcentration
from neurolupus.records.clinical.record import PatientRecord
from neurolupus.records.clinical.treatment import IntrathecalSession, Treatment

__all__ = [
    "CNS_SYNDROMES", "PNS_SYNDROMES", "SYNDROMES", "Acr1997", "Antiphospholipid", "AttributionFacts", "Csf", "Death",
    "Discharge", "Dissent", "FollowUp", "IntrathecalSession", "ItalianItems", "LumbarPuncture", "LumbarPunctureSafety",
    "Lupus", "Mri", "NeuropsychiatricEvent", "Patient", "PatientRecord", "ProteinConcentration", "Relapse", "Revision",
    "SdiItems", "SecondaryCauses", "Sledai2kItems", "Slicc2012", "Treatment",
]  # fmt: skip
