"""Writing that leaves either the whole file or the old one: a temporary sibling, then a rename."""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

TEMPORARY_PREFIX = ".tmp-"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content becomes `path` when the block ends well, and vanishes when it does not.

    Parameters
    ----------
    path : Path
        Its folder is made when it is absent.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(4)}-{path.name}")
    try:
        with temporary.open("wb") as stream:
            yield stream
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """A folder that becomes `out` when the block ends well, and vanishes when it does not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = out.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(4)}-{out.name}")
    folder.mkdir()
    old = out.with_name(f"{folder.name}-old")
    try:
        yield folder
        if out.exists():
            out.replace(old)
        folder.replace(out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if old.exists() and not out.exists():
            old.replace(out)
        raise
    if old.is_dir():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; line ends are line feeds on every system."""
    with replacing(path) as stream:
        stream.write(text.encode("utf-8"))


def write_json(path: Path, value: object) -> None:
    """Write JSON in the order of the keys given; the same value gives the same bytes."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_plain) + "\n")


def _plain(value: object) -> Any:
    """What JSON can hold of a numpy scalar, an array, a path or a tuple-like."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} {value!r} cannot be written as JSON.")
