"""run_many(): one function over many tasks, some at once, each in its own process."""

import os
import platform
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from neurolupus.jobs.attempt import Attempt, Ending
from neurolupus.jobs.key import FileStamp, stamp_file, work_key
from neurolupus.jobs.state import StateFolder, TaskState
from neurolupus.jobs.task import CleanUp, Event, Outcome, Rerun, Task, Work, ignore_event
from neurolupus.jobs.worker import GRACE_S

ALREADY_DONE = "already done"
STOPPED = "stopped by the user"


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How many tasks are run.

    Parameters
    ----------
    nprocs : int
        Tasks at once.
    rerun : {'changed', 'failed', 'all'}
        'changed' runs what has no finished result of the same inputs, settings and version (what failed before is
        tried again); 'failed' only what failed or was interrupted last time; 'all' everything.
    logs : Path, optional
        Where each task's log goes; `OUT/.neurolupus/logs` by default.
    environment : mapping
        Environment variables of the workers, added to one's own.
    stop_on_first_failure : bool
        Begin nothing new once a task has failed.
    """

    nprocs: int = 1
    rerun: Rerun = "changed"
    logs: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_on_first_failure: bool = False

    def __post_init__(self) -> None:
        if self.nprocs < 1:
            raise ValueError(f"nprocs is {self.nprocs}; one process or more is needed.")


def run_many(
    tasks: Sequence[Task],
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
    one output at once, also from different processes: each task is claimed by one.

    Parameters
    ----------
    tasks : sequence of Task
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
        Called in the calling thread whenever a task starts, begins a step or has finished.

    Raises
    ------
    KeyboardInterrupt
        After the workers have ended and their unfinished files are gone.
    """
    names = [task.name for task in tasks]
    if len(names) != len(set(names)):
        raise ValueError(f"Task names occur twice: {sorted({n for n in names if names.count(n) > 1})}.")
    crew = _Crew(tasks, function, StateFolder(out), options or JobOptions(), clean_up)
    outcomes = {outcome.name: outcome for outcome in crew.run(on_event)}
    return tuple(outcomes[name] for name in names)


class _Crew:
    """The threads that each attend to one process at a time."""

    def __init__(
        self, tasks: Sequence[Task], function: Work, states: StateFolder, options: JobOptions, clean_up: CleanUp | None
    ) -> None:
        self.states, self.function, self.options, self.clean_up = states, function, options, clean_up
        self.waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
        for task in tasks:
            self.waiting.put(task)
        self.total = len(tasks)
        self.events: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        self.stopping = threading.Event()  # begin nothing new
        self.interrupted = threading.Event()  # and what is running is not to be believed
        self.attempts: dict[str, Attempt] = {}
        self.lock = threading.Lock()

    def run(self, on_event: Callable[[Event], None]) -> list[Outcome]:
        count = min(self.options.nprocs, self.total)
        threads = [threading.Thread(target=self._attend, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        outcomes: list[Outcome] = []
        try:
            while len(outcomes) < self.total:
                try:
                    event = self.events.get(timeout=0.5)  # a wait without end cannot be interrupted on Windows
                except queue.Empty:
                    continue
                if isinstance(event, Exception):
                    raise event
                on_event(event)
                if event.outcome:
                    outcomes.append(event.outcome)
        except BaseException:
            self._interrupt()
            raise
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()
        return outcomes

    def _interrupt(self) -> None:
        self.stopping.set()
        self.interrupted.set()
        with self.lock:
            attempts = list(self.attempts.values())
        for attempt in attempts:
            attempt.ask_to_stop()
        until = time.monotonic() + GRACE_S + 1
        try:
            for attempt in attempts:
                attempt.stop(max(0.0, until - time.monotonic()))
        except KeyboardInterrupt:  # asked twice
            for attempt in attempts:
                attempt.stop(0.0)

    def _attend(self) -> None:
        while not self.interrupted.is_set():
            try:
                task = self.waiting.get_nowait()
            except queue.Empty:
                return
            try:
                outcome = self._outcome(task)
            except Exception as error:  # our own fault, or a disk that takes no state: the caller must know
                self.events.put(error)
                return
            if outcome.status == "failed" and self.options.stop_on_first_failure:
                self.stopping.set()
            self.events.put(Event(task.name, "finished", outcome=outcome))

    def _outcome(self, task: Task) -> Outcome:
        if self.stopping.is_set():
            return Outcome(task.name, "skipped", "not begun: another scan failed before")
        with self.states.claim(task.name) as held:
            before = self.states.read(task.name)
            if not held:
                who = f"process {before.pid} on {before.host}" if before else "another process"
                return Outcome(task.name, "skipped", f"{who} is working on it")
            if self.options.rerun == "failed" and (before is None or before.status == "done"):
                return Outcome(task.name, "skipped", "did not fail last time")
            stamps, unread = _stamps(task, before)
            key = "" if unread else work_key(list(stamps.values()), task.settings)
            if before and self.options.rerun != "all" and not unread and self.states.is_finished(before, key):
                return Outcome(task.name, "skipped", ALREADY_DONE, seconds=before.seconds)
            state = TaskState(
                name=task.name,
                status="running",
                key=key,
                tries=before.tries + 1 if before and before.key == key else 1,
                started=_now(),
                host=platform.node(),
                pid=os.getpid(),
                inputs=stamps,
            )
            return self._attempt(task, state, unread)

    def _attempt(self, task: Task, state: TaskState, unread: str) -> Outcome:
        log = (self.options.logs or self.states.folder / "logs") / f"{task.name}.log"
        state = replace(state, log=self.states.relative(log))
        self.states.write(state)
        self.events.put(Event(task.name, "started"))
        began = time.perf_counter()
        ending = Ending(error=unread) if unread else self._follow(task, log)
        seconds = round(time.perf_counter() - began, 3)
        state = replace(state, seconds=seconds, finished=_now())
        if ending.error is not None:
            self._clean(task)
            stopped = self.interrupted.is_set()
            reason = STOPPED if stopped else ending.error
            self.states.write(replace(state, status="interrupted" if stopped else "failed", reason=reason))
            return Outcome(task.name, "failed", reason, log, seconds)
        outputs = tuple(self.states.relative(path) for path in ending.outputs)
        self.states.write(replace(state, status="done", outputs=outputs))
        return Outcome(task.name, "done", log=log, seconds=seconds)

    def _follow(self, task: Task, log: Path) -> Ending:
        self._clean(task)
        with self.lock:
            if self.interrupted.is_set():
                return Ending(error=STOPPED)
            attempt = Attempt(self.function, task.payload, log, self.options.environment)
            self.attempts[task.name] = attempt
        try:
            return attempt.follow(lambda step: self.events.put(Event(task.name, "step", step)))
        finally:
            with self.lock:
                del self.attempts[task.name]

    def _clean(self, task: Task) -> None:
        if self.clean_up:
            self.clean_up(task.payload)


def record_failure(out: Path, name: str, reason: str) -> Outcome:
    """Remember a task that failed before it could become one, so that the status of `out` tells it."""
    states = StateFolder(out)
    with states.claim(name) as held:
        if held:
            state = TaskState(
                name, "failed", key="", reason=reason, finished=_now(), host=platform.node(), pid=os.getpid()
            )
            states.write(state)
    return Outcome(name, "failed", reason)


def _stamps(task: Task, before: TaskState | None) -> tuple[dict[str, FileStamp], str]:
    """The stamps of a task's inputs, and why they could not be read."""
    known = before.inputs if before else {}
    try:
        return {str(path): stamp_file(path, known.get(str(path))) for path in task.inputs}, ""
    except OSError as error:
        return {}, f"{error.strerror}: {error.filename}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
