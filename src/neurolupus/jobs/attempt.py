"""One attempt at one task: a process started, listened to, and understood however it ends."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from neurolupus.jobs import worker
from neurolupus.jobs.task import Progress, Work


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended; `error` is None when the work returned."""

    outputs: tuple[Path, ...] = ()
    error: str | None = None


def _exit_in_words(code: int) -> str:
    """What an exit code without a word before it means."""
    if code >= 0:
        return f"Its process ended with exit code {code} and no result."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = "; the system does so when memory runs out (lower --nprocs)" if name == "SIGKILL" else ""
    return f"Its process was killed by {name}{hint}."


class Attempt:
    """A process that does one task. It guards the process: `stop` may be called from another thread."""

    def __init__(self, function: Work, payload: object, log: Path, environment: Mapping[str, str]) -> None:
        self._told = pickle.dumps(sys.path) + pickle.dumps((function, payload))
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            self._process = subprocess.Popen(  # noqa: S603 - our own worker
                [sys.executable, "-P", str(Path(worker.__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env={**os.environ, **environment},
            )

    def follow(self, progress: Progress) -> Ending:
        """Tell the steps until the process has ended; how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError, ValueError):  # it died, or was stopped, before it listened; its exit code tells
            self._process.stdin.write(self._told)
            self._process.stdin.flush()
        ending: Ending | None = None
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:  # cut off by the end of the process
                continue
            if "step" in message:
                progress(message["step"])
            elif "error" in message:
                ending = Ending(error=message["error"])
            else:
                ending = Ending(tuple(Path(path) for path in message["outputs"]))
        self._process.stdout.close()
        code = self._process.wait()
        with suppress(OSError):
            self._process.stdin.close()
        return ending or Ending(error=_exit_in_words(code))

    def ask_to_stop(self) -> None:
        """Close what it listens to: it cleans up and ends."""
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()

    def stop(self, wait_s: float) -> None:
        """End it now if it does not end by itself within `wait_s`."""
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
