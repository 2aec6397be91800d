"""Where tasks are done: this machine, a Dask cluster, Slurm.

An executor knows only *where* something runs. What an attempt is (claim, state, limits, tries, log) is `jobs.attend`,
and every executor calls `attend(order)` on the machine that does the work; what is begun, tried again and told is
`jobs.run`. To add one, write a class with what `Executor` names:

- `run_many` calls `open(run)` once, then, again and again, `begin(orders)` with at most `places` orders in hand and
  `events(wait_s)`, and last `close()`, always.
- `begin` returns soon. Orders pickle, and so do their payloads.
- `events` waits until something has happened, at most `wait_s`, and gives it in order: `started` and `step` as far as
  the place tells them, and for each order exactly one `finished` event with the `Outcome` that `attend` returned there.
  An executor that learns of an outcome from the state on disk (`StateFolder(out).read(name)`) makes it from there:
  `done`, `failed`, and `again` for the status `waiting`.
- An attempt whose whole machine was lost has no outcome: the executor gives it as `Outcome(name, "again", reason)`, and
  `run_many` begins it anew. `attend` counts the tries of one run from the state on disk, `Order.tries` at most, so that
  a scan that takes its machine down with it ends as failed, too.
- Work that goes on when `run_many` has returned (nobody waits for it) ends here with `Outcome(name, "submitted")`.
- `stop` ends what is under way, as Ctrl-C asks; `run_many` believes nothing that is told afterwards.
- An exception raised by any of them ends the run: what is done stays done, and the next run goes on from there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from neurolupus.jobs.attend import Order
from neurolupus.jobs.task import Event


class Executor(Protocol):
    """A place where orders are carried out."""

    @property
    def name(self) -> str:
        """`local`, `dask`, `slurm`."""

    @property
    def places(self) -> int:
        """How many orders it wants in hand; more wait with `run_many`, where they take no memory."""

    def open(self, out: Path, run: str) -> None:
        """Get ready for a run of this name into this output folder."""

    def begin(self, orders: Sequence[Order]) -> None:
        """Begin to carry these out; at least one."""

    def events(self, wait_s: float) -> Sequence[Event]:
        """What happened since the last call; empty when nothing did in `wait_s` seconds."""

    def stop(self) -> None:
        """End what is under way."""

    def close(self) -> None:
        """Leave the place; nothing is under way, or `stop` was called."""
