"""The plan of a run: which tasks it was asked for, so that those which wait are known to everybody who looks.

One file per run under `OUT/.neurolupus/runs`, a lock that its coordinator holds as long as it lives, and a small file
that tells how far it has come. The last few runs are kept.
"""

import json
import os
import platform
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neurolupus.jobs.lock import claim, is_claimed
from neurolupus.jobs.state import StateFolder, write_text_atomically

KEPT_RUNS = 5
_LOOK_S = 1.0
_LONGEST = 1 << 26  # of a plan: a million names


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One call of `run_many`.

    Parameters
    ----------
    names : tuple of str
        Its tasks, in the order in which they are taken.
    taken : int
        So many of them have been looked at: begun, or found done.
    places : int
        Tasks at once.
    live : bool
        Whether its coordinator is at work now.
    """

    run: str
    names: tuple[str, ...]
    executor: str
    places: int
    started: str
    host: str
    pid: int
    taken: int = 0
    live: bool = False


@dataclass(frozen=True, slots=True)
class PlanFile:
    """Where the coordinator of a run tells how far it has come."""

    path: Path

    @property
    def run(self) -> str:
        """The name of the run."""
        return self.path.stem

    @property
    def lock(self) -> Path:
        """Held by the coordinator while it lives."""
        return self.path.with_suffix(".lock")

    @property
    def stop_mark(self) -> Path:
        """There once the run is to end before its time."""
        return self.path.with_suffix(".stop")

    def stop(self) -> None:
        """Tell attempts on other machines to end; a full disk does not keep this run from ending."""
        with suppress(OSError):
            self.stop_mark.touch()

    def tell(self, taken: int) -> None:
        """Remember that so many tasks have been looked at."""
        write_text_atomically(self.path.with_suffix(".taken"), f"{taken}\n")


@contextmanager
def planned(out: Path, names: Sequence[str], *, executor: str, places: int) -> Iterator[PlanFile]:
    """Remember the plan of a run, which lives for the length of the block."""
    folder = _folder(out)
    _forget_old(folder)
    started = datetime.now(UTC)
    file = PlanFile(folder / f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}.json")
    plan = RunPlan(
        file.run, tuple(names), executor, places, started.isoformat(timespec="seconds"), platform.node(), os.getpid()
    )
    told = {key: value for key, value in asdict(plan).items() if key not in ("taken", "live")}
    with claim(file.lock):
        write_text_atomically(file.path, json.dumps(told) + "\n")
        yield file


def plan_file(out: Path, run: str) -> PlanFile:
    """The plan of a run whose name is known."""
    return PlanFile(_folder(out) / f"{run}.json")


class Deserted:
    """Whether the coordinator of a run has died or wants its attempts to end; for attempts on other machines.

    Looked up in the output folder every few seconds, since nothing else is surely shared with that machine.
    """

    def __init__(self, plan: PlanFile) -> None:
        self._plan = plan
        self._watched = is_claimed(plan.lock)  # False: a file system without locks, where nothing can be told
        self._next_look = 0.0
        self._answer = False

    def __call__(self) -> bool:
        """Look, at most once a second."""
        now = time.monotonic()
        if not self._answer and now >= self._next_look:
            self._next_look = now + _LOOK_S
            self._answer = self._plan.stop_mark.exists() or (self._watched and not is_claimed(self._plan.lock))
        return self._answer


def read_plans(out: Path) -> tuple[RunPlan, ...]:
    """The plans of the last runs, the newest last; one that cannot be understood is left out."""
    plans = []
    for path in sorted(_folder(out).glob("*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError):
            with path.open(encoding="utf-8") as file:
                told: dict[str, Any] = json.loads(file.read(_LONGEST))
            told["names"] = tuple(told["names"])
            plans.append(RunPlan(**told, taken=_taken(path), live=is_claimed(path.with_suffix(".lock"))))
    return tuple(plans)


def _taken(path: Path) -> int:
    try:
        return int(path.with_suffix(".taken").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _folder(out: Path) -> Path:
    return StateFolder(out).folder / "runs"


def _forget_old(folder: Path) -> None:
    plans = sorted(folder.glob("*.json"))
    for path in plans[: max(0, len(plans) - KEPT_RUNS + 1)]:
        if not is_claimed(path.with_suffix(".lock")):
            for suffix in (".json", ".taken", ".stop", ".lock"):
                path.with_suffix(suffix).unlink(missing_ok=True)
