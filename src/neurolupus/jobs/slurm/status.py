"""The status of an output folder, with what the queue of Slurm knows of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.jobs.estimate import Estimate, estimate_rest
from neurolupus.jobs.plan import read_plans
from neurolupus.jobs.slurm.commands import ArrayTask, SlurmSilentError
from neurolupus.jobs.slurm.live import active_tasks
from neurolupus.jobs.slurm.submission import Submission, slurm_folder
from neurolupus.jobs.state import TaskState
from neurolupus.jobs.status import RunStatus


def with_queue(out: Path, known: RunStatus) -> RunStatus:
    """The same status, where scans that Slurm holds wait or run, also when nobody follows them.

    Where there is no Slurm, or it does not answer, only what is on disk is told.
    """
    if not slurm_folder(out).is_dir():
        return known
    try:
        active = active_tasks(out)
    except (SlurmSilentError, UsageError):
        return known if known.count("running") else replace(known, rest=None)  # how many run at once is not known
    if not active:
        return known
    tasks = tuple(_seen(task, *active[task.name]) if task.name in active else task for task in known.tasks)
    told = {plan.run for plan in known.live}
    runs = {submission.run for submission, _ in active.values()} - told
    alone = tuple(replace(plan, live=True) for plan in read_plans(out) if plan.run in runs)
    return RunStatus(tasks, (*known.live, *alone), _rest(tasks))


def _seen(state: TaskState, submission: Submission, task: ArrayTask) -> TaskState:
    if state.status == "done" and state.run == submission.run:  # it has ended, and Slurm has not heard of it
        return state
    job = f"Slurm job {task.job}_{task.index}"
    if task.state == "PENDING":
        return replace(state, status="waiting", reason=f"{job}: {task.reason}", executor="slurm")
    return replace(state, status="running", reason=job, executor="slurm")


def _rest(tasks: Sequence[TaskState]) -> Estimate | None:
    """What is left; nothing can be told before some are done and some run, since nobody knows when the others may."""
    seconds = [task.seconds for task in tasks if task.status == "done"]
    running = sum(task.status == "running" for task in tasks)
    waiting = sum(task.status == "waiting" for task in tasks)
    return estimate_rest(seconds, waiting=waiting, running=running, parallel=running) if running else None
