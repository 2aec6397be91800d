"""A hyperintensity method of the user's own, run in a process of its own: files in, a file out.

It is loaded only because the user named it, never because a file lies in a data folder. It gets paths to the images as
they were given and a private folder; it may take so long and no longer; what it writes is read like any other map.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neurolupus.errors import ImageError, MethodError, UsageError
from neurolupus.io import wmh_method_process
from neurolupus.io.own_wmh import OwnMap, read_own_wmh
from neurolupus.records.volume import Volume
from neurolupus.records.wmh_method import MethodFacts

DESCRIBE_S = 120.0  # importing a deep-learning library over a network drive takes long
TAIL_BYTES, TAIL_LINES = 1 << 14, 6
SAID = " It last said:"
HOW_TO = "docs/how-to/own-wmh-method.md shows one."


@dataclass(frozen=True, slots=True)
class _Ending:
    """What the process answered; None when it did not, and then the exit code, or None when time was up."""

    answer: dict[str, str] | None
    code: int | None
    said: str


def describe_method(asked: str) -> MethodFacts:
    """Which method it is that the user named, and what it lacks to run.

    Parameters
    ----------
    asked : str
        An entry point of the group `neurolupus.wmh`, `module:attribute`, or a Python file.

    Raises
    ------
    UsageError
        There is none, or it has not the two functions and the version.
    """
    given = str(Path(asked).absolute()) if asked.endswith(".py") else asked
    with tempfile.TemporaryDirectory(prefix="neurolupus-method-") as work:
        ending = _run({"do": "describe", "asked": given}, Path(work), DESCRIBE_S)
    told = ending.answer
    if told is None:
        how = "did not answer" if ending.code is None else f"ended its process with exit code {ending.code}"
        raise UsageError(f"Method {asked} {how} while it was loaded.{ending.said}\n    Import it in Python to see why.")
    if "no_method" in told:
        raise UsageError(
            f"Method {asked} cannot be used: {told['no_method']}.\n"
            f"    A method has version, missing() and wmh_probability(t1w, flair, work); {HOW_TO}"
        )
    if "error" in told:
        raise UsageError(f"Method {asked} cannot be loaded: {told['error']}.\n    Import it in Python to see why.")
    facts = MethodFacts(told["name"], told["version"], told["code_sha256"], given, told["missing"])
    if not facts.label or len(facts.label) > 60:
        raise UsageError(f"Method {asked} is called {facts.name!r}; a name of letters and digits is needed.")
    return facts


def run_method(facts: MethodFacts, t1w: Path, flair: Path, images: tuple[Volume, Volume], *, minutes: float) -> OwnMap:
    """The map that a method makes of two files.

    Parameters
    ----------
    facts : MethodFacts
    t1w, flair : Path
        The images as they were given.
    images : tuple of Volume
        The same two as they were read; the map must lie on the grid of one of them.
    minutes : float
        After these it is ended, with every program it started.

    Raises
    ------
    MethodError
        It lacks something, crashed, took too long, or gave no map of one of the images; the words say which.
    """
    if facts.missing:
        raise MethodError(f"{facts.title} cannot run: {facts.missing}.\n    Install what it needs and measure again.")
    with tempfile.TemporaryDirectory(prefix="neurolupus-method-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        request = {"t1w": str(t1w.absolute()), "flair": str(flair.absolute()), "work": str(work / "work")}
        (work / "work").mkdir()
        ending = _run({"do": "run", "asked": facts.asked, "run": request}, work, 60 * minutes)
        path = _map_path(facts, ending, minutes)
        try:
            own = read_own_wmh(path, *images)
        except ImageError as error:
            words = str(error).replace(str(path), path.name)
            raise MethodError(f"{facts.title} gave a map that cannot be used. {words}") from error
    return replace(own, warnings=tuple(f"{facts.title}: {warning}" for warning in own.warnings))


def _map_path(facts: MethodFacts, ending: _Ending, minutes: float) -> Path:
    """Where the map lies; raises when there is none."""
    told = ending.answer
    if told is None and ending.code is None:
        remedy = f"Give it longer with --wmh-minutes {2 * minutes:g}."
        raise MethodError(f"{facts.title} was ended after {minutes:g} minutes.{ending.said}\n    {remedy}")
    if told is None:
        raise MethodError(
            f"{facts.title} ended its process with exit code {ending.code} and no answer.{ending.said}\n"
            "    Run it on this scan by itself; the log holds all that it said."
        )
    if "path" not in told:
        reason = told.get("no_method") or told.get("error")
        raise MethodError(
            f"{facts.title} failed: {reason}.{ending.said}\n"
            "    Run it on this scan by itself; the log holds all that it said."
        )
    path = Path(told["path"])
    if not path.is_file():
        raise MethodError(
            f"{facts.title} named {path.name}, which it did not write; a NIfTI file is needed.{ending.said}\n"
            "    Let wmh_probability return the path of the file it wrote."
        )
    return path


def _run(request: dict[str, Any], folder: Path, limit_s: float) -> _Ending:
    """Start the process, wait for its answer at most `limit_s`, and end whatever it started."""
    log = folder / "method.log"
    told = {**request, "path": [str(Path(one).absolute()) for one in sys.path if one]}
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - our own script; what it loads was named by the user
            [sys.executable, "-P", str(Path(wmh_method_process.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=folder,
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(OSError):  # it died before it listened; its exit code tells
            process.stdin.write(json.dumps(told).encode() + b"\n")
            process.stdin.flush()
        try:
            code: int | None = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            code = None
    finally:
        _end_group(process)
    with suppress(OSError):
        process.stdin.close()
    answer = _answer(process.stdout.read())
    process.stdout.close()
    if request["do"] == "run":
        _pass_on(log)
    return _Ending(answer if code is not None else None, code, _tail(log))


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and every program that it started."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _answer(line: bytes) -> dict[str, str] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _pass_on(log: Path) -> None:
    """What the method said goes to the log of the scan."""
    with log.open("rb") as stream:
        for line in stream:
            sys.stderr.write(line.decode("utf-8", "replace"))


def _tail(log: Path) -> str:
    """The last lines that the method said, for a message; empty when it said nothing."""
    with log.open("rb") as stream:
        stream.seek(max(log.stat().st_size - TAIL_BYTES, 0))
        lines = [line.strip() for line in stream.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f"{SAID}\n        " + "\n        ".join(lines[-TAIL_LINES:]) if lines else ""
