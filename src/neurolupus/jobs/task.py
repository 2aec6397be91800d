"""Task, Outcome and Event: what is asked of many scans, what became of each, and what is told meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

Rerun: TypeAlias = Literal["changed", "failed", "all"]
OutcomeStatus: TypeAlias = Literal["done", "failed", "skipped", "again", "submitted"]
EventKind: TypeAlias = Literal["started", "step", "again", "finished"]

Progress: TypeAlias = Callable[[str], None]
"""Called by the work with the name of the step it begins."""

Work: TypeAlias = Callable[[Any, Progress], Sequence[Path]]
"""What is done to one payload, in a process of its own: a function of a module; returns the files it wrote."""

CleanUp: TypeAlias = Callable[[Any], None]
"""Removes what an interrupted attempt at one payload may have left."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work.

    Parameters
    ----------
    name : str
        Unique, and good as a file name: `sub-01_ses-1`.
    payload : object
        What the work is called with; it must pickle.
    inputs : tuple of Path
        Files whose contents decide the result.
    settings : mapping
        JSON values that decide the result: choices, version.
    """

    name: str
    payload: object
    inputs: tuple[Path, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name or any(c in self.name for c in '/\\:*?"<>|') or self.name.startswith("."):
            raise ValueError(f"Task name {self.name!r} is no file name; letters, digits, - and _ are safe.")


@dataclass(frozen=True, slots=True)
class LazyTask:
    """A task that is made when its turn comes, so that ten thousand of them take no memory.

    Parameters
    ----------
    name : str
        Of the task.
    make : callable
        Gives the task; an error of neurolupus that it raises fails this task alone.
    """

    name: str
    make: Callable[[], Task]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one task; `reason` says why it failed or was skipped, `log` holds all that it said.

    `again` never leaves `run_many`: the try failed, and another may end better. `submitted` is a task that goes on by
    itself after `run_many` has returned. `of_the_place`: the output takes no more, so that every other task would fail.
    """

    name: str
    status: OutcomeStatus
    reason: str = ""
    log: Path | None = None
    seconds: float = 0.0
    of_the_place: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to a task while many run; `outcome` is set when it has finished.

    An event `again` tells in `step` why a try failed that is followed by another.
    """

    name: str
    kind: EventKind
    step: str = ""
    outcome: Outcome | None = None


def ignore_event(event: Event) -> None:
    """Tell nobody."""
