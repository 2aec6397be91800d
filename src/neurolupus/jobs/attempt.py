"""One attempt at one task: a process started, listened to, held to its limits, and understood however it ends."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from neurolupus.jobs import worker
from neurolupus.jobs.limits import Limits, Watch, kill_tree
from neurolupus.jobs.task import Progress, Work

NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended; `error` is None when the work returned.

    Parameters
    ----------
    heals : bool
        Whether another try may end better: the process was killed, or the machine was short of something. An error
        that the scan itself gives is not tried again.
    of_the_place : bool
        Whether the output takes no more: every other scan would fail too.
    memory_mb : float
        The most resident memory it had, in MiB; 0 when it was too quick to be seen.
    """

    outputs: tuple[Path, ...] = ()
    error: str | None = None
    heals: bool = False
    of_the_place: bool = False
    memory_mb: float = 0.0


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

    def follow(
        self, progress: Progress, limits: Limits = NO_LIMITS, stopped: Callable[[], bool] = lambda: False
    ) -> Ending:
        """Tell the steps until the process has ended; how it ended.

        Parameters
        ----------
        limits : Limits
            It is killed when it takes more.
        stopped : callable
            Asked some times a second; the process is asked to end once this is True.
        """
        watch = Watch(self._process.pid, limits, stopped, self.ask_to_stop)
        watch.start()
        message = self._listen(progress)
        code = self._process.wait()
        watch.end()
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        memory_mb = round(max(watch.peak_mb, message.get("memory_mb", 0.0)), 1)
        if "outputs" in message:
            return Ending(tuple(Path(path) for path in message["outputs"]), memory_mb=memory_mb)
        if "error" in message:
            return Ending((), message["error"], message["heals"], message["of_the_place"], memory_mb)
        return Ending((), watch.reason or _exit_in_words(code), heals=True, memory_mb=memory_mb)

    def _listen(self, progress: Progress) -> dict[str, Any]:
        """The last word of the process; empty when it ended without one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError, ValueError):  # it died, or was stopped, before it listened; its exit code tells
            self._process.stdin.write(self._told)
            self._process.stdin.flush()
        last: dict[str, Any] = {}
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:  # cut off by the end of the process
                continue
            if "step" in message:
                progress(message["step"])
            else:
                last = message
        self._process.stdout.close()
        return last

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
            kill_tree(psutil.Process(self._process.pid))
            self._process.wait()
