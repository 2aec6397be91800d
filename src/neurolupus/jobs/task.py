"""Task, Outcome and Event: what is asked of many scans, what became of each, and what is told meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

Rerun: TypeAlias = Literal["changed", "failed", "all"]
OutcomeStatus: TypeAlias = Literal["done", "failed", "skipped"]
EventKind: TypeAlias = Literal["started", "step", "finished"]

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
class Outcome:
    """What became of one task; `reason` says why it failed or was skipped, `log` holds all that it said."""

    name: str
    status: OutcomeStatus
    reason: str = ""
    log: Path | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to a task while many run; `outcome` is set when it has finished."""

    name: str
    kind: EventKind
    step: str = ""
    outcome: Outcome | None = None


def ignore_event(event: Event) -> None:
    """Tell nobody."""
