"""A backup: one file of everything, of one moment, while others go on working."""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Table, select

from neurolupus import __version__
from neurolupus.errors import StoreError
from neurolupus.store.backup_format import (
    FILES,
    MANIFEST,
    TABLES,
    Manifest,
    Part,
    kept_tables,
    manifest_as_bytes,
    row_as_line,
)
from neurolupus.store.engine import Store
from neurolupus.store.files import confined, paths_below
from neurolupus.store.trail import now, verify
from neurolupus.store.upgrade import head_revision

ROWS_AT_ONCE, BYTES_AT_ONCE = 200, 1 << 20
Seen = Callable[[str], None]


def write_backup(store: Store, target: Path, who: str, *, seen: Seen = lambda _: None) -> tuple[Manifest, list[str]]:
    """Write a backup that only its owner can read; what it holds, and the faults of the trail it was taken with.

    Parameters
    ----------
    store : Store
    target : Path
        Replaced when the backup is whole, and not before.
    who : str
        In whose name the trail notes it.
    seen : callable
        Told the name of each part once it is written.

    Raises
    ------
    StoreError
        The target lies in the store or nowhere, or a file has a name that no archive should hold.
    """
    if target.resolve().is_relative_to(store.folder.resolve()):
        raise StoreError(f"{target} lies in the store itself.\n    Keep backups elsewhere, best on another machine.")
    if not target.parent.is_dir():
        raise StoreError(f"{target.parent} is no folder.\n    Make it, or choose another place for the backup.")
    with store.write(who) as writer:
        writer.note("store.backed_up", "store")
    with _private(target) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        with store.read() as connection:
            trail = verify(connection)
            parts = {}
            for table in kept_tables():
                parts[f"{TABLES}{table.name}.jsonl"] = _write_table(archive, connection, table)
                seen(table.name)
        for path in paths_below(store.files):
            part = _write_file(archive, confined(store.files, path), f"{FILES}{path}")
            if part is not None:
                parts[f"{FILES}{path}"] = part
            seen(path)
        made = now().isoformat(timespec="seconds")
        manifest = Manifest(__version__, head_revision(), made, trail.entries, trail.hash, parts)
        archive.writestr(MANIFEST, manifest_as_bytes(manifest), zipfile.ZIP_DEFLATED)
    return manifest, list(trail.faults)


def count_parts(store: Store) -> int:
    """How many parts a backup will have: for a bar."""
    return len(kept_tables()) + sum(1 for _ in paths_below(store.files))


def _write_table(archive: zipfile.ZipFile, connection: Connection, table: Table) -> Part:
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ROWS_AT_ONCE)
    rows = 0
    with _Part(archive, f"{TABLES}{table.name}.jsonl", zipfile.ZIP_DEFLATED) as out:
        for row in connection.execute(query).mappings():
            out.write(row_as_line(table, row))
            rows += 1
    return Part(out.bytes, out.sha256, rows)


def _write_file(archive: zipfile.ZipFile, source: Path, name: str) -> Part | None:
    """A file as it is; None where it was removed meanwhile. Scans are compressed already."""
    try:
        stream = source.open("rb")
    except FileNotFoundError:
        return None
    with stream, _Part(archive, name, zipfile.ZIP_STORED) as out:
        while piece := stream.read(BYTES_AT_ONCE):
            out.write(piece)
    return Part(out.bytes, out.sha256)


class _Part:
    """One name in an archive, counted and hashed as it is written."""

    def __init__(self, archive: zipfile.ZipFile, name: str, compression: int) -> None:
        info = zipfile.ZipInfo(name, now().timetuple()[:6])
        info.compress_type, info.external_attr = compression, 0o600 << 16
        self._stream: IO[bytes] = archive.open(info, "w", force_zip64=True)
        self._hash, self.bytes = hashlib.sha256(), 0

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, piece: bytes) -> None:
        self._stream.write(piece)
        self._hash.update(piece)
        self.bytes += len(piece)


@contextmanager
def _private(target: Path) -> Iterator[IO[bytes]]:
    """A stream that becomes the file when the block ends well: on the disk, and readable by its owner alone."""
    temporary = target.with_name(f".tmp-{secrets.token_hex(4)}-{target.name}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
