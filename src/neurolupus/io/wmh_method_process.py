"""The process in which a method of the user's own is loaded and run.

Started as a script, it imports nothing of neurolupus. It is told what to do by one line of JSON on standard input and
answers with one on standard output; whatever the method prints goes to standard error. When standard input closes,
whoever started it is gone: it and everything that it started end.
"""

import hashlib
import importlib
import importlib.util
import inspect
import json
import os
import signal
import sys
import threading
import traceback
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, TextIO

GROUP = "neurolupus.wmh"
FUNCTIONS = ("missing", "wmh_probability")
LONGEST_WORDS = 1500  # an answer must fit a pipe that nobody empties before the end


class _NoMethodError(Exception):
    """What the user named is no method; the words say why."""


def _end_with_parent(told: BinaryIO) -> None:
    told.read()
    if os.name == "posix":
        os.killpg(os.getpgid(0), signal.SIGKILL)  # programs that the method started are in this group
    os._exit(143)


def load(asked: str) -> tuple[Any, str]:
    """The method and its name; `asked` is an entry point, `module:attribute` or a Python file."""
    if asked.endswith(".py"):
        return _from_file(Path(asked)), Path(asked).stem
    if ":" in asked:
        name, _, attribute = asked.partition(":")
        found: Any = importlib.import_module(name)
        for part in attribute.split("."):
            if not hasattr(found, part):
                raise _NoMethodError(f"{name} has no attribute {attribute}")
            found = getattr(found, part)
        return found, asked.replace(":", ".")
    installed = {point.value: point for point in entry_points(group=GROUP) if point.name == asked}
    if len(installed) > 1:
        raise _NoMethodError(f"{len(installed)} installed packages offer it ({', '.join(sorted(installed))})")
    if not installed:
        known = ", ".join(sorted({point.name for point in entry_points(group=GROUP)})) or "none"
        raise _NoMethodError(f"no installed package offers it (entry points of {GROUP}: {known})")
    return next(iter(installed.values())).load(), asked


def _from_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise _NoMethodError("there is no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def describe(asked: str) -> dict[str, str]:
    """Name, version, hash of the code, and what is missing."""
    method, name = load(asked)
    lacking = [function for function in FUNCTIONS if not callable(getattr(method, function, None))]
    if lacking:
        raise _NoMethodError(f"it has no function {' and no '.join(lacking)}")
    version = getattr(method, "version", None)
    if not isinstance(version, str) or not version.strip():
        raise _NoMethodError(f"its version is {version!r}; a text such as version = '1.0' is needed")
    missing = method.missing()
    if missing is not None and not isinstance(missing, str):
        raise _NoMethodError(f"missing() gave {missing!r}; words or None are needed")
    return {"name": name, "version": version.strip()[:80], "code_sha256": _sha256_of(method), "missing": missing or ""}


def _sha256_of(method: Any) -> str:
    try:
        source = inspect.getsourcefile(method if inspect.ismodule(method) or inspect.isclass(method) else type(method))
    except TypeError:  # built in
        return ""
    return hashlib.sha256(Path(source).read_bytes()).hexdigest() if source and Path(source).is_file() else ""


def run(asked: str, t1w: str, flair: str, work: str) -> dict[str, str]:
    """Where the method put its map."""
    method, _ = load(asked)
    made = method.wmh_probability(Path(t1w), Path(flair), Path(work))
    if not isinstance(made, (str, Path)):
        raise _NoMethodError(f"wmh_probability gave {made!r}; the path of a NIfTI file is needed")
    return {"path": str(Path(work, made))}


def _own_streams() -> tuple[BinaryIO, TextIO]:
    """What it is told and where it answers; programs that the method starts see an empty input and the log."""
    told, tell = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return told, tell


def main() -> None:
    """Answer one request."""
    told, tell = _own_streams()
    request = json.loads(told.readline())
    threading.Thread(target=_end_with_parent, args=(told,), daemon=True).start()
    try:
        sys.path[:] = request["path"]
        answer = describe(request["asked"]) if request["do"] == "describe" else run(request["asked"], **request["run"])
    except _NoMethodError as error:
        answer = {"no_method": str(error)[:LONGEST_WORDS]}
    except BaseException as error:
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"[:LONGEST_WORDS]}
    tell.write(json.dumps(answer))
    tell.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that the method left, and the one above, do not hold this process


if __name__ == "__main__":
    main()
