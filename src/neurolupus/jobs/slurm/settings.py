"""How scans are handed to Slurm, and the options of sbatch that follow from it."""

import math
from dataclasses import dataclass
from pathlib import Path

from neurolupus.jobs.limits import Limits
from neurolupus.jobs.slurm.submission import Submission

_SPARE_MB = 512  # for the process that attends to a scan, so that ours is the limit that is met
_SPARE_MINUTES = 3  # for its start and its end


@dataclass(frozen=True, slots=True)
class SlurmSettings:
    """How scans are handed to Slurm.

    Parameters
    ----------
    cpus : int
        Of each scan.
    at_once : int, optional
        Scans at once; as many as the cluster lets run by default.
    options : tuple of str
        For sbatch; see `slurm.options.checked_options`.
    setup : str
        Shell lines before each scan; see `slurm.script.read_setup`.
    wait : bool
        False: submit and return.
    poll_s : float
        How often the queue is looked at. Seconds, since a cluster serves many.
    settle_s : float
        How long a task that has left the queue may take to be seen on the shared file system.
    """

    cpus: int = 1
    at_once: int | None = None
    options: tuple[str, ...] = ()
    setup: str = ""
    wait: bool = True
    poll_s: float = 10.0
    settle_s: float = 60.0


def sbatch_options(submission: Submission, out: Path, limits: Limits, settings: SlurmSettings, after: str) -> list[str]:
    """What sbatch is told about an array.

    Parameters
    ----------
    limits : Limits
        Of each of its tasks.
    after : str
        The id of an array that must end before; empty: none.
    """
    throttle = f"%{settings.at_once}" if settings.at_once else ""
    escaped = str(submission.folder).replace("%", "%%")
    options = [
        f"--job-name={submission.array}",
        f"--array=0-{len(submission.names) - 1}{throttle}",
        f"--output={escaped}/%a.out",
        "--open-mode=append",  # what was said before Slurm began it anew by itself
        f"--chdir={out}",
        "--export=HOME,USER,LOGNAME,PATH,LANG,LC_ALL,LD_LIBRARY_PATH",  # and none of the coordinator's secrets
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={settings.cpus}",
    ]
    if limits.memory_mb is not None:
        options.append(f"--mem={round(limits.memory_mb) + _SPARE_MB}M")
    if limits.seconds is not None:
        options.append(f"--time={math.ceil(limits.seconds / 60) + _SPARE_MINUTES}")
    if after:
        options.append(f"--dependency=afterany:{after}")
    return [*options, *settings.options]
