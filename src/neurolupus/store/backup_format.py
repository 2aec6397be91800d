"""What a backup is: a ZIP archive of tables as JSON lines, files as they are, and a manifest of all their hashes.

It is the same whichever database it was taken from, so that it can be restored into either. Sessions of browsers are
left out: whoever was signed in signs in again.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, Table

from neurolupus.errors import StoreError
from neurolupus.store.moment import Moment
from neurolupus.store.schema import metadata, sessions

FORMAT, VERSION = "neurolupus store", 1
MANIFEST, TABLES, FILES = "manifest.json", "tables/", "files/"
LARGEST_MANIFEST_BYTES = 128 << 20
LARGEST_ROW_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a backup.

    Attributes
    ----------
    bytes : int
    sha256 : str
    rows : int or None
        Of a table; None for a file.
    """

    bytes: int
    sha256: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes
    ----------
    neurolupus : str
        The version that made it.
    revision : str
        Of the tables.
    made : str
    entries, hash : int, str
        The end of the trail.
    parts : mapping of str to Part
        By the name in the archive.
    """

    neurolupus: str
    revision: str
    made: str
    entries: int
    hash: str
    parts: dict[str, Part]

    @property
    def n_files(self) -> int:
        """How many files there are beside the tables."""
        return sum(name.startswith(FILES) for name in self.parts)

    @property
    def bytes(self) -> int:
        """The size of all parts."""
        return sum(part.bytes for part in self.parts.values())


def kept_tables() -> list[Table]:
    """The tables of a backup, each after those it refers to."""
    return [table for table in metadata.sorted_tables if table is not sessions]


def row_as_line(table: Table, row: Any) -> bytes:
    """A row as one line of JSON."""
    plain = {column.name: _plain(row[column.name]) for column in table.columns if not isinstance(column.type, JSON)}
    plain |= {column.name: row[column.name] for column in table.columns if isinstance(column.type, JSON)}
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def row_of_line(table: Table, line: bytes) -> dict[str, Any]:
    """The row of a line.

    Raises
    ------
    StoreError
        It is none of this table.
    """
    try:
        plain = json.loads(line)
        if not isinstance(plain, dict) or set(plain) != {column.name for column in table.columns}:
            raise ValueError("other columns")
        return {column.name: _typed(column.type, plain[column.name]) for column in table.columns}
    except (ValueError, TypeError) as error:
        raise StoreError(f"A row of {table.name} in the backup cannot be read ({error}).") from None


def manifest_as_bytes(manifest: Manifest) -> bytes:
    """The manifest as JSON."""
    return json.dumps({"format": FORMAT, "version": VERSION, **asdict(manifest)}, indent=1).encode()


def manifest_of_bytes(raw: bytes) -> Manifest:
    """The manifest of an archive.

    Raises
    ------
    StoreError
        It is none, or of another version.
    """
    try:
        plain = json.loads(raw)
        if plain.pop("format") != FORMAT or plain.pop("version") != VERSION:
            raise ValueError("another format")
        parts = {str(name): Part(**one) for name, one in plain.pop("parts").items()}
        found = Manifest(**plain, parts=parts)
        sizes = [found.entries, *(part.bytes for part in parts.values())]
        if any(not isinstance(size, int) or size < 0 for size in sizes):
            raise ValueError("impossible sizes")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"This is no backup that can be read ({type(error).__name__}: {error}).") from None
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _typed(kind: Any, value: Any) -> Any:
    if value is None or isinstance(kind, JSON):
        return value
    if isinstance(kind, Moment):
        return datetime.fromisoformat(value)
    return b64decode(value, validate=True) if isinstance(kind, LargeBinary) else value
