"""Which scans a coordinator follows in Slurm."""

from dataclasses import dataclass, field

from neurolupus.jobs.attend import Order
from neurolupus.jobs.slurm.commands import ArrayTask
from neurolupus.jobs.slurm.submission import Submission


@dataclass(slots=True)
class Followed:
    """A scan in hand: which array task has it, and what was last seen of it."""

    order: Order
    submission: Submission
    index: int
    ours: bool
    started: bool = False
    gone_since: float | None = None
    last: ArrayTask | None = None


@dataclass(slots=True)
class Book:
    """What is in hand, by submission and number."""

    by_array: dict[str, dict[int, Followed]] = field(default_factory=dict)

    def add(self, one: Followed) -> None:
        """Follow it."""
        self.by_array.setdefault(one.submission.array, {})[one.index] = one

    def drop(self, one: Followed) -> None:
        """Follow it no longer."""
        rows = self.by_array[one.submission.array]
        del rows[one.index]
        if not rows:
            del self.by_array[one.submission.array]

    def all(self) -> list[Followed]:
        """Everything that is followed."""
        return [one for rows in self.by_array.values() for one in rows.values()]

    def has_job(self, job: str) -> bool:
        """Whether a task of this array is followed."""
        return any(one.submission.job == job for one in self.all())
