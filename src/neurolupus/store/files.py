"""What lies in the store's folder of files: noted with its hash when it is put there, checked later."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, delete, insert, select

from neurolupus.errors import StoreError
from neurolupus.store.schema import files
from neurolupus.store.trail import Writer

LONGEST_PATH = 512
Seen = Callable[[str], None]


def note_files(writer: Writer, root: Path, folder: str, *, patient: str | None = None) -> int:
    """Note every file below a folder, in place of what was noted of it before; returns how many there are.

    Parameters
    ----------
    writer : Writer
    root : Path
        The store's folder of files.
    folder : str
        Below it, such as `scans/6f0c...`; a single file may be named too.
    patient : str or None
        Whose they are, for the trail.
    """
    place = confined(root, folder)
    paths = [folder] if place.is_file() else [f"{folder}/{path}" for path in paths_below(place)]
    found = [{"path": path, "bytes": (root / path).stat().st_size, "sha256": file_hash(root / path)} for path in paths]
    forget_files(writer, folder)
    if found:
        writer.connection.execute(insert(files), found)
    writer.note("files.noted", folder, after={one["path"]: one["sha256"] for one in found}, patient=patient)
    return len(found)


def forget_files(writer: Writer, folder: str) -> None:
    """Note no longer what lies below a folder that is being removed."""
    below = files.c.path.startswith(f"{folder}/", autoescape=True)
    writer.connection.execute(delete(files).where((files.c.path == folder) | below))


def check_files(connection: Connection, root: Path, seen: Seen = lambda _: None) -> tuple[tuple[str, ...], int]:
    """Faults of the files that were noted, and how many lie there that were not.

    Parameters
    ----------
    connection : Connection
    root : Path
        The store's folder of files.
    seen : callable
        Told the path of each file once it is checked.
    """
    noted = {row.path: row for row in connection.execute(select(files).order_by(files.c.path))}
    faults = []
    for path, row in noted.items():
        file = root / path
        if not file.is_file() or file.is_symlink():
            faults.append(f"{path} is missing")
        elif file.stat().st_size != row.bytes or file_hash(file) != row.sha256:
            faults.append(f"{path} is not what was put there")
        seen(path)
    return tuple(faults), sum(path not in noted for path in paths_below(root))


def paths_below(root: Path) -> Iterator[str]:
    """Every regular file below a folder, sorted, with slashes; links are not followed."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(root).as_posix()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def confined(root: Path, path: str) -> Path:
    """A place below a folder.

    Raises
    ------
    StoreError
        The path leads out of it, is absolute, or no system-independent name.

    Examples
    --------
    >>> confined(Path("files"), "scans/1/T1w.nii.gz").as_posix()
    'files/scans/1/T1w.nii.gz'
    """
    parts = PurePosixPath(path).parts
    plain = path == "/".join(parts) and path.isprintable() and not any(letter in path for letter in '\\:*?"<>|')
    if not plain or not parts or len(path) > LONGEST_PATH or any(part in ("..", ".", "/") for part in parts):
        raise StoreError(f"{path[:80]!r} is no place below the store's folder of files.")
    return root.joinpath(*parts)
