"""A hyperintensity method for `neurolupus measure --wmh-method`: it wraps a program that is started by a command.

It shows the shape and is no good method: it takes whatever is bright.
"""

import subprocess
import sys
from pathlib import Path

version = "1.0"  # raise it when the program changes: results are known again by it
PROGRAM = Path(__file__).with_name("bright_flair_program.py")


def missing() -> str | None:
    """What it lacks to run; None when it is ready."""
    return None if PROGRAM.is_file() else f"the program {PROGRAM.name} is not beside {Path(__file__).name}"


def wmh_probability(t1w: Path, flair: Path, work: Path) -> Path:
    """A map of hyperintensities, written into `work`, a private folder."""
    out = work / "wmh.nii.gz"
    subprocess.run([sys.executable, str(PROGRAM), str(flair), str(out)], check=True)  # noqa: S603
    return out
