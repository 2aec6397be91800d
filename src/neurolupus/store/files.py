"""What lies in the store's folder of files: noted with its hash when it is put there, checked later."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, delete, insert, select

from neurolupus.errors import StoreError
from neurolupus.store.schema import files
from neurolupus.store.trail import Writer

LONGEST_PATH = 512
Seen = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Hashed:
    """Every file below a folder: path, bytes, SHA-256."""

    folder: str
    files: tuple[tuple[str, int, str], ...]

    @property
    def sha256(self) -> str:
        """One hash of all: of a line `sha256  path` for each, sorted by path."""
        lines = "".join(f"{digest}  {path}\n" for path, _, digest in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()


def hash_folder(root: Path, folder: str) -> Hashed:
    """Hash what lies below a folder: slow, so it is done before the transaction that notes it.

    Parameters
    ----------
    root : Path
        The store's folder of files.
    folder : str
        Below it, such as `scans/6f0c...`.
    """
    place = confined(root, folder)
    found = [(f"{folder}/{path}", place / path) for path in paths_below(place)]
    return Hashed(folder, tuple((name, path.stat().st_size, file_hash(path)) for name, path in found))


def note_files(writer: Writer, hashed: Hashed, *, patient: str | None = None) -> None:
    """Note files, in place of what was noted of their folder before; the trail gets the hash of all, and no name."""
    forget_files(writer, hashed.folder)
    rows = [{"path": path, "bytes": size, "sha256": digest} for path, size, digest in hashed.files]
    if rows:
        writer.connection.execute(insert(files), rows)
    writer.note("files.noted", hashed.folder, after={"files": len(rows), "sha256": hashed.sha256}, patient=patient)


def forget_files(writer: Writer, folder: str) -> None:
    """Note no longer what lies below a folder that is being removed."""
    writer.connection.execute(delete(files).where(files.c.path.startswith(f"{folder}/", autoescape=True)))


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
