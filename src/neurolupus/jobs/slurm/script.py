"""The batch script that each array task runs."""

import os
import shlex
import sys
from pathlib import Path

from neurolupus.errors import UsageError

TASK = "{task}"
_LARGEST_SETUP = 64 * 1024
_MODULE = "neurolupus.jobs.slurm.array_task"


def read_setup(path: Path) -> str:
    """Lines of a shell script that a user wants before each scan: `module load ...`, `source .../activate`.

    Where one line holds `{task}`, that line starts the scan, as in `apptainer exec image.sif python -m {task}`.

    Raises
    ------
    UsageError
        It cannot be read, or is no such script.
    """
    try:
        if path.stat().st_size > _LARGEST_SETUP:
            raise UsageError(f"{path} has more than {_LARGEST_SETUP} bytes; lines of a shell script are needed.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.\n    Give a text file to --slurm-setup.") from None
    if "\0" in text:
        raise UsageError(f"{path} is no text file.\n    Give lines of a shell script to --slurm-setup.")
    if "#SBATCH" in text:
        raise UsageError(
            f"{path} holds #SBATCH lines, which would not be heard there.\n    Give options to --slurm-options."
        )
    if text.count(TASK) > 1:
        raise UsageError(
            f"{path} holds {TASK} {text.count(TASK)} times; once is needed, in the line that starts the scan."
        )
    return text


def brings_its_own_python(setup: str) -> bool:
    """Whether the user's lines start the scan themselves, so that nothing of this Python is of use there."""
    return TASK in setup


def batch_script(plan: Path, sha256: str, setup: str = "") -> str:
    """The text of the script; each task finds its number in SLURM_ARRAY_TASK_ID."""
    words = f"{_MODULE} {shlex.quote(str(plan))} {sha256}"
    lines = ["#!/bin/bash -l", "# Written by neurolupus: one scan for each task of the array."]
    if brings_its_own_python(setup):
        lines += [setup.replace(TASK, words)]
    else:
        package = str(Path(__file__).resolve().parents[3])
        found_in = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
        lines += [setup, f"export PYTHONPATH={shlex.quote(found_in)}"]
        lines += [f"exec {shlex.quote(sys.executable)} -P -m {words}"]
    return "\n".join(line.rstrip("\n") for line in lines if line) + "\n"
