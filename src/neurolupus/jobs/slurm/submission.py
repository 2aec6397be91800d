"""What one array of Slurm is to do, on disk: written by the coordinator, read by each of its tasks.

A folder per array in `OUT/.neurolupus/slurm`, for its owner alone: `plan.json` (the names of the tasks, where each
order lies, and its SHA-256), `orders` (pickled), `script.sh`, `N.out` (what Slurm and the task said) and `ended/N.json`
(how it ended). A pickle can run anything, so none is read that is not what was submitted: the batch script, of which
Slurm keeps its own copy, holds the hash of the plan, and the plan those of the orders.
"""

import hashlib
import json
import os
import pickle
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neurolupus import __version__
from neurolupus.errors import UsageError
from neurolupus.jobs.attend import Order
from neurolupus.jobs.state import StateFolder, write_text_atomically
from neurolupus.jobs.task import Outcome

ARRAY_PREFIX = "neurolupus-"


@dataclass(frozen=True, slots=True)
class Submission:
    """One array, as its coordinator or another knows it.

    Parameters
    ----------
    run : str
        The run that submitted it.
    names : tuple of str
        Its tasks, by their number in the array.
    job : str
        The id that Slurm gave it; empty while it is being submitted.
    """

    folder: Path
    run: str
    names: tuple[str, ...]
    job: str = ""

    @property
    def array(self) -> str:
        """The name of the array in Slurm; it is unique."""
        return ARRAY_PREFIX + self.folder.name

    def output(self, index: int) -> Path:
        """What Slurm and the task said."""
        return self.folder / f"{index}.out"

    def with_job(self, job: str) -> "Submission":
        """Remember the id that Slurm gave it."""
        write_text_atomically(self.folder / "job", f"{job}\n")
        return Submission(self.folder, self.run, self.names, job)

    def changed_at(self) -> int:
        """When a task last told how it ended, in ns; a file system may tell it late."""
        try:
            return (self.folder / "ended").stat().st_mtime_ns
        except OSError:
            return 0

    def ended(self) -> set[int]:
        """The numbers of the tasks that have told how they ended."""
        try:
            return {
                int(one.name.removesuffix(".json")) for one in os.scandir(self.folder / "ended") if one.name[0] != "."
            }
        except (FileNotFoundError, ValueError):
            return set()

    def outcome(self, index: int) -> Outcome | None:
        """How a task ended; None when it has not told."""
        try:
            told: dict[str, Any] = json.loads((self.folder / "ended" / f"{index}.json").read_text(encoding="utf-8"))
            log = Path(told.pop("log")) if told.get("log") else None
            return Outcome(**{**told, "name": self.names[index], "log": log})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def remove(self) -> None:
        """Forget it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def slurm_folder(out: Path) -> Path:
    """Where the arrays of an output folder are remembered."""
    return StateFolder(out).folder / "slurm"


def write_submission(out: Path, orders: Sequence[Order], *, run: str, path: Sequence[str] = ()) -> Submission:
    """Put the orders of an array on disk.

    Parameters
    ----------
    path : sequence of str
        Folders from which its tasks may import besides their own.
    """
    parent = slurm_folder(out)
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = parent / secrets.token_hex(6)
    folder.mkdir(mode=0o700)
    (folder / "ended").mkdir(mode=0o700)
    entries, at = [], 0
    (folder / "orders").touch(mode=0o600, exist_ok=False)
    with (folder / "orders").open("wb") as file:
        for order in orders:
            blob = pickle.dumps(order)
            file.write(blob)
            entries.append({"name": order.task.name, "at": at, "size": len(blob), "sha256": _sha256(blob)})
            at += len(blob)
    plan = {"run": run, "version": __version__, "path": list(path), "tasks": entries}
    write_text_atomically(folder / "plan.json", json.dumps(plan) + "\n")
    return Submission(folder, run, tuple(order.task.name for order in orders))


def plan_sha256(submission: Submission) -> str:
    """The hash by which the tasks know their plan."""
    return _sha256((submission.folder / "plan.json").read_bytes())


def read_submissions(out: Path) -> list[Submission]:
    """Every array that is remembered, in no order; one that cannot be understood is left out."""
    found = []
    for path in slurm_folder(out).glob("*/plan.json"):
        with suppress(OSError, ValueError, TypeError, KeyError):
            told = json.loads(path.read_text(encoding="utf-8"))
            job = path.with_name("job")
            names = tuple(str(one["name"]) for one in told["tasks"])
            found.append(Submission(path.parent, str(told["run"]), names, _text(job)))
    return found


def read_plan(plan: Path, sha256: str) -> Mapping[str, Any]:
    """The plan of an array.

    Raises
    ------
    UsageError
        It is not what was submitted.
    """
    text = plan.read_bytes()
    if _sha256(text) != sha256:
        raise UsageError(f"{plan} is not what was submitted to Slurm; nothing was run.\n    Run neurolupus again.")
    told: Mapping[str, Any] = json.loads(text)
    return told


def read_order(orders: Path, entry: Mapping[str, Any]) -> Order:
    """One order, by its entry in the plan.

    Raises
    ------
    UsageError
        It is not what was submitted.
    """
    with orders.open("rb") as file:
        file.seek(entry["at"])
        blob = file.read(entry["size"])
    if _sha256(blob) != entry["sha256"]:
        raise UsageError(f"{orders} is not what was submitted to Slurm; nothing was run.\n    Run neurolupus again.")
    order = pickle.loads(blob)  # noqa: S301 - what was submitted, by its hash
    if not isinstance(order, Order):
        raise TypeError(f"{orders} holds a {type(order).__name__} instead of an order.")
    return order


def other_version(told: Mapping[str, Any]) -> str:
    """What is wrong when another version of neurolupus submitted than this; empty when it is the same."""
    if told["version"] == __version__:
        return ""
    return (
        f"neurolupus {__version__} ({sys.executable}) was started on the node; {told['version']} submitted the scan.\n"
        "    Install one version everywhere, or let the line of --slurm-setup name a container that has it."
    )


def write_outcome(plan: Path, index: int, outcome: Outcome) -> None:
    """Tell how an array task ended."""
    told = asdict(outcome) | {"log": str(outcome.log) if outcome.log else ""}
    del told["name"]
    write_text_atomically(plan.parent / "ended" / f"{index}.json", json.dumps(told) + "\n")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
