"""How far the measuring of a data set is: as data for machines, in words for people."""

from dataclasses import asdict
from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.io.dataset import check_output
from neurolupus.jobs.estimate import LEVEL, Estimate
from neurolupus.jobs.plan import RunPlan
from neurolupus.jobs.slurm.status import with_queue
from neurolupus.jobs.state import TaskState
from neurolupus.jobs.status import RunStatus, read_status

UNTOLD = ("inputs", "outputs", "run_tries", "step")
SHOWN = 50  # scans of a table; of more, those that are done or wait are only counted


def run_status(out: Path) -> RunStatus:
    """What is remembered in an output folder.

    Raises
    ------
    UsageError
        Nothing is, or the folder is not there.
    """
    check_output(out)
    known = with_queue(out, read_status(out))
    if not known.tasks:
        raise UsageError(
            f"{out} remembers no scans; an output folder of neurolupus measure is needed.\n"
            "    Measure first: neurolupus measure BIDS_DIR OUT_DIR"
        )
    return known


def status_as_data(known: RunStatus) -> dict[str, object]:
    """JSON of counts, runs at work, what is left, and every scan."""
    return {
        **{str(status): count for status, count in known.counts.items()},
        "runs": [{key: value for key, value in asdict(run).items() if key != "names"} for run in known.live],
        "left": {**asdict(known.rest), "level": LEVEL} if known.rest else None,
        "scans": [{key: value for key, value in asdict(task).items() if key not in UNTOLD} for task in known.tasks],
    }


def worth_showing(known: RunStatus) -> tuple[TaskState, ...]:
    """All scans of a small data set; of a large one, at most 50 that run or need a look."""
    if len(known.tasks) <= SHOWN:
        return known.tasks
    order = {"failed": 0, "interrupted": 1, "running": 2}
    chosen = sorted((one for one in known.tasks if one.status in order), key=lambda one: order[one.status])
    return tuple(chosen[:SHOWN])


def counts_in_words(known: RunStatus) -> str:
    """`12 done, 2 running, 1 failed`."""
    return ", ".join(f"{count} {status}" for status, count in known.counts.items() if count)


def run_in_words(run: RunPlan) -> str:
    """Where a run is at work."""
    at_once = "as many at once as the cluster lets run" if run.executor == "slurm" else f"{run.places} at once"
    return f"Run {run.run}: {run.executor}, {at_once}, from {run.host} (process {run.pid})."


def rest_in_words(rest: Estimate) -> str:
    """What is left, with its interval and what it rests on."""
    return (
        f"About {span_in_words(rest.seconds)} left ({span_in_words(rest.low)} to {span_in_words(rest.high)} in "
        f"{LEVEL:.0%} of runs like this): {rest.tasks} scans, {rest.parallel} at once, "
        f"{rest.median_s:.3g} s each (median of {rest.finished})."
    )


def span_in_words(seconds: float) -> str:
    """A span of time with the two units that matter.

    Examples
    --------
    >>> [span_in_words(s) for s in (42, 125, 5460, 200000)]
    ['42 s', '2 min', '1 h 31 min', '2 d 8 h']
    """
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"


def place_in_words(task: TaskState) -> str:
    """Where the last attempt was made: `dask on node7`."""
    return f"{task.executor or 'local'} on {task.host}" if task.host else ""
