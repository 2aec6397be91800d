"""The lupus: how long, how active, which organs, which antibodies, which criteria, which damage."""

from __future__ import annotations

from dataclasses import dataclass, fields

from neurolupus.records.clinical.checks import Checked
from neurolupus.records.clinical.fields import fact, part


@dataclass(frozen=True, slots=True, repr=False)
class Sledai2kItems(Checked):
    """The 24 items of SLEDAI-2K; None is unknown."""

    seizure: bool | None = fact("Seizure")
    psychosis: bool | None = fact("Psychosis")
    organic_brain_syndrome: bool | None = fact("Organic brain syndrome")
    visual_disturbance: bool | None = fact("Visual disturbance")
    cranial_nerve_disorder: bool | None = fact("Cranial nerve disorder")
    lupus_headache: bool | None = fact("Lupus headache")
    cerebrovascular_accident: bool | None = fact("Cerebrovascular accident")
    vasculitis: bool | None = fact("Vasculitis")
    arthritis: bool | None = fact("Arthritis")
    myositis: bool | None = fact("Myositis")
    urinary_casts: bool | None = fact("Urinary casts")
    haematuria: bool | None = fact("Haematuria")
    proteinuria: bool | None = fact("Proteinuria")
    pyuria: bool | None = fact("Pyuria")
    rash: bool | None = fact("Rash")
    alopecia: bool | None = fact("Alopecia")
    mucosal_ulcers: bool | None = fact("Mucosal ulcers")
    pleurisy: bool | None = fact("Pleurisy")
    pericarditis: bool | None = fact("Pericarditis")
    low_complement: bool | None = fact("Low complement")
    increased_dna_binding: bool | None = fact("Increased DNA binding")
    fever: bool | None = fact("Fever")
    thrombocytopenia: bool | None = fact("Thrombocytopenia")
    leukopenia: bool | None = fact("Leukopenia")


@dataclass(frozen=True, slots=True, repr=False)
class SdiItems(Checked):
    """The neuropsychiatric items of the SLICC/ACR Damage Index; None is unknown."""

    cognitive_impairment_or_psychosis: bool | None = fact("Cognitive impairment or major psychosis")
    seizures_requiring_therapy_6_months: bool | None = fact("Seizures that needed therapy for 6 months")
    cerebrovascular_accident: bool | None = fact("Cerebrovascular accident")
    cranial_or_peripheral_neuropathy: bool | None = fact("Cranial or peripheral neuropathy")
    transverse_myelitis: bool | None = fact("Transverse myelitis")


@dataclass(frozen=True, slots=True, repr=False)
class Acr1997(Checked):
    """The eleven classification criteria of the ACR, 1997; None is unknown."""

    malar_rash: bool | None = fact("Malar rash")
    discoid_rash: bool | None = fact("Discoid rash")
    photosensitivity: bool | None = fact("Photosensitivity")
    oral_ulcers: bool | None = fact("Oral ulcers")
    arthritis: bool | None = fact("Arthritis")
    serositis: bool | None = fact("Serositis")
    renal_disorder: bool | None = fact("Renal disorder")
    neurologic_disorder: bool | None = fact("Neurologic disorder")
    haematologic_disorder: bool | None = fact("Haematologic disorder")
    immunologic_disorder: bool | None = fact("Immunologic disorder")
    antinuclear_antibody: bool | None = fact("Antinuclear antibody")


@dataclass(frozen=True, slots=True, repr=False)
class Slicc2012(Checked):
    """The seventeen classification criteria of SLICC, 2012; None is unknown."""

    acute_cutaneous: bool | None = fact("Acute cutaneous")
    chronic_cutaneous: bool | None = fact("Chronic cutaneous")
    oral_or_nasal_ulcers: bool | None = fact("Oral or nasal ulcers")
    non_scarring_alopecia: bool | None = fact("Non-scarring alopecia")
    synovitis: bool | None = fact("Synovitis")
    serositis: bool | None = fact("Serositis")
    renal: bool | None = fact("Renal involvement")
    neurologic: bool | None = fact("Neurological involvement")
    haemolytic_anaemia: bool | None = fact("Haemolytic anaemia")
    leukopenia_or_lymphopenia: bool | None = fact("Leukopenia or lymphopenia")
    thrombocytopenia: bool | None = fact("Thrombocytopenia")
    ana: bool | None = fact("Antinuclear antibody")
    anti_dsdna: bool | None = fact("Anti-dsDNA antibody")
    anti_sm: bool | None = fact("Anti-Sm antibody")
    antiphospholipid: bool | None = fact("Antiphospholipid antibody")
    low_complement: bool | None = fact("Low complement")
    direct_coombs: bool | None = fact("Direct Coombs test")


@dataclass(frozen=True, slots=True, repr=False)
class Lupus(Checked):
    """The lupus; None is unknown. Totals may be given without their items, and items without totals."""

    duration_months: float | None = fact("Duration of SLE", "months", 0, 1200)
    sledai2k: int | None = fact("SLEDAI-2K", "points", 0, 105)
    sdi: int | None = fact("SLICC/ACR Damage Index", "points", 0, 46)
    generalised_activity: bool | None = fact("SLE active in general, beyond the nervous system")
    onset_with_npsle: bool | None = fact("SLE began with the neuropsychiatric event")
    meets_acr1997: bool | None = fact("Meets the ACR criteria of 1997, as the clinician judges")
    meets_slicc2012: bool | None = fact("Meets the SLICC criteria of 2012, as the clinician judges")
    fever: bool | None = fact("Fever")
    mucocutaneous: bool | None = fact("Mucocutaneous involvement")
    musculoskeletal: bool | None = fact("Musculoskeletal involvement")
    pulmonary: bool | None = fact("Pulmonary involvement")
    cardiovascular: bool | None = fact("Cardiovascular involvement")
    haematological: bool | None = fact("Haematological involvement")
    nephritis: bool | None = fact("Lupus nephritis")
    serositis: bool | None = fact("Serositis")
    anti_dsdna: bool | None = fact("Anti-dsDNA antibody positive")
    anti_rrnp: bool | None = fact("Anti-rRNP antibody positive")
    coombs: bool | None = fact("Coombs test positive")
    anticardiolipin: bool | None = fact("Anticardiolipin antibody positive")
    anti_b2gp1: bool | None = fact("Anti-β2-glycoprotein-1 antibody positive")
    c3_g_per_L: float | None = fact("C3", "g/L", 0, 10)
    c4_g_per_L: float | None = fact("C4", "g/L", 0, 5)
    lupus_anticoagulant_ratio: float | None = fact("Lupus anticoagulant, ratio", "", 0, 20)
    sledai2k_items: Sledai2kItems = part(Sledai2kItems, "Items of SLEDAI-2K")
    sdi_items: SdiItems = part(SdiItems, "Neuropsychiatric items of the SDI")
    acr1997: Acr1997 = part(Acr1997, "Criteria of 1997")
    slicc2012: Slicc2012 = part(Slicc2012, "Criteria of 2012")


def n_known(items: Sledai2kItems | SdiItems | Acr1997 | Slicc2012) -> int:
    """How many items are known."""
    return sum(getattr(items, one.name) is not None for one in fields(items))
