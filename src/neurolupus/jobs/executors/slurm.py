"""Tasks on a Slurm cluster: plain arrays of `sbatch`, followed by what their tasks write and what `squeue` says.

Nothing is lost when the coordinator is: the array tasks attend to their scans by themselves, and the next coordinator
finds in `OUT/.neurolupus/slurm` which scans the queue still holds, and submits only the others. No accounting database
is needed.
"""

import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.jobs.attend import Order, is_unchanged
from neurolupus.jobs.lock import claim
from neurolupus.jobs.slurm import commands
from neurolupus.jobs.slurm.commands import ArrayTask, SlurmFullError, SlurmSilentError
from neurolupus.jobs.slurm.live import active_tasks, forget_settled
from neurolupus.jobs.slurm.lost import give_up, keep_output, why_lost
from neurolupus.jobs.slurm.script import batch_script, brings_its_own_python
from neurolupus.jobs.slurm.submission import Submission, plan_sha256, slurm_folder, write_submission
from neurolupus.jobs.state import StateFolder
from neurolupus.jobs.task import Event, Outcome

_MOST_IN_HAND = 10_000  # the default MaxJobCount of a cluster (slurm.conf(5))
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


@dataclass(slots=True)
class _Followed:
    """A scan in hand: which array task has it, and what was last seen of it."""

    order: Order
    submission: Submission
    index: int
    ours: bool
    started: bool = False
    gone_since: float | None = None
    last: ArrayTask | None = None


@dataclass(slots=True)
class _Book:
    """What is in hand, by submission and number."""

    by_array: dict[str, dict[int, _Followed]] = field(default_factory=dict)

    def add(self, one: _Followed) -> None:
        self.by_array.setdefault(one.submission.array, {})[one.index] = one

    def drop(self, one: _Followed) -> None:
        rows = self.by_array[one.submission.array]
        del rows[one.index]
        if not rows:
            del self.by_array[one.submission.array]

    def all(self) -> list[_Followed]:
        return [one for rows in self.by_array.values() for one in rows.values()]


class SlurmExecutor:
    """A Slurm cluster that sees the output folder under the same path.

    Parameters
    ----------
    settings : SlurmSettings, optional
    """

    name = "slurm"
    places = _MOST_IN_HAND

    def __init__(self, settings: SlurmSettings | None = None) -> None:
        self.settings = settings or SlurmSettings()
        self._waiting: deque[Order] = deque()
        self._book = _Book()
        self._losses: dict[str, int] = {}
        self._polled_at = float("-inf")
        self._array_size = 1
        self._last_job = ""

    def open(self, out: Path, run: str) -> None:
        """Learn how large an array may be.

        Raises
        ------
        UsageError
            Slurm is not on this machine, or does not answer.
        """
        self._out, self._run = out, run
        self._largest_array = self._array_size = commands.max_array_size()

    def begin(self, orders: Sequence[Order]) -> None:
        """Take them; they are submitted together when the queue is next looked at."""
        self._waiting.extend(orders)

    def events(self, wait_s: float) -> Sequence[Event]:
        """Look at what the tasks wrote, and every `poll_s` seconds at the queue; then submit what waits."""
        found = self._ended()
        if time.monotonic() - self._polled_at >= self.settings.poll_s:
            found += self._poll()
            found += self._submit()
            self._polled_at = time.monotonic()
        if not found:
            time.sleep(wait_s)
        return found

    def stop(self) -> None:
        """Nothing: what is in the queue goes on, and the next run follows it; see `live.cancel_all`."""

    def close(self) -> None:
        """Forget the arrays of which nothing is left."""
        with suppress(SlurmSilentError, OSError):
            forget_settled(self._out, run=self._run)

    def _ended(self) -> list[Event]:
        """What the tasks told that have ended."""
        events = []
        for rows in list(self._book.by_array.values()):
            submission = next(iter(rows.values())).submission
            for index in submission.ended() & rows.keys():
                outcome = submission.outcome(index)
                if outcome is not None:
                    events.append(self._finish(rows[index], outcome))
        return events

    def _finish(self, one: _Followed, outcome: Outcome) -> Event:
        self._book.drop(one)
        self._losses.pop(one.order.task.name, None)
        states = StateFolder(self._out)
        if outcome.status == "done" and not one.ours:  # submitted by an earlier run, perhaps with other settings
            state = states.read(one.order.task.name)
            if state is not None and not is_unchanged(states, one.order.task, state):
                outcome = Outcome(outcome.name, "again", "its settings or files changed since it was submitted")
        return Event(one.order.task.name, "finished", outcome=outcome)

    def _poll(self) -> list[Event]:
        """Which scans have begun, and which have left the queue without a word."""
        followed = self._book.all()
        try:
            known = {(task.array, task.index): task for task in commands.queue(self._book.by_array)}
        except SlurmSilentError:  # a controller that is restarted; nobody is lost for that
            return []
        events, now = [], time.monotonic()
        for one in followed:
            task = known.get((one.submission.array, one.index))
            one.last = task or one.last
            if task is not None and not task.is_over:
                one.gone_since = None
                if task.state == "RUNNING" and not one.started:
                    one.started = True
                    events.append(Event(one.order.task.name, "started"))
            elif one.gone_since is None:
                one.gone_since = now
            elif now - one.gone_since >= self.settings.settle_s and one.submission.outcome(one.index) is None:
                events.append(self._lose(one))
        return events

    def _lose(self, one: _Followed) -> Event:
        """A try that ended without a word: another, or none if it was the last."""
        self._book.drop(one)
        name = one.order.task.name
        count = self._losses[name] = self._losses.get(name, 0) + 1
        reason = why_lost(one.last)
        log = keep_output(one.submission.output(one.index), one.order.log)
        if count < one.order.tries:
            return Event(
                name, "finished", outcome=Outcome(name, "again", f"{reason} (try {count} of {one.order.tries})", log)
            )
        return Event(name, "finished", outcome=give_up(one.order, reason, count, log))

    def _submit(self) -> list[Event]:
        """Hand what waits to Slurm, but for what the queue holds already."""
        if not self._waiting:
            return []
        with claim(slurm_folder(self._out) / "submit.lock", wait_s=60):  # two coordinators look one after the other
            try:
                self._follow_queued()
                while self._waiting:
                    self._submit_array()
            except SlurmFullError as full:
                self._wait_for_room(full)
            except SlurmSilentError:
                pass
        return [] if self.settings.wait else self._leave()

    def _follow_queued(self) -> None:
        active = active_tasks(self._out)
        orders, self._waiting = self._waiting, deque()
        for order in orders:
            known = active.get(order.task.name)
            if known is None:
                self._waiting.append(order)
            else:
                submission, task = known
                self._book.add(_Followed(order, submission, task.index, ours=False))

    def _submit_array(self) -> None:
        orders = [self._waiting.popleft() for _ in range(min(self._array_size, len(self._waiting)))]
        own_python = brings_its_own_python(self.settings.setup)
        submission = write_submission(self._out, orders, run=self._run, path=() if own_python else sys.path)
        script = submission.folder / "script.sh"
        plan = submission.folder / "plan.json"
        script.write_text(batch_script(plan, plan_sha256(submission), self.settings.setup), encoding="utf-8")
        try:
            submission = submission.with_job(commands.submit(script, self._options(submission, orders[0])))
        except BaseException:
            submission.remove()
            self._waiting.extendleft(reversed(orders))
            raise
        self._last_job = submission.job
        self._array_size = min(self._largest_array, 2 * self._array_size)
        for index, order in enumerate(orders):
            self._book.add(_Followed(order, submission, index, ours=True))

    def _options(self, submission: Submission, order: Order) -> list[str]:
        """What sbatch is told about an array; all its orders have the same limits."""
        count, limits = len(submission.names), order.limits
        throttle = f"%{self.settings.at_once}" if self.settings.at_once else ""
        escaped = str(submission.folder).replace("%", "%%")
        options = [
            f"--job-name={submission.array}",
            f"--array=0-{count - 1}{throttle}",
            f"--output={escaped}/%a.out",
            "--open-mode=append",  # what was said before Slurm began it anew by itself
            f"--chdir={self._out}",
            "--export=HOME,USER,LOGNAME,PATH,LANG,LC_ALL,LD_LIBRARY_PATH",  # and none of the coordinator's secrets
            "--nodes=1",
            "--ntasks=1",
            f"--cpus-per-task={self.settings.cpus}",
        ]
        if limits.memory_mb is not None:
            options.append(f"--mem={round(limits.memory_mb) + _SPARE_MB}M")
        if limits.seconds is not None:
            options.append(f"--time={round(limits.seconds / 60 + 0.5) + _SPARE_MINUTES}")
        if self.settings.at_once and self._last_job and self._is_queued(self._last_job):
            options.append(f"--dependency=afterany:{self._last_job}")  # else each array would have as many at once
        return [*options, *self.settings.options]

    def _is_queued(self, job: str) -> bool:
        return any(one.submission.job == job for one in self._book.all())

    def _wait_for_room(self, full: SlurmFullError) -> None:
        """Try smaller arrays, and later again; where not even one scan is taken and none is in the queue, never.

        Raises
        ------
        UsageError
        """
        if self._array_size == 1 and not self._book.by_array:
            raise UsageError(
                f"Slurm takes no scan of this user: {full}\n"
                "    Wait until other jobs have ended, or ask who runs the cluster; then run the same command again."
            )
        self._array_size = max(1, self._array_size // 2)

    def _leave(self) -> list[Event]:
        """Nobody waits: what is in the queue goes on by itself."""
        events = []
        for one in self._book.all():
            self._book.drop(one)
            job = f"Slurm job {one.submission.job}_{one.index}"
            events.append(
                Event(one.order.task.name, "finished", outcome=Outcome(one.order.task.name, "submitted", job))
            )
        return events  # what Slurm would not take yet is tried again at the next poll
