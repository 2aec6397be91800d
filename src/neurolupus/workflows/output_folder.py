"""The folder that measure wrote into: whether it is there at all."""

from pathlib import Path

from neurolupus.errors import UsageError


def check_output(out: Path) -> None:
    """Whether an output folder is there: a wrong path is told as one, and not as an output without scans.

    Raises
    ------
    UsageError
        It is not.
    """
    if not out.is_dir():
        raise UsageError(f"{out} is no folder; an output of neurolupus measure is needed.\n    Check the path.")
