"""What is done, running, failed and why, as remembered in an output folder."""

from dataclasses import dataclass
from pathlib import Path

from neurolupus.jobs.state import StateFolder, StateStatus, TaskState


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Every task of one output folder, in order of name."""

    tasks: tuple[TaskState, ...]

    def count(self, status: StateStatus) -> int:
        """How many tasks are in this state."""
        return sum(task.status == status for task in self.tasks)


def read_status(out: Path) -> RunStatus:
    """The state of every task that was ever begun in `out`; empty when none was."""
    return RunStatus(tuple(StateFolder(out).all()))
