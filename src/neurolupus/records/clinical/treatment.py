"""What was given, and how it went: systemic treatment, intrathecal sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from neurolupus.records.clinical.checks import Checked, Fault
from neurolupus.records.clinical.codes import HospitalDrug, Immunosuppressant, ItReaction, ItStop
from neurolupus.records.clinical.fields import fact, said, several


@dataclass(frozen=True, slots=True, repr=False)
class Treatment(Checked):
    """Treatment now, and in hospital as a study counts it; None is unknown, `none` is no immunosuppressant."""

    prednisone_mg_per_kg: float | None = fact("Prednisone or its equivalent now", "mg/kg per day", 0, 10)
    days_since_gc_start: float | None = fact("Since the glucocorticoid was started", "days", 0, 40_000)
    gc: bool | None = fact("On a glucocorticoid")
    immunosuppressant: Immunosuppressant | None = fact("Immunosuppressant now")
    initial_control: bool | None = fact("Initial control reached")
    other_interventions_failed: bool | None = fact("Other interventions failed")
    immunosuppressant_not_tolerated: bool | None = fact("Standard immunosuppressants contraindicated or not tolerated")
    anticoagulated: bool | None = fact("On an anticoagulant")
    antiplatelet: bool | None = fact("On an antiplatelet drug")
    methylprednisolone_pulse: bool | None = fact("Methylprednisolone pulse in hospital")
    in_hospital: tuple[HospitalDrug, ...] | None = fact("Immunosuppressants in hospital; an empty list is none")
    cumulative_prednisone_g: float | None = fact("Prednisone or its equivalent so far", "g", 0, 1000)
    cumulative_cyclophosphamide_g: float | None = fact("Cyclophosphamide so far", "g", 0, 500)

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        if self.gc is False and (self.prednisone_mg_per_kg or 0) > 0:
            dose = f"{self.prednisone_mg_per_kg:g}"
            return [Fault(("gc",), f"is false and prednisone_mg_per_kg is {dose}; one of them is wrong")]
        return []


@dataclass(frozen=True, slots=True, repr=False)
class IntrathecalSession(Checked):
    """One dated intrathecal injection; a dose of 0 says that the drug was not given."""

    date: date = field(metadata=said("Date of the injection"))
    methotrexate_mg: float | None = fact("Methotrexate", "mg", 0, 100)
    dexamethasone_mg: float | None = fact("Dexamethasone", "mg", 0, 100)
    volume_ml: float | None = fact("Volume injected", "ml", 0, 100)
    reactions: tuple[ItReaction, ...] = several("Reactions")
    stopped_because: ItStop | None = fact("Why no further injection followed")
