"""Set up and run neurolupus from a fresh clone, with nothing but Python 3.11 or newer: python3 tasks.py demo | test."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)


def run(*command: str) -> None:
    """Run one command in the repository; stop with its exit code when it fails."""
    print("$", *command[1:] if command[0] == str(PYTHON) else command, flush=True)
    code = subprocess.call(command, cwd=ROOT)
    if code:
        raise SystemExit(code)


def set_up() -> None:
    """Make .venv and install the pinned dependencies; does nothing when it is up to date."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python starts
        raise SystemExit(f"neurolupus needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")
    wanted = hashlib.sha256(
        (ROOT / "pyproject.toml").read_bytes() + (ROOT / "constraints.txt").read_bytes()
    ).hexdigest()
    stamp = VENV / "installed.sha256"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("Setting up .venv (about two minutes the first time) ...", flush=True)
    venv.create(VENV, with_pip=True, clear=VENV.exists())
    pip = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "--constraint", "constraints.txt", "--editable", ".[test]")
    stamp.write_text(wanted)


def demo(*arguments: str) -> None:
    """Run the main job: neurolupus demo."""
    out = () if "-o" in arguments or "--out" in arguments else ("-o", "demo", "--overwrite")
    run(str(PYTHON), "-m", "neurolupus", "demo", *out, *arguments)


def test(*arguments: str) -> None:
    """Run every check CI runs: style, types, import contract, tests."""
    for check in CHECKS:
        run(str(PYTHON), "-m", *check)
    run(str(BIN / "lint-imports"))
    # every core has a worker: further threads of OpenBLAS would wait spinning, a third of the time of some tests
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of a thousand processes would compile the package anew
    count = str((os.cpu_count() or 1) + 1)  # one more than cores: some tests wait for a server or a cluster
    workers: tuple[str, ...] = ("-n", count, "--dist", "loadfile", "--no-loadscope-reorder")  # slow files begin first
    if any(a.startswith("-n") or a == "--pdb" for a in arguments):
        workers = ()
    run(str(PYTHON), "-m", "pytest", *workers, "--durations", "15", *arguments)  # the suite is to stay under 15 minutes


def main(*arguments: str) -> None:
    """Set up, then run the task named first."""
    tasks = {"demo": demo, "test": test}
    if not arguments or arguments[0] not in tasks:
        raise SystemExit(f"usage: python3 tasks.py {{{'|'.join(tasks)}}} [options]")
    set_up()
    tasks[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    main(*sys.argv[1:])
