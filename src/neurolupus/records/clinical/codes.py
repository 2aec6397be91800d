"""Closed vocabularies of the clinical record; `docs/reference/patient-file.md` lists them all."""

from __future__ import annotations

from typing import Literal, get_args

CnsSyndrome = Literal[
    "aseptic_meningitis", "cerebrovascular_disease", "demyelinating_syndrome", "headache", "movement_disorder",
    "myelopathy", "seizure_disorder", "acute_confusional_state", "anxiety_disorder", "cognitive_dysfunction",
    "mood_disorder", "psychosis",
]  # fmt: skip
PnsSyndrome = Literal[
    "guillain_barre_syndrome", "autonomic_disorder", "mononeuropathy", "myasthenia_gravis", "cranial_neuropathy",
    "plexopathy", "polyneuropathy",
]  # fmt: skip
Syndrome = Literal[CnsSyndrome, PnsSyndrome]  # ACR 1999, doi:10.1002/1529-0131(199904)42:4<599

CNS_SYNDROMES: tuple[str, ...] = get_args(CnsSyndrome)
PNS_SYNDROMES: tuple[str, ...] = get_args(PnsSyndrome)
SYNDROMES: tuple[str, ...] = (*CNS_SYNDROMES, *PNS_SYNDROMES)
ALWAYS_MINOR = ("headache", "anxiety_disorder")
"""Minor or non-specific after Ainiala et al. 2001, whatever else is known of them."""

Sex = Literal["F", "M"]
SeizurePattern = Literal["single", "infrequent", "recurrent"]
Polarity = Literal["depressive", "manic", "mixed"]
Immunosuppressant = Literal["cyclophosphamide_iv", "mycophenolate", "azathioprine", "rituximab", "other", "none"]
Onset = Literal[">6mo_before", "within_6mo", ">6mo_after"]
HowMany = Literal["none", "one", "more"]
Attribution = Literal["attributed", "not_attributed", "uncertain"]
Mechanism = Literal["inflammatory", "ischemic_thrombotic", "mixed"]
ProteinUnit = Literal["g/L", "mg/dL", "mg/L"]
BilagGrade = Literal["A", "B", "C", "D", "E"]
DischargeOutcome = Literal["complete_recovery", "partial_improvement", "exacerbation", "unchanged"]
CauseOfDeath = Literal["sle", "infection", "other"]
HospitalDrug = Literal[
    "cyclophosphamide", "mycophenolate", "calcineurin_inhibitor", "azathioprine", "rituximab", "other"
]
"""Table 2 of Nie et al. 2023; more than one of them is its `combination`."""
FlairKind = Literal["2D", "3D"]
ItReaction = Literal[
    "low_pressure", "low_pressure_headache", "puncture_headache", "leg_numbness", "wheal", "cns_infection", "other"
]
ItStop = Literal["pressure_normalised", "recovered", "adverse_event", "patient_choice", "no_effect", "other"]
