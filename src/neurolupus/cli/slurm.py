"""What is told and asked of scans that Slurm holds when their run is interrupted or cancelled."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurolupus.cli.console import tell


@contextmanager
def telling_what_goes_on(out: Path) -> Iterator[None]:
    """After Ctrl-C, tell that scans in Slurm go on; on a terminal, ask whether they shall."""
    try:
        yield
    except KeyboardInterrupt as error:
        from neurolupus.workflows.slurm import queued_in_slurm

        count = queued_in_slurm(out)
        if count and type(error) is KeyboardInterrupt and sys.stdin.isatty() and _wants_to_cancel(count):
            cancel(out)
        elif count:
            tell(f"{in_words(count)} in Slurm, which goes on with them. Cancel them: neurolupus status {out} --cancel")
        raise


def cancel(out: Path) -> None:
    """Cancel what Slurm holds of an output folder, and tell how much that was."""
    from neurolupus.workflows.slurm import cancel_in_slurm

    count = cancel_in_slurm(out)
    tell(f"{in_words(count)} in Slurm; cancelled." if count else "No scan waits or runs in Slurm.")


def in_words(count: int) -> str:
    """`1 scan waits or runs`."""
    return "1 scan waits or runs" if count == 1 else f"{count} scans wait or run"


def _wants_to_cancel(count: int) -> bool:
    import typer

    return typer.confirm(f"{in_words(count)} in Slurm. Cancel?", default=False, err=True)
