"""`neurolupus measure`: brain volumes of a BIDS data set, or of one T1w and FLAIR."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.arguments import bare_labels
from neurolupus.cli.console import IMAGE, SUCCESS, answer_json, guarded, tell
from neurolupus.cli.slurm import telling_what_goes_on
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from neurolupus.records.scan import ScanId
    from neurolupus.workflows.measure import MeasureOptions, MeasureResult


class Rerun(StrEnum):
    """Which scans are measured although OUT knows them."""

    CHANGED = "changed"
    FAILED = "failed"
    ALL = "all"


@guarded
def measure(
    bids_dir: Annotated[Path | None, typer.Argument(metavar="BIDS_DIR", help="BIDS data set: T1w and FLAIR.")] = None,
    out_dir: Annotated[Path | None, typer.Argument(metavar="OUT_DIR", help="Where the derivatives go.")] = None,
    t1w: Annotated[Path | None, typer.Option("--t1w", metavar="NII", help="One T1w instead of a data set.")] = None,
    flair: Annotated[Path | None, typer.Option("--flair", metavar="NII", help="The FLAIR of --t1w.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="OUT", help="Same as OUT_DIR.")] = None,
    participant_label: options.LabelsOrName = None,
    session_label: options.Sessions = None,
    no_flair: options.NoFlair = False,
    wmh_threshold: options.WmhThreshold = None,
    skull_stripped: Annotated[
        bool | None,
        typer.Option(
            "--skull-stripped/--whole-head",
            rich_help_panel=options.HOW,
            help="What the T1w holds; told from the image by default.",
        ),
    ] = None,
    wmh_mask: Annotated[
        Path | None,
        typer.Option(
            "--wmh-mask",
            metavar="NII",
            rich_help_panel=options.HOW,
            help="With --t1w and --flair: your own mask or map of hyperintensities instead of the model's.",
        ),
    ] = None,
    wmh_method: options.WmhMethod = None,
    wmh_compare: options.WmhCompare = None,
    wmh_minutes: options.WmhMinutes = 60.0,
    exclusions: options.Exclusions = None,
    rerun: Annotated[
        Rerun,
        typer.Option(
            metavar="WHAT",
            rich_help_panel=options.WHICH,
            help="changed: what has no finished result of the same files, settings and version; "
            "failed: only what failed last time; all: everything.",
        ),
    ] = Rerun.CHANGED,
    nprocs: options.Nprocs = None,
    omp_nthreads: options.OmpNthreads = None,
    executor: options.Executor = options.ExecutorName.LOCAL,
    mem_gb: options.MemGb = None,
    minutes: options.Minutes = None,
    tries: options.Tries = 3,
    dask_address: options.DaskAddress = None,
    slurm_options: options.SlurmOptions = None,
    slurm_setup: options.SlurmSetup = None,
    no_wait: options.NoWait = False,
    work_dir: options.WorkDir = None,
    allow_mixed_versions: options.AllowMixedVersions = False,
    as_json: options.Json = False,
) -> int:
    """Measure brain volumes and white matter hyperintensities.

    A data set: neurolupus measure BIDS_DIR OUT_DIR

    One patient: neurolupus measure --t1w T1w.nii.gz --flair FLAIR.nii.gz -o OUT

    Running the same command again goes on where it stopped.
    """
    from neurolupus.workflows.capacity import plan_capacity
    from neurolupus.workflows.choice import settings_for
    from neurolupus.workflows.execution import Execution
    from neurolupus.workflows.measure import MeasureOptions
    from neurolupus.workflows.slurm import SlurmWishes

    target = _target(bids_dir, out_dir, out, t1w, flair)
    if wmh_mask is not None and t1w is None:
        raise UsageError("--wmh-mask belongs to one pair.\n    Give it with --t1w and --flair, one pair at a time.")
    choice = settings_for(target, wmh_threshold, skull_stripped=skull_stripped)
    if choice.told:
        tell(choice.told)
    wanted = MeasureOptions(
        settings=choice.settings,
        need_flair=not no_flair,
        participants=bare_labels(participant_label or (), "sub-"),
        sessions=bare_labels(session_label or (), "ses-"),
        capacity=plan_capacity(nprocs, omp_nthreads),
        rerun=rerun.value,
        work=work_dir,
        exclusions=exclusions,
        own_wmh=wmh_mask,
        wmh_method=wmh_method,
        wmh_compare=tuple(wmh_compare or ()),
        wmh_minutes=wmh_minutes,
        allow_mixed_versions=allow_mixed_versions,
        execution=Execution(
            executor.value,
            mem_gb,
            minutes,
            tries,
            dask_address,
            at_once=nprocs,
            slurm=SlurmWishes(slurm_options, slurm_setup, wait=not no_wait),
        ),
    )
    result = _run(bids_dir, t1w, flair, target, wanted)
    if as_json:
        answer_json(result.summary())
    return finish(result, quiet=as_json)


def _target(
    bids_dir: Path | None, out_dir: Path | None, out: Path | None, t1w: Path | None, flair: Path | None
) -> Path:
    """The output folder, once the arguments make sense together."""
    if t1w is not None and bids_dir is None and out is not None:
        return out
    if t1w is None and flair is None and bids_dir is not None and (out_dir is None) != (out is None):
        target = out_dir or out
        assert target is not None
        return target
    raise UsageError(
        f"{_given(bids_dir, out_dir, out, t1w, flair)} given; a data set and an output folder are needed, or one T1w.\n"
        "    neurolupus measure BIDS_DIR OUT_DIR\n"
        "    neurolupus measure --t1w T1w.nii.gz --flair FLAIR.nii.gz -o OUT"
    )


def _given(*values: Path | None) -> str:
    names = ("BIDS_DIR", "OUT_DIR", "-o", "--t1w", "--flair")
    given = [name for name, value in zip(names, values, strict=True) if value is not None]
    return f"{' and '.join(given)} {'was' if len(given) == 1 else 'were'}" if given else "Nothing was"


def _run(
    bids_dir: Path | None, t1w: Path | None, flair: Path | None, out: Path, wanted: "MeasureOptions"
) -> "MeasureResult":
    from neurolupus.cli.progress import display
    from neurolupus.workflows.measure import measure_dataset, measure_pair

    with telling_what_goes_on(out), display() as observer:
        if bids_dir is not None:
            return measure_dataset(bids_dir, out, wanted, observer=observer)
        assert t1w is not None
        return measure_pair(t1w, flair, out, wanted, scan_id=_scan_id(t1w, wanted), observer=observer)


def _scan_id(t1w: Path, wanted: "MeasureOptions") -> "ScanId":
    """What one pair is called: the labels given, else what the name of the T1w tells."""
    from neurolupus.io.bids import scan_id_of
    from neurolupus.records.scan import ScanId

    if len(wanted.participants) > 1 or len(wanted.sessions) > 1:
        raise UsageError(
            f"{', '.join((*wanted.participants, *wanted.sessions))} given for one T1w; one label of each kind may be.\n"
            "    Give one --participant-label, and one --session-label if needed."
        )
    told = scan_id_of(t1w)
    participant = wanted.participants[0] if wanted.participants else told.participant_id
    return ScanId(participant, wanted.sessions[0] if wanted.sessions else told.session_id)


def finish(result: "MeasureResult", *, quiet: bool = False) -> int:
    """Show what became of a run; its exit code."""
    from neurolupus.cli.volumes import show_result

    if not quiet:
        show_result(result)
    found_by = sorted({str(row.measurements.get("wmh_method")) for row in result.group.rows} - {"None", "n/a"})
    if len(found_by) > 1:
        tell(f"WMH of {result.out} were found by {', '.join(found_by)}: compare those of one method only.", "yellow")
    return IMAGE if result.failed else SUCCESS
