"""One scan, start to finish: the work of one process."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neurolupus.imaging.beside import working_beside
from neurolupus.io.atomic import TEMPORARY_PREFIX, replacing
from neurolupus.io.bids import read_pair
from neurolupus.io.dataset import scan_folder
from neurolupus.io.hashing import input_sha256
from neurolupus.io.results import names_that_begin, write_measured_scan
from neurolupus.io.results import remove_unfinished as remove_unfinished_results
from neurolupus.records.measured import MeasuredScan, Settings
from neurolupus.records.scan import Participant, ScanId, ScanPair
from neurolupus.records.wmh_method import ChosenMethods
from neurolupus.report.html import scan_example, scan_report, scan_thumbnail, write_page
from neurolupus.workflows.provenance import make_provenance, now
from neurolupus.workflows.wmh_methods import method_facts, run_methods, with_comparisons

GROUP_PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class ScanJob:
    """One scan to measure, and where its results go.

    Parameters
    ----------
    flair : Path or None
        None: the T1w is measured alone.
    threads : int
        Threads the measurement may use.
    own_wmh : Path or None
        A hyperintensity map to use instead of the model.
    own_infarct : Path or None
        Infarct-like lesions that were drawn beside it.
    own_wmh_source : str
        Who or what made them; empty: not known.
    methods : ChosenMethods
        Methods of the user's own.
    """

    scan_id: ScanId
    t1w: Path
    flair: Path | None
    out: Path
    settings: Settings
    threads: int
    declared_exclusions: tuple[str, ...] = ()
    participant: Participant | None = None
    own_wmh: Path | None = None
    own_infarct: Path | None = None
    own_wmh_source: str = ""
    methods: ChosenMethods = field(default_factory=ChosenMethods)

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The image files."""
        return tuple(path for path in (self.t1w, self.flair, self.own_wmh, self.own_infarct) if path is not None)


def report_path(out: Path, scan_id: ScanId) -> Path:
    """Where the report of a scan lies: `OUT/sub-01_ses-1.html`."""
    return out / f"{scan_id.stem}.html"


def picture_path(out: Path, scan_id: ScanId, name: str) -> Path:
    """Where a small picture for the group page lies."""
    return scan_folder(out, scan_id, "figures") / f"{scan_id.stem}_{name}.png"


def measure_job(job: ScanJob, progress: Callable[[str], None]) -> tuple[Path, ...]:
    """Read, measure and write one scan; the files written."""
    started, began = now(), time.perf_counter()
    progress("read")
    pair = read_pair(
        job.scan_id,
        job.t1w,
        job.flair,
        declared_exclusions=job.declared_exclusions,
        own_wmh=job.own_wmh,
        own_infarct=job.own_infarct,
        own_wmh_source=job.own_wmh_source,
    )
    seconds = {"read": time.perf_counter() - began}
    pair, others = run_methods(
        pair, (job.t1w, job.flair), job.methods, lambda one: measure_pair(one, job, progress), progress
    )
    measured = with_comparisons(measure_pair(pair, job, progress), others)
    progress("write")
    provenance = make_provenance(
        input_sha256(job.inputs),
        job.settings,
        {**seconds, **measured.seconds},
        started=started,
        more=method_facts(job.methods),
    )
    with working_beside(job.threads) as beside:
        page = beside(scan_report, measured, provenance, job.participant, group_href=GROUP_PAGE)
        pictures = beside(lambda: {"thumbnail": scan_thumbnail(measured), "example": scan_example(measured)})
        written = write_measured_scan(job.out, measured, provenance)
        progress("report")
        report = report_path(job.out, job.scan_id)
        write_page(report, page())
        return (*written, report, *_write_pictures(job, pictures()))


def measure_pair(pair: ScanPair, job: ScanJob, progress: Callable[[str], None]) -> MeasuredScan:
    """Measure a scan that was read. Only the process that measures loads the libraries that do."""
    from neurolupus.imaging.measure import measure_scan

    return measure_scan(pair, job.settings, threads=job.threads, progress=progress)


def _write_pictures(job: ScanJob, pictures: Mapping[str, bytes | None]) -> list[Path]:
    written = []
    for name, picture in pictures.items():
        path = picture_path(job.out, job.scan_id, name)
        if picture is None:
            path.unlink(missing_ok=True)
            continue
        with replacing(path) as stream:
            stream.write(picture)
        written.append(path)
    return written


def remove_unfinished(job: ScanJob) -> None:
    """Remove what an interrupted measurement of this scan left under temporary names."""
    remove_unfinished_results(job.out, job.scan_id)
    if job.out.is_dir():
        for path in names_that_begin(job.out, f".{report_path(job.out, job.scan_id).name}."):
            path.unlink(missing_ok=True)
    for path in scan_folder(job.out, job.scan_id, "figures").glob(f"{TEMPORARY_PREFIX}*"):
        path.unlink(missing_ok=True)
