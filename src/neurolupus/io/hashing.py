"""SHA-256 of input files: what a result was made from."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from neurolupus.io.pair import source_name


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes as stored, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def input_sha256(paths: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of each file by its name from `sub-` down; never by an absolute path."""
    return {source_name(path): file_sha256(path) for path in paths}
