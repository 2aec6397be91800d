"""run_many(): one function over many tasks, each in its own process, on this machine or on a cluster."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from neurolupus.errors import NeurolupusError
from neurolupus.jobs.attend import ALREADY_DONE, STOPPED, TRIES, Order, give_up, is_unchanged, record_failure
from neurolupus.jobs.executors import Executor
from neurolupus.jobs.executors.local import LocalExecutor
from neurolupus.jobs.limits import Limits
from neurolupus.jobs.plan import PlanFile, planned
from neurolupus.jobs.state import StateFolder
from neurolupus.jobs.task import CleanUp, Event, LazyTask, Outcome, Rerun, Task, Work, ignore_event

__all__ = ["ALREADY_DONE", "STOPPED", "JobOptions", "record_failure", "run_many"]

_WAIT_S = 0.5  # a wait without end cannot be interrupted on Windows
_TELL_S = 1.0  # how often the plan on disk is brought up to date


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How many tasks are run.

    Parameters
    ----------
    nprocs : int
        Tasks at once, where no executor is given.
    rerun : {'changed', 'failed', 'all'}
        'changed' runs what has no finished result of the same inputs, settings and version (what failed before is
        tried again); 'failed' only what failed or was interrupted last time; 'all' everything.
    logs : Path, optional
        Where each task's log goes; `OUT/.neurolupus/logs` by default.
    environment : mapping
        Environment variables of the workers, added to one's own.
    stop_on_first_failure : bool
        Begin nothing new once a task has failed.
    limits : Limits
        What each try may take.
    tries : int
        After so many tries a task has failed. Only what may heal is tried again: a process that was killed, crashed or
        went over a limit, an error of the system (`OSError`), memory that ran out. What the task itself raises is not.
    executor : Executor, optional
        Where the tasks are done; on this machine by default.
    """

    nprocs: int = 1
    rerun: Rerun = "changed"
    logs: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_on_first_failure: bool = False
    limits: Limits = field(default_factory=Limits)
    tries: int = TRIES
    executor: Executor | None = None

    def __post_init__(self) -> None:
        for name, value in (("nprocs", self.nprocs), ("tries", self.tries)):
            if value < 1:
                raise ValueError(f"{name} is {value}; one or more is needed.")


def run_many(
    tasks: Sequence[Task | LazyTask],
    function: Work,
    out: Path,
    *,
    options: JobOptions | None = None,
    clean_up: CleanUp | None = None,
    on_event: Callable[[Event], None] = ignore_event,
) -> tuple[Outcome, ...]:
    """What became of each task, in the order of `tasks`.

    A task that raises, crashes or is killed loses only itself. A task is remembered as done after its function has
    returned, never before, so that whatever is killed when, the next call goes on from there. Several calls may work on
    one output at once, also from different machines: each task is claimed by one.

    Parameters
    ----------
    tasks : sequence of Task or LazyTask
        Their names are unique.
    function : callable
        A function of an importable module, called as `function(payload, progress)` in a process of its own; it writes
        its files atomically and returns them.
    out : Path
        The output folder; what is remembered lies in `.neurolupus` inside it.
    options : JobOptions, optional
    clean_up : callable, optional
        Called with the payload before each attempt and after one that did not finish, while the task is claimed.
    on_event : callable, optional
        Called in the calling thread whenever a task starts, begins a step, is to be tried again or has finished.

    Raises
    ------
    KeyboardInterrupt
        After the workers have ended and their unfinished files are gone.
    """
    names = [task.name for task in tasks]
    if len(names) != len(set(names)):
        raise ValueError(f"Task names occur twice: {sorted({n for n in names if names.count(n) > 1})}.")
    options = options or JobOptions()
    executor = options.executor or LocalExecutor(min(options.nprocs, max(1, len(tasks))))
    with planned(out, names, executor=executor.name, places=executor.places) as plan:
        run = _Run(tasks, function, out.absolute(), options, clean_up, executor, plan, on_event)
        outcomes = run.work()
    return tuple(outcomes[name] for name in names)


class _Run:
    """The coordinator: what waits, what is in hand, what has become of each task."""

    def __init__(
        self,
        tasks: Sequence[Task | LazyTask],
        function: Work,
        out: Path,
        options: JobOptions,
        clean_up: CleanUp | None,
        executor: Executor,
        plan: PlanFile,
        on_event: Callable[[Event], None],
    ) -> None:
        self.options, self.executor, self.plan, self.on_event = options, executor, plan, on_event
        self.function, self.clean_up = function, clean_up
        self.states = StateFolder(out)
        self.total = len(tasks)
        self.waiting: Iterator[Task | LazyTask] = iter(tasks)
        self.again: deque[Order] = deque()
        self.in_hand: dict[str, Order] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.stopping = ""  # why nothing new is begun
        self.taken, self.told_at = 0, 0.0

    def work(self) -> dict[str, Outcome]:
        """What became of each task, by name."""
        try:
            self.executor.open(self.states.out, self.plan.run)
            while len(self.outcomes) < self.total:
                self._begin()
                if self.in_hand:
                    for event in self.executor.events(_WAIT_S):
                        self._hear(event)
        except BaseException:
            self.plan.stop()
            self.executor.stop()
            raise
        finally:
            self.executor.close()
        self.plan.tell(self.total)
        return self.outcomes

    def _begin(self) -> None:
        """Fill the executor's free places; what has failed a try comes last."""
        room = self.executor.places - len(self.in_hand)
        orders: list[Order] = []
        while len(orders) < room and (order := self._next()) is not None:
            orders.append(order)
        if orders:
            self.in_hand |= {order.task.name: order for order in orders}
            self.executor.begin(orders)

    def _next(self) -> Order | None:
        if self.again and self.options.stop_on_first_failure:  # whether it fails decides about those that wait
            return self.again.popleft()
        for task in self.waiting:
            self._count_one()
            order = self._order(task)
            if order is not None:
                return order
        while self.again:
            order = self.again.popleft()
            if not self.stopping:
                return order
            self._finish(give_up(self.states, order, self.stopping))
        return None

    def _order(self, task: Task | LazyTask) -> Order | None:
        """The order to do a task; None when it is known already what becomes of it."""
        if self.stopping:
            self._finish(Outcome(task.name, "skipped", f"not begun: {self.stopping}"))
            return None
        before = self.states.read(task.name)
        if self.options.rerun == "failed" and (before is None or before.status == "done"):
            self._finish(Outcome(task.name, "skipped", "did not fail last time"))
            return None
        try:
            task = task.make() if isinstance(task, LazyTask) else task
        except (NeurolupusError, OSError) as error:
            self._finish(record_failure(self.states.out, task.name, str(error), run=self.plan.run))
            return None
        if before and self.options.rerun == "changed" and is_unchanged(self.states, task, before):
            self._finish(Outcome(task.name, "skipped", ALREADY_DONE, seconds=before.seconds))
            return None
        return Order(
            task,
            self.function,
            self.states.out,
            self.plan.run,
            executor=self.executor.name,
            clean_up=self.clean_up,
            rerun=self.options.rerun,
            logs=self.options.logs.absolute() if self.options.logs else None,
            environment=self.options.environment,
            limits=self.options.limits,
            tries=self.options.tries,
        )

    def _hear(self, event: Event) -> None:
        if event.outcome is None:
            self.on_event(event)
            return
        order = self.in_hand.pop(event.name, None)
        if order is None:  # told twice, as of a worker that was thought lost
            return
        if event.outcome.status == "again":
            self.again.append(order)
            self.on_event(Event(event.name, "again", event.outcome.reason))
            return
        self._finish(event.outcome)

    def _finish(self, outcome: Outcome) -> None:
        if outcome.of_the_place:
            self.stopping = self.stopping or outcome.reason
        elif outcome.status == "failed" and self.options.stop_on_first_failure:
            self.stopping = self.stopping or "another scan failed before"
        self.outcomes[outcome.name] = outcome
        self.on_event(Event(outcome.name, "finished", outcome=outcome))

    def _count_one(self) -> None:
        self.taken += 1
        if time.monotonic() - self.told_at > _TELL_S:
            self.plan.tell(self.taken)
            self.told_at = time.monotonic()
