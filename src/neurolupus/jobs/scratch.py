"""Work folders for files of patients: gone at the end, and what a killed program left is removed by the next one."""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neurolupus.jobs.lock import claim


@contextmanager
def scratch(name: str, within: Path | None = None) -> Iterator[Path]:
    """An empty folder that only its owner may look into, for the length of the block.

    Beside it lies a claim, which the system lets go when the program is killed: folders of this name without a holder
    are removed first.

    Parameters
    ----------
    name : str
        What the folder's name begins with.
    within : Path, optional
        Where it is made; by default among the system's temporary files (`TMPDIR`).
    """
    base = within or Path(tempfile.gettempdir())
    _clear(base, name)
    folder = base / f"{name}-{secrets.token_hex(8)}"
    lock = folder.with_suffix(".lock")
    try:
        with claim(lock):
            try:
                folder.mkdir(mode=0o700)
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.unlink(missing_ok=True)


def _clear(base: Path, name: str) -> None:
    for lock in base.glob(f"{name}-*.lock"):
        with suppress(OSError):  # another program was faster, or it is not ours to remove
            if not _is_own(lock):
                continue
            with claim(lock, wait_s=0) as is_left:
                if is_left:
                    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            if is_left:
                lock.unlink(missing_ok=True)


def _is_own(path: Path) -> bool:
    """Whether it is a plain file of this user: others may put links among the temporary files."""
    seen = path.lstat()
    return stat.S_ISREG(seen.st_mode) and (not hasattr(os, "getuid") or seen.st_uid == os.getuid())
