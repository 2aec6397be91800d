"""Imaging, cerebrospinal fluid and antibodies: what was done and what it showed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from neurolupus.records.clinical.checks import Checked, between
from neurolupus.records.clinical.quantities import ProteinConcentration


@dataclass(frozen=True, slots=True)
class SecondaryCauses(Checked):
    """Whether another cause is present; None is unknown, False is excluded."""

    cns_infection: bool | None = None
    systemic_infection: bool | None = None
    metabolic: bool | None = None
    drug: bool | None = None


@dataclass(frozen=True, slots=True)
class Antiphospholipid(Checked):
    """Antiphospholipid antibodies and what they may have done; None is unknown."""

    positive: bool | None = None
    thrombotic_event: bool | None = None
    aps: bool | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        if self.aps and self.positive is False:
            return ["aps is true and positive is false; the syndrome needs antibodies"]
        return []


@dataclass(frozen=True, slots=True)
class Mri(Checked):
    """Brain MRI; None is unknown.

    Attributes
    ----------
    concordant : bool or None
        The findings explain the clinical syndrome.
    wmh_ml, tbv_ml, tiv_ml : float or None
        Volumes, for context only: they change no advice.
    """

    done: bool | None = None
    contraindicated: bool | None = None
    normal: bool | None = None
    concordant: bool | None = None
    date: date | None = None
    wmh_ml: float | None = None
    tbv_ml: float | None = None
    tiv_ml: float | None = None
    gm_ml: float | None = None
    wm_ml: float | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        found = []
        if self.done and self.contraindicated:
            found.append("done and contraindicated are both true; one of them is wrong")
        shown = [name for name in ("normal", "concordant") if getattr(self, name) is not None]
        if self.done is False and shown:
            found.append(f"done is false and {' and '.join(shown)} {'is' if len(shown) == 1 else 'are'} known")
        for name in ("wmh_ml", "tbv_ml", "tiv_ml", "gm_ml", "wm_ml"):
            found += between(name, getattr(self, name), 0, 3000, "ml")
        if self.tbv_ml is not None and self.tiv_ml is not None and self.tbv_ml > self.tiv_ml:
            found.append(f"tbv_ml is {self.tbv_ml:g} and tiv_ml {self.tiv_ml:g}; the brain lies within the skull")
        return found


@dataclass(frozen=True, slots=True)
class LumbarPunctureSafety(Checked):
    """What is asked before a lumbar puncture; None is unknown."""

    mass_effect: bool | None = None
    platelets_10e9_per_L: float | None = None  # noqa: N815 - the unit as it is written
    anticoagulated: bool | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        return between("platelets_10e9_per_L", self.platelets_10e9_per_L, 0, 3000, "10⁹/L")


@dataclass(frozen=True, slots=True)
class Csf(Checked):
    """Cerebrospinal fluid; None is unknown.

    Attributes
    ----------
    opening_pressure_mmH2O : float or None
    protein : ProteinConcentration or None
    pathogens_negative : bool or None
        Stains, cultures and other tests for pathogens found none.
    wbc_10e6_per_L, glucose_mmol_per_L, chloride_mmol_per_L : float or None
    cytology_abnormal : bool or None
    """

    done: bool | None = None
    opening_pressure_mmH2O: float | None = None  # noqa: N815
    protein: ProteinConcentration | None = None
    pathogens_negative: bool | None = None
    wbc_10e6_per_L: float | None = None  # noqa: N815
    glucose_mmol_per_L: float | None = None  # noqa: N815
    chloride_mmol_per_L: float | None = None  # noqa: N815
    cytology_abnormal: bool | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        found = [
            *between("opening_pressure_mmH2O", self.opening_pressure_mmH2O, 0, 1000, "mmH2O"),
            *between("wbc_10e6_per_L", self.wbc_10e6_per_L, 0, 1_000_000, "10⁶/L"),
            *between("glucose_mmol_per_L", self.glucose_mmol_per_L, 0, 60, "mmol/L"),
            *between("chloride_mmol_per_L", self.chloride_mmol_per_L, 0, 250, "mmol/L"),
        ]
        known = [
            name
            for name in (
                "opening_pressure_mmH2O",
                "protein",
                "pathogens_negative",
                "wbc_10e6_per_L",
                "cytology_abnormal",
            )
            if getattr(self, name) is not None
        ]
        if self.done is False and known:
            found.append(f"done is false and {', '.join(known)} {'is' if len(known) == 1 else 'are'} known")
        return found


@dataclass(frozen=True, slots=True)
class LumbarPuncture(Checked):
    """One dated lumbar puncture."""

    date: date
    csf: Csf
