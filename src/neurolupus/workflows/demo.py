"""neurolupus demo: an invented clinic measured and advised on, two studies run, two papers audited, on one page.

A list of steps; each does its part in the demo's folder and returns what it adds to the page. A later job joins by
adding a step.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from neurolupus import __version__
from neurolupus.errors import ImageError, UsageError
from neurolupus.imaging.clinic import SMALL_CLINIC
from neurolupus.io.atomic import write_json
from neurolupus.io.nifti import read_labels
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.task import Task
from neurolupus.records.scan import Participant, ScanId
from neurolupus.report.html import (
    DemoPatient,
    Section,
    demo_patient,
    input_section,
    limits_section,
    overlay_section,
    truth_section,
    write_demo_page,
)
from neurolupus.workflows.capacity import Capacity, thread_environment
from neurolupus.workflows.demo_advice import advise_clinic
from neurolupus.workflows.demo_audits import audit_papers
from neurolupus.workflows.demo_clinic import (
    SimulateJob,
    clinic_participants,
    read_truth,
    simulate_job,
    truth_mask_path,
    write_raw_description,
)
from neurolupus.workflows.demo_studies import run_studies
from neurolupus.workflows.finished import read_finished_scan
from neurolupus.workflows.measure import MeasureOptions, MeasureResult, measure_dataset
from neurolupus.workflows.observer import Observer, Silent
from neurolupus.workflows.scan import report_path

TITLE = "neurolupus demo: six invented patients measured and advised on, two studies run, two papers audited"
RECORD = "demo.json"
MADE = ("bids", "truth", "derivatives", "advice", "studies", "audits", ".neurolupus", "index.html", RECORD)


@dataclass(slots=True)
class Demo:
    """The demo under way: its folder, and what later steps need of earlier ones."""

    folder: Path
    seed: int
    capacity: Capacity
    observer: Observer
    measured: MeasureResult | None = None
    patients: list[DemoPatient] = field(default_factory=list)

    @property
    def bids(self) -> Path:
        """The simulated data set."""
        return self.folder / "bids"

    @property
    def truth(self) -> Path:
        """What is true of it."""
        return self.folder / "truth"

    @property
    def derivatives(self) -> Path:
        """What was measured."""
        return self.folder / "derivatives" / "neurolupus"

    @property
    def page(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the demo: what it is called, and what does it and returns its sections of the page."""

    title: str
    run: Callable[[Demo], Sequence[Section]]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Where the page lies, and what became of the scans."""

    page: Path
    measured: MeasureResult


def simulate_clinic(demo: Demo) -> Sequence[Section]:
    """Simulate the patients into `bids`, with what is true of them in `truth`."""
    write_raw_description(demo.bids)
    tasks = [
        Task(f"simulate-{plan.participant_id}", SimulateJob(place, demo.seed, demo.bids, demo.truth))
        for place, plan in enumerate(SMALL_CLINIC)
    ]
    demo.observer.total(len(tasks))
    outcomes = run_many(
        tasks,
        simulate_job,
        demo.folder,
        options=JobOptions(demo.capacity.nprocs, environment=thread_environment(demo.capacity.threads)),
        on_event=demo.observer.event,
    )
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        raise ImageError(f"{failed[0].name} failed: {failed[0].reason}\n    Read {failed[0].log}")
    return ()


def measure_clinic(demo: Demo) -> Sequence[Section]:
    """Measure the patients as any data set is measured, and set the truth beside it."""
    options = MeasureOptions(capacity=demo.capacity)
    demo.measured = measure_dataset(demo.bids, demo.derivatives, options, observer=demo.observer)
    participants = clinic_participants()
    for row in demo.measured.group.rows:
        participant = participants[row.scan_id.participant_id]
        demo.patients.append(_patient(demo, row.scan_id, participant))
    return (input_section(demo.patients), truth_section(demo.patients), overlay_section(demo.patients))


def _patient(demo: Demo, scan_id: ScanId, participant: Participant) -> DemoPatient:
    mask = read_labels(truth_mask_path(demo.truth, scan_id)).data > 0
    href = report_path(demo.derivatives, scan_id).relative_to(demo.folder).as_posix()
    return demo_patient(
        read_finished_scan(demo.derivatives, scan_id), participant, read_truth(demo.truth, scan_id), href, mask
    )


def advise_on_clinic(demo: Demo) -> Sequence[Section]:
    """Show what the sources support for each patient, beside the scan."""
    return advise_clinic(demo.folder, demo.patients)


def run_both_studies(demo: Demo) -> Sequence[Section]:
    """Make up a cohort for each paper and run its whole analysis."""
    return run_studies(demo.folder, demo.capacity, demo.observer)


def audit_both_papers(demo: Demo) -> Sequence[Section]:
    """Check both papers' printed numbers against one another."""
    return audit_papers(demo.folder)


STEPS = (
    Step("Simulating six patients", simulate_clinic),
    Step("Measuring them", measure_clinic),
    Step("Advising on them", advise_on_clinic),
    Step("Running two studies on made-up cohorts", run_both_studies),
    Step("Auditing the printed numbers of two papers", audit_both_papers),
)


def run_demo(
    folder: Path,
    *,
    overwrite: bool = False,
    seed: int = 0,
    capacity: Capacity | None = None,
    observer: Observer | None = None,
    steps: Sequence[Step] = STEPS,
) -> DemoResult:
    """Run every step and write the page.

    Parameters
    ----------
    folder : Path
        New, empty, or, with `overwrite`, that of an earlier demo.
    seed : int
        The same seed simulates the same patients.

    Raises
    ------
    UsageError
        The folder holds something that may not be replaced.
    ImageError
        A patient could not be simulated.
    """
    prepare_folder(folder, overwrite=overwrite)
    demo = Demo(folder, seed, capacity or Capacity(nprocs=2, threads=1), observer or Silent())
    write_json(folder / RECORD, {"what": "neurolupus demo", "version": __version__, "seed": seed})
    sections: list[Section] = []
    for number, step in enumerate(steps, start=1):
        demo.observer.say(f"{number}/{len(steps)} {step.title}")
        sections += step.run(demo)
    write_demo_page(demo.page, TITLE, [*sections, limits_section()])
    assert demo.measured is not None
    return DemoResult(demo.page, demo.measured)


def prepare_folder(folder: Path, *, overwrite: bool) -> None:
    """Make the folder, or empty that of an earlier demo; nothing that a demo did not make is removed.

    Raises
    ------
    UsageError
        It is no folder, or holds something that may not be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; a folder is needed.\n    Name another with -o.")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / RECORD).is_file():
            raise UsageError(
                f"{folder} holds files that no demo made; a new folder is needed.\n    Name another with -o."
            )
        if not overwrite:
            raise UsageError(
                f"{folder} holds an earlier demo.\n    Replace it with --overwrite, or name another with -o."
            )
        for name in MADE:
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
