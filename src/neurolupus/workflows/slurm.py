"""What a user asks of Slurm: how scans are submitted, and that those in the queue are cancelled."""

from dataclasses import dataclass
from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.jobs.executors import Executor
from neurolupus.jobs.executors.slurm import SlurmExecutor
from neurolupus.jobs.slurm.commands import SlurmSilentError
from neurolupus.jobs.slurm.live import active_tasks, cancel_all
from neurolupus.jobs.slurm.options import checked_options
from neurolupus.jobs.slurm.script import read_setup
from neurolupus.jobs.slurm.settings import SlurmSettings
from neurolupus.jobs.slurm.submission import slurm_folder


@dataclass(frozen=True, slots=True)
class SlurmWishes:
    """How scans are submitted, in the user's words.

    Parameters
    ----------
    options : str, optional
        For sbatch: `--partition=long --account=lupus`.
    setup : Path, optional
        Shell lines before each scan.
    wait : bool
        False: submit and return.
    """

    options: str | None = None
    setup: Path | None = None
    wait: bool = True

    @property
    def given(self) -> tuple[str, ...]:
        """The options of the command line that were used."""
        used = {"--slurm-options": self.options, "--slurm-setup": self.setup, "--no-wait": not self.wait}
        return tuple(name for name, value in used.items() if value)


def make_slurm_executor(wishes: SlurmWishes, *, threads: int, at_once: int | None) -> Executor:
    """The executor that submits to Slurm.

    Raises
    ------
    UsageError
        The options or the lines cannot be used.
    """
    return SlurmExecutor(
        SlurmSettings(
            cpus=threads,
            at_once=at_once,
            options=checked_options(wishes.options or ""),
            setup=read_setup(wishes.setup) if wishes.setup else "",
            wait=wishes.wait,
        )
    )


def queued_in_slurm(out: Path) -> int:
    """How many scans of an output folder wait or run in Slurm; 0 where it cannot be asked."""
    if not slurm_folder(out).is_dir():
        return 0
    try:
        return len(active_tasks(out))
    except (SlurmSilentError, UsageError):
        return 0


def cancel_in_slurm(out: Path) -> int:
    """Cancel every scan of an output folder that waits or runs in Slurm; how many those were.

    Raises
    ------
    UsageError
        No scan was ever submitted, there is no Slurm here, or it does not answer.
    """
    if not slurm_folder(out).is_dir():
        raise UsageError(f"Of {out} nothing was submitted to Slurm; there is nothing to cancel.")
    try:
        return cancel_all(out)
    except SlurmSilentError as error:
        raise UsageError(f"Slurm does not answer: {error}\n    Try again later.") from None
