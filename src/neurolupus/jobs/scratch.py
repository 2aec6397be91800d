"""Work folders for files of patients: gone at the end, and what a killed program left is removed by the next one."""

import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from neurolupus.jobs.lock import abandoned, claim

ABOUT_TO_S = 60.0  # between making a claim and holding it


@contextmanager
def scratch(name: str, within: Path | None = None) -> Iterator[Path]:
    """An empty folder that only its owner may look into, for the length of the block.

    Beside it lies a claim, which the system lets go when the program is killed: folders of this name without a holder
    are removed first, but for file systems that cannot lock.

    Parameters
    ----------
    name : str
        What the folder's name begins with.
    within : Path, optional
        Where it is made; by default among the system's temporary files (`TMPDIR`).
    """
    base = within or Path(tempfile.gettempdir())
    _clear(base, name)
    with ExitStack() as stack:
        while True:
            folder = base / f"{name}-{secrets.token_hex(8)}"
            lock = _lock_of(folder)
            held = stack.enter_context(claim(lock))
            if held and lock.exists():  # not taken for a leftover by a program that began just now
                break
        stack.callback(_drop, lock)  # the claim is let go after it
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        yield folder


def _clear(base: Path, name: str) -> None:
    """Remove what killed programs left."""
    for lock in base.glob(f"{name}-*.lock"):
        with suppress(OSError):  # another program was faster, or it is not ours to remove
            folder = lock.with_suffix("")
            # who has a folder holds its claim; who has none yet may be about to take it
            if not _is_own(lock) or not (folder.exists() or time.time() - lock.lstat().st_mtime > ABOUT_TO_S):
                continue
            with abandoned(lock) as is_left:
                if is_left:
                    shutil.rmtree(folder, ignore_errors=True)
                    _drop(lock)


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _drop(lock: Path) -> None:
    """Remove a claim whose folder is gone; without it nobody would remove what is left of the folder."""
    if not lock.with_suffix("").exists():
        with suppress(OSError):  # on Windows somebody may be looking at it
            lock.unlink(missing_ok=True)


def _is_own(path: Path) -> bool:
    """Whether it is a plain file of this user: others may put links among the temporary files."""
    seen = path.lstat()
    return stat.S_ISREG(seen.st_mode) and (not hasattr(os, "getuid") or seen.st_uid == os.getuid())
