"""Array tasks that ended without a word: why, as far as Slurm knows, and what is left of them."""

import platform
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from neurolupus.jobs.attend import Order
from neurolupus.jobs.slurm.commands import ArrayTask
from neurolupus.jobs.state import StateFolder, TaskState
from neurolupus.jobs.task import Outcome

_MOST_KEPT = 64 * 1024
# squeue(1), job state codes.
_WHY = {
    "BOOT_FAIL": "Its node did not start.",
    "CANCELLED": "It was cancelled (scancel).",
    "COMPLETED": "It ended without a result.",
    "DEADLINE": "Slurm ended it: its deadline passed.",
    "FAILED": "Its process ended, or was killed, without a result.",
    "NODE_FAIL": "Its node failed.",
    "OUT_OF_MEMORY": "Slurm ended it: it took more memory than it may (--mem-gb).",
    "PREEMPTED": "Slurm ended it for a job of higher priority.",
    "REVOKED": "It was taken back by another cluster.",
    "TIMEOUT": "Slurm ended it: it took more time than it may (--minutes).",
}


def why_lost(last: ArrayTask | None) -> str:
    """Why a task ended, from what Slurm last said of it."""
    if last is None:
        return "Slurm knows nothing of it."
    if not last.is_over:
        return f"It left the queue of Slurm without a word (job {last.job}_{last.index})."
    why = _WHY.get(last.state, f"Slurm ended it: {last.state}.")
    reason = f": {last.reason}" if last.reason not in ("", "None", "NonZeroExitCode") else ""
    return f"{why.removesuffix('.')} (Slurm job {last.job}_{last.index}{reason})."


def keep_output(output: Path, log: Path) -> Path:
    """Keep the end of what Slurm and the task said beside its log; the file that tells most."""
    try:
        with output.open("rb") as file:
            file.seek(max(0, output.stat().st_size - _MOST_KEPT))
            said = file.read(_MOST_KEPT)
        if not said:
            return log
        kept = log.with_suffix(".slurm.log")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(said)
    except OSError:
        return log
    return kept


def give_up(order: Order, reason: str, tries: int, log: Path) -> Outcome:
    """Remember that a task has failed after its last try."""
    states, name = StateFolder(order.out), order.task.name
    reason = f"{reason} (try {tries} of {order.tries})"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with states.claim(name) as held:
        before = states.read(name)
        if held:
            state = before if before and before.run == order.run else TaskState(name, "failed", key="", run=order.run)
            state = replace(state, status="failed", reason=reason, log=states.relative(log), executor=order.executor)
            states.write(replace(state, finished=now, host=state.host or platform.node()))
    return Outcome(name, "failed", reason, log)
