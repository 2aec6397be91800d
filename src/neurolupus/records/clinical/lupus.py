"""The lupus: how long, how active, which organs, which antibodies, which criteria, which damage."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from neurolupus.records.clinical.checks import Checked, between


@dataclass(frozen=True, slots=True)
class Sledai2kItems(Checked):
    """The 24 items of SLEDAI-2K; None is unknown."""

    seizure: bool | None = None
    psychosis: bool | None = None
    organic_brain_syndrome: bool | None = None
    visual_disturbance: bool | None = None
    cranial_nerve_disorder: bool | None = None
    lupus_headache: bool | None = None
    cerebrovascular_accident: bool | None = None
    vasculitis: bool | None = None
    arthritis: bool | None = None
    myositis: bool | None = None
    urinary_casts: bool | None = None
    haematuria: bool | None = None
    proteinuria: bool | None = None
    pyuria: bool | None = None
    rash: bool | None = None
    alopecia: bool | None = None
    mucosal_ulcers: bool | None = None
    pleurisy: bool | None = None
    pericarditis: bool | None = None
    low_complement: bool | None = None
    increased_dna_binding: bool | None = None
    fever: bool | None = None
    thrombocytopenia: bool | None = None
    leukopenia: bool | None = None


@dataclass(frozen=True, slots=True)
class SdiItems(Checked):
    """The neuropsychiatric items of the SLICC/ACR Damage Index; None is unknown."""

    cognitive_impairment_or_psychosis: bool | None = None
    seizures_requiring_therapy_6_months: bool | None = None
    cerebrovascular_accident: bool | None = None
    cranial_or_peripheral_neuropathy: bool | None = None
    transverse_myelitis: bool | None = None


@dataclass(frozen=True, slots=True)
class Acr1997(Checked):
    """The eleven classification criteria of the ACR, 1997; None is unknown."""

    malar_rash: bool | None = None
    discoid_rash: bool | None = None
    photosensitivity: bool | None = None
    oral_ulcers: bool | None = None
    arthritis: bool | None = None
    serositis: bool | None = None
    renal_disorder: bool | None = None
    neurologic_disorder: bool | None = None
    haematologic_disorder: bool | None = None
    immunologic_disorder: bool | None = None
    antinuclear_antibody: bool | None = None


@dataclass(frozen=True, slots=True)
class Slicc2012(Checked):
    """The seventeen classification criteria of SLICC, 2012; None is unknown."""

    acute_cutaneous: bool | None = None
    chronic_cutaneous: bool | None = None
    oral_or_nasal_ulcers: bool | None = None
    non_scarring_alopecia: bool | None = None
    synovitis: bool | None = None
    serositis: bool | None = None
    renal: bool | None = None
    neurologic: bool | None = None
    haemolytic_anaemia: bool | None = None
    leukopenia_or_lymphopenia: bool | None = None
    thrombocytopenia: bool | None = None
    ana: bool | None = None
    anti_dsdna: bool | None = None
    anti_sm: bool | None = None
    antiphospholipid: bool | None = None
    low_complement: bool | None = None
    direct_coombs: bool | None = None


@dataclass(frozen=True, slots=True)
class Lupus(Checked):
    """The lupus; None is unknown.

    Attributes
    ----------
    duration_months : float or None
    sledai2k, sdi : int or None
        Totals; the items may be given too.
    generalised_activity : bool or None
        SLE is active in general, beyond the nervous system.
    meets_acr1997, meets_slicc2012 : bool or None
        As the clinician judged; criteria may be given too.
    fever ... serositis : bool or None
        Involvement, as in Table 1 of the intrathecal paper.
    anti_dsdna ... anti_b2gp1 : bool or None
    c3_g_per_L, c4_g_per_L, lupus_anticoagulant_ratio : float or None
    onset_with_npsle : bool or None
        SLE began with the neuropsychiatric event.
    """

    duration_months: float | None = None
    sledai2k: int | None = None
    sdi: int | None = None
    generalised_activity: bool | None = None
    onset_with_npsle: bool | None = None
    meets_acr1997: bool | None = None
    meets_slicc2012: bool | None = None
    fever: bool | None = None
    mucocutaneous: bool | None = None
    musculoskeletal: bool | None = None
    pulmonary: bool | None = None
    cardiovascular: bool | None = None
    haematological: bool | None = None
    nephritis: bool | None = None
    serositis: bool | None = None
    anti_dsdna: bool | None = None
    anti_rrnp: bool | None = None
    coombs: bool | None = None
    anticardiolipin: bool | None = None
    anti_b2gp1: bool | None = None
    c3_g_per_L: float | None = None  # noqa: N815 - the unit as it is written
    c4_g_per_L: float | None = None  # noqa: N815
    lupus_anticoagulant_ratio: float | None = None
    sledai2k_items: Sledai2kItems = field(default_factory=Sledai2kItems)
    sdi_items: SdiItems = field(default_factory=SdiItems)
    acr1997: Acr1997 = field(default_factory=Acr1997)
    slicc2012: Slicc2012 = field(default_factory=Slicc2012)

    def faults(self) -> list[str]:
        """What cannot be."""
        return [
            *between("duration_months", self.duration_months, 0, 1200, "months"),
            *between("sledai2k", self.sledai2k, 0, 105, "points"),
            *between("sdi", self.sdi, 0, 46, "points"),
            *between("c3_g_per_L", self.c3_g_per_L, 0, 10, "g/L"),
            *between("c4_g_per_L", self.c4_g_per_L, 0, 5, "g/L"),
            *between("lupus_anticoagulant_ratio", self.lupus_anticoagulant_ratio, 0, 20),
        ]


def n_known(items: Sledai2kItems | SdiItems | Acr1997 | Slicc2012) -> int:
    """How many items are known."""
    return sum(getattr(items, one.name) is not None for one in fields(items))
