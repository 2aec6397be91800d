"""What was given, and how it went: systemic treatment, intrathecal sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from neurolupus.records.clinical.checks import Checked, between
from neurolupus.records.clinical.codes import Immunosuppressant, ItReaction, ItStop


@dataclass(frozen=True, slots=True)
class Treatment(Checked):
    """Treatment now; None is unknown.

    Attributes
    ----------
    prednisone_mg_per_kg : float or None
        Present dose per kg and day, other glucocorticoids converted.
    days_since_gc_start : float or None
    gc : bool or None
        On a glucocorticoid.
    immunosuppressant : str or None
        `none` is no immunosuppressant.
    initial_control : bool or None
    other_interventions_failed : bool or None
    immunosuppressant_not_tolerated : bool or None
        Standard ones are not tolerated or contraindicated.
    methylprednisolone_pulse : bool or None
    """

    prednisone_mg_per_kg: float | None = None
    days_since_gc_start: float | None = None
    gc: bool | None = None
    immunosuppressant: Immunosuppressant | None = None
    initial_control: bool | None = None
    other_interventions_failed: bool | None = None
    immunosuppressant_not_tolerated: bool | None = None
    methylprednisolone_pulse: bool | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        found = [
            *between("prednisone_mg_per_kg", self.prednisone_mg_per_kg, 0, 50, "mg/kg per day"),
            *between("days_since_gc_start", self.days_since_gc_start, 0, 40_000, "days"),
        ]
        if self.gc is False and (self.prednisone_mg_per_kg or 0) > 0:
            found.append(f"gc is false and prednisone_mg_per_kg is {self.prednisone_mg_per_kg:g}; one of them is wrong")
        return found


@dataclass(frozen=True, slots=True)
class IntrathecalSession(Checked):
    """One dated intrathecal injection.

    Attributes
    ----------
    methotrexate_mg, dexamethasone_mg : float or None
        0 when it was not given.
    volume_ml : float or None
    reactions : tuple of str
    stopped_because : str or None
        Why no further session followed.
    """

    date: date
    methotrexate_mg: float | None = None
    dexamethasone_mg: float | None = None
    volume_ml: float | None = None
    reactions: tuple[ItReaction, ...] = ()
    stopped_because: ItStop | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        return [
            *between("methotrexate_mg", self.methotrexate_mg, 0, 100, "mg"),
            *between("dexamethasone_mg", self.dexamethasone_mg, 0, 100, "mg"),
            *between("volume_ml", self.volume_ml, 0, 100, "ml"),
        ]
