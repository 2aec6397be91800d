"""Every DICOM image below a folder, by headers; what is no DICOM is passed over and counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from neurolupus.dicom.series.header import Header, Unreadable, facts_of, identity_of, read_header
from neurolupus.dicom.series.quiet import without_warnings
from neurolupus.dicom.series.slices import Facts, Identity, Slice

MOST_FILES = 5_000_000
DEEPEST = 64
MOST_TOLD = 20


@dataclass(slots=True)
class Bucket:
    """The images of one series and class, in the order in which they were found."""

    identity: Identity
    facts: Facts
    slices: list[Slice] = field(default_factory=list)


@dataclass(slots=True)
class Found:
    """What lies below a folder.

    Attributes
    ----------
    buckets : by patient, study, series and class
    n_files, n_dicom, n_other, n_links : int
        Files seen; DICOM images; other files; symbolic links, which are not followed.
    unreadable : list of (path below the folder, why)
        DICOM files whose headers cannot be read; at most MOST_TOLD are kept, n_unreadable counts all.
    """

    buckets: dict[tuple[object, ...], Bucket] = field(default_factory=dict)
    n_files: int = 0
    n_dicom: int = 0
    n_other: int = 0
    n_links: int = 0
    n_unreadable: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def find_images(folder: Path, *, seen: Callable[[int], None] | None = None) -> Found:
    """Read the headers of all files below a folder.

    Parameters
    ----------
    folder : Path
        Searched to any depth; symbolic links are counted and not followed.
    seen : function of the number of files so far, or None

    Notes
    -----
    A few tenths of a millisecond per file, most of it pydicom's.
    """
    found = Found()
    with without_warnings():
        for path in _files(folder, found):
            found.n_files += 1
            if seen is not None and found.n_files % 200 == 0:
                seen(found.n_files)
            try:
                header = read_header(path)
            except Unreadable as error:
                found.n_unreadable += 1
                if len(found.unreadable) < MOST_TOLD:
                    found.unreadable.append((path.relative_to(folder).as_posix(), str(error)))
                continue
            except OSError as error:
                found.n_unreadable += 1
                if len(found.unreadable) < MOST_TOLD:
                    found.unreadable.append((path.relative_to(folder).as_posix(), error.strerror or "cannot be read"))
                continue
            if header is None:
                found.n_other += 1
                continue
            found.n_dicom += 1
            _put(found, header)
    if seen is not None:
        seen(found.n_files)
    return found


def _put(found: Found, header: Header) -> None:
    key = (*header.series_key, *header.part_key)
    bucket = found.buckets.get(key)
    if bucket is None:
        bucket = found.buckets[key] = Bucket(identity_of(header.dataset), facts_of(header.dataset))
    bucket.slices.extend(header.slices)


def _files(folder: Path, found: Found) -> Iterator[Path]:
    """Regular files below a folder, sorted within each folder."""
    waiting = [(folder, 0)]
    while waiting:
        here, depth = waiting.pop()
        deeper = []
        with os.scandir(here) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
        for entry in entries:
            if entry.is_symlink():
                found.n_links += 1
            elif entry.is_dir():
                if depth < DEEPEST:
                    deeper.append((Path(entry.path), depth + 1))
            elif entry.is_file() and found.n_files < MOST_FILES:
                yield Path(entry.path)
        waiting.extend(reversed(deeper))
