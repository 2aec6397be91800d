"""neurolupus measure: a data set, or one pair of files, to volumes, reports and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from neurolupus import __version__
from neurolupus.errors import PairingError, UsageError
from neurolupus.io.bids import ScanFiles, choose_pair, index_dataset, read_participants, scan_id_of
from neurolupus.io.dataset import write_dataset_description
from neurolupus.io.rater_folder import DRAWN_FOLDER, SET_FILE
from neurolupus.io.sidecar import kept_fields, read_sidecar
from neurolupus.jobs.key import file_sha256
from neurolupus.jobs.run import JobOptions, record_failure, run_many
from neurolupus.jobs.task import Event, LazyTask, Outcome, Rerun, Task
from neurolupus.records.measured import Settings
from neurolupus.records.scan import Participant, ScanId
from neurolupus.records.wmh_method import ChosenMethods
from neurolupus.report.html import FailedScan
from neurolupus.workflows.capacity import Capacity, plan_capacity, thread_environment
from neurolupus.workflows.exclusions import (
    check_exclusions,
    declared_by_participants,
    exclusions_of,
    read_exclusions,
)
from neurolupus.workflows.execution import Execution, cautions, limits_of, make_executor
from neurolupus.workflows.finished import input_hashes_of
from neurolupus.workflows.group import GroupFiles, write_group
from neurolupus.workflows.observer import Observer, Silent
from neurolupus.workflows.scan import ScanJob, measure_job, remove_unfinished
from neurolupus.workflows.wmh_methods import choose_methods


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """What is measured and how.

    Parameters
    ----------
    settings : Settings
    need_flair : bool
        False: the T1w alone is measured.
    participants, sessions : tuple of str
        Labels to measure; empty: all.
    capacity : Capacity
        Scans at once and threads of each.
    rerun : {'changed', 'failed', 'all'}
        See `jobs.run.JobOptions`.
    work : Path, optional
        Where logs and temporary files go.
    exclusions : Path, optional
        Table of declared exclusions.
    own_wmh : Path, optional
        For one pair: a hyperintensity map to use instead of the model.
    wmh_method : str, optional
        A method of the user's own to use instead of the model: see `io.wmh_method`.
    wmh_compare : tuple of str
        Methods to compare with the one measured; 'model' is the program's model.
    wmh_minutes : float
        How long each method may take on one scan.
    allow_mixed_versions, stop_on_first_failure : bool
    execution : Execution
        Where scans are measured, and what each may take.
    """

    settings: Settings = field(default_factory=Settings)
    need_flair: bool = True
    participants: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    capacity: Capacity = field(default_factory=lambda: plan_capacity(None, None))
    rerun: Rerun = "changed"
    work: Path | None = None
    exclusions: Path | None = None
    own_wmh: Path | None = None
    wmh_method: str | None = None
    wmh_compare: tuple[str, ...] = ()
    wmh_minutes: float = 60.0
    allow_mixed_versions: bool = False
    stop_on_first_failure: bool = False
    execution: Execution = field(default_factory=Execution)


@dataclass(frozen=True, slots=True)
class Unpaired:
    """A visit without one T1w and one FLAIR, and what is wrong with it."""

    scan_id: ScanId
    reason: str


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """What became of a run, and the tables of everything measured in `out`."""

    out: Path
    outcomes: tuple[Outcome, ...]
    group: GroupFiles

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The scans that could not be measured."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    def summary(self) -> dict[str, object]:
        """JSON of the outcomes and of the volumes of every finished scan."""
        return {
            "out": str(self.out),
            "volumes_table": str(self.group.table) if self.group.table else None,
            "group_page": str(self.group.page) if self.group.page else None,
            "scans": [asdict(outcome) for outcome in self.outcomes],
            "volumes": [dict(row.measurements) for row in self.group.rows],
        }


def measure_dataset(
    bids_dir: Path, out: Path, options: MeasureOptions | None = None, *, observer: Observer | None = None
) -> MeasureResult:
    """Measure the scans of a BIDS data set; a scan that fails never stops the others.

    Parameters
    ----------
    bids_dir : Path
    out : Path
        The derivative data set; what it already holds of the same files, settings and version is not measured again.

    Raises
    ------
    UsageError, TableError
        The data set, the labels, the output folder or a table make no sense: nothing was measured.
    TableError
        After measuring: the output holds scans of several versions, and mixing them was not allowed.
    KeyboardInterrupt
        After the workers have ended; finished scans are kept.
    """
    options = options or MeasureOptions()
    if out.resolve() == bids_dir.resolve():
        raise UsageError(
            f"{out} is both the data set and the output; they must differ.\n"
            f"    Write to {bids_dir / 'derivatives' / 'neurolupus'}"
        )
    _check_no_rater(out)
    methods = _methods(options)
    files = index_dataset(bids_dir, participants=options.participants, sessions=options.sessions)
    participants = read_participants(bids_dir)
    declared = [declared_by_participants(participants)]
    if options.exclusions:
        declared.append(read_exclusions(options.exclusions))
        whole = index_dataset(bids_dir) if options.participants or options.sessions else files
        check_exclusions(options.exclusions, declared[-1], (one.scan_id for one in whole))
    jobs, unpaired = [], []
    for one in files:
        try:
            t1w, flair = choose_pair(one, need_flair=options.need_flair)
        except PairingError as error:
            unpaired.append(Unpaired(one.scan_id, str(error)))
            continue
        reasons = exclusions_of(one.scan_id, *declared)
        jobs.append(_job(one.scan_id, t1w, flair, out, options, methods, reasons, participants))
    outcomes = _measure(jobs, unpaired, out, options, observer or Silent(), source=bids_dir)
    order = {one.scan_id.stem: place for place, one in enumerate(files)}
    group = write_group(
        out, participants, failures=_failures(files, outcomes), allow_mixed_versions=options.allow_mixed_versions
    )
    return MeasureResult(out, tuple(sorted(outcomes, key=lambda outcome: order[outcome.name])), group)


def measure_pair(
    t1w: Path,
    flair: Path | None,
    out: Path,
    options: MeasureOptions | None = None,
    *,
    scan_id: ScanId | None = None,
    observer: Observer | None = None,
) -> MeasureResult:
    """Measure one T1w and its FLAIR, which need not lie in a BIDS data set.

    Parameters
    ----------
    t1w, flair : Path
        `flair` None: only with `options.need_flair` False.
    out : Path
        A derivative data set; other scans may lie in it.
    scan_id : ScanId, optional
        What the scan is called; by default what the name of `t1w` tells.

    Raises
    ------
    UsageError
        A file is missing, there is no FLAIR and that was not asked for, or `out` holds another T1w under this name.
    """
    options = options or MeasureOptions()
    _check_pair(t1w, flair, options)
    _check_no_rater(out)
    scan_id = scan_id or scan_id_of(t1w)
    if options.rerun != "all":
        _check_same_scan(t1w, out, scan_id)
    declared = read_exclusions(options.exclusions) if options.exclusions else {}
    job = _job(scan_id, t1w, flair, out, options, _methods(options), exclusions_of(scan_id, declared), {})
    outcomes = _measure([job], [], out, options, observer or Silent(), source=None)
    failures = [FailedScan(scan_id, outcome.reason) for outcome in outcomes if outcome.status == "failed"]
    group = write_group(out, {}, failures=failures, allow_mixed_versions=options.allow_mixed_versions)
    return MeasureResult(out, outcomes, group)


def measure_jobs(
    jobs: Sequence[ScanJob],
    out: Path,
    options: MeasureOptions,
    participants: Mapping[str, Participant],
    *,
    source: Path | None,
    observer: Observer | None = None,
) -> MeasureResult:
    """Measure scans whose files and settings are known; `options` decide only how the machine is used.

    Parameters
    ----------
    participants : mapping of label to Participant
        For the tables.
    source : Path or None
        The raw data set that `out` is described as made from.

    Raises
    ------
    TableError
        The output holds scans of several versions, and mixing them was not allowed.
    """
    outcomes = _measure(jobs, [], out, options, observer or Silent(), source=source)
    scans = {job.scan_id.stem: job.scan_id for job in jobs}
    failures = [FailedScan(scans[one.name], one.reason) for one in outcomes if one.status == "failed"]
    group = write_group(out, participants, failures=failures, allow_mixed_versions=options.allow_mixed_versions)
    return MeasureResult(out, outcomes, group)


def write_group_level(bids_dir: Path, out: Path, options: MeasureOptions | None = None) -> MeasureResult:
    """Make the tables and the group page again from what is finished in `out`; nothing is measured.

    Raises
    ------
    UsageError
        Nothing is finished in `out`.
    TableError
        The output holds scans of several versions, and mixing them was not allowed.
    """
    options = options or MeasureOptions()
    group = write_group(out, read_participants(bids_dir), allow_mixed_versions=options.allow_mixed_versions)
    if not group.rows:
        raise UsageError(
            f"{out} holds no measured scan; the group level makes tables of measured scans.\n"
            f"    Measure first: neurolupus measure {bids_dir} {out}"
        )
    return MeasureResult(out, (), group)


def _check_same_scan(t1w: Path, out: Path, scan_id: ScanId) -> None:
    """Raise UsageError where `out` holds a scan of this name measured from another T1w: two patients' `T1.nii`."""
    held = input_hashes_of(out, scan_id)
    if held and file_sha256(t1w) not in held:
        raise UsageError(
            f"{out} holds {scan_id.stem}, measured from another T1w than {t1w}; it would be replaced.\n"
            "    If this is another patient or visit, name it: --participant-label NAME, or --session-label NAME.\n"
            "    To replace what is there: --rerun all"
        )


def _check_pair(t1w: Path, flair: Path | None, options: MeasureOptions) -> None:
    missing = [str(path) for path in (t1w, flair, options.own_wmh) if path is not None and not path.is_file()]
    if missing:
        raise UsageError(f"{' and '.join(missing)} not found; files are needed.\n    Check the path.")
    if flair is None and options.need_flair:
        raise UsageError(
            f"{t1w} was given without a FLAIR; lesions need one.\n"
            "    Add --flair FLAIR.nii.gz, or measure the T1w alone with --no-flair."
        )
    if options.own_wmh is not None and flair is None:
        raise UsageError("--wmh-mask needs the FLAIR it was drawn on.\n    Add --flair FLAIR.nii.gz.")
    if flair is not None and not options.need_flair:
        raise UsageError(f"--no-flair was given together with {flair}.\n    Leave one of the two out.")


def _check_no_rater(out: Path) -> None:
    """A rater's output keeps the rater's numbers: the model's would take their place, and drawn infarcts be lost."""
    if (out / DRAWN_FOLDER / SET_FILE).exists():
        raise UsageError(
            f"{out} holds what a rater drew; measuring into it would put the model's numbers in place of the rater's.\n"
            "    Name another folder, or read the rater's maps again: neurolupus raters read."
        )


def _methods(options: MeasureOptions) -> ChosenMethods:
    """The methods of the user's own, looked up before anything is measured."""
    if options.wmh_method is None and not options.wmh_compare:
        return ChosenMethods()
    if not options.need_flair:
        raise UsageError("--wmh-method and --wmh-compare need the FLAIR.\n    Leave out --no-flair, or the methods.")
    return choose_methods(options.wmh_method, options.wmh_compare, minutes=options.wmh_minutes, own_wmh=options.own_wmh)


def _job(
    scan_id: ScanId,
    t1w: Path,
    flair: Path | None,
    out: Path,
    options: MeasureOptions,
    methods: ChosenMethods,
    declared_exclusions: tuple[str, ...],
    participants: Mapping[str, Participant],
) -> ScanJob:
    return ScanJob(
        scan_id=scan_id,
        t1w=t1w.absolute(),
        flair=flair.absolute() if flair else None,
        out=out.absolute(),
        settings=options.settings,
        threads=options.capacity.threads,
        declared_exclusions=declared_exclusions,
        participant=participants.get(scan_id.participant_id),
        own_wmh=options.own_wmh.absolute() if options.own_wmh else None,
        methods=methods,
    )


def _task(job: ScanJob) -> Task:
    """The task of a job; its key knows what decides the numbers, so not the participant's age or group."""
    settings: dict[str, object] = {
        "version": __version__,
        "settings": asdict(job.settings),
        "declared_exclusions": list(job.declared_exclusions),
        "sidecars": [kept_fields(read_sidecar(path).fields) for path in job.inputs],
        "names": [path.name for path in job.inputs],
        **({"wmh_methods": job.methods.key} if job.methods.key else {}),
        **({"own_wmh_source": job.own_wmh_source} if job.own_wmh_source else {}),
    }
    return Task(job.scan_id.stem, job, job.inputs, settings)


def _measure(
    jobs: Sequence[ScanJob],
    unpaired: Sequence[Unpaired],
    out: Path,
    options: MeasureOptions,
    observer: Observer,
    *,
    source: Path | None,
) -> tuple[Outcome, ...]:
    out.mkdir(parents=True, exist_ok=True)
    write_dataset_description(out, version=__version__, source=source)
    for caution in cautions(options.execution):
        observer.say(caution)
    observer.total(len(jobs) + len(unpaired))
    failed = [record_failure(out, one.scan_id.stem, one.reason) for one in unpaired]
    for outcome in failed:
        observer.event(Event(outcome.name, "finished", outcome=outcome))
    environment = thread_environment(options.capacity.threads)
    if options.work:
        environment |= _temporary_folder(options.work)
    own_methods = len(options.wmh_compare) + (options.wmh_method is not None)
    limits = limits_of(options.execution, options.capacity, method_minutes=own_methods * options.wmh_minutes)
    outcomes = run_many(
        [LazyTask(job.scan_id.stem, partial(_task, job)) for job in jobs],
        measure_job,
        out,
        options=JobOptions(
            nprocs=options.capacity.nprocs,
            rerun=options.rerun,
            logs=options.work / "logs" if options.work else None,
            environment=environment,
            stop_on_first_failure=options.stop_on_first_failure,
            limits=limits,
            tries=options.execution.tries,
            executor=make_executor(options.execution, options.capacity),
        ),
        clean_up=remove_unfinished,
        on_event=observer.event,
    )
    return (*failed, *outcomes)


def _temporary_folder(work: Path) -> dict[str, str]:
    """Environment variables that send temporary files below the work folder; it is made when missing."""
    folder = work.absolute() / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))


def _failures(files: Sequence[ScanFiles], outcomes: Sequence[Outcome]) -> list[FailedScan]:
    reasons = {outcome.name: outcome.reason for outcome in outcomes if outcome.status == "failed"}
    return [FailedScan(one.scan_id, reasons[one.scan_id.stem]) for one in files if one.scan_id.stem in reasons]
