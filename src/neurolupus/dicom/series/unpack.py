"""The DICOM images of a zip or tar archive, in a folder: only these, under numbers of our own, within limits.

Names inside the archive are never used, so that none of them can lead out of the folder.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from neurolupus.dicom.series.header import is_dicom_start
from neurolupus.errors import DicomError

MOST_MEMBERS = 2_000_000
MOST_BYTES = 256 << 30
LARGEST_MEMBER_BYTES = 8 << 30
# Empty slices pack a thousandfold, whole archives of scans two- to tenfold; looked at from 1 GB on.
MOST_RATIO, RATIO_FROM_BYTES = 200, 1 << 30
SPARE_BYTES = 1 << 30
CHUNK = 1 << 20
PER_FOLDER = 5000


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold at most."""

    members: int = MOST_MEMBERS
    total_bytes: int = MOST_BYTES
    member_bytes: int = LARGEST_MEMBER_BYTES
    ratio: float = MOST_RATIO
    ratio_from_bytes: int = RATIO_FROM_BYTES


@dataclass(frozen=True, slots=True)
class Unpacked:
    """How many files were unpacked, and how many members were no DICOM images or no plain files."""

    n_files: int
    n_other: int


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or a tar, compressed or not; told by its content."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def unpack(
    archive: Path, folder: Path, *, limits: Limits | None = None, seen: Callable[[int], None] | None = None
) -> Unpacked:
    """Unpack the DICOM images of an archive into an empty folder.

    Raises
    ------
    DicomError
        The archive is damaged, locked by a password, or holds more than the limits or the disk allow.
    """
    limits = limits or Limits()
    budget = _Budget(archive, folder, limits)
    n_files = n_other = 0
    try:
        with _members(archive) as members:
            for number, (size, opened) in enumerate(members, start=1):
                if number > limits.members:
                    raise _refused(archive, f"more than {limits.members:,} members")
                if seen is not None and number % 200 == 0:
                    seen(number)
                if opened is None or size > limits.member_bytes:
                    n_other += 1
                    continue
                place = folder / f"{n_files // PER_FOLDER:04d}" / f"{n_files % PER_FOLDER:06d}.dcm"
                if budget.copy(opened, place):
                    n_files += 1
                else:
                    n_other += 1
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError) as error:
        raise _refused(archive, f"damage, or a kind of packing that is not known ({type(error).__name__})") from None
    except RuntimeError as error:  # what zipfile says of a password
        raise _refused(archive, f"members that cannot be opened ({error})"[:200]) from None
    except OSError as error:
        if error.filename is None and error.errno is None:  # of gzip, bz2 and lzma
            raise _refused(archive, "damage") from None
        raise
    return Unpacked(n_files, n_other)


def _refused(archive: Path, what: str) -> DicomError:
    return DicomError(
        f"{archive.name} holds {what}; nothing was imported.\n    Unpack it yourself and give the folder."
    )


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[tuple[int, Any]]]:
    """Size and a function that opens each member; None for what is no plain file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            yield ((i.file_size, None if i.is_dir() else (lambda i=i: packed.open(i))) for i in packed.infolist())
        return
    with tarfile.open(archive) as packed_tar:
        yield ((i.size, (lambda i=i: packed_tar.extractfile(i)) if i.isreg() else None) for i in packed_tar)


class _Budget:
    """Copies members as long as limits and disk allow."""

    def __init__(self, archive: Path, folder: Path, limits: Limits) -> None:
        self.archive, self.limits, self.written = archive, limits, 0
        self.packed = max(archive.stat().st_size, 1)
        free = shutil.disk_usage(folder).free
        self.room = free - min(SPARE_BYTES, free // 10)

    def copy(self, opened: Callable[[], IO[bytes] | None], place: Path) -> bool:
        """Write a member, if it is DICOM; lengths are counted as they come, whatever the archive says of them."""
        stream = opened()
        if stream is None:
            return False
        with stream:
            start = stream.read(1024)
            if not is_dicom_start(start):
                return False
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as out:
                while start:
                    self._count(len(start))
                    out.write(start)
                    start = stream.read(CHUNK)
        return True

    def _count(self, length: int) -> None:
        self.written += length
        limits = self.limits
        if self.written > limits.total_bytes:
            raise _refused(self.archive, f"more than {limits.total_bytes / 1e9:.3g} GB when unpacked")
        if self.written > limits.ratio_from_bytes and self.written > limits.ratio * self.packed:
            raise _refused(self.archive, f"more than {limits.ratio:g} times its own size when unpacked")
        if self.written > self.room:
            raise _refused(self.archive, "more than the disk has room for")
