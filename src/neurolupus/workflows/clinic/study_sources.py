"""From a number of a report back to the patients, scans and versions it was computed from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from neurolupus.errors import NotKept
from neurolupus.store.cohort_rows import patient_marks
from neurolupus.store.engine import Store
from neurolupus.store.patients import pseudonyms_of
from neurolupus.store.scans import labels_of
from neurolupus.store.studies import Run, Study, run_of, study_of
from neurolupus.study.results.members import FULL, cohort_of_number

RESULTS = "results.json"
MOST_SHOWN = 200
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NumberShown:
    """One number of a run.

    Attributes
    ----------
    path : str
    value : float or None
    cohort : str
    """

    path: str
    value: float | None
    scale: str
    method: str
    n: int
    n_dropped: int
    cohort: str


@dataclass(frozen=True, slots=True)
class PatientBehind:
    """One patient behind a number.

    Attributes
    ----------
    pseudonym : str or None
        None: erased since.
    record : int
        The version of the record that was read.
    scan, scan_label : str or None
        The scan whose volumes were taken; the label is None where it was removed since.
    measured_by : str or None
        The version of the program that measured it.
    is_changed : bool
        Record, scan, ratings or seal are others now.
    """

    id: str
    pseudonym: str | None
    record: int
    scan: str | None
    scan_label: str | None
    measured_by: str | None
    is_changed: bool


@dataclass(frozen=True, slots=True)
class RunSources:
    """Where the numbers of a run come from.

    Attributes
    ----------
    numbers : tuple of NumberShown
        Those that were looked for, at most MOST_SHOWN; `n_found` is how many there are.
    chosen : NumberShown or None
    cohort : str
        Whose patients are listed.
    """

    study: Study
    run: Run
    numbers: tuple[NumberShown, ...]
    n_found: int
    chosen: NumberShown | None
    cohort: str
    cohorts: tuple[tuple[str, int], ...]
    patients: tuple[PatientBehind, ...]


def run_sources(store: Store, study: str, run: str, *, search: str = "", number: str = "") -> RunSources:
    """The numbers of a run that hold a word, and the patients behind one of them.

    Parameters
    ----------
    search : str
        Words that must all stand in a number's path; empty: every number.
    number : str
        Path of the number whose patients are listed; empty: everybody who was analysed.

    Raises
    ------
    NotKept
        No such run or number, the run has not ended well, or its patients came from an uploaded table.
    """
    with store.read() as connection:
        kept, found = study_of(connection, study), run_of(connection, study, run)
        marks = patient_marks(connection)
        sources: Plain = found.patients.get("sources", {})
        names = pseudonyms_of(connection, sources)
        labels = labels_of(connection, [one["scan"] for one in sources.values() if one["scan"]])
    path = store.files / found.folder / RESULTS
    cohorts: dict[str, list[str]] = found.patients.get("cohorts", {})
    if found.status != "done" or not cohorts or not path.is_file():
        raise NotKept(
            "This run does not know its patients: it has not ended, it failed, its patients came from an uploaded "
            "table, or its study file does not call them by the column 'patient'.\n"
            "    Run the study on patients of the store, with data: {id: patient}."
        )
    every = _numbers(json.loads(path.read_text("utf-8"))["numbers"], cohorts)
    chosen = next((one for one in every if one.path == number), None)
    if number and chosen is None:
        raise NotKept(f"This run has no number {number!r}.\n    Look for it in the list.")
    words = search.lower().split()
    hits = [one for one in every if all(word in one.path.lower() for word in words)]
    cohort = chosen.cohort if chosen else FULL
    screened = found.patients["screened"]
    behind = []
    for patient in cohorts[cohort]:
        one = sources[patient]
        label, is_changed = labels.get(one["scan"] or ""), marks.get(patient) != screened[patient]
        name = names.get(patient)
        behind.append(PatientBehind(patient, name, one["record"], one["scan"], label, one["measured_by"], is_changed))
    sizes = tuple((name, len(ids)) for name, ids in cohorts.items())
    return RunSources(kept, found, tuple(hits[:MOST_SHOWN]), len(hits), chosen, cohort, sizes, tuple(behind))


def _numbers(told: Plain, cohorts: dict[str, list[str]]) -> list[NumberShown]:
    return [
        NumberShown(
            path, one["value"], one["scale"], one["method"], one["n"], one["n_dropped"], cohort_of_number(path, cohorts)
        )
        for path, one in told.items()
    ]
