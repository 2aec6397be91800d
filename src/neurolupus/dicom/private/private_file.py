"""A small JSON file that only its owner may read: locked while it changes, replaced whole, never half written."""

import json
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from neurolupus.errors import DicomError

LARGEST_BYTES = 500_000_000
OWNER_ONLY = 0o600

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else changes `path` for the length of the block; the lock falls when its process dies.

    The lock is a file beside it, `NAME.lock`, since `path` itself is replaced when it changes.
    """
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    with os.fdopen(descriptor, "r+b") as file:
        _lock(file)
        yield


def read_private(path: Path) -> Any:
    """What the JSON file holds.

    Raises
    ------
    DicomError
        Others may read it, it is larger than a key can be, or it is no JSON.
    """
    descriptor = os.open(path, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if os.name == "posix" and stat.S_IMODE(facts.st_mode) & 0o077:
            raise DicomError(
                f"{path} can be read or written by others (mode {stat.S_IMODE(facts.st_mode):04o}); it tells who the "
                f"patients are.\n    Make it yours alone: chmod 600 {path}"
            )
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_BYTES:
            raise DicomError(f"{path} is no linking key: {facts.st_size} bytes.\n    Check the path.")
        content = file.read()
    try:
        return json.loads(content)
    except ValueError as error:
        raise DicomError(
            f"{path} is no linking key: it is not JSON ({type(error).__name__}).\n"
            "    Restore it from a backup; without it the same patients would get other labels."
        ) from None


def stamp(path: Path) -> tuple[int, int, int]:
    """What changes whenever `write_private` replaced the file."""
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def write_private(path: Path, value: object) -> None:
    """Replace `path` by the value as JSON, mode 0600 from its first byte, safe on disk before the old one goes."""
    temporary = path.with_name(f".tmp-{secrets.token_hex(4)}-{path.name}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(
                json.dumps(value, ensure_ascii=False) + "\n"
            )  # on one line: indented, it takes five times as long
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
