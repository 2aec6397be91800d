"""Everything that one patient's page shows, read in one view of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from neurolupus.guidelines.conditions import Compare
from neurolupus.guidelines.load import load_knowledge
from neurolupus.report.timeline import Moment, moments_of
from neurolupus.store.cohort_rows import differs, patient_marks
from neurolupus.store.decisions import Decision, decisions_of
from neurolupus.store.derived import Derived
from neurolupus.store.patients import Stored, patient_of
from neurolupus.store.sealing import volumes_open
from neurolupus.store.studies import latest_runs, list_studies
from neurolupus.store.visits import Visit, visits_of
from neurolupus.workflows.clinic.consensus import VOLUMES
from neurolupus.workflows.clinic.patient_advice import kept_advice
from neurolupus.workflows.clinic.patient_volumes import (
    Place,
    ScanVolumes,
    context_of,
    latest_measured,
    places_of,
    scans_of,
)
from neurolupus.workflows.clinic.store_cohort import asks_for_status

_LIMITS = {"pressure_mmH2O": "icp_raised", "protein_g_per_L": "csf_protein_raised"}


@dataclass(frozen=True, slots=True)
class PatientView:
    """What is shown of one patient.

    Attributes
    ----------
    stored : Stored
        Without the volumes of its record where they are sealed.
    sealed : bool
    visits : tuple of Visit
    decisions : tuple of Decision
    scans : tuple of ScanVolumes
    latest : ScanVolumes or None
        The latest with numbers.
    places : mapping of measurement to Place
    advice : Derived or None
    data : mapping or None
        The advice as data, with the volumes that may be shown.
    """

    stored: Stored
    sealed: bool
    visits: tuple[Visit, ...]
    decisions: tuple[Decision, ...]
    scans: tuple[ScanVolumes, ...]
    latest: ScanVolumes | None
    places: Mapping[str, Place]
    advice: Derived | None
    data: Mapping[str, Any] | None

    @property
    def decision(self) -> Decision | None:
        """The one that holds."""
        return self.decisions[-1] if self.decisions else None

    @property
    def moments(self) -> tuple[Moment, ...]:
        """What the record, the scans and the decisions date."""
        seen = [Moment("Visits", _day(one.date), one.kind.capitalize(), one.note[:80]) for one in self.visits]
        scanned = [Moment("MRI", _day(one.acquired), "Scan", one.label) for one in self.scans]
        decided = [
            Moment(
                "Decisions", _day(one.date), "Consensus" if one.number == 1 else "Revision", one.content["attribution"]
            )
            for one in self.decisions
        ]
        return (*seen, *moments_of(self.stored.record), *scanned, *decided, *self._stated())

    def _stated(self) -> list[Moment]:
        """A consensus that came with the record and was not signed here."""
        decided = (self.stored.record.get("attribution") or {}).get("decided")
        if not decided or any(one.date == decided for one in self.decisions):
            return []
        return [Moment("Decisions", _day(decided), "Consensus", "by the record")]


def patient_view(connection: Connection, patient: str) -> PatientView:
    """One patient.

    Raises
    ------
    StoreError
        None such is kept.
    """
    stored, is_open = patient_of(connection, patient), volumes_open(connection, patient)
    if not is_open:
        stored = without_volumes(stored)
    found = scans_of(connection, patient, is_open=is_open)
    latest = latest_measured(found)
    advice = kept_advice(connection, patient)
    data = None if advice is None else advice.content["data"] | {"context": context_of(stored.record, latest)}
    places = {} if latest is None else places_of(connection, patient, stored.record, latest)
    seen, decided = tuple(visits_of(connection, patient)), decisions_of(connection, patient)
    return PatientView(stored, not is_open, seen, decided, found, latest, places, advice, data)


def without_volumes(stored: Stored) -> Stored:
    """A patient whose record shows no volume."""
    mri = {name: value for name, value in (stored.record.get("mri") or {}).items() if name not in VOLUMES}
    record = {**stored.record, "mri": mri} if mri else {k: v for k, v in stored.record.items() if k != "mri"}
    return Stored(stored.id, stored.pseudonym, stored.status, record, stored.version, stored.created, stored.updated)


def puncture_limits() -> dict[str, float]:
    """Above which pressure and protein are raised, by the knowledge base."""
    definitions = load_knowledge().definitions
    found = {name: definitions[finding].when for name, finding in _LIMITS.items() if finding in definitions}
    return {
        name: when.value for name, when in found.items() if isinstance(when, Compare) and isinstance(when.value, float)
    }


@dataclass(frozen=True, slots=True)
class ReadBy:
    """A study's latest run, which read this patient.

    Attributes
    ----------
    study, name : str
        The study's id and name.
    started : str
        The day.
    stale : bool
        Whether the record, or what may be seen of the scan, is another since.
    """

    study: str
    name: str
    started: str
    stale: bool


def runs_with(connection: Connection, patient: str) -> tuple[ReadBy, ...]:
    """The latest run of each study that read a patient."""
    patient_of(connection, patient)
    latest = {
        study: run for study, run in latest_runs(connection).items() if patient in run.patients.get("screened", ())
    }
    if not latest:
        return ()
    mark = patient_marks(connection).get(patient)
    studies = {one.id: one for one in list_studies(connection)}
    found = []
    for study, run in latest.items():
        by_status = asks_for_status(studies[study])
        is_other = mark is None or differs(run.patients["screened"][patient], mark, by_status=by_status)
        found.append(ReadBy(study, studies[study].name, run.started.date().isoformat(), is_other))
    return tuple(found)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
