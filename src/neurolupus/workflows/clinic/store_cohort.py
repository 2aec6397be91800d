"""A cohort of the store as a study table, of the columns of `neurolupus cohort export`; and whether it is stale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from neurolupus.errors import PatientFileError, TableError
from neurolupus.guidelines.study_row import Cell, study_row
from neurolupus.io.delimited import write_tsv
from neurolupus.io.patient_file import parse_patient
from neurolupus.records.study_table import SYNTHETIC
from neurolupus.store.cohort_rows import CohortRow, cohort_rows, differs, patient_marks
from neurolupus.store.studies import Run, Study
from neurolupus.workflows.clinic.cohort_criteria import Step, criteria_of, scan_exclusion, select_patients
from neurolupus.workflows.cohort_export import scan_cells

Plain = dict[str, Any]
NO_FAULTS = "Records without faults"
COUNTED = ("patient", "events", "attribution", "mri")  # the sections of a record that criteria and flow look at


@dataclass(frozen=True, slots=True)
class BuiltCohort:
    """A cohort built from the store.

    Attributes
    ----------
    rows : tuple of dict
        One for each patient, by column.
    included : tuple of str
        Their ids in the store.
    screened : dict
        Every patient's id and mark.
    steps : tuple of Step
    n_sealed : int
        Patients whose volumes are left empty because they are sealed.
    n_scans : int
        Patients whose volumes were measured and may be analysed.
    sources : dict
        Of each included patient, by id: the version of the record, the scan whose volumes were taken (None: of the
        record, or none) and the version of the program that measured it.
    """

    rows: tuple[dict[str, Cell], ...]
    included: tuple[str, ...]
    screened: dict[str, str]
    steps: tuple[Step, ...]
    n_sealed: int
    n_scans: int
    sources: dict[str, Plain]

    def flow(self) -> Plain:
        """The flow and what a reader of the table must know, as plain values."""
        return _flow(self.steps, self.n_sealed, self.n_scans)


def count_cohort(rows: Sequence[CohortRow], criteria: Mapping[str, Any]) -> Plain:
    """The flow of some criteria as plain values, and `n`; only COUNTED is read, so faults are not looked for."""
    taken, steps = select_patients(rows, criteria_of(criteria))
    typed = [(one.record.get("mri") or {}).get("tiv_ml") is not None for one in taken]
    n_sealed = sum(one.is_sealed and (one.scan is not None or has) for one, has in zip(taken, typed, strict=True))
    n_scans = sum(
        not one.is_sealed and (has if one.scan is None else scan_exclusion(one) is None)
        for one, has in zip(taken, typed, strict=True)
    )
    return {**_flow(steps, n_sealed, n_scans), "n": len(taken)}


def _flow(steps: Sequence[Step], n_sealed: int, n_scans: int) -> Plain:
    sealed = f"Volumes of {_patients(n_sealed)} stay out of the table: they are sealed until the consensus."
    notes = [f"Volumes that may be analysed: of {_patients(n_scans)}.", *([sealed] if n_sealed else [])]
    return {"steps": [asdict(one) for one in steps], "notes": notes}


def _patients(count: int) -> str:
    return f"{count} patient{'s' * (count != 1)}"


def build_cohort(rows: Sequence[CohortRow], criteria: Mapping[str, Any], *, is_synthetic: bool = False) -> BuiltCohort:
    """The cohort of some criteria.

    Parameters
    ----------
    rows : sequence of CohortRow
        Every patient of the store.
    criteria : mapping
        As `criteria_of` reads them.
    is_synthetic : bool
        The patients are invented; the table says so in every row.

    Raises
    ------
    UsageError
        The criteria have faults.
    """
    taken, steps = select_patients(rows, criteria_of(criteria))
    cells, n_sealed, n_scans = [], 0, 0
    sources: dict[str, Plain] = {}
    for one in taken:
        try:
            record = parse_patient(one.record)
        except PatientFileError:
            continue
        row: dict[str, Cell] = {"patient": one.pseudonym, **study_row(record)}
        had_volumes, sealed = row.get("tiv") is not None, dict[str, Cell]()
        row.update(scan_cells(_scan(one), sealed if one.is_sealed else row))
        cells.append(row | ({SYNTHETIC: 1} if is_synthetic else {}))
        sources[one.id] = _source(one)
        n_sealed += one.is_sealed and (one.scan is not None or had_volumes)
        n_scans += row.get("tiv") is not None
    if len(cells) < len(taken):
        lost = len(taken) - len(cells)
        steps = (*steps, Step(NO_FAULTS, lost, len(cells), (("the record has faults", lost),)))
    screened = {one.id: one.mark for one in rows}
    return BuiltCohort(tuple(cells), tuple(sources), screened, steps, n_sealed, n_scans, sources)


def write_cohort(path: Path, cohort: BuiltCohort) -> None:
    """Write the table as TSV or CSV.

    Raises
    ------
    TableError
        Nobody is in it.
    """
    if not cohort.rows:
        raise TableError("No patient of the store meets the criteria; a study needs some.\n    Widen the criteria.")
    write_tsv(path, list(cohort.rows[0]), cohort.rows)


def _scan(one: CohortRow) -> dict[str, str] | None:
    """The measured scan as a row of volumes.tsv; none while it is sealed."""
    if one.scan is None or one.is_sealed:
        return None
    found = {name: str(value) for name, value in one.volumes.items() if value is not None}
    reason = scan_exclusion(one)
    return found | ({"usable": "false", "unusable_reason": reason} if reason else {"usable": "true"})


def _source(one: CohortRow) -> Plain:
    has_volumes = one.scan is not None and not one.is_sealed and scan_exclusion(one) is None
    return {
        "record": int(one.mark.partition("|")[0]),
        "scan": one.scan if has_volumes else None,
        "measured_by": one.volumes.get("version") if has_volumes else None,
    }


@dataclass(frozen=True, slots=True)
class Stale:
    """Why a run no longer says what the store would say now; empty where it still does.

    Attributes
    ----------
    study_changed : bool
        The study file or the criteria are of a later version.
    changed, gone, new : int
        Patients of its cohort that changed or were erased; patients who meet the criteria now and did not.
    """

    study_changed: bool = False
    changed: int = 0
    gone: int = 0
    new: int = 0

    def __bool__(self) -> bool:
        return bool(self.study_changed or self.changed or self.gone or self.new)

    def in_words(self) -> str:
        """What happened since."""
        told = ["the study was edited"] if self.study_changed else []
        told += [f"{n} {one}" for n, one in (
            (self.changed, "patient of it changed" if self.changed == 1 else "patients of it changed"),
            (self.gone, "left the store"),
            (self.new, "new patient meets the criteria" if self.new == 1 else "new patients meet the criteria"),
        ) if n]  # fmt: skip
        return ", ".join(told)


def asks_for_status(study: Study) -> bool:
    """Whether a study takes patients in by their status in the work list."""
    return bool(study.cohort.get("criteria", {}).get("statuses"))


def staleness(connection: Connection, study: Study, run: Run, marks: Mapping[str, str] | None = None) -> Stale:
    """What happened since a run; only patients whose mark is another are looked at.

    Parameters
    ----------
    marks : mapping or None
        `patient_marks(connection)`, where several runs are asked about.
    """
    edited = run.study_version != study.version
    if "criteria" not in study.cohort or "included" not in run.patients:
        return Stale(edited)
    now = patient_marks(connection) if marks is None else marks
    screened, included = run.patients["screened"], set(run.patients["included"])
    by_status = asks_for_status(study)
    changed = [one for one in included if one in now and differs(screened[one], now[one], by_status=by_status)]
    gone = [one for one in included if one not in now]
    others = [
        one
        for one, mark in now.items()
        if one not in included and differs(screened.get(one, ""), mark, by_status=by_status)
    ]
    new: Sequence[str] = ()
    if others:
        new = build_cohort(cohort_rows(connection, set(others)), study.cohort["criteria"]).included
    return Stale(edited, len(changed), len(gone), len(new))
