"""neurolupus db: a store upgraded, backed up, restored, checked; a patient erased."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.store.backup import count_parts, write_backup
from neurolupus.store.backup_format import Manifest
from neurolupus.store.engine import Store, open_store
from neurolupus.store.erasure import Erased, erase
from neurolupus.store.files import paths_below
from neurolupus.store.integrity import Integrity, check_store
from neurolupus.store.restore import read_manifest, restore_backup

Seen = Callable[[str], None]
Total = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: its folder, and the address of its database where that is not SQLite in the folder."""

    folder: Path
    db: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that was taken or brought back.

    Attributes
    ----------
    file : Path
    manifest : Manifest
    faults : tuple of str
        Of the trail, which the store had when the backup was taken.
    """

    file: Path
    manifest: Manifest
    faults: tuple[str, ...]

    def summary(self) -> dict[str, object]:
        """JSON of it."""
        told = self.manifest
        return {
            "file": str(self.file), "made": told.made, "neurolupus": told.neurolupus, "files": told.n_files,
            "bytes": told.bytes, "trail": f"{told.entries}:{told.hash}", "faults": list(self.faults),
        }  # fmt: skip


def back_up(place: Place, target: Path, *, overwrite: bool = False, total: Total, seen: Seen) -> Kept:
    """Write one file of everything, while others go on working.

    Raises
    ------
    UsageError
        The file exists.
    """
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists.\n    Choose another name, or give --overwrite.")
    with _opened(place) as store:
        total(count_parts(store))
        manifest, faults = write_backup(store, target, at_the_console(), seen=seen)
    return Kept(target, manifest, tuple(faults))


def bring_back(place: Place, source: Path, *, total: Total, seen: Seen) -> Kept:
    """Restore a backup into an empty place."""
    if not source.is_file():
        raise UsageError(f"{source} is no file; a backup of neurolupus db backup is needed.")
    total(len(read_manifest(source).parts))
    manifest, faults = restore_backup(source, place.folder, place.db, at_the_console(), seen=seen)
    return Kept(source, manifest, tuple(faults))


def check(place: Place, *, noted: tuple[int, str] | None, total: Total, seen: Seen) -> Integrity:
    """Check trail, database and files; nothing is changed."""
    with _opened(place) as store:
        total(sum(1 for _ in paths_below(store.files)))
        return check_store(store, noted=noted, seen=seen)


def erase_patient(place: Place, pseudonym: str) -> Erased:
    """Erase a patient's rows, key and files."""
    with _opened(place) as store:
        return erase(store, pseudonym, at_the_console())


def at_the_console() -> str:
    """Who the trail says it was."""
    try:
        return f"{getpass.getuser()} (command line)"[:64]
    except (KeyError, OSError):  # a container may know no name for its user
        return "command line"


def integrity_summary(found: Integrity) -> dict[str, object]:
    """JSON of a check."""
    plain = asdict(found)
    return {"whole": not found.faults, "trail": f"{plain.pop('entries')}:{plain.pop('hash')}", **plain}


@contextmanager
def _opened(place: Place) -> Iterator[Store]:
    store = open_store(place.folder, place.db)
    try:
        yield store
    finally:
        store.close()
