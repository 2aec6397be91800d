"""Studies: the file as uploaded, where its patients come from, and every run."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from neurolupus.errors import Conflict, NotKept, StoreError
from neurolupus.store.files import forget_files
from neurolupus.store.schema import studies, study_runs
from neurolupus.store.trail import Writer, now

FOLDER = "studies"
LONGEST_NAME = 128
UNFINISHED = ("queued", "running")
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Study:
    """A study as kept.

    Attributes
    ----------
    text : str
        The study file.
    cohort : dict
        `{"criteria": {...}}` for patients of the store, `{"table": NAME}` for an uploaded table.
    """

    id: str
    name: str
    text: str
    cohort: Plain
    version: int
    created: datetime
    updated: datetime

    @property
    def folder(self) -> str:
        """Its own, below the store's files."""
        return f"{FOLDER}/{self.id}"


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes
    ----------
    status : str
        queued, running, done or failed.
    message : str
        The step it is at, or why it failed.
    folder : str
        Below the store's files.
    study_version : int
        The version of the study that was run.
    patients : dict
        `screened`: id to what was read of each patient; `included`: ids; `sources`: id to the versions of record and
        scan; `cohorts`: name to ids. Empty for an uploaded table.
    flow : dict
        How the cohort came to be, counted.
    """

    id: str
    study_id: str
    status: str
    message: str
    folder: str
    study_version: int
    who: str
    patients: Plain
    flow: Plain
    started: datetime
    finished: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.finished is None else (self.finished - self.started).total_seconds()


def add_study(writer: Writer, name: str, text: str, cohort: Plain, *, study: str | None = None) -> str:
    """Keep a new study; returns its id.

    Raises
    ------
    StoreError
        The name is empty, too long, or another study's.
    """
    name, found, moment = _named(writer.connection, name), study or str(uuid.uuid4()), now()
    row = {"id": found, "name": name, "text": text, "cohort": cohort, "version": 1, "created": moment}
    writer.connection.execute(insert(studies).values(**row, updated=moment))
    writer.note("study.added", found, after={"name": name, "text": text, "cohort": cohort})
    return found


def edit_study(writer: Writer, study: str, version: int, *, name: str, text: str, cohort: Plain) -> int:
    """Keep a study as edited from a version; returns the new version.

    Raises
    ------
    Conflict
        Somebody has saved another version meanwhile; nothing is overwritten.
    StoreError
        No such study, or the name is another's.
    """
    before = study_of(writer.connection, study)
    values = {"name": _named(writer.connection, name, but=study), "text": text, "cohort": cohort}
    here = (studies.c.id == study) & (studies.c.version == version)
    done = writer.connection.execute(update(studies).where(here).values(**values, version=version + 1, updated=now()))
    if done.rowcount != 1:
        raise Conflict(
            f"This study was changed meanwhile (version {before.version}; yours began at {version}); "
            "nothing was overwritten.\n    Load the present one, and change it again."
        )
    earlier = {"name": before.name, "text": before.text, "cohort": before.cohort}
    changed = [part for part in values if values[part] != earlier[part]]
    writer.note(
        "study.edited", study,
        before={part: earlier[part] for part in changed}, after={part: values[part] for part in changed},
    )  # fmt: skip
    return version + 1


def remove_study(writer: Writer, study: str) -> None:
    """Take a study and its runs out; the files in its folder are the caller's to remove."""
    found = study_of(writer.connection, study)
    writer.connection.execute(delete(studies).where(studies.c.id == study))
    forget_files(writer, found.folder)
    writer.note("study.removed", study, before={"name": found.name, "text": found.text, "cohort": found.cohort})


def study_of(connection: Connection, study: str) -> Study:
    """One study.

    Raises
    ------
    StoreError
        None such is kept.
    """
    row = connection.execute(select(studies).where(studies.c.id == study)).first()
    if row is None:
        raise NotKept("No such study is kept.\n    It may have been removed; look in the list of studies.")
    return Study(*row)


def list_studies(connection: Connection) -> list[Study]:
    """Every study, latest change first."""
    return [Study(*row) for row in connection.execute(select(studies).order_by(studies.c.updated.desc()))]


def begin_run(writer: Writer, study: str) -> str:
    """Keep that a run is to begin; returns its id.

    Raises
    ------
    StoreError
        A run of this study has not ended yet.
    """
    found = study_of(writer.connection, study)
    here = (study_runs.c.study_id == study) & study_runs.c.status.in_(UNFINISHED)
    if writer.connection.execute(select(study_runs.c.id).where(here)).first() is not None:
        raise StoreError("A run of this study has not ended yet.\n    Wait for it.")
    run = str(uuid.uuid4())
    writer.connection.execute(
        insert(study_runs).values(
            id=run, study_id=study, status="queued", message="waiting for its turn",
            folder=f"{found.folder}/runs/{run}", study_version=found.version, who=writer.who, patients={}, flow={},
            started=now(),
        )
    )  # fmt: skip
    writer.note("study.run", study, after={"run": run, "study_version": found.version})
    return run


def tell_run(writer: Writer, run: str, message: str) -> None:
    """Keep the step that a run is at; it changes nothing of a study, so the trail does not hold it."""
    here = (study_runs.c.id == run) & study_runs.c.status.in_(UNFINISHED)
    writer.connection.execute(update(study_runs).where(here).values(status="running", message=message[:200]))


def end_run(
    writer: Writer, run: str, *, error: str | None = None, patients: Plain | None = None, flow: Plain | None = None
) -> bool:
    """Keep how a run ended; False, and nothing changed, where it has ended already or is gone."""
    status, message = ("done", "") if error is None else ("failed", error[:4000])
    values = {"status": status, "message": message, "patients": patients or {}, "flow": flow or {}, "finished": now()}
    here = (study_runs.c.id == run) & study_runs.c.status.in_(UNFINISHED)
    if not writer.connection.execute(update(study_runs).where(here).values(**values)).rowcount:
        return False
    # its message may quote a patient's row, which nobody could erase from the trail
    writer.note("study.run.ended", run, after={"status": status})
    return True


def end_interrupted(writer: Writer) -> int:
    """End every run that another process began and did not end; how many they were."""
    ids = writer.connection.scalars(select(study_runs.c.id).where(study_runs.c.status.in_(UNFINISHED))).all()
    for run in ids:
        end_run(writer, run, error="The server was stopped before it had ended.\n    Run it again.")
    return len(ids)


def run_of(connection: Connection, study: str, run: str) -> Run:
    """One run of a study.

    Raises
    ------
    StoreError
        None such is kept.
    """
    here = (study_runs.c.id == run) & (study_runs.c.study_id == study)
    row = connection.execute(select(study_runs).where(here)).first()
    if row is None:
        raise NotKept("No such run is kept.\n    Look in the study's history.")
    return Run(*row)


def runs_of(connection: Connection, study: str) -> list[Run]:
    """Every run of a study, the latest first."""
    query = select(study_runs).where(study_runs.c.study_id == study).order_by(study_runs.c.started.desc())
    return [Run(*row) for row in connection.execute(query)]


def latest_runs(connection: Connection) -> dict[str, Run]:
    """The latest run of each study that has one."""
    last = select(study_runs.c.study_id, func.max(study_runs.c.started).label("started")).group_by(
        study_runs.c.study_id
    )
    last_of = last.subquery()
    here = (study_runs.c.study_id == last_of.c.study_id) & (study_runs.c.started == last_of.c.started)
    return {row.study_id: Run(*row) for row in connection.execute(select(study_runs).join(last_of, here))}


def _named(connection: Connection, name: str, *, but: str | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise StoreError(f"A study needs a name of at most {LONGEST_NAME} letters; this one has {len(name)}.")
    other = select(studies.c.id).where(studies.c.name == name, studies.c.id != (but or ""))
    if connection.execute(other).first() is not None:
        raise StoreError(f"A study {name!r} is kept already.\n    Open that one, or give another name.")
    return name
