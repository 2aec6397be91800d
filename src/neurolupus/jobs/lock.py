"""Claims: who works on what, known to every process that looks, and let go by the system when its holder dies."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes], *, shared: bool = False) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes], *, shared: bool = False) -> None:
        fcntl.flock(file.fileno(), (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


_POLL_S = 0.02


def _try_lock(file: IO[bytes], *, shared: bool = False) -> bool:
    try:
        _lock(file, shared=shared)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks: results are still written atomically, work may be done twice
        return True
    return True


@contextmanager
def claim(path: Path, *, wait_s: float = 0.25) -> Iterator[bool]:
    """Whether this process holds the claim `path` for the length of the block.

    The lock belongs to the open file, so that a killed process holds nothing; the empty file stays. Two threads of one
    process exclude each other too.

    Parameters
    ----------
    path : Path
        The lock file; made when missing.
    wait_s : float
        How long to try. The default outlasts someone who only looks whether it is held.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + wait_s
    with path.open("ab") as file:
        while not (held := _try_lock(file)) and time.monotonic() < until:
            time.sleep(_POLL_S)
        yield held


@contextmanager
def abandoned(path: Path) -> Iterator[bool]:
    """Whether the claim `path` is there and nobody holds it; for the length of the block nobody can take it.

    Never where files cannot be locked: nothing tells there whether its holder is alive.
    """
    with ExitStack() as stack:
        try:
            _lock(stack.enter_context(path.open("r+b")))
        except OSError:
            yield False
            return
        yield True


def is_claimed(path: Path) -> bool:
    """Whether some process holds the claim now; who may only read the folder is told, too."""
    try:
        with path.open("rb") as file:
            return not _try_lock(file, shared=True)
    except OSError:  # never claimed
        return False
