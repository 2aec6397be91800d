"""Imaging, cerebrospinal fluid and antibodies: what was done and what it showed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date

from neurolupus.records.clinical.checks import Checked, Fault
from neurolupus.records.clinical.codes import FlairKind
from neurolupus.records.clinical.fields import fact, part, said
from neurolupus.records.clinical.quantities import ProteinConcentration
from neurolupus.records.words import listed

_MOST_ML = 3000  # larger than any head


@dataclass(frozen=True, slots=True, repr=False)
class SecondaryCauses(Checked):
    """Whether another cause is present; None is unknown, False is excluded."""

    cns_infection: bool | None = fact("Infection of the nervous system")
    systemic_infection: bool | None = fact("Systemic infection")
    metabolic: bool | None = fact("Metabolic cause")
    drug: bool | None = fact("Effect of a drug")


@dataclass(frozen=True, slots=True, repr=False)
class Antiphospholipid(Checked):
    """Antiphospholipid antibodies and what they may have done; None is unknown."""

    positive: bool | None = fact("Antiphospholipid antibodies positive")
    thrombotic_event: bool | None = fact("Thrombotic event")
    aps: bool | None = fact("Antiphospholipid syndrome")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        if self.aps and self.positive is False:
            return [Fault(("aps",), "is true and positive is false; the syndrome needs antibodies")]
        return []


@dataclass(frozen=True, slots=True, repr=False)
class Mri(Checked):
    """Brain MRI; None is unknown. Volumes are context only: they change no advice."""

    done: bool | None = fact("MRI done")
    contraindicated: bool | None = fact("MRI contraindicated")
    normal: bool | None = fact("MRI normal")
    concordant: bool | None = fact("Findings explain the clinical syndrome")
    date: date | None = fact("Date of the MRI")
    flair: FlairKind | None = fact("FLAIR acquired in 2D or 3D")
    wmh_ml: float | None = fact("White matter hyperintensities", "ml", 0, _MOST_ML)
    tbv_ml: float | None = fact("Total brain", "ml", 0, _MOST_ML)
    tiv_ml: float | None = fact("Total intracranial volume", "ml", 0, _MOST_ML)
    gm_ml: float | None = fact("Grey matter", "ml", 0, _MOST_ML)
    wm_ml: float | None = fact("White matter", "ml", 0, _MOST_ML)
    csf_ml: float | None = fact("Cerebrospinal fluid", "ml", 0, _MOST_ML)

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        found = []
        if self.done and self.contraindicated:
            found.append(Fault(("contraindicated",), "is true and done is true; one of them is wrong"))
        if self.done is False:
            found += _known_without_done(self)
        for name in ("tbv_ml", "gm_ml", "wm_ml", "csf_ml", "wmh_ml"):
            volume = getattr(self, name)
            if volume is not None and self.tiv_ml is not None and volume > self.tiv_ml:
                found.append(Fault((name,), f"is {volume:g} and tiv_ml is {self.tiv_ml:g}; a part exceeds the whole"))
        return found


@dataclass(frozen=True, slots=True, repr=False)
class LumbarPunctureSafety(Checked):
    """What is asked before a lumbar puncture; None is unknown."""

    mass_effect: bool | None = fact("Mass effect or raised pressure on imaging that forbids it")
    platelets_10e9_per_L: float | None = fact("Platelets", "10⁹/L", 0, 3000)
    anticoagulated: bool | None = fact("Anticoagulated")


@dataclass(frozen=True, slots=True, repr=False)
class Csf(Checked):
    """Cerebrospinal fluid; None is unknown."""

    done: bool | None = fact("Lumbar puncture done")
    opening_pressure_mmH2O: float | None = fact("Opening pressure", "mmH2O", 0, 1000)
    protein: ProteinConcentration | None = fact("Protein")
    pathogens_negative: bool | None = fact("Stains, cultures and other tests found no pathogen")
    wbc_10e6_per_L: float | None = fact("White cells", "10⁶/L", 0, 1_000_000)
    glucose_mmol_per_L: float | None = fact("Glucose", "mmol/L", 0, 60)
    chloride_mmol_per_L: float | None = fact("Chloride", "mmol/L", 0, 250)
    cytology_abnormal: bool | None = fact("Cytology abnormal")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        return _known_without_done(self) if self.done is False else []


@dataclass(frozen=True, slots=True, repr=False)
class LumbarPuncture(Checked):
    """One dated lumbar puncture."""

    date: date = field(metadata=said("Date of the lumbar puncture"))
    csf: Csf = part(Csf, "What it showed")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        if self.csf.done is False:
            return [Fault(("csf", "done"), "is false and the lumbar puncture has a date; one of them is wrong")]
        return []


def _known_without_done(part_: Mri | Csf) -> list[Fault]:
    known = [
        one.name
        for one in fields(part_)
        if one.name not in ("done", "contraindicated")
        and getattr(part_, one.name) not in (None, ProteinConcentration())
    ]
    if not known:
        return []
    return [Fault(("done",), f"is false and {listed(known, 'and')} {'is' if len(known) == 1 else 'are'} known")]
