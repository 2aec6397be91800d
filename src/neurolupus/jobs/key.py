"""The key of a piece of work: the hash of what its result depends on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileStamp:
    """The contents of a file, and the facts by which an untouched file is known again without reading it."""

    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: str

    def is_of(self, path: Path) -> bool:
        """Whether the file has the size and times that were noted: it was not touched since."""
        facts = path.stat()
        return (self.size, self.mtime_ns, self.ctime_ns) == (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp_file(path: Path, known: FileStamp | None = None) -> FileStamp:
    """The stamp of a file; it is read only when its size or times differ from those of `known`."""
    if known and known.is_of(path):
        return known
    facts = path.stat()
    return FileStamp(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, file_sha256(path))


def work_key(stamps: Sequence[FileStamp], settings: Mapping[str, object]) -> str:
    """SHA-256 over the contents of the inputs, in order, and the settings.

    Neither the names nor the times of the files count: a copied data set resumes.

    Examples
    --------
    >>> same = work_key([], {"wmh_threshold": 0.2, "version": "1"})
    >>> same == work_key([], {"version": "1", "wmh_threshold": 0.2})
    True
    >>> same == work_key([], {"version": "2", "wmh_threshold": 0.2})
    False
    """
    told = {"inputs": [stamp.sha256 for stamp in stamps], "settings": dict(settings)}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
