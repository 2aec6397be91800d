"""attend(): one try at one task, wherever it is called: claimed, remembered, held to its limits, believed or not.

Every executor calls this on the machine that does the work, which must see the output folder; so that there is one
place for claims, states and tries, whoever runs what where.
"""

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from neurolupus.jobs.attempt import Attempt, Ending
from neurolupus.jobs.key import FileStamp, stamp_file, work_key
from neurolupus.jobs.limits import Limits
from neurolupus.jobs.state import StateFolder, TaskState
from neurolupus.jobs.task import CleanUp, Event, Outcome, Rerun, Task, Work

ALREADY_DONE = "already done"
STOPPED = "stopped by the user"
TRIES = 3


@dataclass(frozen=True, slots=True)
class Order:
    """A task, and all that another machine must know to do it; it pickles.

    Parameters
    ----------
    task : Task
    function, clean_up : callable
        See `run_many`.
    out : Path
        The output folder; absolute.
    run : str
        The name of the run that gave the order: `tries` are counted within it.
    executor : str
        Told in the state.
    rerun, logs, environment
        See `JobOptions`.
    limits : Limits
        Of each try.
    tries : int
        After so many the task has failed.
    """

    task: Task
    function: Work
    out: Path
    run: str
    executor: str = "local"
    clean_up: CleanUp | None = None
    rerun: Rerun = "changed"
    logs: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    tries: int = TRIES

    @property
    def log(self) -> Path:
        """Where all that the task says is written."""
        folder = self.logs or StateFolder(self.out).folder / "logs"
        return folder / f"{self.task.name}.log"


def attend(
    order: Order, tell: Callable[[Event], None] = lambda event: None, stopped: Callable[[], bool] = lambda: False
) -> Outcome:
    """What became of one try; the status `again` asks for another.

    Parameters
    ----------
    tell : callable
        Called with the events `started` and `step`.
    stopped : callable
        Asked some times a second; once it is True the try is ended, and not believed.

    Raises
    ------
    OSError
        The output folder takes no state: its disk is full, or gone.
    """
    task, states = order.task, StateFolder(order.out)
    with states.claim(task.name) as held:
        before = states.read(task.name)
        if not held:
            who = f"process {before.pid} on {before.host}" if before else "another process"
            return Outcome(task.name, "skipped", f"{who} is working on it")
        ours = before is not None and before.run == order.run
        if order.rerun == "failed" and not ours and (before is None or before.status == "done"):
            return Outcome(task.name, "skipped", "did not fail last time")
        stamps, unread = _stamps(task, before)
        key = "" if unread else work_key(list(stamps.values()), task.settings)
        if before and (order.rerun != "all" or ours) and not unread and states.is_finished(before, key):
            return Outcome(task.name, "skipped", ALREADY_DONE, seconds=before.seconds)
        state = TaskState(
            name=task.name,
            status="running",
            key=key,
            tries=before.tries + 1 if before and before.key == key else 1,
            run=order.run,
            run_tries=before.run_tries + 1 if before and ours else 1,
            executor=order.executor,
            started=_now(),
            host=platform.node(),
            pid=os.getpid(),
            inputs=stamps,
            log=states.relative(order.log),
        )
        if before and ours and before.run_tries >= order.tries:  # whoever attended to it died with it each time
            return _lost(states, before)
        states.write(state)
        tell(Event(task.name, "started"))
        began = time.perf_counter()
        ending = Ending(error=unread, heals=True) if unread else _follow(order, tell, stopped)
        state = replace(
            state,
            seconds=round(time.perf_counter() - began, 3),
            finished=_now(),
            memory_mb=ending.memory_mb,
        )
        return _remember(order, states, state, ending, interrupted=stopped())


def _follow(order: Order, tell: Callable[[Event], None], stopped: Callable[[], bool]) -> Ending:
    task = order.task
    if order.clean_up:
        order.clean_up(task.payload)
    if stopped():
        return Ending(error=STOPPED)
    attempt = Attempt(order.function, task.payload, order.log, order.environment)
    return attempt.follow(lambda step: tell(Event(task.name, "step", step)), order.limits, stopped)


def _remember(order: Order, states: StateFolder, state: TaskState, ending: Ending, *, interrupted: bool) -> Outcome:
    """Write down how a try ended; what that means for the task."""
    name = state.name
    if ending.error is None:
        outputs = tuple(states.relative(path) for path in ending.outputs)
        states.write(replace(state, status="done", outputs=outputs))
        return Outcome(name, "done", log=order.log, seconds=state.seconds)
    if order.clean_up:
        order.clean_up(order.task.payload)
    if interrupted:
        states.write(replace(state, status="interrupted", reason=STOPPED))
        return Outcome(name, "failed", STOPPED, order.log, state.seconds)
    again = ending.heals and not ending.of_the_place and state.run_tries < order.tries
    reason = ending.error
    if state.run_tries > 1 or again:
        reason = f"{reason} (try {state.run_tries} of {order.tries})"
    states.write(replace(state, status="waiting" if again else "failed", reason=reason))
    return Outcome(name, "again" if again else "failed", reason, order.log, state.seconds, ending.of_the_place)


def _lost(states: StateFolder, before: TaskState) -> Outcome:
    reason = f"It was lost with the process that attended to it, {before.run_tries} times; last on {before.host}."
    states.write(replace(before, status="failed", reason=reason, finished=_now()))
    return Outcome(before.name, "failed", reason)


def give_up(states: StateFolder, order: Order, why: str) -> Outcome:
    """Remember that a task whose try failed gets no other in this run; its log stays."""
    before = states.read(order.task.name)
    reason = f"{before.reason if before else ''}; not tried again: {why}".lstrip("; ")
    if before is not None and before.status == "waiting":
        states.write(replace(before, status="failed", reason=reason))
    return Outcome(order.task.name, "failed", reason, order.log)


def record_failure(out: Path, name: str, reason: str, *, run: str = "") -> Outcome:
    """Remember a task that failed before it could become one, so that the status of `out` tells it."""
    states = StateFolder(out)
    with states.claim(name) as held:
        if held:
            state = TaskState(name, "failed", key="", reason=reason, run=run, finished=_now())
            states.write(replace(state, host=platform.node(), pid=os.getpid()))
    return Outcome(name, "failed", reason)


def is_unchanged(states: StateFolder, task: Task, before: TaskState) -> bool:
    """Whether a task is finished as far as can be told without reading its inputs."""
    try:
        for path in task.inputs:
            known = before.inputs.get(str(path))
            if known is None or not known.is_of(path):
                return False
    except OSError:
        return False
    stamps = [before.inputs[str(path)] for path in task.inputs]
    return states.is_finished(before, work_key(stamps, task.settings))


def _stamps(task: Task, before: TaskState | None) -> tuple[dict[str, FileStamp], str]:
    """The stamps of a task's inputs, and why they could not be read."""
    known = before.inputs if before else {}
    try:
        return {str(path): stamp_file(path, known.get(str(path))) for path in task.inputs}, ""
    except OSError as error:
        return {}, f"{error.strerror}: {error.filename}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
