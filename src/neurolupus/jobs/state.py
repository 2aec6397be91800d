"""What is known of each task between runs: one small JSON file per task under OUT/.neurolupus, replaced as a whole."""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from neurolupus.jobs.key import FileStamp
from neurolupus.jobs.lock import claim, is_claimed

StateStatus: TypeAlias = Literal["waiting", "running", "done", "failed", "interrupted"]
STATE_FOLDER = ".neurolupus"
_LONGEST = 1 << 20  # of a state: a thousand times what is written


@dataclass(frozen=True, slots=True)
class TaskState:
    """The last attempt at one task; paths are relative to the output folder where they lie inside it.

    `tries` counts the attempts at the same inputs and settings, `run_tries` those of the run `run`; `host` and `pid`
    are those of the process that attends to the attempt.
    """

    name: str
    status: StateStatus
    key: str
    reason: str = ""
    log: str = ""
    step: str = ""
    tries: int = 0
    run: str = ""
    run_tries: int = 0
    executor: str = ""
    memory_mb: float = 0.0
    seconds: float = 0.0
    started: str = ""
    finished: str = ""
    host: str = ""
    pid: int = 0
    inputs: dict[str, FileStamp] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()


def _from_json(text: str) -> TaskState:
    told: dict[str, Any] = json.loads(text)
    told["inputs"] = {path: FileStamp(**stamp) for path, stamp in told["inputs"].items()}
    told["outputs"] = tuple(told["outputs"])
    return TaskState(**told)


def write_text_atomically(path: Path, text: str) -> None:
    """Write a file under a temporary name, then move it into place; a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The memory of one output folder.

    Parameters
    ----------
    out : Path
        The output folder; its memory lies in `.neurolupus` inside it, so that a moved output still resumes.
    """

    out: Path

    @property
    def folder(self) -> Path:
        """Where the memory lies."""
        return self.out / STATE_FOLDER

    def claim(self, name: str, *, wait_s: float = 0.25) -> AbstractContextManager[bool]:
        """Hold the task for the length of a block; False when another process holds it."""
        return claim(self.folder / "claims" / f"{name}.lock", wait_s=wait_s)

    def read(self, name: str) -> TaskState | None:
        """The last attempt; None when there was none, or when what is there cannot be understood."""
        try:
            with (self.folder / "tasks" / f"{name}.json").open(encoding="utf-8") as file:
                state = _from_json(file.read(_LONGEST))
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return state if state.name == name else None

    def write(self, state: TaskState) -> None:
        """Remember an attempt."""
        text = json.dumps(asdict(state), indent=1, sort_keys=True)
        write_text_atomically(self.folder / "tasks" / f"{state.name}.json", text + "\n")

    def all(self) -> Iterator[TaskState]:
        """Every task's last attempt, in order of name; one that runs although nobody holds it was interrupted."""
        try:
            with os.scandir(self.folder / "tasks") as entries:
                names = sorted(entry.name for entry in entries if entry.name.endswith(".json"))
        except FileNotFoundError:
            return
        for name in names:
            state = self.read(name.removesuffix(".json"))
            if state is None:
                continue
            if state.status == "running" and not is_claimed(self.folder / "claims" / f"{state.name}.lock"):
                state = replace(state, status="interrupted", reason="its run ended before it did")
            yield state

    def relative(self, path: Path) -> str:
        """How a path is remembered: relative to the output folder when it lies inside it."""
        path = path.absolute()
        out = self.out.absolute()
        return path.relative_to(out).as_posix() if path.is_relative_to(out) else str(path)

    def is_finished(self, state: TaskState | None, key: str) -> bool:
        """Whether the task was done with this key and all its files are still there."""
        if state is None or state.status != "done" or state.key != key:
            return False
        return all((self.out / output).exists() for output in state.outputs)
