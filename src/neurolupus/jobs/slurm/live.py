"""Which scans of an output folder the queue of Slurm holds, whoever submitted them."""

from collections.abc import Mapping
from pathlib import Path

from neurolupus.jobs.lock import is_claimed
from neurolupus.jobs.slurm import commands
from neurolupus.jobs.slurm.commands import ArrayTask
from neurolupus.jobs.slurm.lost import keep_output
from neurolupus.jobs.slurm.submission import Submission, read_submissions
from neurolupus.jobs.state import StateFolder


def active_tasks(out: Path) -> Mapping[str, tuple[Submission, ArrayTask]]:
    """The array task that has each scan, for those that wait in the queue or run.

    Raises
    ------
    SlurmSilentError
    """
    submissions = {one.array: one for one in read_submissions(out)}
    ended = {name: one.ended() for name, one in submissions.items()}
    found = {}
    for task in commands.queue(submissions):
        submission = submissions[task.array]
        if not task.is_over and task.index not in ended[task.array] and task.index < len(submission.names):
            found[submission.names[task.index]] = (submission, task)
    return found


def cancel_all(out: Path) -> int:
    """Cancel every scan of an output folder that waits or runs; how many those were.

    Raises
    ------
    SlurmSilentError
    """
    active = active_tasks(out)
    commands.cancel({submission.array for submission, _ in active.values()})
    return len(active)


def forget_settled(out: Path, *, run: str) -> None:
    """Remove the arrays of which nothing waits or runs; those of another run that is at work are its own.

    Raises
    ------
    SlurmSilentError
    """
    runs = StateFolder(out).folder / "runs"
    submissions = [one for one in read_submissions(out) if one.run == run or not is_claimed(runs / f"{one.run}.lock")]
    active = {task.array for task in commands.queue(one.array for one in submissions) if not task.is_over}
    for submission in submissions:
        if submission.array in active:
            continue
        ended = submission.ended()
        for index, name in enumerate(submission.names):
            if index not in ended:
                keep_output(submission.output(index), StateFolder(out).folder / "logs" / f"{name}.log")
        submission.remove()
