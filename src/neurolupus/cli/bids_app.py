"""`neurolupus-bids`: the same measurement behind the command line of a BIDS App, with fMRIPrep's option names."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from neurolupus import __version__
from neurolupus.cli.arguments import bare_labels, spread_labels
from neurolupus.cli.console import exit_code_of, tell
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from neurolupus.workflows.measure import MeasureOptions

# Options of fMRIPrep that ask for something neurolupus does not do; the value says why.
REFUSED = {
    "--bids-filter-file": "choose scans with --participant-label and --session-label",
    "--bids-database-dir": "the data set is read anew each time; it takes less than a second",
    "--task-id": "no functional scans are read",
    "--echo-idx": "no functional scans are read",
    "--output-spaces": "everything is written on the grid of the T1w",
    "--output-layout": "derivatives are always a BIDS data set of their own",
    "--derivatives": "no results of other programs are read",
    "--fs-license-file": "FreeSurfer is not used",
    "--fs-subjects-dir": "FreeSurfer is not used",
    "--use-plugin": "choose where scans run with --executor",
    "--random-seed": "the result does not depend on a seed",
    "--low-mem": "use --mem-mb",
    "--resource-monitor": "time and memory of every step are always in the provenance",
    "--reports-only": "run the analysis level group",
}


def parser() -> argparse.ArgumentParser:
    """The options, each of which does what it says."""
    it = argparse.ArgumentParser(
        prog="neurolupus-bids",
        description="Brain volumes and white matter hyperintensities of a BIDS data set (BIDS App).",
        epilog="Options of fMRIPrep that would do nothing here are refused with the reason.",
        allow_abbrev=False,
    )
    it.add_argument("bids_dir", type=Path, help="root of a valid BIDS data set")
    it.add_argument("output_dir", type=Path, help="where the derivatives go")
    it.add_argument("analysis_level", choices=("participant", "group"), help="participant: measure; group: the tables")
    it.add_argument("--version", action="version", version=f"neurolupus {__version__}")
    scans = it.add_argument_group("which scans")
    scans.add_argument("--participant-label", action="append", default=[], metavar="LABEL", help="only these: 01 02")
    scans.add_argument("--session-label", action="append", default=[], metavar="LABEL", help="only these: 1 2")
    scans.add_argument("--rerun", choices=("changed", "failed", "all"), default="changed", help="what is done again")
    scans.add_argument("--exclusions", type=Path, help="TSV with participant_id, session_id, reason")
    how = it.add_argument_group("how they are measured")
    how.add_argument("--no-flair", action="store_true", help="measure the T1w alone")
    how.add_argument(
        "--wmh-threshold",
        type=float,
        help="probability from which a voxel counts as WMH (the choice recorded in output_dir, else 0.2)",
    )
    how.add_argument("--wmh-method", metavar="METHOD", help="a hyperintensity method of your own, not the model")
    how.add_argument(
        "--wmh-compare", action="append", default=[], metavar="METHOD", help="compare this one; repeatable"
    )
    how.add_argument("--wmh-minutes", type=float, default=60.0, help="how long a method may take on one scan (60)")
    how.add_argument("--allow-mixed-versions", action="store_true", help="make the table in spite of several versions")
    machine = it.add_argument_group("the machine")
    machine.add_argument("--nprocs", "--nthreads", "--n-cpus", "--n_cpus", type=_count, help="scans at once")
    machine.add_argument("--omp-nthreads", type=_count, help="threads of each scan (2)")
    machine.add_argument(
        "--mem",
        "--mem-mb",
        dest="mem_mb",
        type=_count,
        help="memory to plan for without --nprocs, in MB; --mem-gb limits a scan",
    )
    machine.add_argument(
        "--executor", choices=("local", "dask", "slurm"), default="local", help="where scans are measured"
    )
    machine.add_argument(
        "--mem-gb", type=float, metavar="GB", help="memory of each scan; one that takes more is stopped"
    )
    machine.add_argument("--minutes", type=float, metavar="N", help="time of each try of a scan (60)")
    machine.add_argument(
        "--tries", type=_count, default=3, help="a scan that is killed or crashes has failed after so many"
    )
    machine.add_argument("--dask-address", metavar="URL", help="Dask scheduler to use with --executor dask")
    machine.add_argument("--slurm-options", metavar="TEXT", help="for sbatch: '--partition=long --account=lupus'")
    machine.add_argument("--slurm-setup", type=Path, metavar="FILE", help="shell lines before each scan on Slurm")
    machine.add_argument("--no-wait", action="store_true", help="submit to Slurm and return")
    machine.add_argument("-w", "--work-dir", type=Path, help="folder for logs and temporary files")
    machine.add_argument("--stop-on-first-crash", action="store_true", help="begin nothing new once a scan failed")
    talk = it.add_argument_group("true without asking", "accepted because scripts give them")
    talk.add_argument("--skip-bids-validation", action="store_true", help="the validator is never run")
    talk.add_argument("--notrack", action="store_true", help="nothing is ever sent anywhere")
    talk.add_argument("--anat-only", action="store_true", help="only anatomical scans are read")
    it.add_argument("-v", "--verbose", action="count", default=0, help="also tell the settings before the start")
    return it


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def check_no_refused(words: Sequence[str]) -> None:
    """Raise UsageError for options of fMRIPrep that would do nothing; all of them at once."""
    names = [word.partition("=")[0].replace("_", "-") for word in words if word.startswith("--")]
    refused = [f"{name}: {REFUSED[name]}" for name in names if name in REFUSED]
    if refused:
        lines = "\n".join(f"    {line}." for line in refused)
        many = "1 option of fMRIPrep has" if len(refused) == 1 else f"{len(refused)} options of fMRIPrep have"
        raise UsageError(f"{many} no meaning here; leave {'it' if len(refused) == 1 else 'them'} out.\n{lines}")


def run(words: Sequence[str]) -> int:
    """Do what the arguments ask; the exit code."""
    check_no_refused(words)
    asked = parser().parse_args(spread_labels(words, positionals=3))
    from neurolupus.cli.measure import finish
    from neurolupus.cli.progress import display
    from neurolupus.cli.slurm import telling_what_goes_on
    from neurolupus.workflows.measure import measure_dataset, write_group_level

    wanted = _options(asked)
    with telling_what_goes_on(asked.output_dir), display() as observer:
        if asked.analysis_level == "group":
            result = write_group_level(asked.bids_dir, asked.output_dir, wanted)
        else:
            result = measure_dataset(asked.bids_dir, asked.output_dir, wanted, observer=observer)
    return finish(result)


def _options(asked: argparse.Namespace) -> "MeasureOptions":
    from neurolupus.workflows.capacity import plan_capacity
    from neurolupus.workflows.choice import settings_for
    from neurolupus.workflows.execution import Execution
    from neurolupus.workflows.measure import MeasureOptions
    from neurolupus.workflows.slurm import SlurmWishes

    if asked.stop_on_first_crash and asked.executor == "slurm":
        raise UsageError(
            "--stop-on-first-crash cannot be kept on Slurm, where all scans are submitted at once.\n    Leave it out."
        )
    choice = settings_for(asked.output_dir, asked.wmh_threshold)
    wanted = MeasureOptions(
        settings=choice.settings,
        need_flair=not asked.no_flair,
        participants=bare_labels(asked.participant_label, "sub-"),
        sessions=bare_labels(asked.session_label, "ses-"),
        capacity=plan_capacity(asked.nprocs, asked.omp_nthreads, asked.mem_mb),
        rerun=asked.rerun,
        work=asked.work_dir,
        exclusions=asked.exclusions,
        wmh_method=asked.wmh_method,
        wmh_compare=tuple(asked.wmh_compare),
        wmh_minutes=asked.wmh_minutes,
        allow_mixed_versions=asked.allow_mixed_versions,
        stop_on_first_failure=asked.stop_on_first_crash,
        execution=Execution(
            asked.executor,
            asked.mem_gb,
            asked.minutes,
            asked.tries,
            asked.dask_address,
            at_once=asked.nprocs,
            slurm=SlurmWishes(asked.slurm_options, asked.slurm_setup, wait=not asked.no_wait),
        ),
    )
    if choice.told:
        tell(choice.told)
    if asked.verbose:
        tell(f"{wanted.settings}\n{wanted.capacity}")
    return wanted


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the BIDS App; ends the process with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(exit_code_of(lambda: run(words)))
