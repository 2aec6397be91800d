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
from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.jobs.attend import Order, is_unchanged
from neurolupus.jobs.limits import Limits
from neurolupus.jobs.lock import claim
from neurolupus.jobs.slurm import commands
from neurolupus.jobs.slurm.book import Book, Followed
from neurolupus.jobs.slurm.commands import SlurmFullError, SlurmSilentError
from neurolupus.jobs.slurm.live import active_tasks, forget_settled
from neurolupus.jobs.slurm.lost import give_up, keep_output, why_lost
from neurolupus.jobs.slurm.script import batch_script, brings_its_own_python
from neurolupus.jobs.slurm.settings import SlurmSettings, sbatch_options
from neurolupus.jobs.slurm.submission import Submission, plan_sha256, slurm_folder, write_submission
from neurolupus.jobs.state import StateFolder
from neurolupus.jobs.task import Event, Outcome

_MOST_IN_HAND = 10_000  # the default MaxJobCount of a cluster (slurm.conf(5))


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
        self._book = Book()
        self._losses: dict[str, int] = {}
        self._changed_at: dict[str, int] = {}
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
        try:
            self._largest_array = self._array_size = commands.max_array_size()
        except SlurmSilentError as error:
            raise UsageError(f"Slurm does not answer: {error}\n    Try again later; sinfo tells its state.") from None

    def begin(self, orders: Sequence[Order]) -> None:
        """Take them; they are submitted together when the queue is next looked at."""
        self._waiting.extend(orders)

    def events(self, wait_s: float) -> Sequence[Event]:
        """Look at what the tasks wrote, and every `poll_s` seconds at the queue; then submit what waits."""
        is_due = time.monotonic() - self._polled_at >= self.settings.poll_s
        found = self._ended(sure=is_due)
        if is_due:
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
        with suppress(SlurmSilentError, UsageError, OSError):
            forget_settled(self._out, run=self._run)

    def _ended(self, *, sure: bool = False) -> list[Event]:
        """What the tasks told that have ended; `sure` looks also where nothing seems to have changed."""
        events = []
        for array, rows in list(self._book.by_array.items()):
            submission = next(iter(rows.values())).submission
            changed = submission.changed_at()
            if changed == self._changed_at.get(array) and not sure:
                continue
            self._changed_at[array] = changed
            for index in submission.ended() & rows.keys():
                outcome = submission.outcome(index)
                if outcome is not None:
                    events.append(self._finish(rows[index], outcome))
        return events

    def _finish(self, one: Followed, outcome: Outcome) -> Event:
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

    def _lose(self, one: Followed) -> Event:
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
        with claim(slurm_folder(self._out) / "submit.lock", wait_s=60), suppress(SlurmSilentError):
            # two coordinators look one after the other
            self._follow_queued()
            while self._waiting:
                try:
                    self._submit_array()
                except SlurmFullError as full:
                    if not self._make_room(full):
                        break
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
                self._book.add(Followed(order, submission, task.index, ours=False))

    def _submit_array(self) -> None:
        orders = [self._waiting.popleft() for _ in range(min(self._array_size, len(self._waiting)))]
        own_python = brings_its_own_python(self.settings.setup)
        path = [] if own_python else [one for one in sys.path if Path(one).is_absolute()]  # '' is the output there
        submission = write_submission(self._out, orders, run=self._run, path=path)
        script = submission.folder / "script.sh"
        plan = submission.folder / "plan.json"
        script.write_text(batch_script(plan, plan_sha256(submission), self.settings.setup), encoding="utf-8")
        try:
            submission = submission.with_job(commands.submit(script, self._options(submission, orders[0].limits)))
        except (UsageError, SlurmFullError):
            submission.remove()
            self._waiting.extendleft(reversed(orders))
            raise
        except SlurmSilentError:  # it may have been taken: then it is found in the queue, by its name
            self._waiting.extendleft(reversed(orders))
            raise
        self._last_job = submission.job
        self._array_size = min(self._largest_array, 2 * self._array_size)
        for index, order in enumerate(orders):
            self._book.add(Followed(order, submission, index, ours=True))

    def _options(self, submission: Submission, limits: Limits) -> list[str]:
        """What sbatch is told; arrays follow one another where all together may have only so many at once."""
        waits = self.settings.at_once is not None and self._book.has_job(self._last_job)
        return sbatch_options(submission, self._out, limits, self.settings, self._last_job if waits else "")

    def _make_room(self, full: SlurmFullError) -> bool:
        """Take smaller arrays; whether to try again at once. Who waits tries at the next poll, when others have ended.

        Raises
        ------
        UsageError
            Not even one scan is taken, and none of ours is in the queue that could end.
        """
        if self._array_size > 1:
            self._array_size //= 2
            return not self.settings.wait
        if self.settings.wait and not self._book.by_array:
            raise UsageError(
                f"Slurm takes no scan of this user: {full}\n"
                "    Wait until other jobs have ended, or ask who runs the cluster; then run the same command again."
            )
        return False

    def _leave(self) -> list[Event]:
        """Nobody waits: what is in the queue goes on by itself; what Slurm did not take is told."""
        outcomes = []
        for one in self._book.all():
            self._book.drop(one)
            job = f"Slurm job {one.submission.job}_{one.index}"
            outcomes.append(Outcome(one.order.task.name, "submitted", job))
        for order in self._waiting:
            reason = "not submitted: Slurm takes no more for now; run the same command again later"
            outcomes.append(Outcome(order.task.name, "skipped", reason))
        self._waiting.clear()
        return [Event(outcome.name, "finished", outcome=outcome) for outcome in outcomes]
