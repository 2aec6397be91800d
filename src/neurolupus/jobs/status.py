"""What is done, running, waiting and failed and why, as remembered in an output folder; and what is left."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neurolupus.jobs.estimate import Estimate, estimate_rest
from neurolupus.jobs.plan import RunPlan, read_plans
from neurolupus.jobs.state import StateFolder, StateStatus, TaskState

NOT_BEGUN = "not begun; run the same command again"


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Every task of one output folder, in order of name, the runs that are at work on it, and what is left."""

    tasks: tuple[TaskState, ...]
    live: tuple[RunPlan, ...] = ()
    rest: Estimate | None = None

    def count(self, status: StateStatus) -> int:
        """How many tasks are in this state."""
        return sum(task.status == status for task in self.tasks)

    @property
    def counts(self) -> dict[StateStatus, int]:
        """How many tasks are in each state."""
        found = Counter(task.status for task in self.tasks)
        return {status: found[status] for status in ("done", "running", "waiting", "interrupted", "failed")}


def read_status(out: Path) -> RunStatus:
    """The state of every task that was begun in `out`, or that a run was asked for; empty when there was none."""
    plans = read_plans(out)
    live = tuple(plan for plan in plans if plan.live)
    known = {state.name: state for state in StateFolder(out).all()}
    waiting = {name: plan for plan in live for name in plan.names[plan.taken :]}
    names = sorted({*known, *(name for plan in plans for name in plan.names)})
    tasks = tuple(_now(name, known.get(name), waiting, live) for name in names)
    return RunStatus(tasks, live, _rest(tasks, live))


def _now(name: str, state: TaskState | None, waiting: Mapping[str, RunPlan], live: Sequence[RunPlan]) -> TaskState:
    """The state of a task as of now: its last attempt, unless a run that lives has yet to come to it."""
    runs = {plan.run for plan in live}
    if state is None:
        return TaskState(name, "waiting", key="", reason="" if live else NOT_BEGUN)
    if state.status == "waiting" and state.run not in runs:
        return replace(state, status="interrupted", reason=f"its run ended before the next try: {state.reason}")
    if name in waiting and state.run not in runs and state.status != "running":
        return replace(state, status="waiting", reason="")
    return state


def _rest(tasks: Sequence[TaskState], live: Sequence[RunPlan]) -> Estimate | None:
    """What is left of the runs that live, from the tasks that they have done, or else from all that are done."""
    if not live:
        return None
    runs = {plan.run for plan in live}
    done = [task for task in tasks if task.status == "done"]
    seconds = [task.seconds for task in done if task.run in runs]
    if len(seconds) < 10:
        seconds = [task.seconds for task in done]
    running = sum(task.status == "running" for task in tasks)
    waiting = sum(task.status == "waiting" for task in tasks)
    parallel = running or sum(plan.places for plan in live)
    return estimate_rest(seconds, waiting=waiting, running=running, parallel=parallel)
