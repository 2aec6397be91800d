"""The demo's studies: both papers' analyses, run on made-up cohorts."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurolupus.errors import TableError
from neurolupus.io.atomic import write_json
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.task import Task
from neurolupus.report.demo import Section
from neurolupus.report.demo_study import StudyCard, studies_section
from neurolupus.study.results import StudyResults
from neurolupus.study.results.figures import FlowFigure, ForestFigure, KaplanMeierFigure
from neurolupus.workflows.capacity import Capacity, thread_environment
from neurolupus.workflows.examples import STUDIES, example_path
from neurolupus.workflows.observer import Observer
from neurolupus.workflows.study_run import run_study_file
from neurolupus.workflows.study_simulate import simulate

SHOWN = (FlowFigure, KaplanMeierFigure, ForestFigure)  # one figure of each kind, where there is one
MOST_HIGHLIGHTS = 4


@dataclass(frozen=True, slots=True)
class StudyJob:
    """One study to run in the demo's folder, by the name of its example."""

    example: str
    folder: Path

    @property
    def short(self) -> str:
        """What its folder is called."""
        return self.example.partition(".")[0]

    @property
    def cohort(self) -> Path:
        """The made-up table."""
        return self.folder / "studies" / f"{self.short}-cohort.csv"

    @property
    def out(self) -> Path:
        """Everything that the study wrote."""
        return self.folder / "studies" / self.short

    @property
    def card(self) -> Path:
        """What the page shows of it, kept for the process that writes the page."""
        return self.folder / ".neurolupus" / "cards" / f"{self.short}.json"


def run_studies(folder: Path, capacity: Capacity, observer: Observer) -> Sequence[Section]:
    """Simulate both cohorts, run both studies into `folder/studies`, as many at once as scans, and show them.

    Raises
    ------
    TableError
        A study could not be run.
    """
    jobs = [StudyJob(name, folder) for name in STUDIES]
    observer.total(len(jobs))
    outcomes = run_many(
        [Task(f"study-{job.short}", job) for job in jobs],
        study_job,
        folder,
        options=JobOptions(capacity.nprocs, environment=thread_environment(capacity.threads)),
        on_event=observer.event,
    )
    for outcome in outcomes:
        if outcome.status == "failed":
            raise TableError(f"{outcome.name} failed: {outcome.reason}\n    Read {outcome.log}")
    return (studies_section([_card(job, json.loads(job.card.read_text("utf-8"))) for job in jobs]),)


def study_job(job: StudyJob, progress: Callable[[str], None]) -> tuple[Path, ...]:
    """Make up a cohort, run the study on it, and keep what the page shows; the files written."""
    study = example_path(job.example)
    progress("simulate")
    simulate(study, job.cohort, overwrite=True)
    done = run_study_file(study, job.out, data=job.cohort, overwrite=True, say=progress)
    write_json(job.card, _shown(done.results))
    return (job.cohort, job.card)


def _shown(results: StudyResults) -> dict[str, Any]:
    figures = []
    for kind in SHOWN:
        found = next((figure for figure in results.figures if isinstance(figure, kind)), None)
        if found is not None:
            figures.append([found.id, found.title])
    return {
        "title": results.title,
        "n_screened": results.n_screened,
        "n": results.n,
        "highlights": [[one.value, one.label] for one in results.highlights[:MOST_HIGHLIGHTS]],
        "figures": figures,
        "warnings": len(results.warnings),
    }


def _card(job: StudyJob, shown: dict[str, Any]) -> StudyCard:
    screened = "" if shown["n_screened"] is None else f"{shown['n_screened']} screened, "
    links = (
        (job.out / "report.html", "The whole report"),
        (job.out / "tables.docx", "its tables in Word"),
        (job.cohort, "the made-up table"),
    )
    return StudyCard(
        shown["title"],
        f"{screened}{shown['n']} analysed",
        tuple((value, label) for value, label in shown["highlights"]),
        tuple(((job.out / "figures" / f"{name}.svg").read_bytes(), title) for name, title in shown["figures"]),
        tuple((path.relative_to(job.folder).as_posix(), words) for path, words in links),
        shown["warnings"],
    )
