"""A backup brought back: only into an empty place, and only when every part of it is what the manifest says."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Table, delete, func, insert, select

from neurolupus.errors import StoreError
from neurolupus.store.backup_format import (
    FILES,
    LARGEST_MANIFEST_BYTES,
    LARGEST_ROW_BYTES,
    MANIFEST,
    TABLES,
    Manifest,
    Part,
    kept_tables,
    manifest_of_bytes,
    row_of_line,
)
from neurolupus.store.engine import open_store
from neurolupus.store.files import confined
from neurolupus.store.schema import audit_head
from neurolupus.store.trail import Writer, verify
from neurolupus.store.upgrade import head_revision

ROWS_AT_ONCE, BYTES_AT_ONCE = 500, 1 << 20
Seen = Callable[[str], None]


def restore_backup(
    source: Path, folder: Path, url: str | None, who: str, *, seen: Seen = lambda _: None
) -> tuple[Manifest, list[str]]:
    """Restore a backup; what it held, and the faults of its trail, which it had when it was taken.

    Parameters
    ----------
    source : Path
    folder : Path
        Absent or empty.
    url : str or None
        Of an empty PostgreSQL database; SQLite in the folder when None.
    who : str
        In whose name the trail notes it.
    seen : callable
        Told the name of each part once it is back.

    Raises
    ------
    StoreError
        The place is not empty, or the backup is damaged, altered or of another version; nothing is left behind.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} is not empty; a backup is restored into an empty place.\n    Give a new folder.")
    with _archive(source) as archive:
        manifest = _checked_manifest(archive, folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = folder.with_name(f".tmp-{secrets.token_hex(4)}-{folder.name}")
        try:
            return manifest, _restore(archive, manifest, temporary, folder, url, who, seen)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def read_manifest(source: Path) -> Manifest:
    """What a backup says that it holds."""
    with _archive(source) as archive:
        return _manifest(archive)


def _restore(
    archive: zipfile.ZipFile, manifest: Manifest, temporary: Path, folder: Path, url: str | None, who: str, seen: Seen
) -> list[str]:
    store = open_store(temporary, url, make=True)
    try:
        for name, part in manifest.parts.items():
            if name.startswith(FILES):
                _bring_file(archive, name, part, confined(store.files, name.removeprefix(FILES)))
                seen(name.removeprefix(FILES))
        with store.write(who) as writer:
            _refuse_rows(writer)
            for table in kept_tables():
                _bring_table(archive, manifest, table, writer)
                seen(table.name)
            trail = verify(writer.connection)
            if (trail.entries, trail.hash) != (manifest.entries, manifest.hash):
                raise StoreError("The trail in the backup does not end where its manifest says; nothing was restored.")
            writer.note("store.restored", "store", after={"made": manifest.made, "entries": manifest.entries})
            if url is not None:
                temporary.replace(folder)  # before the rows are kept: rows without their files would be worse
        if url is None:
            store.close()  # which writes the last of the journal into the database
            temporary.replace(folder)
    except BaseException:
        if url is not None and folder.exists() and not temporary.exists():
            shutil.rmtree(folder)
        raise
    finally:
        store.close()
    return list(trail.faults)


@contextmanager
def _archive(source: Path) -> Iterator[zipfile.ZipFile]:
    """An archive; what is found to be wrong with it while it is read is told as one error."""
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise StoreError(f"{source.name} is damaged or no backup ({error}); nothing was restored.") from None


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        info = archive.getinfo(MANIFEST)
    except KeyError:
        raise StoreError(f"This is no backup: it holds no {MANIFEST}.") from None
    if info.file_size > LARGEST_MANIFEST_BYTES:
        raise StoreError(f"This is no backup: its manifest has {info.file_size:,} bytes.")
    with archive.open(info) as stream:
        return manifest_of_bytes(stream.read(LARGEST_MANIFEST_BYTES))


def _checked_manifest(archive: zipfile.ZipFile, folder: Path) -> Manifest:
    """The manifest, once the archive holds exactly what it names, in the sizes it says, and there is room for it."""
    manifest = _manifest(archive)
    if manifest.revision != head_revision():
        raise StoreError(
            f"The backup's tables are of version {manifest.revision[:32]!r}; this neurolupus needs {head_revision()}.\n"
            f"    Restore it with neurolupus {manifest.neurolupus[:32]}, then upgrade."
        )
    there = [info.filename for info in archive.infolist()]
    if sorted(there) != sorted([MANIFEST, *manifest.parts]):
        raise StoreError("The backup does not hold what its manifest names; nothing was restored.")
    tables = {f"{TABLES}{table.name}.jsonl" for table in kept_tables()}
    if {name for name in manifest.parts if not name.startswith(FILES)} != tables:
        raise StoreError("The backup holds other tables than this version keeps; nothing was restored.")
    for name, part in manifest.parts.items():
        if name.startswith(FILES):
            confined(folder, name.removeprefix(FILES))
        if archive.getinfo(name).file_size != part.bytes:
            raise StoreError(f"{name} in the backup has another size than its manifest says; nothing was restored.")
    place = next(one for one in (folder.parent, *folder.parent.parents) if one.is_dir())
    if manifest.bytes > shutil.disk_usage(place).free:
        raise StoreError(f"The backup needs {manifest.bytes:,} bytes, more than are free; nothing was restored.")
    return manifest


def _bring_file(archive: zipfile.ZipFile, name: str, part: Part, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with archive.open(name) as stream, target.open("xb") as out:
        digest, left = hashlib.sha256(), part.bytes
        while piece := stream.read(min(BYTES_AT_ONCE, left)):
            digest.update(piece)
            out.write(piece)
            left -= len(piece)
    _check(name, part, digest.hexdigest(), part.bytes - left)
    target.chmod(0o600)


def _bring_table(archive: zipfile.ZipFile, manifest: Manifest, table: Table, writer: Writer) -> None:
    name = f"{TABLES}{table.name}.jsonl"
    part, digest, size, rows = manifest.parts[name], hashlib.sha256(), 0, 0
    batch = []
    if table is audit_head:
        writer.connection.execute(delete(table))
    with archive.open(name) as stream:
        for line in _lines(stream, name):
            digest.update(line)
            size, rows = size + len(line), rows + 1
            batch.append(row_of_line(table, line))
            if len(batch) == ROWS_AT_ONCE:
                writer.connection.execute(insert(table), batch)
                batch = []
    if batch:
        writer.connection.execute(insert(table), batch)
    _check(name, part, digest.hexdigest(), size)
    if rows != part.rows:
        raise StoreError(f"{name} in the backup has {rows} rows, not {part.rows}; nothing was restored.")


def _lines(stream: IO[bytes], name: str) -> Iterator[bytes]:
    while line := stream.readline(LARGEST_ROW_BYTES + 1):
        if len(line) > LARGEST_ROW_BYTES:
            raise StoreError(f"A row of {name} in the backup is too long; nothing was restored.")
        yield line


def _check(name: str, part: Part, digest: str, size: int) -> None:
    if (digest, size) != (part.sha256, part.bytes):
        raise StoreError(f"{name} in the backup is not what its manifest says; nothing was restored.")


def _refuse_rows(writer: Writer) -> None:
    """A database of PostgreSQL may have been made before; it must be empty."""
    for table in kept_tables():
        count = writer.connection.scalar(select(func.count()).select_from(table)) or 0
        if count and table is not audit_head:
            raise StoreError(f"The database is not empty: {table.name} holds {count} rows.\n    Give an empty one.")
