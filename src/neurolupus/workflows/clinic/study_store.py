"""Studies kept in the store: check one, and run one in a process of its own, with a time limit and its steps told."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurolupus.errors import NeurolupusError, TableError
from neurolupus.io.atomic import write_json, write_text
from neurolupus.jobs.attempt import Attempt
from neurolupus.jobs.task import Progress
from neurolupus.store.cohort_rows import CohortRow, cohort_rows, holds_made_up_patients, patient_marks
from neurolupus.store.engine import Store
from neurolupus.store.files import hash_folder, note_files
from neurolupus.store.studies import Study, end_run, run_of, study_of, tell_run
from neurolupus.workflows.clinic.store_cohort import COUNTED, BuiltCohort, build_cohort, count_cohort, write_cohort
from neurolupus.workflows.clinic.study_text import SOURCE, parse_study_text

LONGEST_RUN_S = 900.0
TABLE, COHORT, LOG = "cohort.csv", "cohort.json", "log.txt"
REPORTS = {
    "report.html": "text/html",
    "tables.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "results.json": "application/json",
    "provenance.json": "application/json",
}
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunJob:
    """What the process of a run is given.

    Attributes
    ----------
    text : str
        The study file.
    table : Path or None
        An uploaded one.
    rows : tuple of CohortRow
        Else every patient of the store.
    criteria : dict
    is_synthetic : bool
    out : Path
        Where report and results go.
    """

    text: str
    table: Path | None
    rows: tuple[CohortRow, ...]
    criteria: Plain
    is_synthetic: bool
    out: Path


def cohort_of(store: Store, criteria: Plain) -> BuiltCohort:
    """The cohort that criteria make of the store now."""
    with store.read() as connection:
        rows, is_synthetic = cohort_rows(connection), holds_made_up_patients(connection)
    return build_cohort(rows, criteria, is_synthetic=is_synthetic)


def flow_of(store: Store, criteria: Plain) -> Plain:
    """The counted flow of criteria on the store now."""
    with store.read() as connection:
        rows = cohort_rows(connection, sections=COUNTED)
    return count_cohort(rows, criteria)


class StudyChecks:
    """The latest checks of studies: the same study on unchanged patients is not checked twice."""

    MOST = 32

    def __init__(self, store: Store) -> None:
        self.store = store
        self._kept: dict[tuple[str, int, str], Plain] = {}
        self._lock = threading.Lock()

    def check(self, study: Study) -> Plain:
        """As `check_study`."""
        with self.store.read() as connection:
            marks = json.dumps(patient_marks(connection), sort_keys=True) if "criteria" in study.cohort else ""
        key = (study.id, study.version, hashlib.sha256(marks.encode()).hexdigest())
        with self._lock:  # one check at a time: two of them would only wait for one another
            if key not in self._kept:
                found = check_study(self.store, study)
                self._kept = {**dict(list(self._kept.items())[-self.MOST + 1 :]), key: found}
            return self._kept[key]


def check_study(store: Store, study: Study) -> Plain:
    """What `neurolupus study check` says of a study and its patients, as plain values.

    Raises
    ------
    StudyFileError, TableError
        With all faults of the one or the other.
    """
    from neurolupus.study.check import check_table  # pandas and what stands on it: not before it is needed
    from neurolupus.workflows.study_check import StudyCheck, read_cohort

    read = parse_study_text(study.text)
    cohort: BuiltCohort | None = None
    scratch = store.files / study.folder / "check"
    try:
        if "criteria" in study.cohort:
            cohort, path = cohort_of(store, study.cohort["criteria"]), scratch / TABLE
            write_cohort(path, cohort)
        else:
            path = table_path(store, study)
        table = read_cohort(read, Path(SOURCE), path)
        found = StudyCheck(read, table, check_table(read, table)).summary()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return found | ({"cohort": cohort.flow()} if cohort is not None else {})


def table_path(store: Store, study: Study) -> Path:
    """Where a study's uploaded table lies.

    Raises
    ------
    TableError
        It is gone.
    """
    path = store.files / study.folder / str(study.cohort.get("table", ""))
    if not path.is_file():
        raise TableError("The study's table is gone.\n    Upload it again.")
    return path


class RunningStudy:
    """A run on its way; `stop` may be called from another thread."""

    def __init__(self, store: Store, study: str, run: str, *, longest_s: float = LONGEST_RUN_S) -> None:
        self.store, self.study, self.run, self.longest_s = store, study, run, longest_s
        self._attempt: Attempt | None = None
        self._stopped = self._folder = ""

    def follow(self) -> None:
        """Run it to its end, and keep how it ended; nothing is raised."""
        try:
            patients, flow = self._follow()
        except NeurolupusError as error:
            self._end(error=self._stopped or str(error))
        except Exception as error:  # our own fault: whoever waits for the run must be told
            self._end(error=f"{type(error).__name__} in neurolupus itself; this is a bug.")
            raise
        else:
            self._end(patients=patients, flow=flow)

    def stop(self, why: str) -> None:
        """End its process now."""
        self._stopped = self._stopped or why
        if self._attempt is not None:
            self._attempt.ask_to_stop()
            self._attempt.stop(5.0)

    def _follow(self) -> tuple[Plain, Plain]:
        with self.store.read() as connection:
            study, run = study_of(connection, self.study), run_of(connection, self.study, self.run)
            takes = "criteria" in study.cohort
            rows = tuple(cohort_rows(connection)) if takes else ()
            is_synthetic = holds_made_up_patients(connection)
        out, self._folder = self.store.files / run.folder, run.folder
        table = None if takes else table_path(self.store, study)
        job = RunJob(study.text, table, rows, study.cohort.get("criteria", {}), is_synthetic, out)
        self._tell("reading")
        log = self.store.files / study.folder / LOG
        self._attempt = Attempt(run_in_process, job, log, {})
        clock = threading.Timer(self.longest_s, self.stop, (f"It took longer than {self.longest_s:g} s.",))
        clock.daemon = True
        clock.start()
        try:
            if self._stopped:
                self.stop(self._stopped)
            ending = self._attempt.follow(self._tell)
        finally:
            clock.cancel()
            log.unlink(missing_ok=True)  # what a library prints may hold a patient's row
        if ending.error is not None:
            raise TableError(ending.error)
        cohort = json.loads((out / COHORT).read_text("utf-8")) if takes else {}
        (out / COHORT).unlink(missing_ok=True)
        return cohort.get("patients", {}), cohort.get("flow", {})

    def _tell(self, step: str) -> None:
        with self.store.write("server") as writer:
            tell_run(writer, self.run, step)

    def _end(self, **how: Any) -> None:
        hashed = hash_folder(self.store.files, self._folder) if self._folder else None
        with self.store.write("server") as writer:
            if end_run(writer, self.run, **how) and hashed is not None:
                note_files(writer, hashed)


def run_in_process(job: RunJob, progress: Progress) -> list[Path]:
    """The work of a run's own process; the table is gone when it returns, and the report holds no patient's row."""
    from neurolupus.workflows.study_run import MEMBERS, run_study_file

    parse_study_text(job.text)
    scratch = job.out.with_name(f"{job.out.name}.work")
    try:
        path, cohort = scratch / SOURCE, None
        write_text(path, job.text)
        table = job.table
        if table is None:
            progress("building the cohort")
            cohort = build_cohort(job.rows, job.criteria, is_synthetic=job.is_synthetic)
            table = scratch / TABLE
            write_cohort(table, cohort)
        run_study_file(path, job.out, data=table, members=cohort is not None, say=progress)
        if cohort is not None:
            patients = {
                "screened": cohort.screened, "included": list(cohort.included), "sources": cohort.sources,
                "cohorts": _cohorts(job.out / MEMBERS, job.rows),
            }  # fmt: skip
            write_json(job.out / COHORT, {"patients": patients, "flow": cohort.flow()})
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return [job.out / name for name in REPORTS]


def _cohorts(path: Path, rows: Sequence[CohortRow]) -> dict[str, list[str]]:
    """The patients of each cohort by their id in the store: a name that is erased later must not stay in a run."""
    id_of = {one.pseudonym: one.id for one in rows}
    told: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    path.unlink()
    if not all(name in id_of for patients in told.values() for name in patients):
        return {}  # the study file counts rows, or calls patients by another column
    return {cohort: [id_of[name] for name in patients] for cohort, patients in told.items()}


def run_here(store: Store, study: str, run: str, say: Callable[[str], None] = lambda step: None) -> None:
    """Run a study in this process: for a demo that shows a finished run at once."""
    with store.read() as connection:
        found, begun = study_of(connection, study), run_of(connection, study, run)
        rows, is_synthetic = tuple(cohort_rows(connection)), holds_made_up_patients(connection)
    out = store.files / begun.folder
    run_in_process(RunJob(found.text, None, rows, found.cohort["criteria"], is_synthetic, out), say)
    cohort = json.loads((out / COHORT).read_text("utf-8"))
    (out / COHORT).unlink()
    with store.write("server") as writer:
        end_run(writer, run, patients=cohort["patients"], flow=cohort["flow"])
